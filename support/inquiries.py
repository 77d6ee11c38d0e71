"""What customers asked: the inbox, one inquiry with its messages, and the search over the past.

Reads only; `answering` writes. Original words of open inquiries are opened here, for that inquiry
alone.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from .database import Row, one
from .errors import NotFoundError
from .read_limit import limited
from .seal import Seal
from .text import bigram_query

PAGE = 50  # rows a page
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")
SNIPPET = 160  # characters of a question in a list
RANKED = 2_000  # inquiries that hold the words, of which the best are sought


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message, by reference. `picture`: by its name, it can be shown."""

    name: str
    url: str
    id: int = 0

    @property
    def picture(self) -> bool:
        """Whether its name or address ends as a picture's."""
        if not self.url.startswith(("https://", "http://")):
            return False
        parts = (self.name.lower(), self.url.partition("?")[0].lower())
        return parts[0] == "image" or any(part.endswith(_PICTURES) for part in parts)


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `text` holds the original words where they are still kept.

    `inquiry_id` is the one it came with: its own, or one that is answered with it.
    """

    id: int
    inquiry_id: int
    role: str
    public: bool
    author: str
    text: str
    at: str
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One inquiry. `text` is masked and is what models read."""

    id: int
    source: str
    source_url: str
    channel: str
    language: str
    category: str
    tags: tuple[str, ...]
    subject: str
    text: str
    status: str
    opened_at: str
    answered_at: str | None
    messages: tuple[Message, ...]
    slugs: tuple[str, ...]
    joined_to: int | None = None  # the one that it is answered with
    opened: bool = False  # whether a message shows the customer's own words, not masked ones


@dataclass(frozen=True, slots=True)
class PastAnswer:
    """An answered inquiry as it stands beside a new one: masked texts, FAQs it linked."""

    inquiry_id: int
    question: str
    answer: str
    answered_at: str
    agent: str
    slugs: tuple[str, ...]
    score: float = 0.0  # likeness in [-1, 1]; 0 where it was found by words typed
    solved: bool = False  # its source marked this answer as the solution
    helpful: int = 0  # votes for it less votes against, where its source counts them
    count: int = 1  # inquiries that this one stands for, itself included
    alike: tuple[int, ...] = ()  # ids of the others


def counts(db: Database) -> dict[str, int]:
    """How many inquiries there are in each status."""
    sql = "SELECT status, count(*) AS n FROM inquiries GROUP BY status"
    found = {row["status"]: row["n"] for row in db.query(sql)}
    # One that is answered with another is none of its own.
    joined = "SELECT status, count(*) AS n FROM inquiries WHERE joined_to IS NOT NULL GROUP BY 1"
    for row in db.query(joined):
        found[row["status"]] -= row["n"]
    return {status: found.get(status, 0) for status in ("open", "answered", "closed")}


def get(db: Database, inquiry_id: int, seal: Seal | None = None) -> Inquiry:
    """One inquiry with its messages.

    Args:
        db: the desk's database.
        inquiry_id: its id.
        seal: opens the original words of an open inquiry; without it all is masked.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, "SELECT * FROM inquiries WHERE id = ?", [inquiry_id])
    if row is None:
        raise NotFoundError(f"No inquiry {inquiry_id}.")
    sql = """
        SELECT messages.*, agents.name AS agent_name, originals.sealed FROM messages
        LEFT JOIN agents ON agents.id = messages.agent_id
        LEFT JOIN originals ON originals.message_id = messages.id
        WHERE inquiry_id IN (SELECT id FROM inquiries WHERE id = ?1 OR joined_to = ?1)
        ORDER BY at, messages.id
    """
    rows = list(db.query(sql, [inquiry_id]))
    files = _attachments(db, [item["id"] for item in rows])
    messages = tuple(_message(item, files.get(item["id"], ()), seal) for item in rows)
    return Inquiry(
        id=row["id"],
        source=row["source"],
        source_url=row["source_url"],
        channel=row["channel"],
        language=row["language"],
        category=row["category"],
        tags=tuple(json.loads(row["tags"])),
        subject=row["subject"],
        text=row["text"],
        status=row["status"],
        opened_at=row["opened_at"],
        answered_at=row["answered_at"],
        messages=messages,
        slugs=labels(db, [inquiry_id]).get(inquiry_id, ()),
        joined_to=row["joined_to"],
        opened=seal is not None and any(item["sealed"] is not None for item in rows),
    )


def past_answers(db: Database, inquiry_ids: Iterable[int]) -> dict[int, PastAnswer]:
    """Answered inquiries by id; one that has no answer (any more) is left out."""
    sql = """
        SELECT inquiries.id, inquiries.text, inquiries.solved, messages.text AS answer,
            messages.at, messages.helpful,
            coalesce(agents.name, messages.author) AS agent,
            (SELECT group_concat(slug, char(10)) FROM labels
             WHERE labels.inquiry_id = inquiries.id) AS slugs
        FROM inquiries
        JOIN messages ON messages.id = inquiries.answer_id
        LEFT JOIN agents ON agents.id = messages.agent_id
        WHERE inquiries.id IN (SELECT value FROM json_each(?))
    """
    rows = db.query(sql, [json.dumps([int(inquiry_id) for inquiry_id in inquiry_ids])])
    return {
        row["id"]: PastAnswer(
            inquiry_id=row["id"],
            question=row["text"],
            answer=row["answer"],
            answered_at=row["at"],
            agent=row["agent"],
            slugs=tuple(row["slugs"].split("\n")) if row["slugs"] else (),
            solved=bool(row["solved"]),
            helpful=row["helpful"],
        )
        for row in rows
    }


def labels(db: Database, inquiry_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The FAQs of inquiries by id; one without any is left out."""
    sql = """
        SELECT inquiry_id, slug FROM labels
        WHERE inquiry_id IN (SELECT value FROM json_each(?)) ORDER BY id
    """
    found: dict[int, tuple[str, ...]] = {}
    wanted = json.dumps([int(inquiry_id) for inquiry_id in inquiry_ids])
    for inquiry_id, slug in db.conn.execute(sql, [wanted]):
        found[inquiry_id] = (*found.get(inquiry_id, ()), slug)
    return found


@limited
def search_words(
    db: Database, text: str, *, limit: int = PAGE, offset: int = 0
) -> list[PastAnswer]:
    """Answered inquiries that hold every word typed, in question or answer, best first.

    A word is found inside longer Korean words too. Of more than `RANKED`, the newest are ranked: a
    word that thousands hold says little of which of them is best, and ranking all takes its time.
    """
    query = bigram_query(text)
    if not query:
        return []
    sql = """
        SELECT inquiries.id FROM (
            SELECT rowid AS id, bm25(inquiry_search, 2.0, 1.0) AS score FROM inquiry_search
            WHERE inquiry_search MATCH :query ORDER BY rowid DESC LIMIT :ranked
        ) found
        -- CROSS: SQLite would walk the answered ones and look each up in the words.
        CROSS JOIN inquiries ON inquiries.id = found.id
        WHERE inquiries.answer_id IS NOT NULL ORDER BY score LIMIT :limit OFFSET :offset
    """
    values = {"query": query, "ranked": RANKED, "limit": limit, "offset": offset}
    ids = [row["id"] for row in db.query(sql, values)]
    found = past_answers(db, ids)
    return [found[inquiry_id] for inquiry_id in ids if inquiry_id in found]


def _message(row: Row, files: tuple[Attachment, ...], seal: Seal | None) -> Message:
    return Message(
        id=row["id"],
        inquiry_id=row["inquiry_id"],
        role=row["role"],
        public=bool(row["public"]),
        author=row["agent_name"] or row["author"],
        text=seal.open_up(row["sealed"]) if seal and row["sealed"] else row["text"],
        at=row["at"],
        attachments=files,
    )


def _attachments(db: Database, message_ids: list[int]) -> dict[int, tuple[Attachment, ...]]:
    """The files of messages by id; one without any is left out."""
    sql = """
        SELECT id, message_id, name, url FROM attachments
        WHERE message_id IN (SELECT value FROM json_each(?)) ORDER BY rowid
    """
    found: dict[int, tuple[Attachment, ...]] = {}
    for key, message_id, name, url in db.conn.execute(sql, [json.dumps(message_ids)]):
        found[message_id] = (*found.get(message_id, ()), Attachment(name, url, key))
    return found
