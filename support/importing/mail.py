"""Mailboxes (mbox) and single mails (EML): threads put together, quoted mails cut (research 5.6).

A thread is Gmail's own number of it (`X-GM-THRID`), else what References and In-Reply-To say, else
an answer's subject between the same people within `SAME_DAYS`. Mail from the team's own addresses
is an agent's.
"""

import email
import email.policy
import html
import mailbox
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

from charset_normalizer import from_bytes

from .. import clock
from .conversation import RawConversation, RawMessage, Rejected
from .format import Intake
from .quoting import cut_html, cut_text
from .spool import Spool

SAME_DAYS: Final = 30  # from an answer without References back to what it may answer
AUTOMATIC: Final = "automatic mail"
# Addresses of people, not of a team: their domain says nothing.
_PUBLIC: Final = frozenset(
    (
        "gmail.com", "googlemail.com", "naver.com", "hanmail.net", "daum.net", "kakao.com",
        "nate.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "yahoo.co.kr",
        "icloud.com", "me.com", "gmx.de", "gmx.net", "web.de", "qq.com", "163.com", "proton.me",
    )
)  # fmt: skip
_ANSWER: Final = re.compile(
    r"^\s*(?:(?:re|aw|sv|antw|답장|회신|답변|fw|fwd|전달|wg)\s*(?:\[\d+\])?\s*[::]\s*)+",
    re.IGNORECASE,
)
_IDS: Final = re.compile(r"<[^<>\s]+>")
_HEADER: Final = re.compile(rb"\A(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}", re.DOTALL)
_KNOWN_HEADERS: Final = re.compile(
    rb"^(?:From|Date|Message-ID|Received|Return-Path|Delivered-To|MIME-Version|Subject"
    rb"|X-GM-THRID):",
    re.IGNORECASE | re.MULTILINE,
)
_GENERATED: Final = ("auto-generated", "auto-replied", "auto-notified")


def is_mbox(sample: bytes) -> bool:
    """Whether a file begins as a mailbox does."""
    first, _, rest = sample.lstrip(b"\r\n").partition(b"\n")
    return first.startswith(b"From ") and is_mail(rest)


def is_mail(sample: bytes) -> bool:
    """Whether a file begins with the headers of a mail."""
    begin = sample.lstrip(b"\r\n\xef\xbb\xbf")[:65536].replace(b"\r\n", b"\n")
    head = _HEADER.match(begin)
    return head is not None and len(set(_KNOWN_HEADERS.findall(head[0]))) >= 2


def mails(path: Path, *, tell: Callable[[int], None]) -> Iterator[tuple[int, Message]]:
    """The mails of a mailbox, or the one of an EML file, numbered from 1.

    Args:
        path: the file.
        tell: told how many bytes are read.
    """
    with path.open("rb") as file:
        boxed = is_mbox(file.read(65536))
    if not boxed:
        yield 1, email.message_from_bytes(path.read_bytes().lstrip(b"\r\n\xef\xbb\xbf"))
        tell(path.stat().st_size)
        return
    box = mailbox.mbox(path, factory=None, create=False)
    try:
        done = 0
        for place, key in enumerate(box.iterkeys(), 1):
            mail = box.get_bytes(key)
            done += len(mail)
            tell(done)
            yield place, email.message_from_bytes(mail)
    finally:
        box.close()


class MailReader:
    """Turns mails into the pieces of conversations."""

    def __init__(self, intake: Intake, *, ours: tuple[str, ...] = ()) -> None:
        """Take the team's own addresses and domains; empty: they are guessed from the mails."""
        self._intake = intake
        self._spool = intake.spool
        self._ours = frozenset(name.strip().lower().lstrip("@") for name in ours)
        self._to: Counter[str] = Counter()

    def take(self, mail: Message) -> None:
        """Take a mail.

        Raises:
            ValueError: it has no sender or no text.
        """
        sender = _addresses(mail, "From", "Sender")[:1]
        if not sender:
            raise ValueError("a mail without a sender")
        name, address = sender[0]
        at = _date(mail)
        own = (_ids(mail, "Message-ID") or [f"<{address} {at}>"])[0]
        body, files = _content(mail)
        answers = [*_ids(mail, "References"), *_ids(mail, "In-Reply-To")]
        subject = _decoded(mail, "Subject")
        topic = _ANSWER.sub("", subject).strip()
        is_answer = bool(answers) or topic != subject.strip()
        to = [target for _, target in _addresses(mail, "To", "Delivered-To", "Cc")]
        thread = self._thread(mail, own, answers, topic, is_answer, [address, *to], at)
        if not is_answer:
            self._to.update(set(_addresses_of(mail, "To", "Delivered-To", "X-Original-To")))
        automatic = (mail.get("Auto-Submitted") or "").strip().lower().startswith(_GENERATED)
        if automatic or mail.get("X-Autoreply") or mail.get("X-Auto-Response-Suppress") == "All":
            self._intake.left_out[AUTOMATIC] += 1
            return
        if not body.strip() and not files:
            raise ValueError("a mail without text")
        message = RawMessage(own, "", body, at, author=f"{address}\n{name}", attachments=files)
        self._spool.message(thread, message)
        raw = RawConversation(thread, at, subject=topic, channel="email")
        # The first mail gives the thread its subject and day: the smaller, the more it counts.
        self._spool.conversation(raw, version=_before(at), again=False)

    def end(self) -> list[str]:
        """Decide whose the addresses are; returns what was guessed, in words."""
        if self._ours or not self._to:
            return []
        address, _ = self._to.most_common(1)[0]
        domain = address.rpartition("@")[2]
        ours = address if domain in _PUBLIC else domain
        self._ours = frozenset([ours])
        what = f"mail from {ours}" if ours == address else f"mail from anybody at {ours}"
        return [f"{what} is taken for an agent's: most mails that begin a thread went there"]

    def settle(self, raw: RawConversation, spool: Spool) -> None:
        """Tell customers from agents by their addresses."""
        for message in raw.messages:
            address, _, name = message.author.partition("\n")
            ours = address in self._ours or address.rpartition("@")[2] in self._ours
            message.role = "agent" if ours else "customer"
            message.author = (name or address) if ours else ""
            if not ours and not raw.customer_id:
                raw.customer_id = address
        if raw.messages:
            raw.opened_at = raw.messages[0].at

    def _thread(
        self,
        mail: Message,
        own: str,
        answers: list[str],
        topic: str,
        is_answer: bool,
        people: list[str],
        at: str,
    ) -> str:
        gmail = (mail.get("X-GM-THRID") or "").strip()
        if gmail:
            return self._spool.thread([f"gm:{gmail}", own])
        names = [*answers, own]
        if is_answer and not answers and topic:
            # No References: the same subject, one of the same people, within some weeks.
            for person in people:
                before = self._spool.known_thread(f"subject:{topic.casefold()}\n{person}")
                if before and self._is_near(before, at):
                    names = [before, *names]
                    break
        thread = self._spool.thread(names)
        for person in people if topic else ():
            key = f"subject:{topic.casefold()}\n{person}"
            if not is_answer or not self._spool.known_thread(key):
                self._spool.rename_thread(key, thread)
        return thread

    def _is_near(self, thread: str, at: str) -> bool:
        last = self._spool.last_at(thread)
        if not last:
            return False
        span = abs((clock.from_iso(at) - clock.from_iso(last)).days)
        return span <= SAME_DAYS


def rejected(path: Path, number: int, error: Exception) -> Rejected:
    """A mail that cannot be used; an odd one shall not end a mailbox."""
    return Rejected(path.name, number, f"not readable as a mail: {error}")


def _before(at: str) -> str:
    """A word that sorts the other way round than the moment it stands for."""
    return f"{4_102_444_800 - int(clock.from_iso(at).timestamp()):012d}"


def _content(mail: Message) -> tuple[str, list[tuple[str, str]]]:
    """What a mail says anew, plain text before HTML, and the names of its files."""
    plain, marked = [], []
    files: list[tuple[str, str]] = []
    for part in mail.walk():
        if part.is_multipart():
            continue
        name = _decode(part.get_filename() or "")
        if name or part.get_content_disposition() == "attachment":
            files.append((name or "attachment", ""))
        elif part.get_content_type() == "text/plain":
            plain.append(_text(part))
        elif part.get_content_type() == "text/html":
            marked.append(_text(part))
    words = "\n".join(plain)
    if words.strip():
        return html.escape(cut_text(words), quote=False), files
    return cut_html("\n".join(marked)), files


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


def _date(mail: Message) -> str:
    for name in ("Date", "Delivery-date", "Resent-Date"):
        try:
            when = parsedate_to_datetime(str(mail.get(name) or ""))
            return clock.parse(clock.iso(when if when.tzinfo else when.replace(tzinfo=UTC)))
        except (ValueError, TypeError, OverflowError):
            continue
    received = str(mail.get("Received") or "").rpartition(";")[2].strip()
    try:
        return clock.iso(parsedate_to_datetime(received))
    except (ValueError, TypeError, OverflowError):
        pass
    try:  # the line over a mail in a mailbox: From a@b.example Thu Jan  1 00:00:00 2026
        words = (mail.get_unixfrom() or "").split(None, 2)[2]
        return clock.iso(
            datetime.strptime(words.strip(), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        )
    except (ValueError, IndexError) as error:
        raise ValueError("a mail without a date") from error


def _ids(mail: Message, name: str) -> list[str]:
    return _IDS.findall(" ".join(str(value) for value in mail.get_all(name) or ()))


def _addresses(mail: Message, *names: str) -> list[tuple[str, str]]:
    """Names and addresses in some headers, the addresses in lower case."""
    values = [str(value) for name in names for value in mail.get_all(name) or ()]
    return [
        (_decode(name), address.lower()) for name, address in getaddresses(values) if "@" in address
    ]


def _addresses_of(mail: Message, *names: str) -> list[str]:
    return [address for _, address in _addresses(mail, *names)]


def _decoded(mail: Message, name: str) -> str:
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
