"""What follows when an answer did not reach who asked: its inquiry waits again, as before it.

What was learned from it is taken back, and its text stands in its writer's draft.
"""

from sqlite_utils import Database

from . import embeddings
from .audit import SYSTEM, Actor, record
from .clock import now
from .database import Row, one
from .seal import Seal
from .word_index import index_words


def fail(db: Database, seal: Seal, row: Row, words: str) -> None:
    """Let an answer of the outbox have failed, in the caller's transaction.

    Args:
        db: the desk's database.
        seal: its key.
        row: of the outbox.
        words: why, without personal data.
    """
    change = {"state": "failed", "next_at": None, "leased_until": None, "error": words}
    db.table("outbox").update(row["id"], change | {"updated_at": now()})
    inquiry_id, message_id = row["inquiry_id"], row["message_id"]
    record(
        db, Actor(SYSTEM), "answer.not_delivered", f"inquiry:{inquiry_id}", detail={"why": words}
    )
    inquiry = one(db, "SELECT answer_id FROM inquiries WHERE id = ?", [inquiry_id])
    if inquiry is None or inquiry["answer_id"] != message_id:
        return  # somebody answered in another way
    # Not public: nobody was told. Else what is asked would seem to be answered by it.
    db.execute("UPDATE messages SET public = 0 WHERE id = ?", [message_id])
    db.execute("DELETE FROM labels WHERE message_id = ?", [message_id])
    shown = "(SELECT id FROM suggestions WHERE inquiry_id = ?)"
    db.execute(f"DELETE FROM misses WHERE suggestion_id IN {shown}", [inquiry_id])  # noqa: S608
    db.execute(
        f"UPDATE suggestion_faqs SET outcome = NULL WHERE suggestion_id IN {shown} "  # noqa: S608
        f"AND outcome IN ('accepted', 'passed_over')",
        [inquiry_id],
    )
    db.execute("DELETE FROM saved_reply_uses WHERE inquiry_id = ?", [inquiry_id])
    db.execute(
        "UPDATE inquiries SET status = 'open', answer_id = NULL, answered_at = NULL, "
        "closed_at = NULL WHERE id = ?",
        [inquiry_id],
    )
    db.execute("UPDATE inquiries SET closed_at = NULL WHERE joined_to = ?", [inquiry_id])
    _give_back(db, seal, row)
    embeddings.forget(db, inquiry_id)
    index_words(db, inquiry_id)


def _give_back(db: Database, seal: Seal, row: Row) -> None:
    """Put a text that did not go out into its writer's draft, above what stands there."""
    sql = "SELECT agent_id FROM messages WHERE id = ?"
    writer = one(db, sql, [row["message_id"]])
    if writer is None or writer["agent_id"] is None:
        return
    sql = "SELECT * FROM drafts WHERE inquiry_id = ? AND agent_id = ?"
    kept = one(db, sql, [row["inquiry_id"], writer["agent_id"]])
    typed = seal.open_up(row["sealed"])
    below = seal.open_up(kept["sealed"]) if kept else ""
    text = f"{typed}\n\n{below}" if below.strip() and below != typed else typed
    draft = {
        "inquiry_id": row["inquiry_id"],
        "agent_id": writer["agent_id"],
        "sealed": seal.close_up(text),
        "revision": (kept["revision"] if kept else 0) + 1,
        "updated_at": now(),
    }
    db.table("drafts").upsert(draft, pk=("inquiry_id", "agent_id"))
