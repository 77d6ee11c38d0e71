"""Mails put together to threads, quoted mails cut (research 5.6).

A thread is Gmail's own number of it (`X-GM-THRID`), else what References and In-Reply-To say, else
Outlook's `Thread-Index`, else an answer's subject between the same people within `SAME_DAYS`. Mail
from the team's own addresses is an agent's, but what a form on a page sends for a customer.
"""

import base64
import binascii
import re
from collections import Counter
from email.message import Message
from pathlib import Path
from typing import Final

from .. import clock
from .conversation import RawConversation, RawMessage, Rejected
from .format import DRAFT, SPAM, Intake
from .mail_parts import addresses, addresses_of, content, date, decoded, ids, unnamed
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
    r"^\s*(?:(?:re|aw|sv|antw|답장|회신|답변|fw|fwd|전달|wg)\s*(?:\[\d+\])?\s*[:：]\s*)+",
    re.IGNORECASE,
)
_GENERATED: Final = ("auto-generated", "auto-replied", "auto-notified")
BOUNCES: Final = ("mailer-daemon", "postmaster")
# Gmail's labels (`X-Gmail-Labels`), in English and Korean: what is no correspondence, and what
# says nothing of a mail's topic. The others are people's own: tags.
_LEFT: Final = {
    "spam": SPAM, "trash": SPAM, "bin": SPAM, "스팸": SPAM, "스팸함": SPAM, "휴지통": SPAM,
    "draft": DRAFT, "drafts": DRAFT, "임시보관함": DRAFT, "임시 보관함": DRAFT,
}  # fmt: skip
_PLAIN_LABELS: Final = re.compile(
    r"(?:inbox|sent|sent mail|opened|unread|important|starred|archived|chat|all mail|muted|snoozed"
    r"|category .*|받은\s?편지함|보낸\s?편지함|열림|읽지\s?않음|중요|별표\s?편지함|보관\s?처리됨"
    r"|전체\s?보관함|카테고리.*)",
    re.IGNORECASE,
)
_THREAD_BYTES: Final = 22  # of Thread-Index; what stands behind is one mail's place in it


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
            ValueError: it has no sender, no date or no text.
        """
        sender = addresses(mail, "From", "Sender")[:1]
        if not sender:
            raise ValueError("a mail without a sender")
        name, address = sender[0]
        labels = [label.strip() for label in decoded(mail, "X-Gmail-Labels").split(",")]
        left = next((_LEFT[label.lower()] for label in labels if label.lower() in _LEFT), "")
        if left:
            self._intake.left_out[left] += 1
            return
        at = date(mail)
        body, files = content(mail)
        own = (ids(mail, "Message-ID") or [unnamed(address, at, body)])[0]
        answers = list(dict.fromkeys([*ids(mail, "References"), *ids(mail, "In-Reply-To")]))
        subject = decoded(mail, "Subject")
        topic = _ANSWER.sub("", subject).strip()
        is_answer = bool(answers) or topic != subject.strip()
        to = [target for _, target in addresses(mail, "To", "Delivered-To", "Cc")]
        thread = self._thread(mail, own, answers, topic, is_answer, [address, *to], at)
        if not is_answer:
            self._to.update(set(addresses_of(mail, "To", "Delivered-To", "X-Original-To")))
        if _is_automatic(mail, address):
            self._intake.left_out[AUTOMATIC] += 1
            return
        if not body.strip() and not files:
            raise ValueError("a mail without text")
        reply = (addresses(mail, "Reply-To") or [("", "")])[0]
        who = "\n".join(" ".join(part.split()) for part in (address, name, reply[1], reply[0]))
        message = RawMessage(own, "", body, at, author=who, attachments=files, follows=answers)
        self._spool.message(thread, message)
        tags = [label for label in labels if label and not _PLAIN_LABELS.fullmatch(label)]
        raw = RawConversation(thread, at, subject=topic, channel="email", tags=tags)
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
        """Tell customers from agents by their addresses; note whom an answer would go to."""
        for message in raw.messages:
            address, name, reply, reply_name = message.author.split("\n")
            # A form on the team's own page: it writes from there, and has who asks answered.
            asked_for = bool(reply) and self._is_ours(address) and not self._is_ours(reply)
            ours = self._is_ours(address) and not asked_for
            message.role = "agent" if ours else "customer"
            message.author = (name or address) if ours else ""
            if ours:
                continue
            customer = reply if asked_for else address
            raw.customer_id = raw.customer_id or customer
            answer_to, known_as = (reply, reply_name) if reply else (address, name)
            known_as = " ".join(known_as.replace('"', " ").split())
            raw.mail = {
                "to": f"{known_as} <{answer_to}>" if known_as else answer_to,
                "subject": raw.subject,
                "message_id": message.source_id if " " not in message.source_id else "",
                "references": message.follows,
            }
        if raw.messages:
            raw.opened_at = raw.messages[0].at

    def _is_ours(self, address: str) -> bool:
        return address in self._ours or address.rpartition("@")[2] in self._ours

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
        gmail = str(mail.get("X-GM-THRID") or "").strip()
        if gmail:
            return self._spool.thread([f"gm:{gmail}", own])
        index = _thread_index(mail)
        names = [*answers, own, *index] if answers or not is_answer else [*index, own]
        if is_answer and not answers and not index and topic:
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


def _thread_index(mail: Message) -> list[str]:
    """A name of the thread by Outlook's header; none where it is not there."""
    try:
        raw = base64.b64decode("".join(str(mail.get("Thread-Index") or "").split()), validate=True)
    except (binascii.Error, ValueError):
        return []
    whole = len(raw) >= _THREAD_BYTES
    return [f"ti:{raw[:_THREAD_BYTES].hex()}"] if whole else []


def _is_automatic(mail: Message, address: str) -> bool:
    """Whether a machine wrote: a receipt, an absence, a bounce."""

    def said(name: str) -> str:
        return str(mail.get(name) or "").strip().lower()

    return (
        said("Auto-Submitted").startswith(_GENERATED)
        or bool(said("X-Autoreply"))
        or said("X-Auto-Response-Suppress") == "all"
        or said("Precedence") == "auto_reply"
        or mail.get_content_type() == "multipart/report"
        or address.partition("@")[0] in BOUNCES
    )


def rejected(path: Path, number: int, error: Exception) -> Rejected:
    """A mail that cannot be used; an odd one shall not end a mailbox."""
    return Rejected(path.name, number, f"not readable as a mail: {error}")


def _before(at: str) -> str:
    """A word that sorts the other way round than the moment it stands for."""
    return f"{4_102_444_800 - int(clock.from_iso(at).timestamp()):012d}"
