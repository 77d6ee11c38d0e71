"""Tables of any size, read and written in blocks: CSV, JSON Lines, Parquet, XLSX, any to any.

A source cuts its file into blocks and keeps each in a small file of its own; a sink writes a
block's rows with the columns that were added, and joins such files into one. What each format does
is in the `tables_*.py` beside this file. Knows nothing of listings.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Protocol, Self

from support.errors import InputError

TEXT, SHARE = "text", "share"  # types of added columns; a share is in [0, 1], four digits
SUFFIXES: Final = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet", ".pq": "parquet", ".xlsx": "xlsx", ".xlsm": "xlsx",
}  # fmt: skip
_WRITTEN: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".pq", ".xlsx")

Told = Callable[[int], None]  # called with the share of a file that is behind, in thousandths


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read, and where."""

    line: int  # of the file, from 1; of a spreadsheet or Parquet file the row
    kind: Literal["row", "text", "picture", "cell"]  # a row: it is left out of the output
    reason: str
    what: str = ""  # the row as it stands in the file, cut short; the picture's name


@dataclass(frozen=True, slots=True)
class Block:
    """Rows in a row, as their source holds them."""

    lines: list[int]  # of each row
    data: Any
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Added:
    """A column of ours for the rows of one block."""

    name: str
    type: str  # TEXT or SHARE
    values: list[Any]  # str or float; None where there is none


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What the rows of a table and of its output look like; plain JSON as a dictionary."""

    source: str  # kinds: "csv", "jsonl", "parquet", "xlsx"
    sink: str
    columns: list[str]
    types: list[str] = field(default_factory=list)  # of each column, where the source tells
    added: list[tuple[str, str]] = field(default_factory=list)  # name and type
    separator: str = ","  # of the output, where that is CSV
    line_end: str = "\n"
    mark: bool = False  # whether the output begins with a byte order mark
    source_separator: str = ","

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """From what `as_dict` gave."""
        return cls(**{**data, "added": [(name, kind) for name, kind in data["added"]]})


class Rows(Protocol):
    """The rows of one block, read back."""

    def cells(self, column: int) -> list[Any]:
        """One column, as plain Python values."""
        ...

    def values(self) -> list[list[Any]]:
        """Every row, its cells in the order of the layout's columns; None where one is missing."""
        ...


class Source(Protocol):
    """A file to read."""

    kind: str

    def blocks(self, size: int, tell: Told) -> Iterator[Block]:
        """Cut the file into blocks of `size` rows, the last one shorter."""
        ...

    def keep(self, block: Block, file: Path) -> None:
        """Write a block to a file of its own."""
        ...

    def shape(self) -> dict[str, Any]:
        """What a `Layout` says of it: columns, types and so on; whole after the last block."""
        ...


class Sink(Protocol):
    """A kind of output."""

    def write(self, rows: Rows, added: Sequence[Added], layout: Layout, file: Path) -> list[str]:
        """Write a block's rows with the added columns; returns what could not be kept whole."""
        ...

    def join(self, files: Iterator[Path], layout: Layout, out: Path) -> None:
        """Join such files, in order, into one table."""
        ...


def kind_of(path: Path, *, writing: bool = False) -> str:
    """Tell a file's kind by its name.

    Raises:
        InputError: it is none of those that are read, or written.
    """
    name = path.name.lower()
    suffix = Path(name if writing else name.removesuffix(".gz")).suffix
    known = _WRITTEN if writing else tuple(SUFFIXES)
    if suffix not in known or (suffix in (".xlsx", ".xlsm", ".parquet") and name.endswith(".gz")):
        raise InputError(
            f"{path.name}: tables are {'written' if writing else 'read'} as "
            f"{', '.join(known)}. Give the file one of these endings."
        )
    return SUFFIXES[suffix]


def open_source(path: Path) -> Source:
    """Open a table to read.

    Raises:
        InputError: it is missing, empty or of no readable kind.
    """
    kind = kind_of(path)
    if kind == "csv":
        from .tables_csv import CsvSource

        return CsvSource(path)
    if kind == "jsonl":
        from .tables_jsonl import JsonLinesSource

        return JsonLinesSource(path)
    if kind == "parquet":
        from .tables_parquet import ParquetSource

        return ParquetSource(path)
    from .tables_xlsx import XlsxSource

    return XlsxSource(path)


def read_rows(layout: Layout, file: Path) -> Rows:
    """Read back a block that its source kept."""
    if layout.source == "csv":
        from .tables_csv import CsvRows

        return CsvRows(file, layout)
    if layout.source == "jsonl":
        from .tables_jsonl import JsonLinesRows

        return JsonLinesRows(file, layout)
    if layout.source == "parquet":
        from .tables_parquet import ParquetRows

        return ParquetRows(file)
    from .tables_xlsx import XlsxRows

    return XlsxRows(file)


def open_sink(layout: Layout) -> Sink:
    """The sink of a layout."""
    if layout.sink == "csv":
        from .tables_csv import CsvSink

        return CsvSink()
    if layout.sink == "jsonl":
        from .tables_jsonl import JsonLinesSink

        return JsonLinesSink()
    if layout.sink == "parquet":
        from .tables_parquet import ParquetSink

        return ParquetSink()
    from .tables_xlsx import XlsxSink

    return XlsxSink()
