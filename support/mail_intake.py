"""One mail as it comes in: a customer's message, or an answer that an agent wrote elsewhere.

It belongs to the conversation that its References lead to: by a mail of this desk, or by one that
came before. Where the answer goes is kept sealed. A mail of ours that comes back makes its answer
one that failed; other mails that machines send by themselves are left.
"""

import email
import email.policy
import json
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

from sqlite_utils import Database

from . import connections, delivery_hand, mail_bounces, outside_answers, routes, settings
from .clock import iso, now
from .connections import Connection
from .database import one, scalar, write
from .errors import EmptyTextError, InputError
from .importing.conversation import RawMessage
from .importing.ids import safe_id
from .importing.quoting import cut_html, cut_text
from .incoming import receive
from .mail_people import copied, header, ours, written
from .redact import Redactor
from .routes import MailThread
from .seal import Seal

_IDS: Final = re.compile(r"<[^<>\s]{1,400}>")
# Not "list", nor List-Id: an address of the team may be a group that passes customers' mail on.
_BULK: Final = ("bulk", "junk", "auto_reply")
_ROBOTS: Final = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a mail: asked, answered, known, bounced or ignored; and of which inquiry."""

    became: str
    inquiry_id: int | None = None


def take(db: Database, seal: Seal, connection: Connection, raw: bytes) -> Taken:
    """Take a mail in.

    Args:
        db: the desk's database.
        seal: its key.
        connection: of mail; its sender's address tells the team's own mails.
        raw: the mail as it came, headers and all.

    Raises:
        InputError: the connection is none of mail or was ended, or this is no mail.
        EmptyTextError: it says nothing.
    """
    if connection.kind != "smtp" or not connection.active:
        raise InputError(f"{connection.name!r} is no live connection of mail.")
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    people = getaddresses([header(mail, "Reply-To") or header(mail, "From")])
    name, address = people[0] if people else ("", "")
    writer = getaddresses([header(mail, "From")])
    if "@" not in address or not writer:
        raise InputError("This is no mail: it has no sender.")
    if (bounce := mail_bounces.read(mail)) is not None:
        found = delivery_hand.came_back(db, seal, bounce) if bounce.failed else None
        return Taken("bounced" if found else "ignored", found)
    if _is_automatic(mail):
        return Taken("ignored")
    own = (_IDS.findall(header(mail, "Message-ID")) or [""])[0]
    before = list(dict.fromkeys(
        _IDS.findall(f"{header(mail, 'References')} {header(mail, 'In-Reply-To')}")
    ))  # fmt: skip
    at = _date(mail)
    mask = Redactor(settings.load(db).allow).redact

    def named(name: str) -> str:
        """As an import of the same mailbox calls it."""
        return safe_id(name, lambda words: mask(words).text, seal)

    with write(db):
        name_here = named(own or f"<{address} {at}>")
        known = _conversation(db, connection, before, [named(item) for item in before])
        conversation = known or name_here
        said = RawMessage(name_here, "customer", _text(mail), at, attachments=_files(mail))
        us = getaddresses([connections.access(db, seal, connection.id).sender])[0][1]
        if writer[0][1].lower() == us.lower():
            return _answered(db, seal, connection, conversation, said, writer[0][0])
        if not said.text.strip() and not said.attachments:
            raise EmptyTextError("The mail says nothing.")
        came = receive(
            db,
            seal,
            source=connection.source,
            conversation=conversation,
            message=said,
            customer_id=address.lower(),
            subject=header(mail, "Subject"),
            channel="email",
        )
        if came.fresh:
            thread = MailThread(
                to=written(name, address),
                subject=header(mail, "Subject"),
                message_id=own,
                references=before,
                copies=copied(mail, without=ours(db, seal, mail) | {address.lower()}),
            )
            inquiry_id = scalar(
                db, "SELECT inquiry_id FROM messages WHERE id = ?", [came.message_id]
            )
            for number in {came.inquiry_id, inquiry_id}:
                routes.note(
                    db,
                    seal,
                    number,
                    connection_id=connection.id,
                    conversation=conversation,
                    mail=thread,
                )
            connections.note_heard(db, connection.id)
    return Taken("asked" if came.fresh else "known", came.inquiry_id)


def _answered(
    db: Database,
    seal: Seal,
    connection: Connection,
    conversation: str,
    said: RawMessage,
    name: str,
) -> Taken:
    said.role, said.author = "agent", name
    taken = outside_answers.take(
        db,
        seal,
        source=connection.source,
        conversation=conversation,
        message=said,
        connection_id=connection.id,
    )
    became = "answered" if taken.became in ("answered", "added") else "known"
    return Taken(became if taken.inquiry_id else "ignored", taken.inquiry_id)


def _conversation(db: Database, connection: Connection, before: list[str], names: list[str]) -> str:
    """The conversation that the newest known of some mails belongs to; '' where none is known.

    Args:
        db: the desk's database.
        connection: of mail.
        before: the Message-IDs of mails, the oldest first.
        names: what they are called here.
    """
    for reference, name in reversed(list(zip(before, names, strict=True))):
        if mine := mail_bounces.OURS.fullmatch(reference):
            sql = """
                SELECT r.conversation FROM outbox o
                JOIN inquiry_routes r ON r.inquiry_id = o.inquiry_id WHERE o.key = ?
            """
            found = one(db, sql, [mine[1]])
        else:
            sql = """
                SELECT r.conversation FROM messages m
                JOIN inquiries i ON i.id = m.inquiry_id
                JOIN inquiry_routes r ON r.inquiry_id = i.id
                WHERE i.source = ? AND r.connection_id = ? AND m.source_id = ?
            """
            found = one(db, sql, [connection.source, connection.id, name])
        if found is not None:
            return str(found["conversation"])
    # One that was answered before anybody here could answer by mail, of an import.
    sql = """
        SELECT i.source_id FROM messages m JOIN inquiries i ON i.id = m.inquiry_id
        WHERE i.source = ? AND i.import_id IS NOT NULL
        AND m.source_id IN (SELECT value FROM json_each(?)) ORDER BY m.id DESC LIMIT 1
    """
    found = one(db, sql, [connection.source, json.dumps(names)]) if names else None
    return str(found["source_id"]) if found is not None else ""


def _text(mail: EmailMessage) -> str:
    """What a mail says anew: without what it quotes."""
    part = mail.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        words = str(part.get_content())
    except (LookupError, ValueError):  # a charset that nobody knows
        payload = part.get_payload(decode=True)
        words = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return cut_html(words) if part.get_content_subtype() == "html" else cut_text(words)


def _files(mail: EmailMessage) -> list[tuple[str, str]]:
    return [(part.get_filename() or "attachment", "") for part in mail.iter_attachments()]


def _is_automatic(mail: EmailMessage) -> bool:
    """Whether a machine sent it by itself: to answer that could go on for ever."""
    return (
        header(mail, "Auto-Submitted").lower() not in ("", "no")
        or header(mail, "Precedence").lower() in _BULK
        or header(mail, "Return-Path") == "<>"
        or any(mail[name] is not None for name in _ROBOTS)
    )


def _date(mail: EmailMessage) -> str:
    try:
        return min(iso(parsedate_to_datetime(header(mail, "Date"))), now())
    except (TypeError, ValueError, OverflowError):
        return now()
