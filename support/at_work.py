"""Whether this desk is the one at work, or one that was brought back and nobody has looked at yet.

A desk that was restored holds what it would send: it may be a trial, and its answers may have gone
out since from the desk that the backup was made of.
"""

from typing import Final

from sqlite_utils import Database

from .audit import Actor, record
from .clock import now
from .database import scalar, write

AT_WORK: Final = "NOT EXISTS (SELECT 1 FROM restores WHERE confirmed_at IS NULL)"


def held(db: Database) -> bool:
    """Whether the desk was restored, and nobody has said yet that it is the one at work."""
    return not scalar(db, f"SELECT {AT_WORK}")


def confirm(db: Database, actor: Actor) -> bool:
    """Say that this desk is the one at work: answers go out. False where nobody needed to."""
    with write(db):
        sql = "UPDATE restores SET confirmed_at = ?, confirmed_by = ? WHERE confirmed_at IS NULL"
        if not db.execute(sql, [now(), actor.name]).rowcount:
            return False
        record(db, actor, "desk.confirmed", "desk")
    return True
