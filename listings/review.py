"""The review queue: rows that a model is unsure of, or where it disagrees, most informative first.

What people decide, and how it is undone, is `review_decisions.py`'s work.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from support.clock import ago, now
from support.database import Row, one, scalar, write
from support.errors import NotFoundError

from .categories import SEPARATOR
from .stored import places

CLAIM_MINUTES: Final = 10  # how long a row that somebody has on the screen is kept from others
REASONS: Final = ("unsure", "disagree", "sample")


@dataclass(frozen=True, slots=True)
class ReviewGuess:
    """A category the model thought of, and how likely."""

    path: str
    probability: float


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One row of the queue."""

    id: int
    batch_id: int | None  # None: from the desk's listings themselves
    row: int | None  # of the batch's file, 1 is the first
    listing_id: int
    tree: str
    given: str  # the category it came with
    guesses: tuple[ReviewGuess, ...]  # best first
    model: str
    reason: str
    priority: float  # in [0, 1], the highest comes first
    wanted: int  # how many people shall decide
    state: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Which part of the queue is worked on; empty fields leave it whole."""

    batch: int | None = None
    reason: str = ""
    category: str = ""  # of the first guess: this one, or one below it

    def where(self) -> tuple[str, list[Any]]:
        """The conditions as SQL over `review_items i`, and their values."""
        parts, values = [""], list[Any]()
        if self.batch is not None:
            parts.append("i.batch_id = ?")
            values.append(self.batch)
        if self.reason:
            parts.append("i.reason = ?")
            values.append(self.reason)
        if self.category:
            first = "json_extract(i.guesses, '$[0].path')"
            below = self.category + SEPARATOR
            parts.append(f"({first} = ? OR substr({first}, 1, ?) = ?)")
            values += [self.category, len(below), below]
        return " AND ".join(parts), values


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the queue is, for one person."""

    left: int  # rows that wait for this person
    decided: int  # rows that need nobody any more
    mine: int  # standing decisions of this person, skipped ones left out
    standing: bool  # whether there is a decision of theirs to take back, anywhere


# Open, not decided by this person, and not on somebody else's screen.
_WAITING: Final = """
    FROM review_items i WHERE i.state = 'open'
    AND NOT EXISTS (
        SELECT 1 FROM review_decisions d
        WHERE d.item_id = i.id AND d.agent_id = ? AND d.undone_at IS NULL
    )
    AND (i.claimed_by IS NULL OR i.claimed_by = ? OR i.claimed_at < ?)
"""


def waiting(
    db: Database, agent_id: int, queue: Queue, *, limit: int, offset: int = 0
) -> list[ReviewItem]:
    """The rows that wait for a person, the most informative first."""
    where, values = queue.where()
    sql = f"SELECT i.* {_WAITING} {where} ORDER BY i.priority DESC, i.id LIMIT ? OFFSET ?"
    return [_item(row) for row in db.query(sql, [*_mine(agent_id), *values, limit, offset])]


def claim_next(db: Database, agent_id: int, queue: Queue) -> ReviewItem | None:
    """The next row for a person, kept from others for a while; None where none waits."""
    with write(db):
        found = next(iter(waiting(db, agent_id, queue, limit=1)), None)
        db.execute(
            "UPDATE review_items SET claimed_by = NULL, claimed_at = NULL "
            "WHERE claimed_by = ? AND id <> ?",
            [agent_id, found.id if found else 0],
        )
        if found:
            db.execute(
                "UPDATE review_items SET claimed_by = ?, claimed_at = ? WHERE id = ?",
                [agent_id, now(), found.id],
            )
    return found


def get(db: Database, item_id: int) -> ReviewItem:
    """One row.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, "SELECT * FROM review_items WHERE id = ?", [item_id])
    if row is None:
        raise NotFoundError(f"No row {item_id} in the review queue.")
    return _item(row)


def progress(db: Database, agent_id: int, queue: Queue) -> Progress:
    """How far the queue is, for one person."""
    where, values = queue.where()
    left = scalar(db, f"SELECT count(*) {_WAITING} {where}", [*_mine(agent_id), *values])
    done = f"SELECT count(*) FROM review_items i WHERE i.state = 'decided' {where}"  # noqa: S608
    mine = (
        "SELECT count(*) FROM review_decisions d JOIN review_items i ON i.id = d.item_id "  # noqa: S608
        f"WHERE d.agent_id = ? AND d.undone_at IS NULL AND d.decision <> 'skip' {where}"
    )
    last = "SELECT EXISTS (SELECT 1 FROM review_decisions WHERE agent_id = ? AND undone_at IS NULL)"
    return Progress(
        left,
        scalar(db, done, values),
        scalar(db, mine, [agent_id, *values]),
        bool(scalar(db, last, [agent_id])),
    )


def categories(db: Database, queue: Queue) -> list[tuple[str, int]]:
    """The first guesses of open rows with how many there are, the most frequent first."""
    where, values = queue.where()
    sql = f"""
        SELECT json_extract(i.guesses, '$[0].path') AS path, count(*) AS n FROM review_items i
        WHERE i.state = 'open' {where} GROUP BY 1 HAVING path IS NOT NULL ORDER BY n DESC, path
    """  # noqa: S608 - only conditions of ours are put in
    return [(row["path"], row["n"]) for row in db.query(sql, values)]


def pictures(db: Database, listing_ids: Sequence[int]) -> dict[int, list[str]]:
    """The hashes of the pictures of some listings, in order."""
    found: dict[int, list[str]] = {}
    ids = list(listing_ids)
    sql = f"""
        SELECT listing_id, sha256 FROM listing_pictures
        WHERE sha256 <> '' AND listing_id IN ({places(ids)}) ORDER BY listing_id, position
    """  # noqa: S608 - only question marks are put in
    for listing_id, sha256 in db.conn.execute(sql, ids):
        found.setdefault(listing_id, []).append(sha256)
    return found


def _mine(agent_id: int) -> list[Any]:
    return [agent_id, agent_id, ago(minutes=CLAIM_MINUTES)]


def _item(row: Row) -> ReviewItem:
    return ReviewItem(
        id=row["id"],
        batch_id=row["batch_id"],
        row=row["row"],
        listing_id=row["listing_id"],
        tree=row["tree"],
        given=row["given"],
        guesses=tuple(
            ReviewGuess(guess["path"], guess["probability"]) for guess in json.loads(row["guesses"])
        ),
        model=row["model"],
        reason=row["reason"],
        priority=row["priority"],
        wanted=row["wanted"],
        state=row["state"],
    )
