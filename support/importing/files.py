"""Opens what people really have: CSV, TSV or JSON, gzipped or not, in any usual encoding.

Yields rows as dictionaries of text with their line numbers. Knows nothing of inquiries.
"""

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from charset_normalizer import from_bytes

from ..errors import ImportFileError
from .conversation import Rejected

SAMPLE_BYTES = 1 << 20  # enough to tell an encoding by
MAX_CELL = 16 << 20  # characters; the csv module's own limit of 128 KiB is too small for a mail
MAX_ROW_LINES = 100_000  # a row that spans more has lost a quote
MAX_ARRAY = 512 << 20  # bytes; a JSON array is read whole
REREAD = 4  # characters that may be read again for each one read, so that time stays linear

Numbered = tuple[int, dict[str, Any] | Rejected]

# Stands for bytes that are no text. No decoder yields it, so it tells them from a U+FFFD that the
# file itself holds.
_UNREADABLE = "\udfff"
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"[ \t\r\n]*")


def _mark(error: UnicodeError) -> tuple[str, int]:
    return _UNREADABLE, error.end if isinstance(error, UnicodeDecodeError) else 0


codecs.register_error("faqdesk-mark", _mark)


def rows(path: Path) -> Iterator[Numbered]:
    """Read a file row by row.

    Yields:
        The line number (the last line of a row that spans several, the place of a row in a JSON
        array) and the row, or why it was rejected. A broken row never stops the rest.

    Raises:
        ImportFileError: the file is missing, empty, or of no readable kind.
    """
    sample = _sample(path)
    name = path.name.removesuffix(".gz").lower()
    try:
        encoding = _encoding(path, sample)
        start = sample.decode(encoding, errors="replace").lstrip("\ufeff \r\n\t")
        is_json = name.endswith((".jsonl", ".ndjson", ".json"))
        with _open(path, encoding) as file:
            if start.startswith("[") if is_json else re.match(r"\[\s*\{", start):
                yield from _json_array(file, path.name, encoding)
            elif is_json or start.startswith("{"):
                yield from _json_lines(file, path.name, encoding)
            else:
                yield from _csv(file, path.name, encoding, tab=name.endswith(".tsv"))
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFileError(f"Cannot read {path} to its end: {error}.") from error


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
    # A wrong byte here and there among much UTF-8 does not make it something else.
    text = sample.decode("utf-8", errors="replace")
    wrong = text.count("\ufffd")
    if wrong * 10 < sum(character > "\x7f" for character in text) - wrong:
        return "utf-8"
    guess = from_bytes(sample[:65536]).best()
    return guess.encoding if guess else "utf-8"


def _encoding(path: Path, sample: bytes) -> str:
    """Name a whole file's encoding; a first megabyte of ASCII tells nothing of the rest."""
    name = detect_encoding(sample)
    if name == "utf-8" and not _decodes(path, name) and _decodes(path, "cp949"):
        return "cp949"
    return name


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with _binary(path) as file:
        try:
            while chunk := file.read(SAMPLE_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _sample(path: Path) -> bytes:
    if not path.is_file():
        raise ImportFileError(f"No file {path}.")
    try:
        with _binary(path) as file:
            sample = file.read(SAMPLE_BYTES)
    except (OSError, EOFError, zlib.error) as error:
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
    # Not strict: one wrong byte in the middle of a gigabyte shall not cost the rest.
    return io.TextIOWrapper(_binary(path), encoding=encoding, errors="faqdesk-mark", newline="")


def _json_lines(file: IO[str], name: str, encoding: str) -> Iterator[Numbered]:
    for number, line in enumerate(file, 1):
        words = line.strip("\ufeff \r\n\t")
        if not words:
            continue
        if _UNREADABLE in words:
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
        if _UNREADABLE in words:
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


class _Lines:
    """A file's lines, some of them twice: `taken` are those of the row that is being read."""

    def __init__(self, file: IO[str], *, number: int) -> None:
        self._file = file
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
            read = next(self._file, None)
            if read is None:
                self.ended = True
                raise StopIteration
            # The csv module refuses a line with a NUL; exports of broken databases have them.
            line = read.replace("\0", "")
            self._credit += REREAD * len(line)
        self.number += 1
        self._size += len(line)
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """Start a row."""
        self.taken, self._size, self.ended = [], 0, False

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


def _well_formed(lines: list[str], separator: str) -> bool:
    """Whether every quote of a row closes where a cell ends."""
    try:
        return len(list(csv.reader(lines, delimiter=separator, strict=True))) == 1
    except csv.Error:
        return False


def _csv(file: IO[str], name: str, encoding: str, *, tab: bool) -> Iterator[Numbered]:
    csv.field_size_limit(MAX_CELL)
    first = _SURROGATES.sub("\ufffd", next(file, "").replace("\0", ""))
    separator = "\t" if tab else max(",;\t", key=first.count)
    header = next(csv.reader([first], delimiter=separator), [])
    header = [column.strip().lstrip("\ufeff") for column in header]
    if len(set(header)) != len(header) or not any(header):
        raise ImportFileError(
            f"{name}: the first line must name each column once, got {first.strip()[:200]!r}."
        )
    lines = _Lines(file, number=1)
    reader = csv.reader(lines, delimiter=separator)
    while True:
        lines.begin()
        cells: list[str] = []
        reason = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = str(error)
        if not cells and not reason:
            continue
        several = len(lines.taken) > 1
        if not reason and len(cells) != len(header):
            reason = f"{len(cells)} columns where the first line names {len(header)}"
        elif not reason and lines.ended and several:
            reason = "a quote that is never closed"
        number = lines.number
        if reason and several and (lines.ended or not _well_formed(lines.taken, separator)):
            # A quote was lost, and what looks like one row is many.
            first_line = number - len(lines.taken) + 1
            if lines.give_back():
                reason += f", read up to line {number}"
            else:
                reason += f"; the lines up to {number} were left out with it"
            number = first_line
        elif not reason and any(_UNREADABLE in line for line in lines.taken):
            reason = f"not readable as {encoding}"
        yield (
            number,
            Rejected(name, number, reason) if reason else dict(zip(header, cells, strict=True)),
        )
