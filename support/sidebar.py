"""What the sidebar in another helpdesk asks and is shown: beside a conversation that lives there.

The conversation may have come here by webhook and be an inquiry of this desk, or not yet, or never.
What was shown is remembered under the helpdesk's name for it, so that an answer written over there
settles it once it arrives.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from . import suggestions
from .database import one, write
from .html import to_plain_text
from .recommender import Suggestion


@dataclass(frozen=True, slots=True)
class Said:
    """One public message of a conversation: who wrote it (customer, agent, bot), and what."""

    role: str
    text: str  # may be HTML


@dataclass(frozen=True, slots=True)
class Asked:
    """What a customer asks. `waits`: nobody has answered it yet."""

    text: str
    waits: bool


def asked(subject: str, messages: Iterable[Said]) -> Asked:
    """What the customer asks now: their messages since the last answer, or those before it.

    The subject belongs to what was asked first; after an answer something else may be asked.
    """
    block: list[str] = []
    answered = later = False
    for message in messages:
        answered = answered or message.role == "agent"
        words = to_plain_text(message.text).text.strip() if message.role == "customer" else ""
        if not words:
            continue
        if answered:
            later = later or bool(block)
            block, answered = [], False
        block.append(words)
    parts = block if later else [subject.strip(), *block]
    return Asked("\n".join(part for part in parts if part), not answered)


def open_inquiry(db: Database, source: str, conversation: str) -> int | None:
    """The open inquiry of a conversation, or the one that it is answered with; None: none waits."""
    sql = """
        SELECT coalesce(h.id, i.id) AS id
        FROM inquiries i LEFT JOIN inquiries h ON h.id = i.joined_to
        WHERE i.source = :source AND coalesce(h.status, i.status) = 'open' AND
            (i.source_id = :name OR (i.source_id > :name || '#' AND i.source_id < :name || '$'))
        ORDER BY i.id DESC LIMIT 1
    """
    row = one(db, sql, {"source": source, "name": conversation})
    return int(row["id"]) if row else None


def remember(
    db: Database,
    found: Suggestion,
    *,
    inquiry_id: int | None,
    source: str,
    conversation: str,
    asked_by: str,
) -> str:
    """Remember what was shown for a conversation; shown again, the same is one suggestion.

    Once the conversation is an inquiry here, that holds for whatever was shown before as well.

    Args:
        db: the desk's database.
        found: what is shown.
        inquiry_id: the conversation's open inquiry, where it is one here.
        source: what the desk calls the helpdesk.
        conversation: what the helpdesk calls the conversation.
        asked_by: `agent:3`.

    Returns:
        The suggestion's id, under which outcomes are reported.
    """
    with write(db):
        key = None
        if inquiry_id is None:
            key = _same(db, found, source, conversation, asked_by)
        else:
            adopt(db, inquiry_id, source=source, conversation=conversation)
        if key is None:
            key = suggestions.remember(db, found, inquiry_id=inquiry_id, asked_by=asked_by)
        db.execute(
            "INSERT OR IGNORE INTO embed_shown (suggestion_id, source, conversation) "
            "VALUES (?, ?, ?)",
            [key, source, conversation],
        )
    return key


def adopt(db: Database, inquiry_id: int, *, source: str, conversation: str) -> int:
    """Give what was shown for a conversation to its inquiry, now that it is here.

    To be called before an answer that was written in the helpdesk is taken in: with it the outcome
    of what was shown is settled. What belongs to an inquiry already stays there.

    Returns:
        How many suggestions were given.
    """
    sql = """
        UPDATE suggestions SET inquiry_id = ? WHERE inquiry_id IS NULL AND id IN
            (SELECT suggestion_id FROM embed_shown WHERE source = ? AND conversation = ?)
    """
    with write(db):
        return int(db.execute(sql, [inquiry_id, source, conversation]).rowcount)


def _same(
    db: Database, found: Suggestion, source: str, conversation: str, asked_by: str
) -> str | None:
    """The last suggestion for a conversation that is no inquiry here, if it says the same."""
    sql = """
        SELECT s.* FROM embed_shown e JOIN suggestions s ON s.id = e.suggestion_id
        WHERE e.source = ? AND e.conversation = ? AND s.asked_by = ? AND s.inquiry_id IS NULL
        ORDER BY s.at DESC, s.rowid DESC LIMIT 1
    """
    last = one(db, sql, [source, conversation, asked_by])
    if last is None or (last["release"], last["reason"]) != (found.release, found.reason):
        return None
    sql = "SELECT slug FROM suggestion_faqs WHERE suggestion_id = ? ORDER BY rank"
    shown = [row["slug"] for row in db.query(sql, [last["id"]])]
    return str(last["id"]) if shown == [item.faq.slug for item in found.faqs] else None
