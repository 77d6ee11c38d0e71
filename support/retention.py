"""Deleting what was closed long enough ago, with all that was said, learned and suggested on it.

Off unless the desk sets it. The models in force have learned from it until they are made anew; the
index forgets at once. What counts stays: the audit trail names numbers alone.
"""

# ruff: noqa: S608 - fixed words alone are put together

import json
import sqlite3
from typing import Final

from sqlite_utils import Database

from . import embeddings, quoted
from .audit import SYSTEM, Actor, record
from .clock import ago
from .database import scalar, write
from .embeddings import Progress

BATCH: Final = 200  # inquiries a transaction: others write in between

_IDS = "(SELECT value FROM json_each(:ids))"
_SUGGESTED = f"(SELECT id FROM suggestions WHERE inquiry_id IN {_IDS})"
_SAID = f"(SELECT id FROM messages WHERE inquiry_id IN {_IDS})"
# In this order: what points at a row goes before the row.
_STEPS: Final = (
    f"DELETE FROM suggestion_events WHERE suggestion_id IN {_SUGGESTED}",
    f"DELETE FROM suggestion_faqs WHERE suggestion_id IN {_SUGGESTED}",
    f"DELETE FROM misses WHERE suggestion_id IN {_SUGGESTED}",
    f"DELETE FROM suggestions WHERE inquiry_id IN {_IDS}",
    f"DELETE FROM labels WHERE inquiry_id IN {_IDS}",
    f"DELETE FROM drafts WHERE inquiry_id IN {_IDS}",
    f"DELETE FROM outbox WHERE inquiry_id IN {_IDS}",
    f"DELETE FROM originals WHERE message_id IN {_SAID}",
    f"DELETE FROM attachments WHERE message_id IN {_SAID}",
    f"DELETE FROM inquiry_search WHERE rowid IN {_IDS}",
    f"UPDATE inquiries SET answer_id = NULL WHERE id IN {_IDS}",
    f"UPDATE inquiries SET joined_to = NULL WHERE joined_to IN {_IDS}",
    f"DELETE FROM messages WHERE inquiry_id IN {_IDS}",
    f"DELETE FROM inquiries WHERE id IN {_IDS}",
)

# One whose answer waits to be delivered is kept; one joined to another goes with that. Where a
# delivery failed, the inquiry was open again, and was closed in another way since.
_DUE: Final = """
    FROM inquiries WHERE status <> 'open' AND joined_to IS NULL AND closed_at < :edge
    AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.inquiry_id = inquiries.id
                    AND outbox.state = 'queued')
"""


def due(db: Database, *, days: int) -> int:
    """How many inquiries were closed more than `days` ago; none where `days` is 0."""
    if not days:
        return 0
    return int(scalar(db, f"SELECT count(*) {_DUE}", {"edge": ago(days=days)}))


def forget_closed(
    db: Database, *, days: int, progress: Progress = lambda done, total, message: None
) -> int:
    """Delete the inquiries that were closed more than `days` ago.

    Killed half way, the next call goes on with the rest.

    Args:
        db: the desk's database.
        days: 0 deletes nothing.
        progress: told done, total and a message; may raise.

    Returns:
        How many went.
    """
    if not days:
        return 0
    total, gone, edge = due(db, days=days), 0, ago(days=days)
    sql = f"SELECT id {_DUE} ORDER BY closed_at LIMIT {BATCH}"
    while ids := [row["id"] for row in db.query(sql, {"edge": edge})]:
        with write(db):
            heads = json.dumps(ids)
            joined = "SELECT id FROM inquiries WHERE joined_to IN (SELECT value FROM json_each(?))"
            ids += [row["id"] for row in db.query(joined, [heads])]
            delete(db, ids)
            record(db, Actor(SYSTEM), "inquiries.forgotten", "desk", detail={"n": len(ids)})
        gone += len(ids)
        progress(gone, max(total, gone), "deleting what was closed long ago")
    return gone


def delete(db: Database, inquiry_ids: list[int]) -> None:
    """Delete inquiries with all that was said, learned and suggested on them.

    In the caller's transaction. Every index forgets them at once.
    """
    quoted.forget(db, inquiry_ids)
    for inquiry_id in inquiry_ids:
        embeddings.forget(db, inquiry_id)
    for step in _STEPS:
        try:
            db.execute(step, {"ids": json.dumps(inquiry_ids)})
        except sqlite3.OperationalError as error:
            # A copy of an earlier faqdesk's desk: what it has no room for needs no deleting.
            if not str(error).startswith(("no such table", "no such column")):
                raise
