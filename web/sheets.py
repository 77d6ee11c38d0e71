"""Tables to take away: CSV and XLSX, with what others wrote never taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from support.table_rows import is_formula, no_formula, typed_text

BOM = "\ufeff"  # without it a spreadsheet reads Korean CSV as CP949


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its name, its columns' names, and rows of numbers and words, read once."""

    name: str
    columns: tuple[str, ...]
    rows: Iterable[Sequence[Any]]


def write_csv(sheet: Sheet) -> bytes:
    """One table as CSV in UTF-8."""
    out = io.StringIO(BOM, newline="")
    out.seek(0, io.SEEK_END)
    writer = csv.writer(out)
    writer.writerow([no_formula(name) for name in sheet.columns])
    writer.writerows([no_formula(value) for value in row] for row in sheet.rows)
    return out.getvalue().encode()


def csv_rows(rows: Iterable[Sequence[Any]]) -> bytes:
    """Some rows more, as they follow `write_csv` in a table that is sent piece by piece."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([no_formula(value) for value in row] for row in rows)
    return out.getvalue().encode()


def write_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """Tables as the sheets of one book."""
    out = io.BytesIO()
    save_xlsx(sheets, out)
    return out.getvalue()


def save_xlsx(sheets: Sequence[Sheet], out: IO[bytes]) -> None:
    """The same into a file, row by row."""
    book = Workbook(write_only=True)
    for table in sheets:
        sheet = book.create_sheet(table.name[:31])
        head = [_cell(sheet, name) for name in table.columns]
        for cell in head:
            cell.font = Font(bold=True)
        sheet.append(head)
        for row in table.rows:
            sheet.append([_cell(sheet, value) for value in row])
    book.save(out)
    book.close()


def _cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = typed_text(ILLEGAL_CHARACTERS_RE.sub("", value))
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"  # words, never a formula to run ...
    cell.quotePrefix = is_formula(text)  # ... also where somebody opens the cell and closes it
    return cell
