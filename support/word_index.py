"""The search row of an inquiry: its question and what was said to it, as bigrams for FTS5."""

from sqlite_utils import Database

from .database import scalar
from .text import bigrams


def index_words(db: Database, inquiry_id: int) -> None:
    """Write an inquiry's search row anew, in the caller's transaction."""
    question = scalar(db, "SELECT text FROM inquiries WHERE id = ?", [inquiry_id])
    said = db.query(
        "SELECT text FROM messages WHERE inquiry_id = ? AND role = 'agent' AND public = 1 "
        "ORDER BY at, id",
        [inquiry_id],
    )
    answer = "\n".join(row["text"] for row in said)
    db.execute("DELETE FROM inquiry_search WHERE rowid = ?", [inquiry_id])
    db.execute(
        "INSERT INTO inquiry_search (rowid, question, answer) VALUES (?, ?, ?)",
        [inquiry_id, bigrams(question), bigrams(answer)],
    )
