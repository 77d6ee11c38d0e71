"""Opens what people really have: CSV, TSV or JSON, gzipped or not, in any usual encoding.

Yields rows as dictionaries of text with their line numbers. Knows nothing of inquiries.
"""

import csv
import io
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ..errors import ImportFileError
from ..table_rows import as_written
from .conversation import Rejected
from .csv_rows import csv_rows, guess_separator, read_header
from .opening import SAMPLE_BYTES, UNREADABLE, file_encoding, open_text, read_sample

MAX_ARRAY = 512 << 20  # bytes; a JSON array is read whole
MAX_LINE = 64 << 20  # characters; what is longer is no line of text, and read in parts

Numbered = tuple[int, dict[str, Any] | Rejected]

_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"[ \t\r\n]*")


def rows(path: Path) -> Iterator[Numbered]:
    """Read a file row by row.

    Yields:
        The line number (the last line of a row that spans several, the place of a row in a JSON
        array) and the row, or why it was rejected. A broken row never stops the rest.

    Raises:
        ImportFileError: the file is missing, empty, or of no readable kind.
    """
    sample = read_sample(path)
    name = path.name.removesuffix(".gz").lower()
    try:
        encoding = file_encoding(path, sample)
        start = sample.decode(encoding, errors="replace").lstrip("\ufeff \r\n\t")
        is_json = name.endswith((".jsonl", ".ndjson", ".json"))
        with open_text(path, encoding) as file:
            if start.startswith("[") if is_json else re.match(r"\[\s*\{", start):
                yield from _json_array(file, path.name, encoding)
            elif is_json or start.startswith("{"):
                yield from _json_lines(file, path.name, encoding)
            else:
                yield from _csv(file, path.name, encoding, tab=name.endswith(".tsv"))
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFileError(f"Cannot read {path} to its end: {error}.") from error


def _lines(file: IO[str]) -> Iterator[str]:
    return iter(lambda: file.readline(MAX_LINE), "")


def _json_lines(file: IO[str], name: str, encoding: str) -> Iterator[Numbered]:
    for number, line in enumerate(_lines(file), 1):
        words = line.strip("\ufeff \r\n\t")
        if not words:
            continue
        if UNREADABLE in words:
            yield number, Rejected(name, number, f"not readable as {encoding}")
            continue
        try:
            yield number, _json_row(json.loads(words), words, name, number)
        except (ValueError, RecursionError) as error:
            yield number, Rejected(name, number, f"not JSON: {error}")


def _json_array(file: IO[str], name: str, encoding: str) -> Iterator[Numbered]:
    text = _all_of(file, name)
    first_line = text.find("\n") + 1
    if first_line and text[first_line:].strip() and _is_json(text[:first_line]):
        # JSON Lines after all, the first of which is a list.
        yield from _json_lines(io.StringIO(text), name, encoding)
        return
    decoder = json.JSONDecoder()
    at, number = _past_space(text, text.index("[") + 1), 0
    while text[at : at + 1] != "]":
        number += 1
        try:
            value, end = decoder.raw_decode(text, at)
            following = _past_space(text, end)
            if text[following : following + 1] not in (",", "]"):
                raise json.JSONDecodeError("Expecting ',' or ']'", text, following)
        except (ValueError, RecursionError) as error:
            raise ImportFileError(
                f"{name}: item {number} of the array is not JSON: {error}. It and those after it "
                "were not read; save the file as JSON Lines, where one broken row costs no other."
            ) from error
        words = text[at:end]
        if UNREADABLE in words:
            yield number, Rejected(name, number, f"not readable as {encoding}")
        else:
            yield number, _json_row(value, words, name, number)
        at = following + (text[following] == ",")
        at = _past_space(text, at)


def _all_of(file: IO[str], name: str) -> str:
    parts: list[str] = []
    while part := file.read(SAMPLE_BYTES):
        parts.append(part)
        if file.buffer.tell() > MAX_ARRAY:  # type: ignore[attr-defined]
            raise ImportFileError(
                f"{name} is one JSON array of more than {MAX_ARRAY >> 20} MB. Save it as JSON "
                "Lines, one object a line."
            )
    return "".join(parts)


def _is_json(text: str) -> bool:
    try:
        json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return False
    return True


def _past_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _json_row(value: Any, words: str, name: str, number: int) -> dict[str, Any] | Rejected:
    """Turn a value and the words it was written in into a row."""
    if not isinstance(value, dict):
        return Rejected(name, number, f"not a JSON object but {type(value).__name__}")
    if "\\ud" in words or "\\uD" in words:
        value = _whole(value)
    return {key: _text(cell) for key, cell in value.items()}


def _whole(value: Any) -> Any:
    """Replace halves of surrogate pairs, which neither UTF-8 nor SQLite can hold."""
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value


def _text(value: Any) -> Any:
    """JSON numbers are ids and times here: as text, like a CSV's; lists stay."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, list):
        return [_text(item) for item in value]
    return value


def _csv(file: IO[str], name: str, encoding: str, *, tab: bool) -> Iterator[Numbered]:
    # Exports of broken databases hold NULs, which no text needs.
    lines = (line.replace("\0", "") for line in _lines(file))
    first = _SURROGATES.sub("\ufffd", next(lines, ""))
    separator = guess_separator(first, tab=tab)
    header = read_header(first, separator)
    if len(set(header)) != len(header) or not any(header):
        raise ImportFileError(
            f"{name}: the first line must name each column once, got {first.strip()[:200]!r}."
        )
    for row in csv_rows(lines, separator=separator, width=len(header), encoding=encoding):
        if row.reason:
            yield row.last, Rejected(name, row.last, row.reason)
            continue
        cells = next(csv.reader([row.raw], delimiter=separator))
        if "'" in row.raw:  # what an export put before a formula, so that it is none
            cells = [as_written(cell) for cell in cells]
        yield row.last, dict(zip(header, cells, strict=True))
