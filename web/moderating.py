"""New listings: judged by the policies in force, then watched for those who come back."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils import Database

from listings.moderation.judging import JudgingReport, Progress, follow, judge_waiting
from support.workspace import Workspace

from .watching import Watched, watch


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
