"""The rows of a CSV as they stand in the file, each with its lines; broken ones told apart.

A quote that was lost makes many rows look like one: they are read again one by one, in time that
stays linear. Knows nothing of files or of what columns mean.
"""

import csv
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from .opening import UNREADABLE

MAX_CELL = 16 << 20  # characters; the csv module's own limit of 128 KiB is too small for a mail
MAX_ROW_LINES = 100_000  # a row that spans more has lost a quote
REREAD = 4  # characters that may be read again for each one read, so that time stays linear


class CsvRow(NamedTuple):
    """One row: the lines that it spans, and as it was written; why not, where it cannot be read."""

    first: int  # line numbers, from 1
    last: int
    raw: str
    reason: str  # "" for a good row


def guess_separator(line: str, *, tab: bool = False) -> str:
    """Tell what parts the cells of a first line."""
    return "\t" if tab else max(",;\t", key=line.count)


def read_header(line: str, separator: str) -> list[str]:
    """The names in a first line, without blanks around them."""
    names = next(csv.reader([line.lstrip("\ufeff")], delimiter=separator), [])
    return [name.strip() for name in names]


def csv_rows(
    lines: Iterator[str], *, separator: str, width: int, encoding: str, first: int = 2
) -> Iterator[CsvRow]:
    """Read rows; empty lines are left out.

    Args:
        lines: with their ends, as a file opened with `newline=""` gives them.
        separator: what parts cells.
        width: how many cells a row has.
        encoding: of the file, for the words about what cannot be read in it.
        first: the number of the first line.
    """
    csv.field_size_limit(MAX_CELL)
    source = _Lines(lines, number=first - 1)
    ends, cells = "\r\n", width - 1
    while True:
        line = source.begin()
        if line is None:
            return
        if '"' in line:
            yield _quoted_row(source, line, separator, width, encoding)
            continue
        # Most rows; what the csv module would say of them costs no parsing.
        if not line.strip(ends):
            continue
        number, reason = source.number, ""
        if line.count(separator) != cells:
            reason = _wrong_width(line.count(separator) + 1, width)
        elif UNREADABLE in line:
            reason = f"not readable as {encoding}"
        yield CsvRow(number, number, line, reason)


def _quoted_row(source: "_Lines", line: str, separator: str, width: int, encoding: str) -> CsvRow:
    cells: list[str] = []
    reason = ""
    try:
        cells = next(csv.reader(chain([line], source), delimiter=separator))
    except csv.Error as error:
        reason = str(error)
    raw = "".join(source.taken)
    several = len(source.taken) > 1
    if not reason and len(cells) != width:
        reason = _wrong_width(len(cells), width)
    elif not reason and source.ended and several:
        reason = "a quote that is never closed"
    last = source.number
    begin = last - len(source.taken) + 1
    if reason and several and (source.ended or not _well_formed(source.taken, separator)):
        # A quote was lost, and what looks like one row is many.
        if source.give_back():
            reason += f", read up to line {last}"
        else:
            reason += f"; the lines up to {last} were left out with it"
        last = begin
    elif not reason and UNREADABLE in raw:
        reason = f"not readable as {encoding}"
    return CsvRow(begin, last, raw, reason)


def _wrong_width(found: int, width: int) -> str:
    return f"{found} columns where the first line names {width}"


def _well_formed(lines: list[str], separator: str) -> bool:
    """Whether every quote of a row closes where a cell ends."""
    try:
        return len(list(csv.reader(lines, delimiter=separator, strict=True))) == 1
    except csv.Error:
        return False


class _Lines:
    """A file's lines, some of them twice: `taken` are those of the row that is being read."""

    def __init__(self, lines: Iterator[str], *, number: int) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self._credit = MAX_CELL  # characters that may be read again
        self._size = 0
        self.number = number  # lines read so far
        self.taken: list[str] = []
        self.ended = False  # the file ended inside the row

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_ROW_LINES or self._size > 2 * MAX_CELL:
            raise csv.Error("a quote that is never closed")
        if self._again:
            line = self._again.popleft()
        else:
            read = next(self._lines, None)
            if read is None:
                self.ended = True
                raise StopIteration
            line = read
            self._credit += REREAD * len(line)
        self.number += 1
        self._size += len(line)
        self.taken.append(line)
        return line

    def begin(self) -> str | None:
        """The first line of a row; None at the end. Only one with a quote counts as `taken`."""
        if self._again:
            line = self._again.popleft()
        else:
            read = next(self._lines, None)
            if read is None:
                return None
            line = read
            self._credit += REREAD * len(line)
        self.number += 1
        if '"' in line:
            self.taken, self._size, self.ended = [line], len(line), False
        return line

    def give_back(self) -> bool:
        """Have all lines of the row but its first read again, if that is not too much work."""
        again = self.taken[1:]
        cost = self._size - len(self.taken[0])
        if cost > self._credit:
            return False
        self._credit -= cost
        self._again.extendleft(reversed(again))
        self.number -= len(again)
        return True
