"""Training by itself: every so many days, at an hour at which nobody works, when there is news.

The worker looks from time to time whether it is due. A training that was started by hand counts as
one; without a single new label there is nothing to learn, and the desk waits another day.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from support import settings
from support.audit import SYSTEM, Actor
from support.clock import from_iso, iso
from support.database import one, scalar
from support.errors import ConflictError
from support.workspace import Workspace

from . import jobs


@dataclass(frozen=True, slots=True)
class Plan:
    """When the next training begins; None: never by itself.

    `fresh` are the inquiries whose FAQ was learned since the last one.
    """

    at: datetime | None
    fresh: int


def plan(db: Database, present: datetime) -> Plan:
    """What is planned.

    Args:
        db: the desk's database.
        present: now, in the zone whose hours the setting means.
    """
    rules = settings.load(db)
    last = one(
        db,
        "SELECT created_at FROM jobs WHERE kind = 'train' AND state <> 'cancelled' "
        "ORDER BY created_at DESC, id DESC LIMIT 1",
    )
    made = scalar(db, "SELECT max(created_at) FROM releases WHERE line = 'desk'")
    moments = [moment for moment in (last and last["created_at"], made) if moment]
    # What lies in the future is of before the clock went back: it is no reason to wait for it.
    newest = max((moment for moment in moments if moment <= iso(present)), default="")
    sql = "SELECT count(DISTINCT inquiry_id) FROM labels WHERE at > ?"
    fresh = int(scalar(db, sql, [newest]))
    if not rules.train_every_days:
        return Plan(None, fresh)
    if not newest and moments:
        return Plan(present.replace(minute=0, second=0, microsecond=0), fresh)
    at = present.replace(hour=rules.train_hour, minute=0, second=0, microsecond=0)
    if newest:
        day = from_iso(newest).astimezone(present.tzinfo).date()
        at = at.replace(year=day.year, month=day.month, day=day.day)
        at += timedelta(days=rules.train_every_days)
    return Plan(at, fresh)


def queue_due(workspace: Workspace, db: Database, present: datetime) -> int | None:
    """Queue a training that is due; returns its job's id, None where none is.

    Args:
        workspace: the desk.
        db: its database.
        present: now, in the zone whose hours the setting means.
    """
    planned = plan(db, present)
    if planned.at is None or present < planned.at or not planned.fresh:
        return None
    try:
        why = {"scheduled": iso(planned.at)}
        return jobs.enqueue(workspace, db, Actor(SYSTEM), "train", why, alone=True)
    except ConflictError:  # somebody was faster
        return None
