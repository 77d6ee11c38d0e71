"""Writes a batch of prepared inquiries: messages, labels, status, sealed originals, search rows.

Everything happens in the caller's transaction. An inquiry that was answered in the console keeps
its answer and status, whatever an export says of it.
"""

import json

from sqlite_utils import Database

from .. import embeddings, faqs, joining, routes
from ..clock import ago
from ..database import one, scalar
from ..seal import Seal
from ..word_index import index_words
from .ids import is_hashed
from .known import Part, asks_on, parts
from .prepare import Prepared, PreparedMessage

OPEN_DAYS = 14  # an unanswered inquiry that is older was never going to be: it is closed


def store(
    db: Database,
    seal: Seal,
    import_id: int | None,
    source: str,
    batch: list[Prepared],
    *,
    discover: bool,
    connection_id: int | None = None,
    among: list[Part] | None = None,
) -> None:
    """Write what is new in a batch.

    Args:
        db: the desk's database, in a write transaction.
        seal: the desk's key.
        import_id: under which import the rows are noted; None: they came one by one.
        source: the name of where they come from.
        batch: inquiries, each source id once.
        discover: make an FAQ of every linked page that nobody has described yet.
        connection_id: through which an answer to what is open goes out; None: through none.
        among: what `parts` says of the batch, where the caller has asked already.
    """
    if discover:
        _discover(db, batch)
    # Only one writer at a time (BEGIN IMMEDIATE), so ids can be dealt out here.
    next_inquiry = (scalar(db, "SELECT max(id) FROM inquiries") or 0) + 1
    next_message = (scalar(db, "SELECT max(id) FROM messages") or 0) + 1
    for part in parts(db, seal, source, batch) if among is None else among:
        inquiry_id, item = part.inquiry_id, part.item
        if inquiry_id is None:
            inquiry_id, next_inquiry = next_inquiry, next_inquiry + 1
            _insert_inquiry(db, seal, import_id, inquiry_id, source, item)
        elif not part.fresh:
            _lead_back(db, seal, inquiry_id, item, connection_id)
            continue
        ids: dict[str, int] = {}
        for message in part.fresh:
            ids[message.raw.source_id], next_message = next_message, next_message + 1
            _insert_message(db, import_id, inquiry_id, ids[message.raw.source_id], message)
        _settle(db, inquiry_id, part, part.stored | ids)
        _label(db, import_id, inquiry_id, item, ids)
        _seal_originals(db, seal, inquiry_id, item, ids)
        _lead_back(db, seal, inquiry_id, item, connection_id)
        index_words(db, inquiry_id)
        if part.inquiry_id is not None and any(m.raw.role == "customer" for m in part.fresh):
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


def _settle(db: Database, inquiry_id: int, part: Part, ids: dict[str, int]) -> None:
    """Bring text, status and answer in line with the messages, unless it was answered here."""
    item = part.item
    sql = "SELECT text, status, answer_id, joined_to FROM inquiries WHERE id = ?"
    row = one(db, sql, [inquiry_id])
    here = "SELECT 1 FROM messages WHERE inquiry_id = ? AND agent_id IS NOT NULL"
    if row is None or scalar(db, here, [inquiry_id]):
        return
    answer, text = item.answer, item.text
    status = item.status if row["status"] == "open" else row["status"]
    if status == "closed" and answer and row["joined_to"] is None:
        status = "answered"  # as closed as it was, but with an answer
    if part.others:
        # An export is as old as it is: what came by itself since counts too.
        text = joining.own_text(db, inquiry_id)
        status = "open" if row["status"] == "open" and asks_on(db, inquiry_id) else status
    if status == "open" and item.raw.opened_at < ago(days=OPEN_DAYS) and not item.raw.status:
        status = "closed"
    answer_id = ids.get(answer.raw.source_id) if answer else row["answer_id"]
    ended = answer.raw.at if answer else item.raw.opened_at
    # Not through a table of sqlite-utils, which would read schema and row again for each inquiry, a
    # third of an import's time.
    db.conn.execute(
        "UPDATE inquiries SET text = ?, status = ?, answer_id = ? WHERE id = ?",
        (text, status, answer_id, inquiry_id),
    )
    if answer or answer_id is None:
        solved = answer is not None and item.raw.answer_source_id == answer.raw.source_id
        db.conn.execute(
            "UPDATE inquiries SET answered_at = ?, solved = ?, closed_at = ? WHERE id = ?",
            (
                answer.raw.at if answer else None,
                int(solved),
                None if status == "open" else ended,
                inquiry_id,
            ),
        )
    if row["text"] != text:
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


def _lead_back(
    db: Database, seal: Seal, inquiry_id: int, item: Prepared, connection_id: int | None
) -> None:
    """Write down where the answer to an open inquiry goes, where nobody has yet."""
    name = item.raw.source_id
    # What was made up here is no conversation's name over there; of a mail, its headers tell.
    if connection_id is None or (is_hashed(name) and not item.raw.mail):
        return
    sql = (
        "SELECT 1 FROM inquiries i LEFT JOIN inquiries h ON h.id = i.joined_to "
        "WHERE i.id = ? AND coalesce(h.status, i.status) = 'open'"
    )
    if scalar(db, sql, [inquiry_id]) and routes.of(db, inquiry_id) is None:
        thread = routes.MailThread(**item.raw.mail) if item.raw.mail else None
        routes.note(
            db, seal, inquiry_id, connection_id=connection_id, conversation=name, mail=thread
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
