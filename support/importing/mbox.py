"""The mails of a mailbox (mbox, gzipped or not), or the one of an EML file, as bytes.

A mailbox is read once, one mail in memory at a time. Knows nothing of what mails say.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from .opening import open_binary, to_its_end

MAX_MAIL: Final = 128 << 20  # bytes of one mail with its files; no provider takes as much
_PIECE: Final = 1 << 20  # bytes of a line read at once
# The line over each mail: From a@b.example Thu Jan  1 00:00:00 2026
_BEGINS: Final = re.compile(
    rb"From (?:.{0,400} )?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? .{0,40}\d{1,2}:\d{2}.{0,40}\r?\n"
)
_GUARDED: Final = re.compile(rb">+From ")  # a line of a mail that looked like one
_HEADER: Final = re.compile(rb"\A(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}", re.DOTALL)
_KNOWN_HEADERS: Final = re.compile(
    rb"^(?:From|Date|Message-ID|Received|Return-Path|Delivered-To|MIME-Version|Subject"
    rb"|X-GM-THRID):",
    re.IGNORECASE | re.MULTILINE,
)


def is_mbox(sample: bytes) -> bool:
    """Whether a file begins as a mailbox does."""
    first, _, rest = sample.lstrip(b"\r\n").partition(b"\n")
    return first.startswith(b"From ") and is_mail(rest)


def is_mail(sample: bytes) -> bool:
    """Whether a file begins with the headers of a mail."""
    begin = sample.lstrip(b"\r\n\xef\xbb\xbf")[:65536].replace(b"\r\n", b"\n")
    head = _HEADER.match(begin)
    return head is not None and len(set(_KNOWN_HEADERS.findall(head[0]))) >= 2


def mails(path: Path, *, tell: Callable[[int], None]) -> Iterator[tuple[int, bytes]]:
    """The mails of a file, numbered from 1; b'' of one that is larger than `MAX_MAIL`.

    Args:
        path: the file.
        tell: told how many bytes of the file are read.
    """
    with to_its_end(path), open_binary(path) as file:
        below: Any = getattr(file, "fileobj", None) or file
        number, size = 0, 0
        parts: list[bytes] = []
        boxed = line_ended = True
        while line := file.readline(_PIECE):
            if not number:
                line = line.lstrip(b"\r\n\xef\xbb\xbf")
                if not line:
                    continue
                number, boxed = 1, line.startswith(b"From ")
            elif boxed and line_ended and _BEGINS.fullmatch(line):
                yield number, b"".join(parts)
                tell(below.tell())
                number, size, parts = number + 1, 0, []
            elif boxed and line_ended and _GUARDED.match(line):
                line = line[1:]
            line_ended = line.endswith(b"\n")
            size += len(line)
            if size <= MAX_MAIL:
                parts.append(line)
            else:
                parts.clear()
        if number:
            yield number, b"".join(parts)
            tell(below.tell())
