"""Pairs that somebody said are not the same: they are not shown again, and link no group."""

from collections.abc import Iterable

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import now
from support.database import write
from support.errors import InputError, NotFoundError

Pair = tuple[int, int]


def pair(left: int, right: int) -> Pair:
    """Two listings in the order they are stored in.

    Raises:
        InputError: they are one.
    """
    if left == right:
        raise InputError(f"Listing {left} cannot differ from itself. Name two listings.")
    return min(left, right), max(left, right)


def keep_apart(db: Database, actor: Actor, pairs: Iterable[Pair]) -> list[Pair]:
    """Say that listings are not the same; those known to differ stay as they are.

    Returns:
        The pairs that are new.

    Raises:
        NotFoundError: a listing is not there.
        InputError: a pair is one listing twice.
    """
    wanted = sorted({pair(left, right) for left, right in pairs})
    new: list[Pair] = []
    with write(db):
        for key in sorted({key for both in wanted for key in both}):
            if not db.conn.execute("SELECT 1 FROM listings WHERE id = ?", [key]).fetchone():
                raise NotFoundError(f"No listing {key}.")
        for first, other in wanted:
            cursor = db.conn.execute(
                "INSERT INTO listing_apart (first_id, other_id, actor, at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (first_id, other_id) WHERE undone_at IS NULL DO NOTHING",
                [first, other, actor.name, now()],
            )
            if cursor.rowcount:
                new.append((first, other))
        if new:
            record(db, actor, "listings.parted", "listings", detail={"pairs": new})
    return new


def undo_apart(db: Database, actor: Actor, pairs: Iterable[Pair]) -> int:
    """Take back that listings are not the same; returns how many pairs it was said of."""
    wanted = sorted({pair(left, right) for left, right in pairs})
    undone: list[Pair] = []
    with write(db):
        for first, other in wanted:
            cursor = db.conn.execute(
                "UPDATE listing_apart SET undone_at = ? "
                "WHERE first_id = ? AND other_id = ? AND undone_at IS NULL",
                [now(), first, other],
            )
            if cursor.rowcount:
                undone.append((first, other))
        if undone:
            record(db, actor, "listings.joined", "listings", detail={"pairs": undone})
    return len(undone)


def kept_apart(db: Database, listing_id: int) -> set[int]:
    """Listings that were said to differ from one."""
    sql = """
        SELECT other_id FROM listing_apart WHERE first_id = ? AND undone_at IS NULL
        UNION SELECT first_id FROM listing_apart WHERE other_id = ? AND undone_at IS NULL
    """
    return {row[0] for row in db.conn.execute(sql, [listing_id, listing_id])}
