"""A training makes a candidate release: judged beside what is in force, then published or kept.

The way of a candidate: (1) its recipe is judged (`judge.py`), (2) fitted on everything, with the
settings chosen in (1), (3) stored with its judgement, (4) put in force, unless it is worse or
another release came into force meanwhile.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlite_utils import Database

from support import embeddings, settings
from support.artifact import read_artifact
from support.audit import Actor
from support.encoder import SentenceEncoder
from support.errors import (
    ConflictError,
    InputError,
    ModelError,
    ModelMissingError,
    TooFewLabelsError,
)
from support.releases import Expected, Release, in_force, new_version, newest, put_in_force, store
from support.scratch import scratch
from support.shard_runs import Spread
from support.standing import INSISTED
from support.workspace import Workspace

from .as_of import AsOf
from .desk_encoder import imported_encoder, learned_here
from .encoder import import_encoder
from .faq_config import FaqConfig
from .faq_report import FaqReport
from .index import build_index
from .judge import judge
from .judgement import Judgement
from .progress import Progress, silent
from .recipe import LEARNED, NO_ENCODER, Recipe, live_recipe
from .replay import keep_judged

Judging = Literal["judged", "unjudged", "always"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a training made, and what became of it."""

    release: Release
    published: bool
    message: str  # what happened, in sentences
    judgement: Judgement | None
    report: FaqReport | None  # of the classifier; None: too few labels


def train_candidate(
    workspace: Workspace,
    db: Database,
    *,
    actor: Actor,
    config: FaqConfig | None = None,
    model: str | None = None,
    live_again: bool = False,
    keep_encoder: bool = False,
    judging: Judging = "judged",
    progress: Progress = silent,
) -> Outcome:
    """Make encoder, index and classifier, judge them, and publish them unless they are worse.

    With too few labels for a classifier the rest is published, where no classifier is in force:
    similar past answers need none.

    Args:
        workspace: the desk.
        db: its database.
        actor: who trains.
        config: settings of the classifier.
        model: a sentence-transformers model to use instead of learning an encoder; one that is in
            force already stays.
        live_again: take the recipe in force once more, with all its choices, and fit it on
            everything that is known by now.
        keep_encoder: train the classifier alone, beside the newest encoder.
        judging: `judged`; `unjudged`: publish without, unless another release came into force
            meanwhile; `always`: judge, and publish whatever comes of it.
        progress: told done, total and a message; may raise, which publishes nothing.

    Raises:
        TooFewLabelsError: there is hardly any text at all, or, with `keep_encoder`, too few labels.
        InputError: there is no recipe in force to take again.
    """
    start = in_force(workspace.models)
    live = live_recipe(workspace, db, start) if start else None
    if live_again:
        if live is None:
            raise InputError("No classifier is in force whose recipe could be taken again.")
        recipe, version = live, None if live.encoder in (LEARNED, NO_ENCODER) else live.encoder
    else:
        source, version = _encoder(workspace, model, keep_encoder, progress)
        recipe = Recipe(config or FaqConfig(), source)
    judged, narrowed = None, recipe
    if judging != "unjudged" and live is not None:
        rules = settings.load(db)
        judged = judge(
            workspace, db, recipe, live,
            weeks=rules.judged_weeks, margin=rules.judged_margin, progress=progress,
        )  # fmt: skip
        if judged.report is not None:
            narrowed = recipe.narrowed(judged.report.settings)
    report, reason = None, ""
    with scratch("train") as place:
        # One moment for both: what is answered meanwhile would move the part that is held out, and
        # the encoder would have read some of it.
        today = AsOf(workspace, db, place)
        if recipe.encoder == LEARNED and version is None:
            version = write_encoder(workspace, today, progress)
        parts, encoder = _with_index(workspace, db, version, keep_encoder, progress)
        try:
            parts["faq"], report = _write_faq(workspace, today, narrowed, version, progress)
        except TooFewLabelsError as error:
            if keep_encoder:
                raise
            reason = str(error)
            progress(1, 1, f"no classifier yet: {error}")
    if encoder is not None:
        embeddings.encode_missing(db, encoder, progress=progress)
    judgement = judged.judgement if judged else None
    release = store(
        workspace, db, parts,
        actor=actor,
        judgement=judgement.as_dict() if judgement else None,
        recipe=recipe.as_dict(report.settings if report else {}),
        no_classifier=reason,
    )  # fmt: skip
    if judged is not None and start is not None:
        keep_judged(db, actor, judged, release=release.name, against=start.name)
    published, message = _decide(workspace, db, release, start, judgement, judging, actor)
    if encoder is not None:  # what was answered while the training ran
        embeddings.encode_missing(db, encoder, progress=silent)
    return Outcome(release, published, message, judgement, report)


def write_index(
    workspace: Workspace,
    db: Database,
    encoder: SentenceEncoder,
    progress: Progress,
    *,
    spread: Spread | None = None,
) -> str:
    """Build an index of every past inquiry: its version."""
    version = new_version()
    folder = workspace.models / "index" / version
    build_index(db, encoder, folder=folder, spread=spread, progress=progress)
    return version


def write_encoder(workspace: Workspace, source: AsOf | str, progress: Progress) -> str:
    """Learn an encoder from a desk's texts, or take one by name or folder: its version."""
    version = new_version()
    folder = workspace.models / "encoder" / version
    if isinstance(source, str):
        import_encoder(source, folder)
    else:
        source.learn_encoder(folder, progress=progress)
    return version


def _encoder(
    workspace: Workspace, model: str | None, keep_encoder: bool, progress: Progress
) -> tuple[str, str | None]:
    """Where the encoder of a new recipe comes from, and its version where it is there already."""
    version = imported_encoder(workspace)
    if model:
        version = write_encoder(workspace, model, progress)
    elif keep_encoder:
        try:
            version = newest(workspace.models, "encoder")
        except ModelMissingError:
            return NO_ENCODER, None
        if learned_here(workspace.models / "encoder" / version):
            return LEARNED, version
    return version or LEARNED, version


def _with_index(
    workspace: Workspace, db: Database, version: str | None, keep: bool, progress: Progress
) -> tuple[dict[str, str], SentenceEncoder | None]:
    """The parts so far: an encoder and its index; the one in force where it may be kept."""
    if version is None:
        return {}, None
    encoder = SentenceEncoder.load(workspace.models / "encoder" / version)
    release = in_force(workspace.models)
    index = release.parts.get("index") if release else None
    fits = release is not None and release.parts.get("encoder") == version
    if not (keep and fits and index and _readable(workspace.models / "index" / index)):
        index = write_index(workspace, db, encoder, progress)
    return {"encoder": version, "index": index}, encoder


def _readable(folder: Path) -> bool:
    """Whether an index is whole and of today's format."""
    try:
        read_artifact(folder, "index", verify=False)
    except ModelError:
        return False
    return True


def _write_faq(
    workspace: Workspace, today: AsOf, recipe: Recipe, encoder: str | None, progress: Progress
) -> tuple[str, FaqReport]:
    """Fit the classifier on everything that is known: its version, and what the run found."""
    version = new_version()
    if encoder:
        today.use_encoder(recipe, workspace.models / "encoder" / encoder)
    return version, today.fit(recipe, workspace.models / "faq" / version, progress=progress)


def _decide(
    workspace: Workspace,
    db: Database,
    release: Release,
    start: Release | None,
    judgement: Judgement | None,
    judging: Judging,
    actor: Actor,
) -> tuple[bool, str]:
    """Put the candidate in force, or say why it is not."""
    said = [judgement.why] if judgement else []
    stays = (
        f"It is kept as {release.name}; to put it in force all the same: "
        f'faqdesk models publish {release.name} --force --reason "..."'
    )
    if judging != "always" and start is not None:
        if judgement is not None and judgement.worse:
            again = "To fit the recipe in force on newer history: faqdesk train --recipe live"
            return False, " ".join([*said, f"{start.name} stays in force.", stays + ".", again])
        if "faq" in start.parts and "faq" not in release.parts:
            lost = f"The candidate has no classifier: {release.no_classifier}"
            return False, " ".join([*said, lost, f"{start.name} stays in force.", stays])
    expected = Expected.ANY if judging == "always" else start
    try:
        put_in_force(
            workspace, db, release.name,
            actor=actor, expected=expected, force=judging == "always",
            reason=INSISTED if judging == "always" else "",
        )  # fmt: skip
    except ConflictError as error:
        return False, " ".join([*said, str(error)])
    missing = " It has no classifier yet: too few labels." if release.no_classifier else ""
    return True, " ".join([*said, f"Release {release.name} is in force.{missing}"])
