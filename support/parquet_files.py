"""Small tables in Parquet, one file each, whole or not at all; the same columns, the same bytes.

The only file that imports pyarrow, and when it is used: what serves never does.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import ImportFileError
from .whole_files import whole_file

Columns = Mapping[str, Sequence[Any]]  # of equal length: numbers, texts, bytes or lists of numbers


def write_columns(columns: Columns, path: Path, *, types: Mapping[str, str]) -> None:
    """Write a table, for its owner alone.

    Args:
        columns: by name.
        path: the file.
        types: of every column: int, text, bytes or ints.
    """
    pa, pq = _pyarrow()
    kinds = {
        "int": pa.int64(),
        "text": pa.string(),
        "bytes": pa.binary(),
        "ints": pa.list_(pa.int64()),
    }
    table = pa.table({name: pa.array(columns[name], kinds[kind]) for name, kind in types.items()})
    with whole_file(path, mode=0o600, sweeps=False) as half:
        pq.write_table(table, half)


def read_columns(path: Path) -> dict[str, list[Any]]:
    """Read a table that `write_columns` wrote.

    Raises:
        ImportFileError: it is missing or damaged.
    """
    pa, pq = _pyarrow()
    try:
        # `ParquetFile`, not `read_table`: a folder named like a key would be read into the table.
        with pq.ParquetFile(path) as file:
            found: dict[str, list[Any]] = file.read().to_pydict()
    except (pa.ArrowException, OSError) as error:
        raise ImportFileError(f"{path} cannot be read ({error}).") from error
    return found


def _pyarrow() -> tuple[ModuleType, ModuleType]:
    import pyarrow
    import pyarrow.parquet

    return pyarrow, pyarrow.parquet
