"""Takes a whole import back: the desk stands as if it had never been, or nothing is touched.

What was worked on since is never lost: such an import is refused, or those inquiries are kept where
that is asked for. Killed half way, the next call goes on with the rest.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from .. import embeddings, joining, retention
from ..audit import Actor, record
from ..clock import now
from ..database import Row, one, scalar, write
from ..errors import ConflictError, NotFoundError, UndoRefusedError
from ..saved_reply_uses import note_uses
from ..word_index import index_words
from .changes import ROUTED
from .standing import at_work

BATCH: Final = 200  # inquiries a transaction: others write in between

Progress = Callable[[int, int, str], None]

# What the desk, its people or another import did with an inquiry since.
_WORKED: Final = """
    (EXISTS (SELECT 1 FROM messages m WHERE m.inquiry_id = i.id AND m.import_id IS NOT :id)
    OR EXISTS (SELECT 1 FROM labels l WHERE l.inquiry_id = i.id AND l.import_id IS NOT :id)
    OR EXISTS (SELECT 1 FROM outbox x WHERE x.inquiry_id = i.id)
    OR EXISTS (SELECT 1 FROM drafts d WHERE d.inquiry_id = i.id)
    OR EXISTS (SELECT 1 FROM audit a WHERE a.object = 'inquiry:' || i.id AND a.actor <> 'system')
    OR i.held_by IS NOT NULL
    OR EXISTS (SELECT 1 FROM inquiries o WHERE o.joined_to = i.id AND o.import_id IS NOT :id
        AND o.id NOT IN (SELECT inquiry_id FROM import_changes WHERE import_id = :id)))
"""


@dataclass(frozen=True, slots=True)
class Import:
    """One import. `state`: running, done, failed, interrupted or undone."""

    id: int
    source: str
    format: str
    files: tuple[str, ...]
    state: str
    report: dict[str, Any]
    inquiries: int  # that are there because of it
    messages: int
    started_at: str
    started_by: str  # empty: nobody knows any more
    finished_at: str | None
    undone_at: str | None
    undone_by: str


@dataclass(frozen=True, slots=True)
class Undone:
    """What went: inquiries, messages, FAQs known only from its links; and what stayed."""

    import_id: int
    inquiries: int
    messages: int
    faqs: int
    kept: int  # inquiries that were worked on since


_SELECT: Final = """
    SELECT imports.*, (SELECT count(*) FROM inquiries WHERE import_id = imports.id) AS inquiries,
        (SELECT count(*) FROM messages WHERE import_id = imports.id) AS messages FROM imports
"""


def listed(db: Database, *, limit: int = 50, before: int | None = None) -> list[Import]:
    """The newest imports, newest first.

    Args:
        db: the desk's database.
        limit: how many.
        before: only those whose id is smaller.
    """
    edge = "WHERE id < :before" if before is not None else ""
    sql = f"{_SELECT} {edge} ORDER BY id DESC LIMIT :limit"
    return [_import(row) for row in db.query(sql, {"limit": limit, "before": before})]


def get(db: Database, import_id: int) -> Import:
    """An import.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, f"{_SELECT} WHERE id = ?", [import_id])
    if row is None:
        raise NotFoundError(f"No import {import_id}. List them: faqdesk imports list")
    return _import(row)


def worked_on(db: Database, import_id: int) -> int:
    """How many of an import's inquiries were worked on since."""
    sql = f"SELECT count(*) FROM inquiries i WHERE i.import_id = :id AND {_WORKED}"  # noqa: S608
    return int(scalar(db, sql, {"id": import_id})) + len(_moved_on(db, import_id))


def undo(
    db: Database,
    actor: Actor,
    import_id: int,
    *,
    keep_worked: bool = False,
    progress: Progress = lambda done, total, message: None,
) -> Undone:
    """Take an import back.

    Args:
        db: the desk's database.
        actor: who does.
        import_id: the import.
        keep_worked: leave inquiries that were worked on since, and take all others away.
        progress: told inquiries done, their total, and a word; may raise.

    Raises:
        NotFoundError: there is no such import.
        ConflictError: it is at work.
        UndoRefusedError: it was taken back already ("undone"), a later import added to what it
            brought ("later"), or its inquiries were worked on since ("used").
    """
    _check(db, get(db, import_id), keep_worked=keep_worked)
    total = int(scalar(db, "SELECT count(*) FROM inquiries WHERE import_id = ?", [import_id]))
    messages = gone = 0
    sql = f"""
        SELECT i.id FROM inquiries i WHERE i.import_id = :id AND NOT {_WORKED}
        ORDER BY i.id LIMIT {BATCH}
    """  # noqa: S608 - fixed words
    # First what it did to others: they may be joined with what goes.
    with write(db):
        messages += _put_back(db, import_id)
    while True:
        with write(db):
            ids = [row["id"] for row in db.query(sql, {"id": import_id})]
            if not ids:
                break
            within = "inquiry_id IN (SELECT value FROM json_each(?))"
            messages += scalar(
                db,
                f"SELECT count(*) FROM messages WHERE {within}",  # noqa: S608
                [json.dumps(ids)],
            )
            retention.delete(db, ids)
        gone += len(ids)
        progress(gone, total, "taking back")
    with write(db):
        kept = int(scalar(db, "SELECT count(*) FROM inquiries WHERE import_id = ?", [import_id]))
        heads = "SELECT joined_to FROM inquiries WHERE import_id = ? AND joined_to IS NOT NULL"
        for row in list(db.query(heads, [import_id])):
            joining.refresh(db, row["joined_to"])
        faqs = _forget_faqs(db, import_id)
        _settings_back(db, import_id)
        db.table("imports").update(
            import_id, {"state": "undone", "undone_at": now(), "undone_by": actor.name}
        )
        detail = {"inquiries": gone, "messages": messages, "kept": kept}
        record(db, actor, "import.undone", f"import:{import_id}", detail=detail)
    return Undone(import_id, gone, messages, faqs, kept)


def _check(db: Database, what: Import, *, keep_worked: bool) -> None:
    if what.state == "undone":
        raise UndoRefusedError(
            f"Import {what.id} was taken back already ({what.undone_at}).", why="undone"
        )
    if what.state == "running":
        raise ConflictError(f"Import {what.id} is at work. Let it end, or stop it first.")
    later = scalar(
        db,
        """
        SELECT max(later.id) FROM imports later WHERE later.state <> 'undone' AND later.id > :id
        AND (EXISTS (SELECT 1 FROM messages m JOIN inquiries i ON i.id = m.inquiry_id
                     WHERE m.import_id = later.id AND i.import_id = :id)
            OR EXISTS (SELECT 1 FROM import_changes a JOIN import_changes b USING (inquiry_id)
                       WHERE a.import_id = :id AND b.import_id = later.id))
        """,
        {"id": what.id},
    )
    if later:
        raise UndoRefusedError(
            f"Import {later} added to what import {what.id} brought. Take that back first: "
            f"faqdesk imports undo {later}",
            why="later",
            later=later,
        )
    worked = 0 if keep_worked else worked_on(db, what.id)
    if worked:
        raise UndoRefusedError(
            f"{worked:,} of the inquiries of import {what.id} were worked on since: answered, "
            f"tagged, drafted or held. Nothing was taken back. Leave them and take back the "
            f"rest: faqdesk imports undo {what.id} --keep-worked",
            why="used",
            n=worked,
        )


def _moved_on(db: Database, import_id: int) -> list[int]:
    """Inquiries that were there before, whose import's changes were changed again by people.

    The text of an open one follows what is joined with it, and is made anew.
    """
    found = []
    sql = """
        SELECT c.after, i.* FROM import_changes c JOIN inquiries i ON i.id = c.inquiry_id
        WHERE c.import_id = ?
    """
    for row in db.query(sql, [import_id]):
        after = json.loads(row["after"])
        if any(row[name] != after[name] for name in after if name not in ("text", ROUTED)):
            found.append(row["id"])
    return found


def _put_back(db: Database, import_id: int) -> int:
    """Take an import's messages out of inquiries that were there before; returns how many."""
    moved = set(_moved_on(db, import_id))
    touched = {
        row["id"]
        for row in db.query(
            "SELECT DISTINCT i.id FROM messages m JOIN inquiries i ON i.id = m.inquiry_id "
            "WHERE m.import_id = ?1 AND i.import_id IS NOT ?1 "
            "UNION SELECT inquiry_id FROM import_changes WHERE import_id = ?1",
            [import_id],
        )
    } - moved
    gone = 0
    for inquiry_id in sorted(touched):
        change = one(
            db,
            "SELECT before, after FROM import_changes WHERE import_id = ? AND inquiry_id = ?",
            [import_id, inquiry_id],
        )
        was: Row = json.loads(change["before"]) if change else {}
        left: Row = json.loads(change["after"]) if change else {}
        text = scalar(db, "SELECT text FROM inquiries WHERE id = ?", [inquiry_id])
        anew = "text" in was and text != left["text"]
        if anew:
            del was["text"]
        if was.pop(ROUTED, 1) == 0:
            db.execute("DELETE FROM inquiry_routes WHERE inquiry_id = ?", [inquiry_id])
        if was:
            db.table("inquiries").update(inquiry_id, was)
        gone += _take_messages(db, import_id, inquiry_id)
        if anew:
            # What is left of it is made of what stays.
            db.execute(
                "UPDATE inquiries SET joined_to = NULL, status = 'open' "
                "WHERE import_id = ? AND joined_to = ?",
                [import_id, inquiry_id],
            )
            joining.refresh(db, inquiry_id)
        if scalar(db, "SELECT text FROM inquiries WHERE id = ?", [inquiry_id]) != text:
            embeddings.forget(db, inquiry_id)
        db.execute("DELETE FROM saved_reply_uses WHERE inquiry_id = ?", [inquiry_id])
        note_uses(db, inquiry_id)
        index_words(db, inquiry_id)
        db.execute(
            "DELETE FROM import_changes WHERE import_id = ? AND inquiry_id = ?",
            [import_id, inquiry_id],
        )
    return gone


def _take_messages(db: Database, import_id: int, inquiry_id: int) -> int:
    mine = "(SELECT id FROM messages WHERE import_id = ? AND inquiry_id = ?)"
    both = [import_id, inquiry_id]
    db.execute("DELETE FROM labels WHERE import_id = ? AND inquiry_id = ?", both)
    db.execute(f"DELETE FROM originals WHERE message_id IN {mine}", both)  # noqa: S608
    db.execute(f"DELETE FROM attachments WHERE message_id IN {mine}", both)  # noqa: S608
    sql = "DELETE FROM messages WHERE import_id = ? AND inquiry_id = ?"
    return int(db.execute(sql, both).rowcount)


def _forget_faqs(db: Database, import_id: int) -> int:
    """Take away FAQs that only this import's links told of; returns how many."""
    sql = """
        SELECT f.id FROM faqs f JOIN import_faqs n ON n.faq_id = f.id
        WHERE n.import_id = ? AND f.discovered = 1 AND f.updated_at = f.created_at
        AND NOT EXISTS (SELECT 1 FROM labels WHERE labels.slug = f.slug)
        AND NOT EXISTS (SELECT 1 FROM suggestion_faqs s WHERE s.slug = f.slug)
        AND NOT EXISTS (SELECT 1 FROM faq_change_rows c WHERE c.name = 'faqs'
            AND c.key = CAST(f.id AS TEXT))
    """
    ids = [row["id"] for row in db.query(sql, [import_id])]
    for faq_id in ids:
        db.execute("DELETE FROM faq_search WHERE rowid = ?", [faq_id])
        db.execute("DELETE FROM faqs WHERE id = ?", [faq_id])
    return len(ids)


def _settings_back(db: Database, import_id: int) -> None:
    """Put settings back that nobody changed since, and that no later import reads links by."""
    sql = "SELECT 1 FROM imports WHERE id > ? AND state <> 'undone'"
    if scalar(db, sql, [import_id]):
        return
    for row in list(db.query("SELECT * FROM import_settings WHERE import_id = ?", [import_id])):
        current = one(db, "SELECT * FROM settings WHERE key = ?", [row["key"]])
        if current != json.loads(row["after"]):
            continue
        if row["before"] is None:
            db.execute("DELETE FROM settings WHERE key = ?", [row["key"]])
        else:
            db.table("settings").upsert(json.loads(row["before"]), pk="key")


def _import(row: Row) -> Import:
    # One that was killed could not write so itself.
    killed = row["state"] == "running" and not at_work(row["process"])
    return Import(
        id=row["id"],
        source=row["source"],
        format=row["format"],
        files=tuple(json.loads(row["files"])),
        state="interrupted" if killed else row["state"],
        report=json.loads(row["report"]),
        inquiries=row["inquiries"],
        messages=row["messages"],
        started_at=row["started_at"],
        started_by=row["started_by"],
        finished_at=row["finished_at"],
        undone_at=row["undone_at"],
        undone_by=row["undone_by"],
    )
