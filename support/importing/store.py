"""Writes a batch of prepared inquiries: messages, labels, status, sealed originals, search rows.

Everything happens in the caller's transaction. An inquiry that was answered in the console keeps
its answer and status, whatever an export says of it.
"""

import json
from collections import defaultdict

from sqlite_utils import Database

from .. import embeddings, faqs, joining
from ..clock import ago
from ..database import one, scalar
from ..seal import Seal
from ..word_index import index_words
from .prepare import Prepared, PreparedMessage

OPEN_DAYS = 14  # an unanswered inquiry that is older was never going to be: it is closed


def existing_inquiries(db: Database, source: str, batch: list[Prepared]) -> dict[str, int]:
    """Which of a batch are there already: source id to inquiry id."""
    ids = json.dumps([item.raw.source_id for item in batch])
    sql = """
        SELECT source_id, id FROM inquiries
        WHERE source = ? AND source_id IN (SELECT value FROM json_each(?))
    """
    return {row["source_id"]: row["id"] for row in db.query(sql, [source, ids])}


def known_messages(db: Database, inquiry_ids: list[int]) -> dict[int, set[str]]:
    """The source ids of the messages of some inquiries."""
    sql = """
        SELECT inquiry_id, source_id FROM messages
        WHERE inquiry_id IN (SELECT value FROM json_each(?))
    """
    known: dict[int, set[str]] = defaultdict(set)
    for row in db.query(sql, [json.dumps(inquiry_ids)]):
        known[row["inquiry_id"]].add(row["source_id"])
    return known


def store(
    db: Database,
    seal: Seal,
    import_id: int | None,
    source: str,
    batch: list[Prepared],
    *,
    discover: bool,
) -> None:
    """Write what is new in a batch.

    Args:
        db: the desk's database, in a write transaction.
        seal: the desk's key.
        import_id: under which import the rows are noted; None: they came one by one.
        source: the name of where they come from.
        batch: inquiries, each source id once.
        discover: make an FAQ of every linked page that nobody has described yet.
    """
    if discover:
        _discover(db, batch)
    existing = existing_inquiries(db, source, batch)
    known = known_messages(db, list(existing.values()))
    # Only one writer at a time (BEGIN IMMEDIATE), so ids can be dealt out here.
    next_inquiry = (scalar(db, "SELECT max(id) FROM inquiries") or 0) + 1
    next_message = (scalar(db, "SELECT max(id) FROM messages") or 0) + 1
    for item in batch:
        inquiry_id = existing.get(item.raw.source_id)
        fresh = item.messages
        if inquiry_id is None:
            inquiry_id, next_inquiry = next_inquiry, next_inquiry + 1
            existing[item.raw.source_id] = inquiry_id
            _insert_inquiry(db, seal, import_id, inquiry_id, source, item)
        else:
            fresh = [m for m in fresh if m.raw.source_id not in known[inquiry_id]]
            if not fresh:
                continue
        ids: dict[str, int] = {}
        for message in fresh:
            ids[message.raw.source_id], next_message = next_message, next_message + 1
            _insert_message(db, import_id, inquiry_id, ids[message.raw.source_id], message)
        _settle(db, inquiry_id, item)
        _label(db, import_id, inquiry_id, item, ids)
        _seal_originals(db, seal, inquiry_id, item, ids)
        index_words(db, inquiry_id)
        if inquiry_id in known and any(m.raw.role == "customer" for m in fresh):
            joining.wake(db, inquiry_id)
            joining.refresh_joined(db, inquiry_id)


def _insert_inquiry(
    db: Database, seal: Seal, import_id: int | None, inquiry_id: int, source: str, item: Prepared
) -> None:
    raw = item.raw
    db.conn.execute(
        """
        INSERT INTO inquiries (id, import_id, source, source_id, source_url, channel, language,
            category, tags, customer, subject, text, status, opened_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)
        """,
        (
            inquiry_id, import_id, source, raw.source_id, raw.url, raw.channel, raw.language,
            raw.category, json.dumps(raw.tags, ensure_ascii=False),
            seal.customer(source, raw.customer_id), item.subject, item.text, raw.opened_at,
        ),
    )  # fmt: skip


def _insert_message(
    db: Database, import_id: int | None, inquiry_id: int, message_id: int, message: PreparedMessage
) -> None:
    raw = message.raw
    db.conn.execute(
        """
        INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, author, text, at,
            saved_reply_id, helpful)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            message_id, inquiry_id, import_id, raw.source_id, raw.role, int(raw.public), raw.author,
            message.text, raw.at, raw.saved_reply_id, raw.helpful,
        ),
    )  # fmt: skip
    for name, url in raw.attachments:
        db.table("attachments").insert({"message_id": message_id, "name": name, "url": url})


def _settle(db: Database, inquiry_id: int, item: Prepared) -> None:
    """Bring text, status and answer in line with the messages, unless it was answered here."""
    row = one(db, "SELECT text, status FROM inquiries WHERE id = ?", [inquiry_id])
    here = "SELECT 1 FROM messages WHERE inquiry_id = ? AND agent_id IS NOT NULL"
    if row is None or scalar(db, here, [inquiry_id]):
        return
    answer = item.answer
    status = item.status if row["status"] == "open" else row["status"]
    if status == "open" and item.raw.opened_at < ago(days=OPEN_DAYS) and not item.raw.status:
        status = "closed"
    sql = "SELECT id FROM messages WHERE inquiry_id = ? AND source_id = ?"
    answer_id = scalar(db, sql, [inquiry_id, answer.raw.source_id]) if answer else None
    ended = answer.raw.at if answer else item.raw.opened_at
    db.table("inquiries").update(
        inquiry_id,
        {
            "text": item.text,
            "status": status,
            "answer_id": answer_id,
            "answered_at": answer.raw.at if answer else None,
            "solved": int(answer is not None and item.raw.answer_source_id == answer.raw.source_id),
            "closed_at": None if status == "open" else ended,
        },
    )
    if row["text"] != item.text:
        # What its vector was made of has changed: it is encoded anew.
        embeddings.forget(db, inquiry_id)


def _label(
    db: Database, import_id: int | None, inquiry_id: int, item: Prepared, ids: dict[str, int]
) -> None:
    for message in item.messages:
        for slug in message.slugs:
            db.conn.execute(
                """
                INSERT OR IGNORE INTO labels (inquiry_id, message_id, import_id, slug, origin, at)
                VALUES (?, ?, ?, ?, 'import', ?)
                """,
                (inquiry_id, ids.get(message.raw.source_id), import_id, slug, message.raw.at),
            )


def _seal_originals(
    db: Database, seal: Seal, inquiry_id: int, item: Prepared, ids: dict[str, int]
) -> None:
    """Keep the own words of new messages of an open inquiry, where masking changed them."""
    # One that is answered with another is as open as that.
    sql = (
        "SELECT coalesce(h.status, i.status) FROM inquiries i "
        "LEFT JOIN inquiries h ON h.id = i.joined_to WHERE i.id = ?"
    )
    if scalar(db, sql, [inquiry_id]) != "open":
        return
    for message in item.messages:
        message_id = ids.get(message.raw.source_id)
        if message_id and message.original != message.text:
            db.conn.execute(
                "INSERT OR REPLACE INTO originals (message_id, sealed) VALUES (?, ?)",
                (message_id, seal.close_up(message.original)),
            )


def _discover(db: Database, batch: list[Prepared]) -> None:
    """Make an FAQ of every page that an answer links and nobody has described yet."""
    fresh: dict[str, faqs.Faq] = {}
    for item in batch:
        for message in item.messages:
            for slug, url in zip(message.slugs, message.slug_urls, strict=True):
                title = slug.replace("-", " ").strip().capitalize() or slug
                fresh.setdefault(slug, faqs.Faq(slug=slug, title=title, url=url, discovered=True))
    known = {row["slug"] for row in db.query("SELECT slug FROM faqs")}
    faqs.save(db, [faq for slug, faq in fresh.items() if slug not in known])
