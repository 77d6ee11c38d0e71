"""What people decide on rows of the review queue.

A person accepts one of the guesses, names another category, or skips. Each decision becomes a hand
label, which the next training reads, and is undone exactly: label and decision stand no longer, and
the row is open again. Two people who decide on the same row tell how far people agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import now
from support.database import Row, insert, one, scalar, write
from support.errors import ConflictError, InputError

from .categories import holds
from .labels import add_hand_label, undo_label
from .review import ReviewItem, get


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back at once."""

    items: tuple[int, ...]
    decisions: int


def decide(
    db: Database,
    actor: Actor,
    agent_id: int,
    item_id: int,
    *,
    path: str = "",
    rank: int | None = None,
    together: str = "",
) -> int:
    """Store a person's decision on a row, and the label that it is.

    Args:
        db: the desk's database.
        actor: who acts.
        agent_id: the same person, as an id.
        item_id: the row.
        path: the category; "" with no rank: skipped.
        rank: the guess that is accepted instead, 1 is the first.
        together: equal for decisions made at once, which are undone at once.

    Returns:
        The decision's id.

    Raises:
        NotFoundError: there is no such row.
        InputError: there is no such guess or category.
        ConflictError: this person has decided on it, or it was dropped.
    """
    with write(db):
        item = get(db, item_id)
        if item.state == "dropped":
            raise ConflictError("This row was taken out of the queue.")
        if decided(db, item_id, agent_id):
            raise ConflictError("You have decided on this row already. Undo it to decide anew.")
        path, rank = _chosen(db, item, path, rank)
        decision = "skip" if not path else "accept" if rank else "other"
        row = {
            "item_id": item_id,
            "agent_id": agent_id,
            "decision": decision,
            "rank": rank,
            "path": path,
            "together": together,
            "at": now(),
        }
        decision_id = insert(db, "review_decisions", row)
        if path:
            add_hand_label(
                db, actor, item.listing_id, path,
                tree=item.tree, agent_id=agent_id, decision_id=decision_id,
            )  # fmt: skip
        _settle(db, item)
    return decision_id


def decided(db: Database, item_id: int, agent_id: int) -> bool:
    """Whether a person's decision on a row stands."""
    sql = "SELECT 1 FROM review_decisions WHERE item_id = ? AND agent_id = ? AND undone_at IS NULL"
    return scalar(db, sql, [item_id, agent_id]) is not None


def accept_first(
    db: Database, actor: Actor, agent_id: int, item_ids: Sequence[int], *, together: str
) -> int:
    """Accept the first guess of many rows at once; one undo takes all of them back.

    Rows that somebody else settled meanwhile, or that this person has decided on, are passed over.

    Returns:
        How many were accepted.
    """
    count = 0
    with write(db):
        for item_id in dict.fromkeys(item_ids):
            item = get(db, item_id)
            if item.state == "open" and item.guesses and not decided(db, item_id, agent_id):
                decide(db, actor, agent_id, item_id, rank=1, together=together)
                count += 1
    return count


def undo(db: Database, actor: Actor, agent_id: int) -> Undone | None:
    """Take a person's last decision back, or the last ones that were made at once.

    Returns:
        What was taken back; None where nothing stands.
    """
    with write(db):
        last = one(
            db,
            "SELECT * FROM review_decisions WHERE agent_id = ? AND undone_at IS NULL "
            "ORDER BY id DESC LIMIT 1",
            [agent_id],
        )
        if last is None:
            return None
        rows = [last]
        if last["together"]:
            sql = (
                "SELECT * FROM review_decisions WHERE together = ? AND agent_id = ? "
                "AND undone_at IS NULL ORDER BY id"
            )
            rows = list(db.query(sql, [last["together"], agent_id]))
        for row in rows:
            _take_back(db, actor, row)
    return Undone(tuple(row["item_id"] for row in rows), len(rows))


def drop(db: Database, actor: Actor, batch_id: int) -> int:
    """Take a batch's open rows out of the queue; decisions stay. Returns how many there were."""
    with write(db):
        cursor = db.execute(
            "UPDATE review_items SET state = 'dropped' WHERE batch_id = ? AND state = 'open'",
            [batch_id],
        )
        record(db, actor, "review.dropped", f"batch:{batch_id}", detail={"rows": cursor.rowcount})
    return int(cursor.rowcount)


def _chosen(db: Database, item: ReviewItem, path: str, rank: int | None) -> tuple[str, int | None]:
    """Path and rank of what was chosen: of a guess both, of another category the path alone."""
    paths = [guess.path for guess in item.guesses]
    if rank is not None:
        if not 1 <= rank <= len(paths):
            raise InputError(f"This row has {len(paths)} guesses; there is no number {rank}.")
        return paths[rank - 1], rank
    if path in paths:
        return path, paths.index(path) + 1
    if path and not holds(db, item.tree, path):
        raise InputError(f"The tree {item.tree!r} has no category {path!r}. Choose one of its own.")
    return path, None


def _settle(db: Database, item: ReviewItem) -> None:
    """Bring a row's state to what its standing decisions make it."""
    if item.state == "dropped":
        return
    sql = (
        "SELECT count(*) FROM review_decisions "
        "WHERE item_id = ? AND undone_at IS NULL AND decision <> 'skip'"
    )
    state = "decided" if scalar(db, sql, [item.id]) >= item.wanted else "open"
    db.execute(
        "UPDATE review_items SET state = ?, claimed_by = NULL, claimed_at = NULL WHERE id = ?",
        [state, item.id],
    )


def _take_back(db: Database, actor: Actor, row: Row) -> None:
    db.table("review_decisions").update(row["id"], {"undone_at": now()})
    sql = "SELECT id FROM listing_labels WHERE decision_id = ? AND undone_at IS NULL"
    for (label_id,) in db.conn.execute(sql, (row["id"],)).fetchall():
        undo_label(db, actor, label_id)
    _settle(db, get(db, row["item_id"]))
