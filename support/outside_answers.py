"""An answer that was written in the helpdesk, not here: it counts as one that was sent from here.

It closes the inquiry, settles what was suggested beside it (in the console, or in the sidebar over
there) and is learned from. An answer that this desk delivered itself comes back the same way; it is
known again, and proves that it arrived.
"""

from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

from . import answered, delivery_echo, delivery_hand, faqs, settings, sidebar
from .audit import SYSTEM, Actor, record
from .clock import now
from .database import Row, insert, one, scalar, write
from .importing import known
from .importing.conversation import RawMessage
from .importing.prepare import PreparedMessage, Preparer
from .outcomes import settle
from .seal import Seal
from .word_index import index_words

Became = Literal["answered", "added", "ours", "known", "unknown"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What an answer from outside became.

    Attributes:
        became: answered: it answered an inquiry that waited; added: to one answered before, or
            whose customer wrote since; ours: this desk had delivered it; known: it came before;
            unknown: no inquiry of this desk.
        inquiry_id: of which inquiry; None where it is unknown.
        slugs: the FAQs that it links.
    """

    became: Became
    inquiry_id: int | None
    slugs: tuple[str, ...] = ()


def take(
    db: Database,
    seal: Seal,
    *,
    source: str,
    conversation: str,
    message: RawMessage,
    connection_id: int | None = None,
    inquiry_id: int | None = None,
) -> Taken:
    """Take an agent's answer in that was written in the helpdesk.

    Args:
        db: the desk's database.
        seal: its key.
        source: the name of where it comes from.
        conversation: what the source calls the conversation.
        message: with the source's id of it; its role is the agent's.
        connection_id: through which connection it came.
        inquiry_id: which inquiry of the conversation it answers, where whoever tells of it knows;
            else the one that waits.
    """
    rules = settings.load(db)
    preparer = Preparer(rules.link_patterns, faqs.aliases(db), rules.allow)
    with write(db):
        rows = _rows(db, source, conversation)
        sql = "SELECT inquiry_id FROM messages WHERE inquiry_id = ? AND source_id = ?"
        for row in rows:
            if scalar(db, sql, [row["id"], message.source_id]):
                return Taken("known", row["id"])
        if connection_id is not None:
            ours = delivery_echo.recognise(db, seal, connection_id, conversation, message)
            if ours is not None:
                if ours.lost:
                    delivery_hand.arrived(db, seal, ours.outbox_id, message.source_id)
                return Taken("ours", ours.inquiry_id)
        prepared = preparer.message(message)
        twin = known.twin(db, [row["id"] for row in rows], message, prepared.text)
        if twin is not None:  # a workbook that was imported has no ids of its messages
            of = scalar(db, "SELECT inquiry_id FROM messages WHERE id = ?", [twin])
            return Taken("known", of, prepared.slugs)
        if not rows:
            for suggestion_id in _shown_beside(db, source, conversation):
                settle(db, suggestion_id, prepared.slugs)
            return Taken("unknown", None, prepared.slugs)
        if inquiry_id is not None:
            rows = [row for row in rows if row["id"] == inquiry_id]
        waiting = next((row for row in rows if row["waits"]), None)
        if waiting is None:
            _add(db, rows[0]["id"], prepared)
            index_words(db, rows[0]["id"])
            return Taken("added", rows[0]["id"], prepared.slugs)
        head_id = waiting["joined_to"] or waiting["id"]
        sidebar.adopt(db, head_id, source=source, conversation=conversation)
        message_id = _add(db, head_id, prepared)
        if known.asks_on(db, head_id):  # it was told late: the customer wrote since, and waits
            answered.learn(db, head_id, message_id, prepared.slugs, at=message.at)
            index_words(db, head_id)
            return Taken("added", head_id, prepared.slugs)
        _answer(db, head_id, message_id, prepared)
    return Taken("answered", head_id, prepared.slugs)


def close(db: Database, *, source: str, conversation: str) -> int | None:
    """Close the inquiry of a conversation that was closed in the helpdesk without an answer.

    Returns:
        Which inquiry; None where none waited.
    """
    with write(db):
        waiting = next((row for row in _rows(db, source, conversation) if row["waits"]), None)
        # One that is answered together with others stays open for them.
        if waiting is None or waiting["joined_to"] is not None or _has_joined(db, waiting["id"]):
            return None
        db.execute(
            "UPDATE inquiries SET status = 'closed', closed_at = ?, "
            "held_by = NULL, held_until = NULL, snoozed_until = NULL WHERE id = ?",
            [now(), waiting["id"]],
        )
        inquiry = f"inquiry:{waiting['id']}"
        record(db, Actor(SYSTEM), "inquiry.closed", inquiry, detail={"source": source})
    return int(waiting["id"])


def _answer(db: Database, inquiry_id: int, message_id: int, prepared: PreparedMessage) -> None:
    answered.settle(db, inquiry_id, message_id, prepared.slugs, at=prepared.raw.at)
    detail = {"faqs": list(prepared.slugs), "delivery": "outside"}
    record(db, Actor(SYSTEM), "answer.sent", f"inquiry:{inquiry_id}", detail=detail)


def _add(db: Database, inquiry_id: int, prepared: PreparedMessage) -> int:
    raw = prepared.raw
    row = {
        "inquiry_id": inquiry_id,
        "source_id": raw.source_id,
        "role": "agent",
        "public": 1,
        "author": raw.author,
        "text": prepared.text,
        "at": raw.at,
    }
    message_id = insert(db, "messages", row)
    for name, url in raw.attachments:
        db.table("attachments").insert({"message_id": message_id, "name": name, "url": url})
    return message_id


def _rows(db: Database, source: str, conversation: str) -> list[Row]:
    """The inquiries of a conversation, the newest first, each with whether it waits."""
    sql = """
        SELECT i.id, i.joined_to, coalesce(h.status, i.status) = 'open' AS waits
        FROM inquiries i LEFT JOIN inquiries h ON h.id = i.joined_to
        WHERE i.source = :source AND (i.source_id = :name
            OR (i.source_id > :name || '#' AND i.source_id < :name || '$'))
        ORDER BY i.id DESC
    """
    return list(db.query(sql, {"source": source, "name": conversation}))


def _has_joined(db: Database, inquiry_id: int) -> bool:
    return one(db, "SELECT 1 FROM inquiries WHERE joined_to = ?", [inquiry_id]) is not None


def _shown_beside(db: Database, source: str, conversation: str) -> list[str]:
    """What the sidebar showed for a conversation that is no inquiry here."""
    sql = """
        SELECT s.id FROM embed_shown e JOIN suggestions s ON s.id = e.suggestion_id
        WHERE e.source = ? AND e.conversation = ? AND s.inquiry_id IS NULL
        AND s.reason <> 'holdout'
    """
    return [row["id"] for row in db.query(sql, [source, conversation])]
