"""Pictures in folders and tar files: each file read once, in order, without unpacking anything.

Nothing is ever written where an archive says; names serve for finding alone. Links, devices and
sparse files are passed over, and an archive that unpacks to far more than photos do, or holds far
more files, is given up.
"""

import bz2
import gzip
import io
import lzma
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from support.errors import ImportFileError, PictureError
from support.picture_decoder import MAX_BYTES

from .pictures import SUFFIXES

ARCHIVES: Final = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
MAX_GROWTH: Final = 20  # times a compressed archive's size; photos hardly shrink
SPARE: Final = 256 << 20  # bytes that it may grow to in any case
MOST_FILES: Final = 100_000  # in one archive, whatever they are

_DRIVE: Final = re.compile(r"[A-Za-z]:")

Entry = tuple[str, Callable[[], bytes]]  # a name and what reads the file, good until the next


def is_archive(path: Path) -> bool:
    """Whether a file's name is that of a tar file."""
    return path.name.lower().endswith(ARCHIVES)


def is_picture(name: str) -> bool:
    """Whether a file's name is that of a picture."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def pictures_in(path: Path) -> Iterator[Entry]:
    """The pictures of a folder, with those below it, or of a tar file.

    Yields:
        The name, relative to the folder or as in the archive, and a function that reads the file;
        that one raises PictureError for a file that is too large.

    Raises:
        ImportFileError: the archive is damaged, or a bomb.
    """
    return _folder(path) if path.is_dir() else _tar(path)


def _folder(root: Path) -> Iterator[Entry]:
    # followlinks=False: a link in a folder may lead anywhere.
    for folder, folders, files in os.walk(root, followlinks=False):
        folders.sort()
        for file in sorted(files):
            path = Path(folder) / file
            if is_picture(file) and path.is_file() and not path.is_symlink():
                yield path.relative_to(root).as_posix(), _reader(path)


def _reader(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            size = path.stat().st_size
            if size > MAX_BYTES:
                raise PictureError(f"{path} has {size:,} bytes; at most {MAX_BYTES:,} are read.")
            return path.read_bytes()
        except OSError as error:
            raise PictureError(f"Cannot read {path}: {error.strerror}.") from error

    return read


def _tar(path: Path) -> Iterator[Entry]:
    with (
        _damage_told(path),
        _unpacked(path) as file,
        tarfile.open(fileobj=file, mode="r|") as archive,
    ):
        for number, member in enumerate(archive):
            if number >= MOST_FILES:
                raise ImportFileError(f"More than {MOST_FILES:,} files in {path}. Make several.")
            name = plain_name(member.name)
            if member.isreg() and not member.issparse() and name and is_picture(name):
                yield name, _member_reader(path, archive, member)
            # Its list of what went by would grow with the archive.
            archive.members = []  # type: ignore[attr-defined]


def _member_reader(
    path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo
) -> Callable[[], bytes]:
    name = f"{path.name}:{member.name}"

    def read() -> bytes:
        if member.size > MAX_BYTES:
            raise PictureError(f"{name} has {member.size:,} bytes; at most {MAX_BYTES:,} are read.")
        with _damage_told(path):
            file = archive.extractfile(member)
            if file is None:
                raise PictureError(f"{name} is no file.")
            return file.read()

    return read


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    """Turn what reading a damaged archive raises into one error that names it."""
    try:
        yield
    except (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise ImportFileError(f"Cannot read {path} to its end: {why}.") from error


def plain_name(name: str) -> str:
    """A member's name as a relative path; "" for one that leads elsewhere.

    None of a root, a drive, a step up or a NUL has a place among pictures: such an archive was made
    by hand, and its maker meant another place than ours.
    """
    name = name.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or "\0" in name or ".." in parts or _DRIVE.match(name):
        return ""
    return "/".join(parts)


def _unpacked(path: Path) -> IO[bytes]:
    start = path.open("rb")
    with start:
        magic = start.read(6)
    size = path.stat().st_size
    openers: list[tuple[bytes, Callable[[Path], Any]]] = [
        (b"\x1f\x8b", gzip.open),
        (b"BZh", bz2.open),
        (b"\xfd7zXZ", lzma.open),
    ]
    for sign, opener in openers:
        if magic.startswith(sign):
            limit = MAX_GROWTH * size + SPARE
            return io.BufferedReader(_Limited(opener(path), limit))
    return path.open("rb")


class _Limited(io.RawIOBase):
    """A file that gives up when more comes out of it than photos would."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file = file
        self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise OSError("it unpacks to far more than pictures do")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()
