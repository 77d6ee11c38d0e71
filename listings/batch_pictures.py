"""The pictures of a batch, handed in as one archive: a ZIP or tar file, unpacked beside the table.

They are unpacked into a folder that gets its name when all are there, so that a run that was killed
unpacks again or not at all. An archive made of a folder keeps its pictures in that folder; tables
name them with it or without it, so both ways lead to them.
"""

import os
import shutil
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from support.errors import ImportFileError, InputError, PictureError
from support.picture_decoder import MAX_BYTES
from support.whole_files import sync_to_disk

from .collect_archive import (
    ARCHIVES,
    MAX_GROWTH,
    MOST_FILES,
    SPARE,
    Entry,
    is_picture,
    pictures_in,
    plain_name,
)  # fmt: skip

KINDS: Final = (".zip", *ARCHIVES)
FOLDER: Final = "pictures"
_LEFT: Final = "archive"  # what the archive is called until it is unpacked
_UTF8: Final = 0x800  # the flag of a name in UTF-8
_ENCRYPTED: Final = 0x1
_BLOCK: Final = 1 << 20  # bytes that are read at once

Progress = Callable[[int, int, str], None]


def place(own: Path, name: str) -> Path:
    """Where to save an archive that came under a name, in a batch's own folder.

    Raises:
        InputError: by its name it is none.
    """
    kind = next((kind for kind in KINDS if name.lower().endswith(kind)), "")
    if not kind:
        raise InputError(f"{name!r} is no archive of pictures: hand in one of {', '.join(KINDS)}.")
    return own / f"{_LEFT}{kind}"


def unpack(own: Path, progress: Progress = lambda done, total, message: None) -> None:
    """Unpack the archive in a batch's own folder, if there is one; then it is deleted.

    Args:
        own: the batch's folder.
        progress: told of pictures, in thousandths; may raise.

    Raises:
        ImportFileError: the archive is damaged, or holds far more than pictures do.
        InputError: there is no picture in it.
    """
    archive = next(iter(sorted(own.glob(f"{_LEFT}.*"))), None)
    if archive is None:
        return
    folder = own / FOLDER
    if not folder.exists():
        fresh = own / f".{FOLDER}"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        _fill(fresh, archive, progress)
        os.sync()  # once for all of them: the archive goes then
        fresh.rename(folder)
        sync_to_disk(own)
    archive.unlink()


def _fill(fresh: Path, archive: Path, progress: Progress) -> None:
    size = archive.stat().st_size
    tops: set[str] = set()
    count = unpacked = 0
    progress(0, 1000, "unpacking pictures")
    for name, read in _entries(archive):
        # Archives of some systems take letters apart, which tables do not.
        parts = PurePosixPath(unicodedata.normalize("NFC", name)).parts
        path = fresh.joinpath(*parts)
        try:
            data = read()
            unpacked += len(data)
            if unpacked > MAX_GROWTH * size + SPARE:
                raise ImportFileError(f"{archive.name} unpacks to far more than pictures do.")
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(data)
        except (PictureError, FileExistsError):
            # Too large: it is missing, and told with the rows that name it. Or of one name with
            # another, as this system tells names apart: the first is it.
            continue
        except OSError as error:
            raise ImportFileError(f"Cannot unpack {name!r}: {error.strerror}.") from error
        tops.add(parts[0] if len(parts) > 1 else "")
        count += 1
        progress(min(999, 1000 * unpacked // size), 1000, "unpacking pictures")
    if not count:
        raise InputError("There is no picture in the archive that was handed in.")
    _lead_both_ways(fresh, tops)


def _lead_both_ways(fresh: Path, tops: set[str]) -> None:
    """Where all lies in one folder, let `folder/a.jpg` and `a.jpg` be the same."""
    if len(tops) != 1 or "" in tops:
        return
    (top,) = tops
    (fresh / top).rename(fresh / ".inner")
    for entry in (fresh / ".inner").iterdir():
        entry.rename(fresh / entry.name)
    (fresh / ".inner").rmdir()
    if not os.path.lexists(fresh / top):
        (fresh / top).symlink_to(".", target_is_directory=True)


def _entries(archive: Path) -> Iterator[Entry]:
    return _zipped(archive) if archive.suffix == ".zip" else pictures_in(archive)


def _zipped(path: Path) -> Iterator[Entry]:
    with _damage_told(), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > MOST_FILES:
            raise ImportFileError(f"More than {MOST_FILES:,} files in one archive. Make several.")
        for member in members:
            name = plain_name(_name(member))
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG) or "__MACOSX" in name.split("/"):
                continue  # a link or a device; what a system put in
            if name and is_picture(name) and not member.is_dir():
                yield name, _reader(archive, member)


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ImportFileError(f"Cannot read the archive to its end: {error}.") from error


def _reader(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        if member.flag_bits & _ENCRYPTED:
            raise ImportFileError("The archive is locked by a password. Make one without.")
        with _damage_told(), archive.open(member) as file:
            data = bytearray()
            # What a member says of its size may be wrong.
            while block := file.read(_BLOCK):
                data += block
                if len(data) > MAX_BYTES:
                    raise PictureError(f"{member.filename} has more than {MAX_BYTES:,} bytes.")
        return bytes(data)

    return read


def _name(member: zipfile.ZipInfo) -> str:
    """A member's name; without the flag of UTF-8 it may be UTF-8, or of a Korean Windows."""
    if member.flag_bits & _UTF8:
        return member.filename
    raw = member.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename
