"""What single mails hold: their words, files, people and times, however odd they are.

Knows nothing of threads.
"""

import email
import email.errors
import hashlib
import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, Final

from charset_normalizer import from_bytes

from .. import clock
from .quoting import cut_html, cut_text

MAX_PARTS: Final = 2_000  # of one mail; what lies behind is not looked at
_IDS: Final = re.compile(r"<[^<>\s]{1,400}>")


def parsed(raw: bytes) -> Message:
    """A mail as the standard library reads it; what it trips over, it raises."""
    return email.message_from_bytes(raw)


def content(mail: Message) -> tuple[str, list[tuple[str, str]]]:
    """What a mail says anew, plain text before HTML, and the names of its files."""
    plain, marked = [], []
    files: list[tuple[str, str]] = []
    for part in _parts(mail):
        name = _decode(part.get_filename() or "")
        if (
            name
            or part.get_content_disposition() == "attachment"
            or part.get_content_maintype() == "message"
        ):
            files.append((name or "attachment", ""))
        elif part.get_content_type() == "text/plain" or part.get_content_maintype() == "multipart":
            plain.append(_text(part))  # one whose parts cannot be told apart is read as it stands
        elif part.get_content_type() == "text/html":
            marked.append(_text(part))
    words = "\n".join(plain)
    if words.strip():
        return html.escape(cut_text(words), quote=False), files
    return cut_html("\n".join(marked)), files


def unnamed(address: str, at: str, body: str) -> str:
    """What a mail without a Message-ID is called, whichever way it comes.

    Args:
        address: who wrote it.
        at: when, ISO 8601.
        body: what `content` found.
    """
    made = hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()[:16]
    return f"<{address} {at} {made}>"


def _parts(mail: Message) -> Iterator[Message]:
    """The parts that hold something, in order; a mail within a mail is one of them."""
    waiting: list[Message] = [mail]
    for _ in range(MAX_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        inside = part.get_payload() if part.get_content_maintype() == "multipart" else None
        if isinstance(inside, list):
            waiting += [item for item in reversed(inside) if isinstance(item, Message)]
        else:
            yield part


def _text(part: Message) -> str:
    raw: Any = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return str(raw or "")
    return _bytes(raw, part.get_content_charset())


def _bytes(raw: bytes, charset: str | None) -> str:
    """Bytes as text: as they say of themselves, else UTF-8, else Korean, else by statistics."""
    for name in (charset, "utf-8", "cp949"):
        try:
            return raw.decode(name or "ascii")
        except (LookupError, UnicodeDecodeError):
            continue
    guess = from_bytes(raw[:65536]).best()
    return raw.decode(guess.encoding if guess else "utf-8", errors="replace")


def date(mail: Message) -> str:
    """When a mail was written: by its own word, else by those who carried it.

    Raises:
        ValueError: nobody says so.
    """
    for name in ("Date", "Delivery-date", "Resent-Date"):
        try:
            when = parsedate_to_datetime(str(mail.get(name) or ""))
            return clock.parse(clock.iso(when if when.tzinfo else when.replace(tzinfo=UTC)))
        except (ValueError, TypeError, OverflowError):
            continue
    received = str(mail.get("Received") or "").rpartition(";")[2].strip()
    try:
        return clock.parse(clock.iso(parsedate_to_datetime(received)))
    except (ValueError, TypeError, OverflowError):
        pass
    # The line over a mail in a mailbox: From a@b.example Thu Jan  1 00:00:00 [+0000] 2026
    words = (mail.get_unixfrom() or "").split(None, 2)[2:]
    for form in ("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y"):
        try:
            return clock.parse(clock.iso(datetime.strptime("".join(words).strip(), form)))
        except ValueError:
            continue
    raise ValueError("a mail without a date")


def ids(mail: Message, name: str) -> list[str]:
    """The Message-IDs in a header, in order."""
    return _IDS.findall(" ".join(str(value) for value in mail.get_all(name) or ()))


def addresses(mail: Message, *names: str) -> list[tuple[str, str]]:
    """Names and addresses in some headers, the addresses in lower case."""
    values = [str(value) for name in names for value in mail.get_all(name) or ()]
    return [
        (_decode(name), address.lower()) for name, address in getaddresses(values) if "@" in address
    ]


def addresses_of(mail: Message, *names: str) -> list[str]:
    """The addresses alone."""
    return [address for _, address in addresses(mail, *names)]


def decoded(mail: Message, name: str) -> str:
    """A header's words; '' of one that is not there."""
    return _decode(str(mail.get(name) or ""))


def _decode(words: str) -> str:
    """Undo RFC 2047 where it was used; raw bytes that stand there are Korean, or UTF-8."""
    parts = []
    try:
        found = decode_header(words)
    except (ValueError, email.errors.HeaderParseError):
        return " ".join(words.split())
    for part, charset in found:
        parts.append(part if isinstance(part, str) else _bytes(part, charset))
    # Headers are folded over lines.
    return " ".join("".join(parts).split())
