"""Opens what people really have: CSV, TSV or JSON Lines, gzipped or not, in any usual encoding.

Yields rows as dictionaries of text with their line numbers. Knows nothing of inquiries.
"""

import codecs
import csv
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from charset_normalizer import from_bytes

from ..errors import ImportFileError
from .conversation import Rejected

SAMPLE_BYTES = 1 << 20  # enough to tell an encoding by
MAX_CELL = 16 << 20  # characters; the csv module's own limit of 128 KiB is too small for a mail

Numbered = tuple[int, dict[str, Any] | Rejected]


def rows(path: Path) -> Iterator[Numbered]:
    """Read a file row by row.

    Yields:
        The line number (the last line of a row that spans several) and the row, or why it was
        rejected. A broken row never stops the rest.

    Raises:
        ImportFileError: the file is missing, empty, or of no readable kind.
    """
    sample = _sample(path)
    name = path.name.removesuffix(".gz").lower()
    encoding = detect_encoding(sample)
    with _open(path, encoding) as file:
        if name.endswith((".jsonl", ".ndjson", ".json")) or _starts_with_brace(sample, encoding):
            yield from _json_lines(file, path.name)
        else:
            yield from _csv(file, path.name, tab=name.endswith(".tsv"))


def detect_encoding(sample: bytes) -> str:
    """Name the encoding of some bytes: by mark, as UTF-8, as CP949, or by statistics."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
                       (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
        if sample.startswith(mark):
            return name
    if sample.count(0) > len(sample) // 5:
        return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"
    for name in ("utf-8", "cp949"):
        try:
            # final=False: the sample may end inside a character.
            codecs.getincrementaldecoder(name)("strict").decode(sample, final=False)
        except UnicodeDecodeError:
            continue
        return name
    guess = from_bytes(sample[:65536]).best()
    return guess.encoding if guess else "utf-8"


def _sample(path: Path) -> bytes:
    if not path.is_file():
        raise ImportFileError(f"No file {path}.")
    try:
        with _binary(path) as file:
            sample = file.read(SAMPLE_BYTES)
    except (OSError, EOFError) as error:
        raise ImportFileError(f"Cannot read {path}: {error}.") from error
    if not sample.strip(b"\0\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise ImportFileError(f"{path} is empty.")
    if sample[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0") or sample[:5] == b"%PDF-":
        raise ImportFileError(
            f"{path} is a spreadsheet, archive or PDF. Save it as CSV (UTF-8) and import that."
        )
    return sample


def _binary(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if zipped else path.open("rb")  # type: ignore[return-value]


def _open(path: Path, encoding: str) -> IO[str]:
    # replace: one wrong byte in the middle of a gigabyte shall not cost the rest.
    return io.TextIOWrapper(_binary(path), encoding=encoding, errors="replace", newline="")


def _starts_with_brace(sample: bytes, encoding: str) -> bool:
    return sample.decode(encoding, errors="replace").lstrip("\ufeff \r\n\t").startswith("{")


def _json_lines(file: IO[str], name: str) -> Iterator[Numbered]:
    for number, line in enumerate(file, 1):
        if not line.strip("\ufeff \r\n\t"):
            continue
        try:
            row = json.loads(line.lstrip("\ufeff"))
        except (ValueError, RecursionError) as error:
            yield number, Rejected(name, number, f"not JSON: {error}")
            continue
        if isinstance(row, dict):
            yield number, {str(key): _text(value) for key, value in row.items()}
        else:
            yield number, Rejected(name, number, f"not a JSON object but {type(row).__name__}")


def _csv(file: IO[str], name: str, *, tab: bool) -> Iterator[Numbered]:
    csv.field_size_limit(MAX_CELL)
    # The csv module refuses a line with a NUL; exports of broken databases have them.
    lines = (line.replace("\0", "") for line in file)
    first = next(lines, "")
    separator = "\t" if tab else max(",;\t", key=first.count)
    header = next(csv.reader([first], delimiter=separator), [])
    header = [column.strip().lstrip("\ufeff") for column in header]
    if len(set(header)) != len(header) or not any(header):
        raise ImportFileError(
            f"{name}: the first line must name each column once, got {first.strip()[:200]!r}."
        )
    reader = csv.reader(lines, delimiter=separator)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num + 1, Rejected(name, reader.line_num + 1, str(error))
            continue
        number = reader.line_num + 1
        if not cells:
            continue
        if len(cells) != len(header):
            reason = f"{len(cells)} columns where the first line names {len(header)}"
            yield number, Rejected(name, number, reason)
            continue
        yield number, dict(zip(header, cells, strict=True))


def _text(value: Any) -> Any:
    """JSON numbers are ids and times here: as text, like a CSV's; lists stay."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    return value
