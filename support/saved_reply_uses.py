"""Which past answers hold a saved reply: the label that nobody had to give.

An export may name the reply that an answer was made from; else the answer's words tell, runs of
three in a row, so that a name put in or a line left out does not hide it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from sqlite_utils import Database

from .database import write
from .text import fold_line

Progress = Callable[[int, int, str], None]
Runs = frozenset[tuple[str, ...]]

HELD: Final = 0.7  # of a reply's runs that an answer must hold
_RUN: Final = 3  # words in a row
_BATCH: Final = 2_000  # answers a transaction


class _Replies:
    """The runs of every saved reply, to be counted in answers."""

    def __init__(self, db: Database) -> None:
        self.by_name: dict[str, int] = {}
        self._sizes: dict[int, int] = {}
        self._holding: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for row in db.query("SELECT id, name, body FROM saved_replies"):
            self.by_name[row["name"]] = row["id"]
            found = runs(row["body"])
            self._sizes[row["id"]] = len(found)
            for run in found:
                self._holding[run].append(row["id"])

    def held_by(self, text: str) -> dict[int, float]:
        """The replies that a text holds, each with the share of its runs that it holds."""
        counts: Counter[int] = Counter()
        for run in runs(text):
            counts.update(self._holding.get(run, ()))
        shares = {reply_id: count / self._sizes[reply_id] for reply_id, count in counts.items()}
        return {reply_id: share for reply_id, share in shares.items() if share >= HELD}


def runs(text: str) -> Runs:
    """Runs of three words; of a shorter text, the whole."""
    words = fold_line(text).casefold().split()
    if len(words) <= _RUN:
        return frozenset([tuple(words)]) if words else frozenset()
    return frozenset(tuple(words[place : place + _RUN]) for place in range(len(words) - _RUN + 1))


def find_uses(db: Database, *, progress: Progress = lambda done, total, message: None) -> int:
    """Look through all answers for saved replies; what was found before stays.

    Args:
        db: the desk's database.
        progress: told done, total and a message; may raise. A killed look is simply done again.

    Returns:
        How many uses are known.
    """
    replies = _Replies(db)
    sql = """
        SELECT inquiry_id, text, saved_reply_id FROM messages
        WHERE role = 'agent' AND public = 1 ORDER BY id
    """
    rows = db.conn.execute(sql).fetchall()
    for start in range(0, len(rows), _BATCH):
        with write(db):
            _note(db, replies, rows[start : start + _BATCH])
        progress(min(start + _BATCH, len(rows)), len(rows), "looking for saved replies")
    return int(db.conn.execute("SELECT count(*) FROM saved_reply_uses").fetchone()[0])


def note_uses(db: Database, inquiry_id: int) -> None:
    """Note the saved replies that the answers of one inquiry hold, in the caller's transaction."""
    if db.conn.execute("SELECT 1 FROM saved_replies LIMIT 1").fetchone() is None:
        return
    sql = """
        SELECT inquiry_id, text, saved_reply_id FROM messages
        WHERE inquiry_id = ? AND role = 'agent' AND public = 1
    """
    _note(db, _Replies(db), db.conn.execute(sql, [inquiry_id]).fetchall())


def note_named(db: Database, import_id: int) -> None:
    """Note the saved replies that an import's answers say they were made from.

    Those of imports of its source too that did not come to their end. In the caller's transaction.
    Which answers hold the words of one, `find_uses` finds.
    """
    db.execute(
        "INSERT INTO saved_reply_uses (reply_id, inquiry_id, share) "
        "SELECT saved_replies.id, messages.inquiry_id, 1.0 FROM messages "
        "JOIN saved_replies ON saved_replies.name = messages.saved_reply_id "
        "WHERE messages.import_id IN (SELECT i.id FROM imports i JOIN imports me ON me.id = ? "
        "AND me.source = i.source WHERE i.id = me.id OR i.state IN ('interrupted', 'failed')) "
        "AND messages.saved_reply_id <> '' "
        "AND messages.role = 'agent' AND messages.public = 1 "
        "ON CONFLICT (reply_id, inquiry_id) DO UPDATE SET share = 1.0",
        [import_id],
    )


def _note(db: Database, replies: _Replies, rows: Iterable[tuple[int, str, str]]) -> None:
    found: list[tuple[int, int, float]] = []
    for inquiry_id, text, named in rows:
        held = replies.held_by(text)
        if named in replies.by_name:
            held[replies.by_name[named]] = 1.0
        found += [(reply_id, inquiry_id, share) for reply_id, share in held.items()]
    db.conn.executemany(
        "INSERT INTO saved_reply_uses (reply_id, inquiry_id, share) VALUES (?, ?, ?) "
        "ON CONFLICT (reply_id, inquiry_id) DO UPDATE SET share = max(share, excluded.share)",
        found,
    )
