"""Taking one's last act back, whichever it was: a decision, many made at once, or an upholding."""

from typing import Final

from sqlite_utils import Database

from support.audit import Actor
from support.database import one, scalar, write

from .appeals import get, reopen
from .decisions import Undone, undo_last

_DECIDED: Final = """
    SELECT c.listing_id FROM moderation_decisions d JOIN moderation_cases c ON c.id = d.case_id
    WHERE d.agent_id = ? AND d.undone_at IS NULL ORDER BY d.id DESC LIMIT 1
"""
_UPHELD: Final = """
    SELECT a.id, c.listing_id FROM appeals a
    JOIN moderation_decisions d ON d.id = a.decision_id JOIN moderation_cases c ON c.id = d.case_id
    WHERE a.settled_by = ? AND a.state = 'upheld' ORDER BY a.settled_at DESC, a.id DESC LIMIT 1
"""


def take_back(db: Database, actor: Actor, agent_id: int) -> Undone | None:
    """Take back what a person did last: of decisions made at once all, of an upholding itself.

    Returns:
        What was taken back; None where nothing of theirs stands.

    Raises:
        ConflictError: something later stands on it.
    """
    with write(db):
        upheld = one(db, _UPHELD, [agent_id])
        decided = scalar(db, _DECIDED, [agent_id])
        if upheld is None or (
            decided is not None
            # Moments are whole seconds; the audit trail knows which came later.
            and _when(db, actor, "moderation.decided", decided)
            > _when(db, actor, "appeal.upheld", upheld["listing_id"])
        ):
            return undo_last(db, actor, agent_id)
        reopen(db, actor, upheld["id"])
        return Undone((get(db, upheld["id"]).case_id,), ())


def stands(db: Database, agent_id: int) -> bool:
    """Whether a person has anything to take back."""
    return any(scalar(db, sql, [agent_id]) is not None for sql in (_DECIDED, _UPHELD))


def _when(db: Database, actor: Actor, action: str, listing_id: int) -> int:
    """The row of the audit trail in which this person last did something to a listing."""
    sql = "SELECT max(id) FROM audit WHERE object = ? AND action = ? AND actor = ?"
    return int(scalar(db, sql, [f"listing:{listing_id}", action, actor.name]) or 0)
