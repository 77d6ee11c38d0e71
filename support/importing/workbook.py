"""The sheets of a workbook (XLSX), opened with its password where it has one.

Through openpyxl, row by row, and msoffcrypto, which takes the password off into a file without a
name. The password is never kept.
"""

import datetime as dt
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import IO, Any, Final

from openpyxl import load_workbook

from ..errors import ImportFileError, PasswordNeededError
from ..table_rows import as_written
from .conversation import Rejected

ENCRYPTED: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # begins what Office writes with a password
ZIPPED: Final = b"PK\x03\x04"
# What a workbook may grow to: all its words are read before its first row, a megabyte in a second,
# and those of real ones are packed five to twenty times.
GROWTH: Final = 50
SPARE: Final = 4 << 20  # bytes beside
_FORMULA: Final = re.compile(rb"<f[ >/]")
_BROKEN = (
    zipfile.BadZipFile, zlib.error, SyntaxError, EOFError, OSError, RuntimeError,
    AttributeError, IndexError, KeyError, TypeError, ValueError,
)  # fmt: skip


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook, with a password or without; by what it holds."""
    with path.open("rb") as file:
        begin = file.read(8)
    if begin == ENCRYPTED:
        return True
    if begin[:4] != ZIPPED:
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def sheet_names(path: Path, *, password: str = "") -> list[str]:
    """The names of a workbook's sheets.

    Raises:
        PasswordNeededError: it has a password, and this is not it.
        ImportFileError: it cannot be read.
    """
    with _opened(path, password) as book:
        return [str(name) for name in book.sheetnames]


def rows(
    path: Path, *, sheet: str = "", password: str = ""
) -> Iterator[tuple[int, dict[str, Any] | Rejected]]:
    """The rows of a sheet as text by the names in its first row, with their numbers.

    Args:
        path: the workbook.
        sheet: its name; empty: the first one.
        password: of the workbook.

    Raises:
        PasswordNeededError: it has a password, and this is not it.
        ImportFileError: it cannot be read, or its first row names no columns.
    """
    with ExitStack() as books:
        page = _page(books.enter_context(_opened(path, password)), sheet)
        cells = page.iter_rows(values_only=True)
        formulas: Iterator[Any] = repeat(())
        if _has_formulas(path, password):
            typed = _page(books.enter_context(_opened(path, password, values=False)), sheet)
            formulas = chain(typed.iter_rows(values_only=True), repeat(()))
            next(formulas)
        names = [_written(cell).strip() for cell in next(cells, ())]
        while names and not names[-1]:
            names.pop()
        if not names or len(set(names)) != len(names):
            raise ImportFileError(
                f"{path.name}: the first row of the sheet {page.title!r} must name each column "
                "once."
            )
        number = 1
        try:
            for number, values in enumerate(cells, 2):
                words = [_written(value) for value in values]
                place = _unsaved(values, next(formulas))
                if place is not None:
                    name = names[place] if place < len(names) else str(place + 1)
                    reason = f"the formula in {name!r} was saved without its value; save it anew"
                    yield number, Rejected(path.name, number, reason)
                    continue
                if not any(word.strip() for word in words):
                    continue
                if any(word.strip() for word in words[len(names) :]):
                    reason = f"{len(words)} columns where the first row names {len(names)}"
                    yield number, Rejected(path.name, number, reason)
                    continue
                words += [""] * (len(names) - len(words))
                yield number, dict(zip(names, words, strict=False))
        except _BROKEN as error:
            raise ImportFileError(
                f"Cannot read {path.name} further than row {number} of {page.title!r}: {error}. "
                "Save it anew from a spreadsheet, or as CSV."
            ) from error


def _page(book: Any, sheet: str) -> Any:
    page = book[sheet] if sheet else book.worksheets[0]
    page.reset_dimensions()  # the size that a file states is often wrong
    return page


def _unsaved(values: Sequence[Any], formulas: Sequence[Any]) -> int | None:
    """The place of a cell whose formula nobody has worked out; None where there is none."""
    for place, (value, formula) in enumerate(zip(values, formulas, strict=False)):
        if value is None and isinstance(formula, str) and formula.startswith("="):
            return place
    return None


def _has_formulas(path: Path, password: str) -> bool:
    """Whether any sheet holds a formula; most hold none, and are read once alone."""
    with closing(_plain(path, password)) as file, zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/"):
                continue
            with archive.open(name) as sheet:
                end = b""
                while piece := sheet.read(1 << 20):
                    if _FORMULA.search(end + piece):
                        return True
                    end = piece[-3:]
    return False


@contextmanager
def _opened(path: Path, password: str, *, values: bool = True) -> Iterator[Any]:
    with closing(_plain(path, password)) as file:
        try:
            _check_growth(path, file)
            book = load_workbook(file, read_only=True, data_only=values, keep_links=False)
        except _BROKEN as error:
            raise _unreadable(path, error) from error
        with closing(book):
            yield book


def _plain(path: Path, password: str) -> IO[bytes]:
    """The workbook without its password."""
    file = path.open("rb")
    if file.read(8) != ENCRYPTED:
        file.seek(0)
        return file
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, ParseError

    out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - its reader closes it
    try:
        with closing(file):
            office = msoffcrypto.OfficeFile(file)
            if not office.is_encrypted():
                raise FileFormatError("a workbook of an old kind; save it as XLSX, or as CSV")
            if not password:
                raise PasswordNeededError(
                    f"{path.name} has a password. Type it, or give it on standard input."
                )
            office.load_key(password=password)
            office.decrypt(out)
    except DecryptionError as error:  # a wrong password among them
        out.close()
        raise PasswordNeededError(f"{path.name} does not open with this password.") from error
    except PasswordNeededError:
        out.close()
        raise
    except (FileFormatError, ParseError, struct.error, OverflowError, *_BROKEN) as error:
        out.close()
        raise _unreadable(path, error) from error
    out.seek(0)
    return out


def _unreadable(path: Path, error: Exception) -> ImportFileError:
    why = (str(error) or type(error).__name__).splitlines()[0].replace(str(path), path.name)
    return ImportFileError(
        f"{path.name} is no readable workbook: {why.rstrip('.')}. Save it anew from a spreadsheet "
        "as XLSX, or as CSV."
    )


def _check_growth(path: Path, file: IO[bytes]) -> None:
    with zipfile.ZipFile(file) as archive:
        inside = sum(entry.file_size for entry in archive.infolist())
    file.seek(0)
    if inside > GROWTH * path.stat().st_size + SPARE:
        raise ImportFileError(
            f"{path.name} would grow to {inside:,} bytes, which no table of inquiries does. Save "
            "it anew from a spreadsheet, or as CSV."
        )


def _written(value: Any) -> str:
    """A cell as text: numbers that are ids without a point, times in ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return as_written(str(value))
