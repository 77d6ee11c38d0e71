"""Data that leaves the desk, and customers' own words that are read: written down, who and why.

Masked texts, people's acts and addresses are taken away only with a reason. What holds neither
(FAQs, saved replies, category trees, figures without people, a table that somebody brought and
takes home with categories in it) goes without one.
"""

from typing import Any

from sqlite_utils import Database

from . import clock, standing
from .audit import Actor, record
from .database import scalar, write
from .errors import InputError


def taken(db: Database, actor: Actor, action: str, reason: str, **detail: Any) -> None:
    """Write down that data is taken away, before it is.

    Args:
        db: the desk's database.
        actor: who takes it.
        action: such as `answers.exported`.
        reason: what it is needed for; kept masked.
        detail: what is taken, without personal data.

    Raises:
        InputError: the reason says nothing.
    """
    masked = standing.masked(db, reason)
    if not masked:
        raise InputError(
            "Say what the data is needed for: --reason WORDS, or the field `reason`. The audit "
            "trail keeps it."
        )
    with write(db):
        record(db, actor, action, "desk", detail={"reason": masked} | detail)


def read(db: Database, actor: Actor, action: str, inquiry_id: int, **detail: Any) -> None:
    """Write down that somebody reads what is personal in an inquiry: once a person and day (UTC).

    Args:
        db: the desk's database.
        actor: who reads.
        action: `originals.read` or `attachment.opened`.
        inquiry_id: whose words; the trail then says whose data they are.
        detail: what more was opened, by number.
    """
    obj, told = f"inquiry:{inquiry_id}", clock.now()[:10]
    sql = """
        SELECT 1 FROM audit WHERE object = ? AND at >= ? AND actor = ? AND action = ?
            AND json_extract(detail, '$.attachment') IS ? LIMIT 1
    """
    known = [obj, told, actor.name, action, detail.get("attachment")]
    if scalar(db, sql, known) is None:
        with write(db):
            record(db, actor, action, obj, detail=detail)
