"""A customer's message as it comes in: into the inquiry it belongs to, or a new one.

It joins the conversation that its source says, while that is open. After an answer it begins a new
inquiry, for what is asked then is another question. One and the same message counts once.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlite_utils import Database

from . import faqs, joining, routes, settings
from .clock import now
from .database import Row, insert, scalar, write
from .errors import EmptyTextError
from .importing import known
from .importing.conversation import RawConversation, RawMessage
from .importing.prepare import Preparer
from .importing.store import store
from .seal import Seal


@dataclass(frozen=True, slots=True)
class Received:
    """Where a message went. `inquiry_id` is the inquiry to answer; `fresh`: it is news."""

    inquiry_id: int
    message_id: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class News:
    """What became of an inquiry since an agent looked, as ids of the customer's messages.

    `fresh` were not shown yet; `gone` were, and belong to another inquiry now.
    """

    fresh: frozenset[int]
    gone: frozenset[int]


def receive(
    db: Database,
    seal: Seal,
    *,
    source: str,
    conversation: str,
    message: RawMessage,
    customer_id: str = "",
    subject: str = "",
    channel: str = "none",
    language: str = "",
    category: str = "",
    url: str = "",
    connection_id: int | None = None,
) -> Received:
    """Take a customer's message in, masked; the originals of open inquiries are sealed.

    Args:
        db: the desk's database.
        seal: the desk's key.
        source: the name of where it comes from.
        conversation: what the source calls the conversation.
        message: with the source's id of it; its role is the customer's.
        customer_id: the source's; kept as a keyed hash.
        subject: of the conversation.
        channel: through which it came.
        language: such as ko.
        category: as the source says.
        url: where the source shows it.
        connection_id: through which connection it came: the way back of a new inquiry.

    Raises:
        EmptyTextError: it says nothing.
    """
    if not message.text.strip() and not subject.strip():
        raise EmptyTextError(f"The message {message.source_id!r} is empty.")
    rules = settings.load(db)
    preparer = Preparer(rules.link_patterns, faqs.aliases(db), rules.allow)
    with write(db):
        rows = _rows(db, source, conversation)
        sql = "SELECT id FROM messages WHERE inquiry_id = ? AND source_id = ?"
        for row in rows:
            there = scalar(db, sql, [row["id"], message.source_id])
            if there:
                return Received(row["joined_to"] or row["id"], there, fresh=False)
        if rows:
            # A workbook that was imported has no ids of its messages.
            words = preparer.message(replace(message)).text
            twin = known.twin(db, [row["id"] for row in rows], message, words)
            if twin is not None:
                of = scalar(db, "SELECT inquiry_id FROM messages WHERE id = ?", [twin])
                row = next(row for row in rows if row["id"] == of)
                return Received(row["joined_to"] or of, twin, fresh=False)
        open_row = next((row for row in rows if _takes_more(db, row)), None)
        if open_row is not None:
            inquiry_id = open_row["id"]
            _append(db, seal, preparer, inquiry_id, message)
            joining.refresh(db, inquiry_id)
            joining.wake(db, inquiry_id)
        else:
            # The source's conversation was answered: what follows is asked anew.
            name = f"{conversation}#{message.source_id}" if rows else conversation
            raw = RawConversation(
                source_id=name,
                opened_at=message.at or now(),
                subject=subject,
                url=url,
                channel=channel,
                language=language,
                category=category,
                customer_id=customer_id,
                status="open",
                messages=[message],
            )
            discover = rules.discover_faqs
            store(db, seal, None, source, [preparer.prepare(raw)], discover=discover)
            sql_id = "SELECT id FROM inquiries WHERE source = ? AND source_id = ?"
            inquiry_id = scalar(db, sql_id, [source, name])
            if connection_id is not None:  # before it is joined: one answer has to reach both
                routes.note(
                    db, seal, inquiry_id, connection_id=connection_id, conversation=conversation
                )
            customer = seal.customer(source, customer_id)
            if customer:
                joining.join_open(db, hours=rules.join_hours, customer=customer)
        message_id = scalar(db, sql, [inquiry_id, message.source_id])
        head = scalar(db, "SELECT joined_to FROM inquiries WHERE id = ?", [inquiry_id])
    return Received(head or inquiry_id, message_id, fresh=True)


def news(db: Database, inquiry_id: int, *, shown: Collection[int]) -> News:
    """What the customer wrote in an inquiry, or in those joined to it, that is not shown.

    A page asks from time to time, and shows what is suggested then. Ids alone tell it, not which
    is the newest: what is joined may have been written before.

    Args:
        db: the desk's database.
        inquiry_id: the inquiry on the screen.
        shown: the customer's messages that are on the screen.
    """
    sql = """
        SELECT m.id FROM messages m WHERE m.role = 'customer' AND m.inquiry_id IN
            (SELECT id FROM inquiries WHERE id = ?1 OR joined_to = ?1)
    """
    said = frozenset(row["id"] for row in db.query(sql, [inquiry_id]))
    return News(said - frozenset(shown), frozenset(shown) - said)


def _rows(db: Database, source: str, conversation: str) -> list[Row]:
    """The inquiries of a conversation, the newest first."""
    sql = """
        SELECT * FROM inquiries WHERE source = :source AND
            (source_id = :name OR (source_id > :name || '#' AND source_id < :name || '$'))
        ORDER BY id DESC
    """
    return list(db.query(sql, {"source": source, "name": conversation}))


def _takes_more(db: Database, row: Row) -> bool:
    """Whether an inquiry is open, or joined to one that is."""
    if row["joined_to"] is None:
        return bool(row["status"] == "open")
    head = scalar(db, "SELECT status FROM inquiries WHERE id = ?", [row["joined_to"]])
    return bool(head == "open")


def _append(
    db: Database, seal: Seal, preparer: Preparer, inquiry_id: int, message: RawMessage
) -> None:
    prepared = preparer.message(message)
    row = {
        "inquiry_id": inquiry_id,
        "source_id": message.source_id,
        "role": "customer",
        "public": 1,
        "text": prepared.text,
        "at": message.at or now(),
    }
    message_id = insert(db, "messages", row)
    for name, url in message.attachments:
        db.table("attachments").insert({"message_id": message_id, "name": name, "url": url})
    if prepared.original != prepared.text:
        sealed = seal.close_up(prepared.original)
        db.table("originals").insert({"message_id": message_id, "sealed": sealed})
