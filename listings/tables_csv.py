"""CSV, in whatever encoding; written as UTF-8.

The output parts its cells as the input does, with a byte order mark where the input was not plain
UTF-8: whatever wrote such a file, a spreadsheet most likely, needs one to read Korean.
"""

import csv
import io
import os
import shutil
import zlib
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final

from support.errors import ImportFileError
from support.importing.csv_rows import MAX_CELL, csv_rows, guess_separator
from support.importing.opening import UNREADABLE, file_encoding, open_text, place, read_sample
from support.table_rows import no_formula

from .table_values import as_text
from .tables import SHARE, Added, Block, Layout, Problem, Rows, Told

SHOWN: Final = 500  # characters of a broken row that its report shows


class CsvSource:
    """A CSV to read."""

    kind = "csv"

    def __init__(self, path: Path) -> None:
        """Read the first line.

        Raises:
            ImportFileError: the file is missing or empty, or names no columns.
        """
        self._path = path
        try:
            self._encoding = file_encoding(path, read_sample(path))
            with open_text(path, self._encoding) as file:
                self._header, self._header_lines, self._separator, self._end = _header(path, file)
        except (OSError, EOFError, zlib.error) as error:
            raise _cut(path, error) from error

    def shape(self) -> dict[str, Any]:
        """Columns, and how its cells are parted."""
        return {
            "columns": self._header,
            "source_separator": self._separator,
            "line_end": self._end,
            "mark": self._encoding != "utf-8",
        }

    def blocks(self, size: int, tell: Told) -> Iterator[Block]:
        """Cut it into blocks of `size` rows; a row that is broken is a problem of its block."""
        total = max(1, self._path.stat().st_size)
        try:
            with open_text(self._path, self._encoding) as file:
                behind = place(file)
                for block in self._blocks(file, size):
                    tell(1000 * behind() // total)
                    yield block
        except (OSError, EOFError, zlib.error) as error:
            raise _cut(self._path, error) from error

    def _blocks(self, file: IO[str], size: int) -> Iterator[Block]:
        for _ in range(self._header_lines):
            next(file)
        rows = csv_rows(
            file,
            separator=self._separator,
            width=len(self._header),
            encoding=self._encoding,
            first=self._header_lines + 1,
        )
        lines: list[int] = []
        data: list[str] = []
        problems: list[Problem] = []
        for first, _, text, reason in rows:
            if reason:
                shown = text.rstrip("\r\n").replace(UNREADABLE, "\ufffd")[:SHOWN]
                problems.append(Problem(first, "row", reason, shown))
                if len(problems) < size:
                    continue
            else:
                lines.append(first)
                data.append(text)
            if len(lines) == size or len(problems) >= size:
                yield Block(lines, data, problems)
                lines, data, problems = [], [], []
        if lines or problems:
            yield Block(lines, data, problems)

    @staticmethod
    def keep(block: Block, file: Path) -> None:
        """Write the rows as they stand in the file, in UTF-8."""
        data = block.data
        if data and not data[-1].endswith(("\n", "\r")):
            data[-1] += "\n"
        file.write_text("".join(data), encoding="utf-8", newline="")


class CsvRows:
    """A block of a CSV: every cell is text."""

    def __init__(self, file: Path, layout: Layout) -> None:
        """Read the block."""
        csv.field_size_limit(MAX_CELL)
        with file.open(encoding="utf-8", newline="") as lines:
            self._rows = list(csv.reader(lines, delimiter=layout.source_separator))

    def cells(self, column: int) -> list[str]:
        """One column."""
        return [row[column] for row in self._rows]

    def values(self) -> list[list[Any]]:
        """Every row."""
        return self._rows


class CsvSink:
    """Writes CSV."""

    def write(self, rows: Rows, added: Sequence[Added], layout: Layout, file: Path) -> list[str]:
        """Write a block, without the line of names."""
        texts = [_texts(column) for column in added]
        values = rows.values()
        cells: Iterator[Sequence[str]] = iter(values)
        if not isinstance(rows, CsvRows):
            cells = ([as_text(value) for value in row] for row in values)
        both = (chain(row, ours) for row, ours in zip(cells, zip(*texts, strict=True), strict=True))
        file.write_text(_written(both, layout), encoding="utf-8", errors="replace", newline="")
        return []

    def join(self, files: Iterator[Path], layout: Layout, out: Path) -> None:
        """Write the line of names, then every block."""
        names = [*layout.columns, *(name for name, _ in layout.added)]
        with out.open("wb") as whole:
            head = _written(iter([names]), layout)
            whole.write(head.encode("utf-8-sig" if layout.mark else "utf-8"))
            for file in files:
                with file.open("rb") as part:
                    shutil.copyfileobj(part, whole, 1 << 20)
            whole.flush()
            os.fsync(whole.fileno())


def _texts(column: Added) -> list[str]:
    if column.type == SHARE:
        return ["" if value is None else f"{value:.4f}" for value in column.values]
    return [value or "" for value in column.values]


def _written(rows: Iterator[Any], layout: Layout) -> str:
    # The writer quotes a cell with a line end in it only where it ends lines so itself; it must
    # quote both kinds, or the row would be read back as two.
    written = io.StringIO(newline="")
    lines = _Lines()
    safe = ([_no_formula(cell) for cell in row] for row in rows)
    csv.writer(lines, delimiter=layout.separator, lineterminator="\r\n").writerows(safe)
    if layout.line_end == "\r\n":
        return "".join(lines)
    for line in lines:
        written.write(line[:-2])
        written.write(layout.line_end)
    return written.getvalue()


def _no_formula(cell: str) -> str:
    """A cell of the table that was given, or one of ours; what is quoted already stays so."""
    return cell if cell.startswith("'") else no_formula(cell)


class _Lines(list[str]):
    """What the csv module takes for a file, without a call of Python for each row."""

    write = list.append


def _header(path: Path, file: IO[str]) -> tuple[list[str], int, str, str]:
    """The names, how many lines they take, what parts cells, and how lines end."""
    first = next(file, "").lstrip("\ufeff")
    separator = guess_separator(first, tab=".tsv" in path.name.lower())
    taken = [first]

    def lines() -> Iterator[str]:
        yield first
        for line in file:
            taken.append(line)
            if len(taken) > 100:
                raise csv.Error("a quote that is never closed")
            yield line

    try:
        names = next(csv.reader(lines(), delimiter=separator), [])
    except csv.Error as error:
        raise ImportFileError(f"{path.name}: the first line cannot be read: {error}.") from error
    if not any(name.strip() for name in names) or UNREADABLE in "".join(names):
        raise ImportFileError(
            f"{path.name}: the first line must name the columns, got {first.strip()[:200]!r}."
        )
    end = "\r\n" if taken[-1].endswith("\r\n") else "\n"
    return names, len(taken), separator, end


def _cut(path: Path, error: Exception) -> ImportFileError:
    return ImportFileError(f"Cannot read {path} to its end: {error}.")
