"""Opens the files of an export: archives, workbooks, tables and JSON, as numbered objects.

Knows how files are packed, not what they say.
"""

import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from ..errors import ImportFileError, PasswordNeededError
from ..scratch import scratch
from . import files as text_files
from . import json_stream, workbook
from .conversation import Rejected
from .files import Numbered
from .json_stream import Record
from .opening import file_encoding, may_grow_to, open_text, place, read_sample, to_its_end

_NOTHING_ZIPPED: Final = b"PK\x05\x06"  # begins an archive without files
NAME_BYTES: Final = 200  # of a file's name that are kept; a file system takes 255
MOST_INSIDE: Final = 10_000  # files in one archive
MAX_UNZIPPED: Final = 8 << 30  # bytes of an archive's files


class Place:
    """How many bytes of a file are read."""

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._file: IO[str] | None = None

    def watch(self, file: IO[str]) -> None:
        """Watch a file that `open_text` opened."""
        self._file = file

    def bytes(self) -> int:
        """How many of its bytes are read so far; 0 of one that is closed."""
        return place(self._file)() if self._file is not None and not self._file.closed else 0


def records(path: Path, password: str, at: Place | None = None) -> Iterator[Record]:
    """The objects of a file: of JSON of any shape, or the rows of a table."""
    if workbook.is_workbook(path):
        for sheet in workbook.sheet_names(path, password=password):
            begun = False
            try:
                for number, row in workbook.rows(path, sheet=sheet, password=password):
                    begun = True
                    yield _record(sheet, number, row)
            except PasswordNeededError:
                raise
            except ImportFileError:
                if begun:
                    raise
                continue  # a sheet of pictures or sums beside those that are read
        return
    sample = read_sample(path)
    encoding = file_encoding(path, sample)
    start = sample.decode(encoding, errors="replace").lstrip("\ufeff \r\n\t")
    if not start.startswith(("{", "[")):
        for number, row in text_files.rows(path):
            yield _record("", number, row)
        return
    last = 0
    with to_its_end(path), open_text(path, encoding) as file:
        if at is not None:
            at.watch(file)
        try:
            for record in json_stream.records(file, encoding=encoding):
                yield record
                last = record.line
        except (ValueError, RecursionError) as error:  # lists within lists without end
            why = "not JSON: nested too deep" if isinstance(error, RecursionError) else str(error)
            raise ImportFileError(
                f"{path.name} cannot be read behind its object {last}: {why}. Nothing was "
                "imported. Export it again, or save it as JSON Lines, where one broken row costs "
                "no other."
            ) from error


def _record(where: str, number: int, row: dict[str, Any] | Rejected) -> Record:
    if isinstance(row, Rejected):
        return Record(where, None, number, row.reason)
    return Record(where, row, number)


def table_rows(path: Path, password: str) -> Iterator[Numbered]:
    """The rows of a table as text: of the first sheet of a workbook, or of a file of text."""
    if workbook.is_workbook(path):
        return workbook.rows(path, password=password)
    return text_files.rows(path)


@contextmanager
def unpacked(files: list[Path], password: str) -> Iterator[list[Path]]:
    """The files, those of archives unpacked into a folder that is gone afterwards.

    Whether Channel Talk's password is on the workbook or on an archive around it was not verified:
    both are opened.
    """
    if not any(_is_archive(path) for path in files):
        yield files
        return
    with scratch("import") as folder:
        out: list[Path] = []
        for number, path in enumerate(files):
            inside = folder / str(number)
            out += _unzip(path, inside, password) if _is_archive(path) else [path]
        yield out


def _is_archive(path: Path) -> bool:
    if not path.is_file() or workbook.is_workbook(path):
        return False
    with path.open("rb") as file:
        return file.read(4) in (workbook.ZIPPED, _NOTHING_ZIPPED)


def _unzip(path: Path, folder: Path, password: str) -> list[Path]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [
                entry
                for entry in archive.infolist()
                # Nothing is in an empty one; an export without comments may have such.
                if entry.file_size and not entry.is_dir() and _last_part(entry.filename)
            ]
            if not entries:
                raise ImportFileError(f"{path.name} is an archive without files. Export it again.")
            if len(entries) > MOST_INSIDE:
                raise ImportFileError(
                    f"{path.name} holds {len(entries):,} files, which no export does. Unpack it "
                    "yourself, and import the files."
                )
            inside = sum(entry.file_size for entry in entries)
            if inside > min(MAX_UNZIPPED, may_grow_to(path.stat().st_size)):
                raise ImportFileError(
                    f"{path.name} would unpack to {inside:,} bytes, which no export does. Unpack "
                    "it yourself, and import the files."
                )
            out = []
            for number, entry in enumerate(entries):
                if entry.flag_bits & 1 and not password:
                    raise PasswordNeededError(
                        f"{path.name} has a password. Type it, or give it on standard input."
                    )
                # Only the last part of a name: no archive says where files go.
                target = folder / str(number) / _last_part(entry.filename)
                target.parent.mkdir(parents=True)
                pwd = password.encode() or None
                with archive.open(entry, pwd=pwd) as read, target.open("wb") as written:
                    shutil.copyfileobj(read, written)
                out.append(target)
            return out
    except (zipfile.BadZipFile, NotImplementedError, OSError, zlib.error) as error:
        raise ImportFileError(
            f"Cannot unpack {path.name}: {error}. Unpack it yourself, or download it again."
        ) from error
    except RuntimeError as error:  # what zipfile raises over a wrong password
        raise PasswordNeededError(f"{path.name} does not open with this password.") from error


def short_name(name: str) -> str:
    """The end of a file's name, in so few bytes that a file system takes it, and more before it."""
    return name.encode(errors="replace")[-NAME_BYTES:].decode(errors="ignore")


def _last_part(name: str) -> str:
    """A file's own name; '' of what systems lay beside files."""
    last = name.replace("\\", "/").rpartition("/")[2].replace("\0", "")
    return "" if last.startswith((".", "__")) else short_name(last)
