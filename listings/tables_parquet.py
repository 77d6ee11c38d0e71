"""Parquet, through pyarrow. From Parquet to Parquet every column keeps its type."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from support.errors import ImportFileError

from .table_values import as_text
from .tables import SHARE, Added, Block, Layout, Rows, Told

_GROUP = 65_536  # rows of a row group of the output
# What values raise that Python cannot hold: no UTF-8, nanoseconds, the year 10000, a lost zone.
_UNFIT = (ValueError, OverflowError, KeyError, pa.ArrowException)
_TYPES = {
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "moment": pa.timestamp("us"),
}


class ParquetSource:
    """A Parquet file to read."""

    kind = "parquet"

    def __init__(self, path: Path) -> None:
        """Read its schema.

        Raises:
            ImportFileError: it is missing or no Parquet file.
        """
        if not path.is_file():
            raise ImportFileError(f"No file {path}.")
        self._path = path
        try:
            with pq.ParquetFile(path) as file:
                self._names = list(file.schema_arrow.names)
        except (pa.ArrowException, OSError) as error:
            raise ImportFileError(f"{path} is no readable Parquet file: {error}.") from error

    def shape(self) -> dict[str, Any]:
        """Its columns; their types stay in the blocks."""
        return {"columns": self._names}

    def blocks(self, size: int, tell: Told) -> Iterator[Block]:
        """Cut it into blocks of `size` rows."""
        try:
            with pq.ParquetFile(self._path) as file:
                total = file.metadata.num_rows
                waiting: list[pa.RecordBatch] = []
                held, row = 0, 1
                for batch in file.iter_batches(batch_size=size):
                    waiting.append(batch)
                    held += batch.num_rows
                    while held >= size:
                        table = pa.Table.from_batches(waiting)
                        yield _block(table.slice(0, size), row)
                        row += size
                        held -= size
                        waiting = table.slice(size).to_batches()
                        tell(1000 * row // max(1, total))
                if held or row == 1:  # of a table without rows the types are still to be kept
                    schema = file.schema_arrow
                    yield _block(pa.Table.from_batches(waiting, schema), row)
        except (pa.ArrowException, OSError) as error:
            raise ImportFileError(f"Cannot read {self._path} to its end: {error}.") from error

    @staticmethod
    def keep(block: Block, file: Path) -> None:
        """Write the rows as an Arrow stream."""
        _keep(block.data, file)


class ParquetRows:
    """A block of a Parquet file."""

    def __init__(self, file: Path) -> None:
        """Read the block."""
        self.table = _kept(file)

    def cells(self, column: int) -> list[Any]:
        """One column."""
        return _plain(self.table.column(column))

    def values(self) -> list[list[Any]]:
        """Every row."""
        columns = [_plain(column) for column in self.table.columns]
        if not columns:
            return [[] for _ in range(self.table.num_rows)]
        return [list(row) for row in zip(*columns, strict=True)]


class ParquetSink:
    """Writes Parquet."""

    def write(self, rows: Rows, added: Sequence[Added], layout: Layout, file: Path) -> list[str]:
        """Write a block as an Arrow stream."""
        table = rows.table if isinstance(rows, ParquetRows) else _typed(rows, layout)
        for column in added:
            kind = pa.float64() if column.type == SHARE else pa.string()
            table = table.append_column(pa.field(column.name, kind), pa.array(column.values, kind))
        _keep(table, file)
        return []

    def join(self, files: Iterator[Path], layout: Layout, out: Path) -> None:
        """Write the blocks, several to a row group."""
        writer: pq.ParquetWriter | None = None
        waiting: list[pa.Table] = []
        try:
            for file in files:
                waiting.append(_kept(file))
                writer = writer or pq.ParquetWriter(out, waiting[0].schema)
                if sum(table.num_rows for table in waiting) >= _GROUP:
                    writer.write_table(pa.concat_tables(waiting).combine_chunks())
                    waiting = []
            if writer is None:
                columns = [*layout.columns, *(name for name, _ in layout.added)]
                empty = pa.table({name: pa.array([], pa.string()) for name in columns})
                writer = pq.ParquetWriter(out, empty.schema)
            if waiting:
                writer.write_table(pa.concat_tables(waiting).combine_chunks())
        finally:
            if writer:
                writer.close()


def _block(table: pa.Table, row: int) -> Block:
    return Block(list(range(row, row + table.num_rows)), table, [])


def _typed(rows: Rows, layout: Layout) -> pa.Table:
    """Rows of another kind, of the types that their source found."""
    types = layout.types or ["text"] * len(layout.columns)
    values = rows.values()
    arrays = []
    for number, name in enumerate(types):
        column = [row[number] for row in values]
        if name in _TYPES:
            arrays.append(pa.array(column, _TYPES[name]))
        else:
            texts = [None if value is None else as_text(value) for value in column]
            arrays.append(pa.array(texts, pa.string()))
    return pa.Table.from_arrays(arrays, names=layout.columns)


def _plain(column: pa.ChunkedArray) -> list[Any]:
    """The values of a column; only where one is no value of Python, each by itself."""
    try:
        if _in_nanoseconds(column.type):
            column = column.cast(_in_microseconds(column.type))
        return column.to_pylist()  # type: ignore[no-any-return]
    except _UNFIT:
        return [_value(scalar) for scalar in column]


def _in_nanoseconds(kind: pa.DataType) -> bool:
    """Whether a type holds moments or spans of nanoseconds, for which Python has no value.

    Where pandas is installed pyarrow gives its values for them, and rows would depend on that.
    """
    if pa.types.is_dictionary(kind):
        return _in_nanoseconds(kind.value_type)
    if kind.num_fields:
        return any(_in_nanoseconds(kind.field(place).type) for place in range(kind.num_fields))
    timed = pa.types.is_timestamp(kind) or pa.types.is_duration(kind)
    return bool(timed and kind.unit == "ns")


def _in_microseconds(kind: pa.DataType) -> pa.DataType:
    """As a type of nanoseconds, of what Python holds; a nested one stays, and is no value."""
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if pa.types.is_duration(kind):
        return pa.duration("us")
    raise ValueError(f"Values of {kind} are read one by one.")


def _value(scalar: Any) -> Any:
    """One value; what Python cannot hold becomes text."""
    if not scalar.is_valid:
        return None
    try:
        if not _in_nanoseconds(scalar.type):
            return scalar.as_py()
        return scalar.cast(_in_microseconds(scalar.type)).as_py()
    except _UNFIT:
        pass
    if isinstance(scalar, pa.DictionaryScalar):
        return _value(scalar.value)
    if isinstance(scalar, pa.StructScalar):
        return {name: _value(scalar[name]) for name in scalar}
    if isinstance(scalar, pa.ListScalar):
        return [_value(item) for item in scalar.values]
    if isinstance(scalar, pa.StringScalar):
        return scalar.as_buffer().to_pybytes().decode("utf-8", errors="replace")
    if not pa.types.is_timestamp(scalar.type):
        return str(scalar.cast(pa.string()))
    try:
        text = str(scalar.cast(pa.string()))
    except _UNFIT:  # of a time zone that nobody knows: the moment in UTC
        text = str(scalar.cast(pa.timestamp(scalar.type.unit)).cast(pa.string()))
    return text.replace(" ", "T", 1)  # as Python writes the moments that it can hold


def _keep(table: pa.Table, file: Path) -> None:
    # Of one piece: a stream's dictionaries could differ from piece to piece.
    table = table.combine_chunks()
    with pa.OSFile(str(file), "wb") as stream, pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)


def _kept(file: Path) -> pa.Table:
    with pa.OSFile(str(file), "rb") as stream, pa.ipc.open_stream(stream) as reader:
        return reader.read_all()
