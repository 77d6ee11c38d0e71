"""The machine's clock went back: what was written for later must not wait until it is that late.

Acts keep their order by number, so nothing is out of order; but a claim, a next try or a failed
sign-in that carry a moment from before the step would count for as long as the step was.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlite_utils import Database

from .clock import ago, from_iso
from .database import scalar, write
from .delivery import LEASE, LONGEST_WAIT
from .holding import HOLD_MINUTES

SLACK_MINUTES: Final = 5  # a clock that is set a little is no step


def behind(db: Database) -> timedelta:
    """By how much the clock is behind the newest act that the desk has seen; zero where it is not.

    A few minutes count as none.
    """
    newest = scalar(db, "SELECT at FROM audit ORDER BY id DESC LIMIT 1")
    if not newest:
        return timedelta()
    ahead = from_iso(newest) - datetime.now(UTC)
    return ahead if ahead > timedelta(minutes=SLACK_MINUTES) else timedelta()


def mend(db: Database) -> int:
    """Take back what lies further ahead than anything is ever written; returns how much it was.

    A try under way keeps its lease for as long again as one lasts: nothing is sent twice.
    """
    steps = (
        ("UPDATE inquiries SET held_by = NULL, held_until = NULL WHERE held_until > ?",
         ago(minutes=-2 * HOLD_MINUTES)),
        ("UPDATE outbox SET next_at = NULL WHERE state = 'queued' AND next_at > ?",
         ago(seconds=-2 * LONGEST_WAIT)),
        ("UPDATE outbox SET leased_until = ? WHERE state = 'queued' AND leased_until > ?",
         ago(seconds=-2 * LEASE)),
        ("DELETE FROM sign_in_attempts WHERE at > ?", ago(minutes=-SLACK_MINUTES)),
    )  # fmt: skip
    until = ago(seconds=-LEASE)
    with write(db):
        return sum(
            db.execute(sql, [until, edge] if sql.count("?") == 2 else [edge]).rowcount
            for sql, edge in steps
        )
