"""New listings: judged by the policies in force, then watched for those who come back."""

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlite_utils import Database

from listings.moderation.judging import JudgingReport, Progress, follow, judge_waiting
from listings.similar.vectors import changed_after
from listings.similar.watch import watched_up_to
from support.audit import Actor
from support.errors import ConflictError
from support.workspace import Workspace

from . import jobs
from .similar_follow import SimilarFollower
from .watching import Watched, watch

AT_ONCE: Final = 50  # listings that are watched while a program waits; more are a job


@dataclass(frozen=True, slots=True)
class Moderated:
    """What a run did."""

    judged: JudgingReport
    watched: Watched
    trouble: str  # why no model judged, in a sentence; "" where one did

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


def moderate_new(
    workspace: Workspace,
    db: Database,
    *,
    everything: bool = False,
    progress: Progress = lambda done, total, message: None,
) -> Moderated:
    """Judge and watch what is new; killed, the next run goes on where this one was.

    Args:
        workspace: the desk.
        db: its database.
        everything: judge what was there before a policy was put in force, too.
        progress: told listings done, all of them and what is done; may raise.

    Raises:
        SettingError: the workspace's rule file is wrong.
        ModelError: a model of similar listings is damaged.
    """
    moderator = follow(workspace).held()
    judged = judge_waiting(
        workspace, db, moderator=moderator, everything=everything, progress=progress
    )
    return Moderated(judged, watch(workspace, db, progress=progress), moderator.trouble)


def watch_at_once(
    workspace: Workspace, db: Database, actor: Actor, similar: SimilarFollower
) -> dict[str, int]:
    """Watch what is new while somebody waits; a job where it is much.

    Returns:
        New alerts by kind.
    """
    found = similar.desk()
    # What any search has read is in the index and may still wait to be watched.
    _, changed = changed_after(db, min(found.similar.seq, watched_up_to(db)))
    if len(changed) > AT_ONCE:
        watch_soon(workspace, db, actor)
        return {}
    return watch(workspace, db, desk=found).alerts


def watch_soon(workspace: Workspace, db: Database, actor: Actor) -> None:
    """Watch in the background, such as for older reposts of somebody who is suspended just now."""
    with suppress(ConflictError):  # one waits or runs already
        jobs.enqueue(workspace, db, actor, "watch", {}, alone=True)
