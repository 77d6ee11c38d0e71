"""What each kind of job does: training, indexing, forgetting what is due."""

from contextlib import suppress
from typing import Any

from sqlite_utils import Database

from support import settings
from support.answering import forget_originals
from support.audit import Actor
from support.errors import JobCancelledError
from support.workspace import Workspace

from .jobs import Progress, Work


def train(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Train encoder, index and classifier; publish them unless they are worse."""
    from train.candidate import train_candidate

    outcome = train_candidate(workspace, db, actor=actor, progress=progress)
    with suppress(JobCancelledError):  # too late: it is done
        progress(1, 1, outcome.message)
    return {
        "release": outcome.release.name,
        "published": outcome.published,
        "message": outcome.message,
    }


def index(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Encode what is not encoded yet and write a new snapshot."""
    from train.desk import rebuild_index

    release = rebuild_index(workspace, db, actor=actor, progress=progress)
    return {"release": release.name}


def forget(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Drop the original words of inquiries that have been closed long enough."""
    return {"forgotten": forget_originals(db, days=settings.load(db).originals_days)}


WORKS: dict[str, Work] = {"train": train, "index": index, "forget": forget}
