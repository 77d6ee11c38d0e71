"""What the desk does by itself when a training has ended, and when its links are due.

A release with a new classifier sees the history anew: gaps, FAQs used for one another, saved
replies and newcomers on the map are looked for once for each, as far as there is anything to look
at. The queue does them one after another.
"""

from collections.abc import Callable
from typing import Final

from sqlite_utils import Database

from support import link_check
from support.audit import SYSTEM, Actor
from support.clock import ago
from support.database import scalar
from support.errors import ConflictError
from support.recommender import ENOUGH
from support.release import in_force
from support.workspace import Workspace

from . import jobs

_BARE: Final = """
    SELECT count(*) FROM (SELECT 1 FROM inquiries WHERE answer_id IS NOT NULL AND NOT EXISTS
        (SELECT 1 FROM labels WHERE labels.inquiry_id = inquiries.id) LIMIT :enough)
"""
_LINKED: Final = "SELECT count(*) FROM (SELECT DISTINCT inquiry_id FROM labels LIMIT :enough)"


def _many(sql: str) -> Callable[[Database], bool]:
    return lambda db: int(scalar(db, sql, {"enough": ENOUGH})) >= ENOUGH


def _any(sql: str) -> Callable[[Database], bool]:
    return lambda db: bool(scalar(db, sql))


# Kind of job, and whether the desk holds enough for it.
AFTER_TRAINING: Final[dict[str, Callable[[Database], bool]]] = {
    "gaps": _many(_BARE),
    "pairs": _many(_LINKED),
    "replies": _any("SELECT EXISTS (SELECT 1 FROM saved_replies WHERE active = 1)"),
    "map": _any("SELECT EXISTS (SELECT 1 FROM maps)"),  # one that nobody drew is not begun
}


def queue(workspace: Workspace, db: Database) -> list[str]:
    """Queue what follows the newest training, and a round of the links where one is due.

    Returns:
        The kinds of the jobs that were queued.
    """
    queued = []
    release = in_force(workspace.models)
    made = release.parts.get("faq") if release and "encoder" in release.parts else None
    for kind, enough in AFTER_TRAINING.items() if made else ():
        if not _followed(db, kind, str(made)) and enough(db):
            queued += _enqueue(workspace, db, kind, {"after": made})
    if link_check.due(db) and not _asked_lately(db):
        queued += _enqueue(workspace, db, "links", {})
    return queued


def _followed(db: Database, kind: str, made: str) -> bool:
    """Whether such a job was begun after this training, whatever became of it."""
    sql = """
        SELECT EXISTS (SELECT 1 FROM jobs
        WHERE kind = ? AND json_extract(arguments, '$.after') = ?)
    """
    return bool(scalar(db, sql, [kind, made]))


def _asked_lately(db: Database) -> bool:
    """Whether a round was begun within a day: one that failed is not tried again at once."""
    sql = "SELECT EXISTS (SELECT 1 FROM jobs WHERE kind = 'links' AND created_at > ?)"
    return bool(scalar(db, sql, [ago(days=1)]))


def _enqueue(
    workspace: Workspace, db: Database, kind: str, arguments: dict[str, object]
) -> list[str]:
    try:
        jobs.enqueue(workspace, db, Actor(SYSTEM), kind, arguments, alone=True)
    except ConflictError:  # somebody was faster; it counts once that one has ended
        return []
    return [kind]
