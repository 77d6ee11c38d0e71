"""One mail as it comes in: a customer's message, or an answer that an agent wrote elsewhere.

It belongs to the conversation that its References lead to, by a mail of this desk or by one that
came before, where its sender takes part in that; a stranger asks by themselves. Where the answer
goes is kept sealed. A mail of ours that comes back makes its answer one that failed; other mails
that machines send by themselves are left.
"""

import email
import email.policy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
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
from .importing.mail import BOUNCES
from .importing.mail_parts import content, unnamed
from .incoming import receive
from .mail_people import MOST_COPIES, copied, header, ours, vouched, written
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
    us = getaddresses([connections.access(db, seal, connection.id).sender])[0][1]
    from_us = writer[0][1].lower() == us.lower()
    own = (_IDS.findall(header(mail, "Message-ID")) or [""])[0]
    if mine := mail_bounces.OURS.fullmatch(own):  # we sent it ourselves
        answered = scalar(db, "SELECT inquiry_id FROM outbox WHERE key = ?", [mine[1]])
        if answered is not None or from_us:
            return Taken("known" if answered else "ignored", answered)
    if (bounce := mail_bounces.read(mail)) is not None:
        found = delivery_hand.came_back(db, seal, bounce) if bounce.failed else None
        return Taken("bounced" if found else "ignored", found)
    if _is_automatic(mail, writer[0][1]) or (from_us and not vouched(mail, us)):
        return Taken("ignored")
    before = list(dict.fromkeys(
        _IDS.findall(f"{header(mail, 'References')} {header(mail, 'In-Reply-To')}")
    ))  # fmt: skip
    at = _date(mail)
    mask = Redactor(settings.load(db).allow).redact

    def named(name: str) -> str:
        """As an import of the same mailbox calls it."""
        return safe_id(name, lambda words: mask(words).text, seal)

    with write(db):
        body, files = content(mail)
        name_here = named(own or unnamed(address, at, body))
        customer = seal.customer(connection.source, address.lower())
        names = [named(item) for item in before]

        def takes_part(inquiry_id: int) -> bool:
            return (
                from_us
                or _asked(db, inquiry_id, customer)
                or address.lower() in _readers(db, seal, inquiry_id)
            )

        known = _conversation(db, connection, before, names, takes_part)
        conversation = known or name_here
        said = RawMessage(name_here, "customer", body, at, attachments=files)
        if from_us:
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
            connection_id=connection.id,
        )
        if came.fresh:
            thread = MailThread(
                to=written(name, address),
                subject=header(mail, "Subject"),
                message_id=own,
                references=before,
                copies=copied(mail, without=ours(db, seal, mail) | {address.lower()}),
            )
            sql = "SELECT inquiry_id FROM messages WHERE id = ?"
            inquiry_id = int(scalar(db, sql, [came.message_id]))
            _lead_back(db, seal, connection, inquiry_id, conversation, thread, customer)
            if routes.of(db, came.inquiry_id) is None:  # of the one it is answered with
                _lead_back(db, seal, connection, came.inquiry_id, conversation, thread, customer)
            for number in (inquiry_id, came.inquiry_id):
                routes.renew(db, number, connection_id=connection.id)
            connections.note_heard(db, connection.id)
    return Taken("asked" if came.fresh else "known", came.inquiry_id)


def _lead_back(
    db: Database,
    seal: Seal,
    connection: Connection,
    inquiry_id: int,
    conversation: str,
    thread: MailThread,
    customer: str,
) -> None:
    """Write down whom the answer goes to: who asked. Somebody else who writes in gets a copy."""
    if not _asked(db, inquiry_id, customer):
        kept = routes.mail_thread(db, seal, inquiry_id)
        if kept is None or _small([thread.to]) & _small([kept.to, *kept.copies]):
            return
        thread = replace(kept, copies=[*kept.copies, thread.to][-MOST_COPIES:])
    routes.note(
        db, seal, inquiry_id, connection_id=connection.id, conversation=conversation, mail=thread
    )


def _asked(db: Database, inquiry_id: int, customer: str) -> bool:
    """Whether an inquiry is a customer's; of one whose customer nobody knows, anybody's."""
    whose = scalar(db, "SELECT customer FROM inquiries WHERE id = ?", [inquiry_id])
    return whose in ("", customer)


def _readers(db: Database, seal: Seal, inquiry_id: int) -> frozenset[str]:
    """The addresses, small, that the answer to an inquiry goes to."""
    thread = routes.mail_thread(db, seal, inquiry_id)
    return _small([thread.to, *thread.copies]) if thread else frozenset()


def _small(people: list[str]) -> frozenset[str]:
    return frozenset(address.lower() for _, address in getaddresses(people))


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


def _conversation(
    db: Database,
    connection: Connection,
    before: list[str],
    names: list[str],
    takes_part: Callable[[int], bool],
) -> str:
    """The conversation that the newest known of some mails belongs to; '' where none is known.

    Args:
        db: the desk's database.
        connection: of mail.
        before: the Message-IDs of mails, the oldest first.
        names: what they are called here.
        takes_part: whether who wrote has to do with an inquiry. A Message-ID proves nothing: who
            was passed a mail knows it.
    """
    for reference, name in reversed(list(zip(before, names, strict=True))):
        if mine := mail_bounces.OURS.fullmatch(reference):
            sql = """
                SELECT r.inquiry_id, r.conversation FROM outbox o
                JOIN inquiry_routes r ON r.inquiry_id = o.inquiry_id WHERE o.key = ?
            """
            found = one(db, sql, [mine[1]])
        else:
            sql = """
                SELECT r.inquiry_id, r.conversation FROM messages m
                JOIN inquiries i ON i.id = m.inquiry_id
                JOIN inquiry_routes r ON r.inquiry_id = i.id
                WHERE i.source = ? AND m.source_id = ?
            """
            found = one(db, sql, [connection.source, name])
        if found is not None and takes_part(found["inquiry_id"]):
            return str(found["conversation"])
    # One that was answered before anybody here could answer by mail, of an import.
    sql = """
        SELECT i.id, i.source_id FROM messages m JOIN inquiries i ON i.id = m.inquiry_id
        WHERE i.source = ? AND i.import_id IS NOT NULL
        AND m.source_id IN (SELECT value FROM json_each(?)) ORDER BY m.id DESC
    """
    rows = list(db.query(sql, [connection.source, json.dumps(names)])) if names else []
    return next((str(row["source_id"]) for row in rows if takes_part(row["id"])), "")


def _is_automatic(mail: EmailMessage, writer: str) -> bool:
    """Whether a machine sent it by itself: to answer that could go on for ever."""
    return (
        header(mail, "Auto-Submitted").lower() not in ("", "no")
        or header(mail, "Precedence").lower() in _BULK
        or header(mail, "Return-Path") == "<>"
        or any(mail[name] is not None for name in _ROBOTS)
        or mail.get_content_type() == "multipart/report"
        or writer.partition("@")[0].lower() in BOUNCES
    )


def _date(mail: EmailMessage) -> str:
    try:
        return min(iso(parsedate_to_datetime(header(mail, "Date"))), now())
    except (TypeError, ValueError, OverflowError):
        return now()
