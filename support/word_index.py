"""The search row of an inquiry: its question and what was said to it, as bigrams for FTS5."""

from typing import Final

from sqlite_utils import Database

from .database import scalar, write
from .text import bigrams

_PAGES: Final = 500  # of the index that are merged at once: others write in between


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


def forget_words(db: Database) -> None:
    """Drop the words of deleted rows, which FTS5 keeps beside a mark until it merges them away.

    Its own secure deletion came with SQLite 3.42, and older ones cannot read what it wrote.
    """
    sql = "INSERT INTO inquiry_search (inquiry_search, rank) VALUES ('merge', ?)"
    pages = -_PAGES  # the first call puts everything into one row of segments
    while True:
        with write(db):
            before = db.conn.total_changes
            db.execute(sql, [pages])
            if db.conn.total_changes - before < 2:  # as FTS5's page says: nothing is left to do
                return
        pages = _PAGES
