"""Notes what an import changes of rows that were there before it; `undo` puts them back.

Of an inquiry only the columns that changed are kept, as they were and as the import left them.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlite_utils import Database

from ..database import Row, scalar

# What storing, joining and waking write.
COLUMNS: Final = (
    "text", "status", "answer_id", "answered_at", "solved", "closed_at", "snoozed_until",
    "held_by", "held_until", "joined_to",
)  # fmt: skip
ROUTED: Final = "routed"  # beside them: whether it is written down where an answer goes


@contextmanager
def noting(db: Database, import_id: int, inquiry_ids: Iterable[int]) -> Iterator[None]:
    """Note what the block changes of some inquiries, of those joined with them, and of FAQs.

    Args:
        db: the desk's database, in the write transaction of the block.
        import_id: the import at work.
        inquiry_ids: inquiries that the block may change; new ones need no note.
    """
    before = _rows(db, inquiry_ids)
    last_faq = scalar(db, "SELECT max(id) FROM faqs") or 0
    yield
    db.execute(
        "INSERT OR IGNORE INTO import_faqs (import_id, faq_id) SELECT ?, id FROM faqs WHERE id > ?",
        [import_id, last_faq],
    )
    after = _rows(db, before)
    for inquiry_id, row in before.items():
        if row["import_id"] != import_id and after[inquiry_id] != row:
            _note(db, import_id, inquiry_id, row, after[inquiry_id])


@contextmanager
def noting_settings(db: Database, import_id: int, keys: Iterable[str]) -> Iterator[None]:
    """Note what the block changes of some settings."""
    before = {key: _setting(db, key) for key in keys}
    yield
    for key, value in before.items():
        after = _setting(db, key)
        if after is not None and after != value:
            db.execute(
                "INSERT INTO import_settings (import_id, key, before, after) VALUES (?, ?, ?, ?)",
                [import_id, key, value, after],
            )


def _rows(db: Database, inquiry_ids: Iterable[int]) -> dict[int, Row]:
    sql = f"""
        SELECT id, import_id, {", ".join(COLUMNS)},
            id IN (SELECT inquiry_id FROM inquiry_routes) AS {ROUTED} FROM inquiries
        WHERE id IN (SELECT value FROM json_each(?1)) OR id IN (SELECT joined_to FROM inquiries
            WHERE joined_to IS NOT NULL AND id IN (SELECT value FROM json_each(?1)))
    """  # noqa: S608 - fixed words
    return {row["id"]: row for row in db.query(sql, [json.dumps(list(inquiry_ids))])}


def _note(db: Database, import_id: int, inquiry_id: int, before: Row, after: Row) -> None:
    kept = db.conn.execute(
        "SELECT before, after FROM import_changes WHERE import_id = ? AND inquiry_id = ?",
        [import_id, inquiry_id],
    ).fetchone()
    was: dict[str, Any] = json.loads(kept[0]) if kept else {}
    now: dict[str, Any] = json.loads(kept[1]) if kept else {}
    for column in (*COLUMNS, ROUTED):
        if before[column] != after[column]:
            was.setdefault(column, before[column])
            now[column] = after[column]
    db.execute(
        "INSERT OR REPLACE INTO import_changes (import_id, inquiry_id, before, after) "
        "VALUES (?, ?, ?, ?)",
        [import_id, inquiry_id, json.dumps(was), json.dumps(now)],
    )


def _setting(db: Database, key: str) -> str | None:
    row = next(iter(db.query("SELECT * FROM settings WHERE key = ?", [key])), None)
    return None if row is None else json.dumps(row, ensure_ascii=False)
