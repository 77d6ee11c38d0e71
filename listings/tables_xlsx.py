"""XLSX, through openpyxl: the values of one sheet, its first row the names.

A formula is written as the value that was last computed for it. Formats, other sheets and pictures
inside a sheet are not carried over.
"""

import datetime as dt
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ERROR_CODES

from support.errors import ImportFileError, InputError
from support.table_rows import is_formula

from .table_values import as_cell, as_text, common_type, type_of
from .tables import Added, Block, Layout, Problem, Rows, Told
from .tables_csv import SHOWN

MAX_ROWS: Final = 1_048_576  # of a sheet, the line of names included
MAX_CELL: Final = 32_767  # characters
MAX_GROWTH: Final = 200  # times a file's size; words and numbers grow far less
SPARE: Final = 64 << 20  # bytes that it may grow to in any case
# What zipfile, the parser of XML and openpyxl raise over a file that is cut or broken.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, SyntaxError, EOFError, OSError, RuntimeError,
    AttributeError, IndexError, KeyError, TypeError, ValueError,
)  # fmt: skip
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
# What XML cannot hold, or a parser would change: written as Excel does, _x000D_.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_x(?=[0-9A-Fa-f]{4}_)")


class XlsxSource:
    """A sheet to read."""

    kind = "xlsx"

    def __init__(self, path: Path) -> None:
        """Read the first row.

        Raises:
            ImportFileError: it is missing, no XLSX file or far larger than it looks, or its first
                row names no columns.
        """
        if not path.is_file():
            raise ImportFileError(f"No file {path}.")
        self._path = path
        try:
            _check_growth(path)
            self._formulas = _has_formulas(path)
            _, first = next(self._rows(), (1, ()))
        except _BROKEN as error:
            raise ImportFileError(f"{path} is no readable XLSX file: {error}.") from error
        self._names = [as_text(value) for value in first]
        while self._names and not self._names[-1]:
            self._names.pop()
        if not any(name.strip() for name in self._names):
            raise ImportFileError(f"{path.name}: the first row of the sheet must name the columns.")
        self._types: list[set[str]] = [set() for _ in self._names]

    def shape(self) -> dict[str, Any]:
        """Its columns and their types."""
        types = [common_type(sorted(found)) for found in self._types]
        return {"columns": self._names, "types": types}

    def blocks(self, size: int, tell: Told) -> Iterator[Block]:
        """Cut it into blocks of `size` rows; empty rows are left out."""
        width = len(self._names)
        lines: list[int] = []
        data: list[list[Any]] = []
        problems: list[Problem] = []
        rows = self._to_end()
        next(rows)
        for number, values in rows:
            cells = list(values)
            while cells and (len(cells) > width or cells[-1] is None) and cells[-1] in (None, ""):
                cells.pop()
            if not cells:
                continue
            if len(cells) > width:
                reason = f"{len(cells)} columns where the first row names {width}"
                shown = json.dumps([as_text(cell) for cell in cells], ensure_ascii=False)[:SHOWN]
                problems.append(Problem(number, "row", reason, shown))
            else:
                cells += [None] * (width - len(cells))
                for types, cell in zip(self._types, cells, strict=True):
                    types.add(type_of(cell))
                lines.append(number)
                data.append(cells)
            if len(lines) == size or len(problems) >= size:
                tell(0)
                yield Block(lines, data, problems)
                lines, data, problems = [], [], []
        if lines or problems:
            yield Block(lines, data, problems)

    @staticmethod
    def keep(block: Block, file: Path) -> None:
        """Write the rows as JSON, one a line."""
        _keep(block.data, file)

    def _to_end(self) -> Iterator[tuple[int, Sequence[Any]]]:
        """The same as `_rows`; what is broken further down is told as such."""
        try:
            for number, values in self._rows():
                if number > MAX_ROWS:  # a row may say it is the billionth, and all before it empty
                    raise ImportFileError(
                        f"{self._path.name} has more than {MAX_ROWS:,} rows, which no sheet can."
                    )
                yield number, values
        except _BROKEN as error:
            raise ImportFileError(f"Cannot read {self._path} to its end: {error}.") from error

    def _rows(self) -> Iterator[tuple[int, Sequence[Any]]]:
        """Number and values of every row; a formula never computed stands for itself."""
        values = _sheet_rows(self._path, computed=True)
        if not self._formulas:
            yield from enumerate(values, 1)
            return
        both = zip_longest(values, _sheet_rows(self._path, computed=False), fillvalue=())
        for number, (found, written) in enumerate(both, 1):
            yield (
                number,
                [
                    value if value is not None else _formula(formula)
                    for value, formula in zip_longest(found, written)
                ],
            )


class XlsxRows:
    """A block of a sheet."""

    def __init__(self, file: Path) -> None:
        """Read the block."""
        self._rows = list(_kept(file))

    def cells(self, column: int) -> list[Any]:
        """One column."""
        return [row[column] for row in self._rows]

    def values(self) -> list[list[Any]]:
        """Every row."""
        return self._rows


class XlsxSink:
    """Writes XLSX."""

    def write(self, rows: Rows, added: Sequence[Added], layout: Layout, file: Path) -> list[str]:
        """Write a block as JSON, one row a line; tells of cells that are cut."""
        columns = [column.values for column in added]
        ours = zip(*columns, strict=True)
        out, cut = [], []
        for values, more in zip(rows.values(), ours, strict=True):
            cells = [as_cell(value) for value in values]
            reason = ""
            for number, cell in enumerate(cells):
                if isinstance(cell, str) and len(cell) > MAX_CELL:
                    reason = (
                        f"{layout.columns[number]!r} has {len(cell):,} characters, a sheet's cell "
                        f"holds {MAX_CELL:,}: cut"
                    )
                    cells[number] = cell[:MAX_CELL]
            cut.append(reason)
            out.append([*cells, *more])
        _keep(out, file)
        return cut if any(cut) else []

    def join(self, files: Iterator[Path], layout: Layout, out: Path) -> None:
        """Write one sheet."""
        book = Workbook(write_only=True)
        sheet = book.create_sheet("listings")
        for row in _all_rows(files, layout):
            sheet.append([_writable(sheet, cell) for cell in row])
        book.save(out)
        book.close()


def check_size(rows: int) -> None:
    """Refuse what no sheet can hold.

    Raises:
        InputError: there are too many rows.
    """
    if rows >= MAX_ROWS:
        raise InputError(
            f"{rows:,} rows do not fit into a sheet, which holds {MAX_ROWS:,}. Write CSV, JSON "
            "Lines or Parquet: --out labelled.csv"
        )


def _sheet_rows(path: Path, *, computed: bool) -> Iterator[Sequence[Any]]:
    book = load_workbook(path, read_only=True, data_only=computed, keep_links=False)
    try:
        sheet: Any = book.active
        if sheet is None or not hasattr(sheet, "iter_rows"):
            sheet = book.worksheets[0]
        # The size that a file states is often wrong.
        sheet.reset_dimensions()
        for row in sheet.iter_rows(values_only=True):
            yield [_unescaped(cell) for cell in row]
    finally:
        book.close()


def _check_growth(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        inside = sum(entry.file_size for entry in archive.infolist())
    size = path.stat().st_size
    if inside > MAX_GROWTH * size + SPARE:
        raise ImportFileError(
            f"{path.name} has {size:,} bytes and would grow to {inside:,}, which no table of goods "
            "does. Save it anew from a spreadsheet, or as CSV."
        )


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with archive.open(name) as sheet:
                    before = b""
                    while chunk := sheet.read(1 << 20):
                        if re.search(rb"<(\w+:)?f[ >/]", before + chunk):
                            return True
                        before = chunk[-40:]
    return False


def _formula(value: Any) -> Any:
    text = getattr(value, "text", value)
    return text if isinstance(text, str) else None


def _unescaped(value: Any) -> Any:
    if isinstance(value, str) and "_x" in value:
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)
    return value


def _writable(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    value = _CONTROL.sub(_escape, value)
    if is_formula(value) or value in ERROR_CODES:
        cell = WriteOnlyCell(sheet, value)
        cell.data_type = "s"  # text of a listing, never a formula to run ...
        cell.quotePrefix = True  # ... also where somebody opens the cell and closes it again
        return cell
    return value


def _escape(match: re.Match[str]) -> str:
    return "_x005F_x" if match[0] == "_x" else f"_x{ord(match[0]):04X}_"


def _all_rows(files: Iterator[Path], layout: Layout) -> Iterator[list[Any]]:
    yield [*layout.columns, *(name for name, _ in layout.added)]
    for file in files:
        yield from _kept(file)


def _keep(rows: list[list[Any]], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="\n", errors="replace") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False, default=_tagged) + "\n")


def _kept(file: Path) -> Iterator[list[Any]]:
    with file.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield [_untagged(cell) for cell in json.loads(line)]


def _tagged(value: Any) -> list[Any]:
    """JSON knows no moments; no cell of a sheet is a list."""
    if isinstance(value, dt.timedelta):
        return ["span", value.days, value.seconds, value.microseconds]
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return [type(value).__name__, value.isoformat()]
    return ["text", str(value)]


def _untagged(cell: Any) -> Any:
    if not isinstance(cell, list):
        return cell
    if cell[0] == "span":
        return dt.timedelta(*cell[1:])
    kinds: dict[str, Any] = {"datetime": dt.datetime, "date": dt.date, "time": dt.time}
    return kinds[cell[0]].fromisoformat(cell[1]) if cell[0] in kinds else cell[1]
