"""Putting an inquiry away until a moment, and when it comes back.

Nobody has to wake it: a snoozed inquiry is one whose moment has not come. A new message of the
customer wakes it at once.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlite_utils import Database

from .audit import Actor, record
from .clock import from_iso, iso, now
from .database import one, write
from .errors import ConflictError, InputError, NotFoundError

MOST_DAYS: Final = 90


def snooze(db: Database, actor: Actor, inquiry_id: int, until: str) -> None:
    """Hide an open inquiry from the inbox until a moment; whoever holds it keeps it.

    Args:
        db: the desk's database.
        actor: who puts it away.
        inquiry_id: an open inquiry.
        until: ISO moment in UTC, in the next `MOST_DAYS` days.

    Raises:
        InputError: the moment cannot be read, is past or too far.
        NotFoundError: there is no such inquiry.
        ConflictError: it is not open.
    """
    try:
        moment = from_iso(until)
    except ValueError as error:
        raise InputError(f"Cannot read {until!r}; write it as 2026-11-03T08:15:00Z.") from error
    present = datetime.now(UTC)
    if not present < moment <= present + timedelta(days=MOST_DAYS):
        raise InputError(f"Snooze to a moment in the next {MOST_DAYS} days, not to {until}.")
    with write(db):
        _set(db, inquiry_id, iso(moment))
        detail = {"until": iso(moment)}
        record(db, actor, "inquiry.snoozed", f"inquiry:{inquiry_id}", detail=detail)


def wake(db: Database, actor: Actor, inquiry_id: int) -> None:
    """Bring an inquiry back at once.

    Raises:
        NotFoundError: there is no such inquiry.
        ConflictError: it is not open.
    """
    with write(db):
        _set(db, inquiry_id, None)
        record(db, actor, "inquiry.woken", f"inquiry:{inquiry_id}")


def choices(present: datetime) -> dict[str, str]:
    """What a menu may offer at a reader's present: in 3 hours, tomorrow and Monday at nine.

    Args:
        present: with the reader's time zone.

    Returns:
        ISO moments in UTC under `hours`, `tomorrow` and `monday`.
    """
    morning = present.replace(hour=9, minute=0, second=0, microsecond=0)
    monday = 7 - present.weekday()  # never today
    return {
        "hours": iso(present + timedelta(hours=3)),
        "tomorrow": iso(morning + timedelta(days=1)),
        "monday": iso(morning + timedelta(days=monday)),
    }


def of(db: Database, inquiry_id: int) -> str | None:
    """Until when an inquiry is put away; None where it is not."""
    row = one(db, "SELECT snoozed_until FROM inquiries WHERE id = ?", [inquiry_id])
    until = row["snoozed_until"] if row else None
    return until if is_snoozed(until) else None


def is_snoozed(until: str | None) -> bool:
    """Whether a moment written in `snoozed_until` has still to come."""
    return until is not None and until > now()


def _set(db: Database, inquiry_id: int, until: str | None) -> None:
    row = db.conn.execute("SELECT status FROM inquiries WHERE id = ?", [inquiry_id]).fetchone()
    if row is None:
        raise NotFoundError(f"No inquiry {inquiry_id}.")
    if row[0] != "open":
        raise ConflictError(f"Inquiry {inquiry_id} is {row[0]} already; only open ones can wait.")
    db.execute("UPDATE inquiries SET snoozed_until = ? WHERE id = ?", [until, inquiry_id])
