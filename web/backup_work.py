"""The job that backs the desk up, and when the desk asks for it by itself: once a day."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from support import at_work, backup, backups, settings
from support.audit import SYSTEM, Actor
from support.clock import from_iso, iso
from support.database import scalar
from support.errors import ConflictError
from support.workspace import Workspace

from . import jobs
from .job_run import Progress, Work

KIND: Final = "backup"
AGAIN_HOURS: Final = 1  # after one that failed


def back_up(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Make a backup where the settings say."""
    rules = settings.load(db)
    made = backup.make(
        workspace,
        actor=actor,
        to=Path(rules.backup_folder) if rules.backup_folder else None,
        keep=rules.backup_keep,
        progress=progress,
    )
    return {"file": made.path.name, "bytes": made.size, "troubles": list(made.manifest.troubles)}


def queue_due(workspace: Workspace, db: Database, present: datetime) -> int | None:
    """Queue a backup that is due; returns its job's id, None where none is.

    A desk that was restored makes none by itself until somebody says that it is the one at work:
    the folder may be that of the desk that is.

    Args:
        workspace: the desk.
        db: its database.
        present: now, in the zone whose hours the setting means.
    """
    rules = settings.load(db)
    if not rules.backup_folder or at_work.held(db):
        return None
    today = present.replace(hour=rules.backup_hour, minute=0, second=0, microsecond=0)
    due = today if present >= today else today - timedelta(days=1)
    good = backups.last(db)
    sql = "SELECT max(created_at) FROM jobs WHERE kind = ?"
    tried = scalar(db, sql, [KIND])
    # What lies in the future is of before the clock went back: it says nothing about today.
    if good and due <= from_iso(good.at) <= present:
        return None
    if tried and present - timedelta(hours=AGAIN_HOURS) <= from_iso(tried) <= present:
        return None
    try:
        why = {"scheduled": iso(due)}
        return jobs.enqueue(workspace, db, Actor(SYSTEM), KIND, why, alone=True)
    except ConflictError:  # one waits or runs
        return None


BACKUP_WORKS: Final[dict[str, Work]] = {KIND: back_up}
