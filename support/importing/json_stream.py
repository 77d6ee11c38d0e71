"""Objects out of JSON of any size, one by one: lines, arrays, and pages as APIs answer them.

A page is an object that wraps a list, such as `{"count": 2, "tickets": [...]}`; its objects are
given with the name of their list. Only one of them is in memory at a time. Knows nothing of what
they mean.
"""

import json
import re
from collections.abc import Iterator
from typing import IO, Any, Final, NamedTuple

from .opening import UNREADABLE

CHUNK: Final = 1 << 18  # characters read at once
MAX_FIRST: Final = 4 << 20  # characters of a first line that is tried as one object
LOOK_AHEAD: Final = 8  # lines that tell lines from a page
MAX_OBJECT: Final = 64 << 20  # characters of one object; no inquiry is as long

# Lists that pages wrap; inside `data` and `_embedded` too (research 5.2 to 5.9).
LISTS: Final = frozenset(
    (
        "tickets", "comments", "users", "conversations", "threads", "articles", "payload",
        "results", "items", "records", "messages", "userChats", "data", "customers", "agents",
        "UserChat data", "UserChat", "Message data", "User data", "Manager data",
    )
)  # fmt: skip
_INSIDE: Final = frozenset(("data", "_embedded"))
# What else stands in a page. An object with any other key before its list is one of the things.
_PAGE_KEYS: Final = frozenset(
    (
        "count", "next_page", "previous_page", "after_url", "after_cursor", "before_url",
        "before_cursor", "end_of_stream", "end_time", "meta", "links", "_links", "page", "total",
        "success", "status", "version", "exported_at", "comment", "type", "name", "database",
        "next", "previous", "has_more",
    )
)  # fmt: skip
_SPACE: Final = re.compile(r"[\s,\ufeff\x1e]*")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


class Record(NamedTuple):
    """One object, the name of the list that it stood in ('' of none), and where.

    `value` is None where there is none; `reason` says why.
    """

    where: str
    value: dict[str, Any] | None
    line: int
    reason: str = ""


def records(file: IO[str], *, encoding: str = "utf-8") -> Iterator[Record]:
    """Read objects. `line` is the line in JSON Lines, else the number of the object.

    Args:
        file: text, as `opening.open_text` opens it.
        encoding: for the words about what cannot be read in it.
    """
    first = file.readline(MAX_FIRST)
    while first and not first.strip("\ufeff \r\n\t"):
        first = file.readline(MAX_FIRST)
    ahead = [first]
    while ahead[-1].endswith("\n") and len(ahead) < LOOK_AHEAD and sum(map(len, ahead)) < MAX_FIRST:
        ahead.append(file.readline(MAX_FIRST))
    rest = [line for line in ahead[1:] if line.strip()]
    # Lines, of which the first may be broken; one that goes on opens something, or parts it.
    is_whole = _whole(first) is not None
    begins = first.startswith("{") and not first.rstrip().endswith(("{", "[", ",", ":"))
    if rest and (is_whole or (begins and any(_whole(line) is not None for line in rest))):
        yield from _lines(file, ahead, encoding)
        return
    yield from _walk(_Text(file, "".join(ahead)), encoding)


def _whole(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _lines(file: IO[str], ahead: list[str], encoding: str) -> Iterator[Record]:
    number = 0
    while ahead or (line := file.readline(MAX_OBJECT)):
        line = ahead.pop(0) if ahead else line
        number += 1
        words = line.strip("\ufeff \r\n\t")
        if not words:
            continue
        if UNREADABLE in words:
            yield Record("", None, number, f"not readable as {encoding}")
            continue
        try:
            value = json.loads(words)
        except (ValueError, RecursionError) as error:
            deep = isinstance(error, RecursionError)
            yield Record("", None, number, f"not JSON: {'nested too deep' if deep else error}")
            continue
        for record in _unwrapped("", value):
            yield record._replace(line=number)


def _unwrapped(where: str, value: Any) -> Iterator[Record]:
    """Yield what a value in memory holds, by the rules of `_walk`."""
    if isinstance(value, list):
        for item in value:
            yield from _unwrapped(where, item)
        return
    if not isinstance(value, dict):
        yield Record(where, None, 0, f"not a JSON object but {type(value).__name__}")
        return
    for key, inner in value.items():
        if key in _INSIDE and isinstance(inner, dict) and _is_page(inner):
            yield from _unwrapped(key, inner)
            return
        if key in LISTS and isinstance(inner, list):
            break
        if key not in _PAGE_KEYS:
            yield Record(where, _clean(value), 0)
            return
    wrapped = [key for key, inner in value.items() if key in LISTS and isinstance(inner, list)]
    if not wrapped:
        yield Record(where, _clean(value), 0)
    for key in wrapped:
        yield from _unwrapped(key, value[key])


def _is_page(value: dict[str, Any]) -> bool:
    return any(key in LISTS and isinstance(inner, list) for key, inner in value.items())


def _walk(text: "_Text", encoding: str) -> Iterator[Record]:
    count = 0
    while sign := text.sign():
        found = _array(text, "") if sign == "[" else _object(text, "")
        for record in found:
            count += 1
            if record.value is not None and text.unreadable(record.value):
                yield Record(record.where, None, count, f"not readable as {encoding}")
            else:
                yield record._replace(line=count)


def _array(text: "_Text", where: str) -> Iterator[Record]:
    text.skip()
    while (sign := text.sign()) != "]":
        if not sign:
            raise text.broken("the array is never closed")
        if sign == "{":
            yield from _object(text, where)
        elif sign == "[":
            yield from _array(text, where)
        else:
            value = text.value()
            yield Record(where, None, 0, f"not a JSON object but {type(value).__name__}")
    text.skip()


def _object(text: "_Text", where: str) -> Iterator[Record]:
    """Yield an object, or those of the lists in it where it is a page."""
    if text.sign() != "{":
        value = text.value()
        yield Record(where, None, 0, f"not a JSON object but {type(value).__name__}")
        return
    text.skip()
    page, seen = True, False
    whole: dict[str, Any] = {}
    while (sign := text.sign()) != "}":
        if not sign:
            raise text.broken("an object is never closed")
        key = text.value()
        if not isinstance(key, str) or text.sign() != ":":
            raise text.broken("an object's key is missing")
        text.skip()
        opening = text.sign()
        if page and key in LISTS and opening == "[":
            seen, whole = True, {}
            yield from _array(text, key)
            continue
        if page and not seen and key in _INSIDE and opening == "{":
            yield from _object(text, key)
            seen = True
            continue
        value = text.value()
        page = page and (seen or key in _PAGE_KEYS)
        if not seen:
            whole[key] = value
    text.skip()
    if not seen and whole:
        yield Record(where, _clean(whole), 0)


def _clean(value: Any) -> Any:
    """Replace halves of surrogate pairs, which neither UTF-8 nor SQLite can hold."""
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value) if not value.isascii() else value
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value


class _Text:
    """A window on a file of JSON, moved along value by value."""

    def __init__(self, file: IO[str], begin: str) -> None:
        self._file = file
        self._buffer = begin
        self._at = 0
        self._decoder = json.JSONDecoder()
        self._ended = False

    def sign(self) -> str:
        """The next character that says something; '' at the end."""
        while True:
            space = _SPACE.match(self._buffer, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def skip(self) -> None:
        """Go past that character."""
        self._at += 1

    def value(self) -> Any:
        """Read a whole value."""
        self.sign()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except RecursionError as error:
                raise self.broken("nested too deep") from error
            except ValueError as error:
                if not isinstance(error, json.JSONDecodeError):  # a number without end
                    raise self.broken(str(error).partition(";")[0]) from error
                # Perhaps only the rest of it is missing yet.
                if len(self._buffer) - self._at > MAX_OBJECT or not self._more():
                    raise self.broken(error.msg) from error
                continue
            # A number may go on in what is not read yet.
            open_end = end == len(self._buffer) and not isinstance(value, dict | list | str)
            if open_end and self._more():
                continue
            self._at = end
            return value

    @staticmethod
    def unreadable(value: dict[str, Any]) -> bool:
        """Whether bytes that are no text stand in a value."""
        return any(UNREADABLE in text for text in _strings(value))

    def broken(self, why: str) -> ValueError:
        """The error to raise."""
        return ValueError(f"not JSON: {why}")

    def _more(self) -> bool:
        if self._ended:
            return False
        rest = self._buffer[self._at :]
        # Twice as much each time: a long value is not read again and again.
        read = self._file.read(max(CHUNK, len(rest)))
        self._ended = not read
        self._buffer, self._at = rest + read, 0
        return bool(read)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
