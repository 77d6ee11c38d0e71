"""JSON Lines, one object a line; what is written as JSON Lines again stays as it was written."""

import json
import os
import shutil
import zlib
from collections.abc import Iterator, Sequence
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, Final

from support.errors import ImportFileError
from support.importing.opening import UNREADABLE, file_encoding, open_text, place, read_sample

from .table_values import as_json, common_type, nested_deeper, type_of, whole
from .tables import SHARE, Added, Block, Layout, Problem, Rows, Told
from .tables_csv import SHOWN

MAX_DEPTH: Final = 100  # lists and objects in one another; what handles them calls itself


class JsonLinesSource:
    """JSON Lines to read."""

    kind = "jsonl"

    def __init__(self, path: Path) -> None:
        """Look at the beginning.

        Raises:
            ImportFileError: the file is missing, empty or one JSON array.
        """
        self._path = path
        sample = read_sample(path)
        self._encoding = file_encoding(path, sample)
        if sample.decode(self._encoding, errors="replace").lstrip("\ufeff \r\n\t").startswith("["):
            raise ImportFileError(
                f"{path.name} is one JSON array. Save it as JSON Lines, one object a line, where "
                "one broken row costs no other."
            )
        self._types: dict[str, set[str]] = {}  # of each key, in the order of their first use

    def shape(self) -> dict[str, Any]:
        """The keys of all rows, and their types."""
        return {
            "columns": list(self._types),
            "types": [common_type(sorted(types)) for types in self._types.values()],
        }

    def blocks(self, size: int, tell: Told) -> Iterator[Block]:
        """Cut it into blocks of `size` objects."""
        total = max(1, self._path.stat().st_size)
        lines: list[int] = []
        data: list[str] = []
        problems: list[Problem] = []
        try:
            with open_text(self._path, self._encoding) as file:
                bytes_read = place(file)
                for number, line in enumerate(file, 1):
                    words = line.strip("\ufeff \r\n\t")
                    if not words:
                        continue
                    if reason := self._broken(words):
                        shown = words.replace(UNREADABLE, "\ufffd")[:SHOWN]
                        problems.append(Problem(number, "row", reason, shown))
                    else:
                        lines.append(number)
                        data.append(words)
                    if len(lines) == size or len(problems) >= size:
                        tell(1000 * bytes_read() // total)
                        yield Block(lines, data, problems)
                        lines, data, problems = [], [], []
        except (OSError, EOFError, zlib.error) as error:
            raise ImportFileError(f"Cannot read {self._path} to its end: {error}.") from error
        if lines or problems:
            yield Block(lines, data, problems)

    def _broken(self, words: str) -> str:
        """Why a line is no row, "" where it is one; its keys are remembered."""
        if UNREADABLE in words:
            return f"not readable as {self._encoding}"
        try:
            row = json.loads(words)
        except (ValueError, RecursionError) as error:
            return f"not JSON: {error}"
        if not isinstance(row, dict):
            return f"not a JSON object but {type(row).__name__}"
        # Most rows have not even so many brackets.
        if words.count("[") + words.count("{") > MAX_DEPTH and nested_deeper(row, MAX_DEPTH):
            return f"nested too deeply: more than {MAX_DEPTH} levels"
        for key, value in row.items():
            self._types.setdefault(whole(key), set()).add(type_of(value))
        return ""

    @staticmethod
    def keep(block: Block, file: Path) -> None:
        """Write the lines as they stand in the file, in UTF-8."""
        file.write_text("".join(f"{line}\n" for line in block.data), encoding="utf-8", newline="")


class JsonLinesRows:
    """A block of JSON Lines."""

    def __init__(self, file: Path, layout: Layout) -> None:
        """Read the block."""
        with file.open(encoding="utf-8", newline="\n") as lines:
            self.raw = [line[:-1] for line in lines]
        self._columns = layout.columns
        # In a CSV a number stays as it was written: 1.10 is not 1.1.
        number = str if layout.sink == "csv" else None
        self.rows = [_read(line, number) for line in self.raw]

    def cells(self, column: int) -> list[Any]:
        """One column."""
        name = self._columns[column]
        return [row.get(name) for row in self.rows]

    def values(self) -> list[list[Any]]:
        """Every row; None for a key that it has not."""
        return [[row.get(name) for name in self._columns] for row in self.rows]


class JsonLinesSink:
    """Writes JSON Lines."""

    def write(self, rows: Rows, added: Sequence[Added], layout: Layout, file: Path) -> list[str]:
        """Write a block."""
        ours = ["}"] * len(rows.values()) if not added else _ours(added)
        if isinstance(rows, JsonLinesRows):
            heads = [
                line[:-1].rstrip() + (", " if row else "")
                for line, row in zip(rows.raw, rows.rows, strict=True)
            ]
        else:
            keys = layout.columns
            heads = [
                json.dumps(
                    {key: as_json(value) for key, value in zip(keys, row, strict=True)},
                    ensure_ascii=False,
                )[:-1]
                + ", "
                for row in rows.values()
            ]
        text = "".join(f"{head}{tail}\n" for head, tail in zip(heads, ours, strict=True))
        file.write_text(text, encoding="utf-8", newline="", errors="replace")
        return []

    def join(self, files: Iterator[Path], layout: Layout, out: Path) -> None:
        """Write one block after the other."""
        with out.open("wb") as joined:
            for file in files:
                with file.open("rb") as part:
                    shutil.copyfileobj(part, joined, 1 << 20)
            joined.flush()
            os.fsync(joined.fileno())


def _ours(added: Sequence[Added]) -> list[str]:
    """Of each row the end of its object, with our columns."""
    columns = []
    for column in added:
        key = encode_basestring(column.name)
        if column.type == SHARE:
            columns.append([f"{key}: {_share(value)}" for value in column.values])
        else:
            columns.append(
                [
                    f"{key}: {'null' if value is None else encode_basestring(value)}"
                    for value in column.values
                ]
            )
    return [", ".join(parts) + "}" for parts in zip(*columns, strict=True)]


def _share(value: float | None) -> str:
    return "null" if value is None else f"{value:.4f}"


def _read(line: str, number: Any) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(line, parse_float=number, parse_int=number)
    return whole(row) if "\\ud" in line or "\\uD" in line else row
