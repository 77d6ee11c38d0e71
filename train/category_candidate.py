"""A category model from the desk's labelled listings: judged, stored, put in force unless worse.

With the recipe that is in force already there is nothing to compare: newer labels alone make no
candidate. With another one both learn from the same listings and are judged on the same held-out
fifth.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

from listings.categorise import KIND
from listings.labels import default_tree, labelled
from support import releases, settings
from support.audit import Actor
from support.errors import ConflictError, NotFoundError
from support.releases import Expected, Release
from support.shelf import described
from support.standing import INSISTED
from support.workspace import Workspace

from .category import CategoryReport, fit_category
from .category_voices import CategoryConfig
from .progress import Progress, silent

Judging = Literal["judged", "unjudged", "always"]


@dataclass(frozen=True, slots=True)
class CategoryOutcome:
    """What a training made, and what became of it."""

    report: CategoryReport
    release: Release
    published: bool
    message: str  # what happened, in sentences


def live_config(workspace: Workspace, db: Database) -> CategoryConfig | None:
    """The recipe of the category model in force; None where there is none, or it cannot be read."""
    release = releases.in_force(workspace.models, line=KIND)
    if release is None:
        return None
    try:
        recipe = described(workspace, db, release.name, line=KIND).recipe
    except NotFoundError:
        return None
    try:
        return CategoryConfig.from_dict(recipe) if recipe else None
    except (TypeError, ValueError):
        return None


def train_category(
    workspace: Workspace,
    db: Database,
    *,
    actor: Actor,
    tree: str | None = None,
    config: CategoryConfig | None = None,
    judging: Judging = "judged",
    progress: Progress = silent,
) -> CategoryOutcome:
    """Learn from the desk's labelled listings, and put the model in force unless it is worse.

    Args:
        workspace: where models and pictures are.
        db: its database.
        actor: who trains.
        tree: whose labels; None: the tree that most listings have one of.
        config: settings; None: those of the model in force, or the defaults.
        judging: `judged`; `unjudged`: publish without; `always`: judge, and publish all the same.
        progress: told done, total and a message; may raise, which publishes nothing.

    Raises:
        NotFoundError: no listing has a category.
        TooFewLabelsError: fewer than two categories have enough listings.
    """
    start = releases.in_force(workspace.models, line=KIND)
    live = live_config(workspace, db)
    config = config or live or CategoryConfig()
    tree = tree or default_tree(db)
    progress(0, 1000, "reading listings")
    rows = list(labelled(db, workspace.home / "images", tree=tree))
    version = releases.new_version()
    beside = live if judging != "unjudged" and live != config else None
    report = fit_category(
        [row.listing for row in rows],
        [row.path for row in rows],
        groups=[row.group for row in rows],
        ids=[row.id for row in rows],
        folder=workspace.models / KIND / version,
        config=config,
        beside=beside,
        margin=settings.load(db).judged_margin,
        checkpoints=workspace.home / "checkpoints",
        about={"tree": tree, "sources": dict(Counter(row.source for row in rows))},
        progress=progress,
    )
    judgement = report.judgement
    release = releases.store(
        workspace, db, {KIND: version},
        actor=actor,
        judgement=judgement.as_dict() if judgement else None,
        recipe=config.as_dict(),
        line=KIND,
    )  # fmt: skip
    said = judgement.why if judgement else ""
    if judging == "judged" and judgement is not None and judgement.worse and start is not None:
        message = (
            f"{said} {start.name} stays in force. This one is kept as {release.name}; to put it in "
            f"force all the same: faqdesk models publish {release.name} --line {KIND} --force "
            f'--reason "..."'
        )
        return CategoryOutcome(report, release, False, message)
    expected = Expected.ANY if judging == "always" else start
    try:
        releases.put_in_force(
            workspace, db, release.name,
            actor=actor, expected=expected, line=KIND, force=judging == "always",
            reason=INSISTED if judging == "always" else "",
        )  # fmt: skip
    except ConflictError as error:
        return CategoryOutcome(report, release, False, f"{said} {error}".strip())
    return CategoryOutcome(report, release, True, f"{said} Model {version} is in force.".strip())
