"""A backup is one file: a plain tar, and in it a manifest with the sum of every other file.

    README.txt          how to do without faqdesk
    desk/               the desk's folder: desk.db, models/, images/, batches/, moderation/
    desk.key            only where it was asked for
    manifest.json       last: what was written, and when

Who reads one trusts nothing in it: plain files alone, at places of its own, each as long as it says
and with the sum that it says. Knows nothing of what the files mean.
"""

import hashlib
import io
import json
import os
import re
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Self

from .errors import BackupError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
README: Final = "README.txt"
DATABASE: Final = "desk/desk.db"
KEY: Final = "desk.key"
FOLDERS: Final = ("models", "images", "batches", "moderation")
SIDECAR: Final = ".forgotten.json"  # beside a bundle: whom the desk has forgotten since

_BLOCK: Final = tarfile.BLOCKSIZE
_CHUNK: Final = 1 << 20
_MOST_FILES: Final = 5_000_000
_LONGEST_NAME: Final = 4096  # bytes
_LARGEST_MANIFEST: Final = 1 << 30
_LARGEST_PLAIN: Final = 8 << 30  # from here on ustar has no digits for a size
_NAME: Final = re.compile(
    rf"{re.escape(README)}|{re.escape(KEY)}|{DATABASE}|desk/(?:{'|'.join(FOLDERS)})(?:/[^/\0\\]+)+"
)

Tell = Callable[[int], None]  # told bytes done


@dataclass(frozen=True, slots=True)
class Held:
    """One file of a bundle."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself.

    Attributes:
        faqdesk: the version that wrote it.
        made_at: the moment that it holds.
        steps: of the schema, by name.
        releases: the release in force, by line.
        counts: rows of each table.
        audit: number and hash of the last act.
        key: a fingerprint of the desk's key, from which nobody learns the key.
        troubles: what was amiss at the desk already, in sentences.
        files: by name.
    """

    faqdesk: str
    made_at: str
    steps: tuple[str, ...]
    releases: Mapping[str, str]
    counts: Mapping[str, int]
    audit: Mapping[str, Any]
    key: str
    troubles: tuple[str, ...] = ()
    files: Mapping[str, Held] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(held.size for held in self.files.values())

    @property
    def has_key(self) -> bool:
        """Whether the desk's key is in it."""
        return KEY in self.files


class Writer:
    """Writes a bundle, file by file; who reads it half written is told that it is torn."""

    def __init__(self, path: Path, *, tell: Tell = lambda done: None) -> None:
        """Make the file, readable by its owner alone."""
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._tell = tell
        self._done = 0
        self.files: dict[str, Held] = {}

    def __enter__(self) -> Self:
        """Write in the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    def add(self, name: str, path: Path) -> None:
        """Add a file under a name of the bundle's layout."""
        with path.open("rb") as file:
            self._add(name, file, os.fstat(file.fileno()).st_size)

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a file by what it holds."""
        self._add(name, io.BytesIO(data), len(data))

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest and wait for the disk."""
        words = json.dumps(asdict(manifest), ensure_ascii=False, indent=1) + "\n"
        self._put(MANIFEST, io.BytesIO(words.encode()), len(words.encode()))
        self._file.write(bytes(2 * _BLOCK))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _add(self, name: str, file: IO[bytes], size: int) -> None:
        _check_name(name)
        self.files[name] = Held(size, self._put(name, file, size))

    def _put(self, name: str, file: IO[bytes], size: int) -> str:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, 0o600, int(time.time())
        raw = os.fsencode(name)
        plain = len(raw) <= 100 and size < _LARGEST_PLAIN
        self._file.write(
            info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "surrogateescape")
            if plain
            else info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
        )
        sums, left = hashlib.sha256(), size
        while left:
            chunk = file.read(min(_CHUNK, left))
            if not chunk:
                raise BackupError(f"{name} became shorter while it was read. Try again.")
            self._file.write(chunk)
            sums.update(chunk)
            left -= len(chunk)
            self._done += len(chunk)
            self._tell(self._done)
        self._file.write(bytes(-size % _BLOCK))
        return sums.hexdigest()


class Reader:
    """An opened bundle: its manifest is read, and fits what lies in it."""

    def __init__(self, path: Path) -> None:
        """Open a bundle.

        Raises:
            BackupError: it cannot be read, is torn, is none, or holds what no backup does.
        """
        self._path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise BackupError(f"Cannot read {path}: {error.strerror}.") from error
        try:
            self._places = self._walk()
            self.manifest = self._manifest()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Read in the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    def check(self, *, tell: Tell = lambda done: None) -> None:
        """Read every file and compare its sum.

        Raises:
            BackupError: one is not as it was written.
        """
        self.copy(lambda name: None, tell=tell)

    def copy(
        self, to: Callable[[str], IO[bytes] | None], *, tell: Tell = lambda done: None
    ) -> None:
        """Read every file, compare its sum, and write it.

        Args:
            to: opens what a file of this name is written to; None: it is only looked at. Closed
                when the file's sum was right.
            tell: told bytes done.

        Raises:
            BackupError: one is not as it was written.
        """
        done = 0
        for name, held in self.manifest.files.items():
            offset, left = self._places[name]
            self._file.seek(offset)
            sums, out = hashlib.sha256(), to(name)
            try:
                while left:
                    chunk = self._file.read(min(_CHUNK, left))
                    if not chunk:
                        raise self._torn("it ends too early")
                    sums.update(chunk)
                    if out is not None:
                        out.write(chunk)
                    left -= len(chunk)
                    done += len(chunk)
                    tell(done)
                if sums.hexdigest() != held.sha256:
                    raise self._torn(f"{name} in it is not as it was written")
                if out is not None:
                    out.flush()
                    os.fsync(out.fileno())
            finally:
                if out is not None:
                    out.close()

    def text(self, name: str) -> bytes:
        """What a small file holds, unchecked."""
        offset, size = self._places[name]
        self._file.seek(offset)
        return self._file.read(min(size, _LARGEST_MANIFEST))

    def _walk(self) -> dict[str, tuple[int, int]]:
        """Where each file lies, by name: offset and bytes."""
        found: dict[str, tuple[int, int]] = {}
        end, offset, long = os.fstat(self._file.fileno()).st_size, 0, ""
        while True:
            self._file.seek(offset)
            block = self._file.read(_BLOCK)
            if len(block) < _BLOCK:
                raise self._torn("it ends too early")
            if not any(block):
                return found
            try:
                info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
            except tarfile.HeaderError as error:
                raise self._torn("it is no backup, or a damaged one") from error
            offset += _BLOCK
            if info.size < 0 or offset + info.size > end:
                raise self._torn("it ends too early")
            if info.type == tarfile.GNUTYPE_LONGNAME and info.size <= _LONGEST_NAME:
                long = os.fsdecode(self._file.read(info.size).rstrip(b"\0"))
            elif info.type in (tarfile.REGTYPE, tarfile.AREGTYPE):
                name, long = long or info.name, ""
                if name != MANIFEST:
                    _check_name(name)
                if name in found:
                    raise BackupError(f"{self._path} holds {name!r} twice: no backup does.")
                found[name] = (offset, info.size)
            else:
                raise BackupError(
                    f"{self._path} holds {info.name[:80]!r}, which is no plain file: no backup "
                    f"does. Nothing was put in place."
                )
            if len(found) > _MOST_FILES:
                raise BackupError(f"{self._path} holds more than {_MOST_FILES:,} files.")
            offset += info.size + -info.size % _BLOCK

    def _manifest(self) -> Manifest:
        if MANIFEST not in self._places:
            raise self._torn("it has no manifest")
        if self._places[MANIFEST][1] > _LARGEST_MANIFEST:
            raise BackupError(f"The manifest in {self._path} is too large to be one.")
        try:
            told = json.loads(self.text(MANIFEST))
            if told["format"] > FORMAT:
                raise BackupError(
                    f"{self._path} was written by a newer faqdesk ({told['faqdesk']}). Update "
                    f"faqdesk, then try again."
                )
            files = {name: Held(int(h["size"]), str(h["sha256"])) for name, h in
                     told["files"].items()}  # fmt: skip
            manifest = Manifest(
                **told | {"files": files, "steps": tuple(told["steps"]),
                          "troubles": tuple(told["troubles"])}
            )  # fmt: skip
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._torn("its manifest cannot be read") from error
        there = {name: size for name, (_, size) in self._places.items() if name != MANIFEST}
        if there != {name: held.size for name, held in files.items()} or DATABASE not in there:
            raise self._torn("its files are not those of its manifest")
        return manifest

    def _torn(self, why: str) -> BackupError:
        return BackupError(
            f"{self._path} cannot be used: {why}. Take another backup; nothing was put in place."
        )


def _check_name(name: str) -> None:
    parts = name.split("/")
    if not _NAME.fullmatch(name) or {".", ".."} & set(parts) or any(len(p) > 255 for p in parts):
        raise BackupError(f"A backup holds no {name[:80]!r}. Nothing was put in place.")


def tree(folder: Path) -> Iterator[Path]:
    """The plain files under a folder, in order; what ends meanwhile is left out."""
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                yield path
