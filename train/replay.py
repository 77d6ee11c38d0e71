"""Replays a stored release beside the one in force on recent inquiries that were answered.

Where enough was asked since both were made, the models themselves are asked: neither has learned
from it. Else, where their recipes differ, both are fitted again on what was known some weeks ago
and asked what came after. Where the recipes are the same, only newer history tells the two apart:
then the models are asked what they have learned from, which shows what would change and proves
nothing.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from support import faqs, replays, settings, shelf
from support.artifact import read_artifact
from support.audit import Actor
from support.encoder import SentenceEncoder
from support.errors import InputError, ModelMissingError
from support.faq import FaqClassifier
from support.hybrid import mix_for
from support.release import Release, in_force
from support.replays import Pair, Replay, Way
from support.workspace import Workspace

from .asking import ask
from .compare import Answers, compare, pairs, verdict
from .examples import Example, usable
from .history import examples
from .judge import MIN_JUDGED, Judged, cut_off, judge, seen
from .judgement import Group
from .progress import Progress, silent
from .recipe import Recipe, live_recipe

ASKING = "asking both models"
MOST = 5_000  # inquiries that the models themselves are asked about, the newest


@dataclass(frozen=True, slots=True)
class _Played:
    """What came of a replay, before it is stored."""

    way: Way
    since: str
    group: Group
    worse: bool
    why: str
    pairs: Sequence[Pair]

    @property
    def figures(self) -> dict[str, Any]:
        """Plain JSON, as `support.replays` keeps it."""
        return asdict(self.group) | {"worse": self.worse, "why": self.why}


def replay(
    workspace: Workspace,
    db: Database,
    name: str,
    *,
    actor: Actor,
    progress: Progress = silent,
) -> Replay:
    """Ask a stored release and the one in force the same inquiries, and keep what both said.

    Args:
        workspace: the desk.
        db: its database.
        name: the stored release, of the desk's line.
        actor: who asks.
        progress: told done, total and a message; may raise, which keeps nothing.

    Raises:
        NotFoundError: there is no such release.
        InputError: it is the one in force, or nothing was answered to replay it on.
        ModelError: one of the two holds no classifier, or its files are gone or damaged.
    """
    stored = shelf.described(workspace, db, name)
    live = in_force(workspace.models)
    if live is None or live.name == stored.name:
        raise InputError(f"{stored.name} can be replayed beside another release in force alone.")
    mine = Release(stored.name, dict(stored.parts))
    found = usable(examples(db))
    since = max(_made(workspace, release) for release in (mine, live))
    unseen = [example for example in found if example.at >= since]
    played = None
    if len(unseen) >= MIN_JUDGED:
        played = _ask(workspace, db, mine, live, found, since, "unseen", progress)
    else:
        played = _refit(workspace, db, mine, live, progress)
    if played is None:
        since = cut_off(found, weeks=settings.load(db).judged_weeks)[0]
        played = _ask(workspace, db, mine, live, found, since, "learned", progress)
    return replays.get(db, _keep(db, actor, played, release=stored.name, against=live.name))


def keep_judged(
    db: Database, actor: Actor, judged: Judged, *, release: str, against: str
) -> int | None:
    """Keep what a training's judgement heard, inquiry by inquiry; None where it compared nothing.

    Args:
        db: the desk's database.
        actor: who trained.
        judged: the judgement.
        release: the candidate.
        against: the release that was in force.
    """
    played = _of_recipes(judged)
    return _keep(db, actor, played, release=release, against=against) if played else None


def _keep(db: Database, actor: Actor, played: _Played, *, release: str, against: str) -> int:
    shown, _ = seen(db)
    swayed = sum(pair.inquiry_id in shown for pair in played.pairs)
    return replays.keep(
        db,
        actor,
        release=release,
        against=against,
        way=played.way,
        since=played.since,
        figures=played.figures | {"swayed": swayed},
        worse=played.worse,
        pairs=played.pairs,
    )


def _of_recipes(judged: Judged) -> _Played | None:
    """What a judgement heard from both recipes; None where it compared nothing."""
    found = judged.judgement
    if not judged.pairs or found.everything is None:
        return None
    return _Played("refitted", found.cut, found.everything, found.worse, found.why, judged.pairs)


def _refit(
    workspace: Workspace, db: Database, mine: Release, live: Release, progress: Progress
) -> _Played | None:
    """Both recipes, fitted on what was known then; None where they are the same, or too little."""
    recipes = _recipes(workspace, db, mine, live)
    if recipes[0].same(recipes[1]):
        return None
    rules = settings.load(db)
    judged = judge(
        workspace, db, *recipes,
        weeks=rules.judged_weeks, margin=rules.judged_margin, progress=progress,
    )  # fmt: skip
    return _of_recipes(judged)


def _recipes(
    workspace: Workspace, db: Database, mine: Release, live: Release
) -> tuple[Recipe, Recipe]:
    found = [live_recipe(workspace, db, release) for release in (mine, live)]
    for recipe, release in zip(found, (mine, live), strict=True):
        if recipe is None:
            raise ModelMissingError(f"Release {release.name} holds no classifier to be replayed.")
    ours, theirs = found
    assert ours is not None  # noqa: S101 - both were looked at
    assert theirs is not None  # noqa: S101
    return ours, theirs


def _ask(
    workspace: Workspace,
    db: Database,
    mine: Release,
    live: Release,
    found: Sequence[Example],
    since: str,
    way: Way,
    progress: Progress,
) -> _Played:
    """The models themselves, with what was answered before as their neighbours."""
    past = [example for example in found if example.at < since]
    later = [example for example in found if example.at >= since][-MOST:]
    if not later:
        raise InputError("No answer that links an FAQ is recent enough to replay a release on.")
    heard: list[Answers] = []
    for place, release in enumerate((mine, live)):
        progress(place, 2, ASKING)
        heard.append(_answers(workspace, db, release, past, later))
    progress(2, 2, ASKING)
    ours, theirs = heard
    group = compare(ours, theirs)
    assert group is not None  # noqa: S101 - there is one inquiry at least
    worse, why = False, "Both models have learned from these inquiries: this proves nothing."
    if way == "unseen":
        worse, why = verdict(group, margin=settings.load(db).judged_margin, same=False)
    ids = [example.inquiry_id for example in later]
    return _Played(way, since, group, worse, why, pairs(ids, ours, theirs))


def _answers(
    workspace: Workspace,
    db: Database,
    release: Release,
    past: Sequence[Example],
    later: Sequence[Example],
) -> Answers:
    classifier = FaqClassifier.load(_folder(workspace, release))
    encoder, folder = None, release.folder(workspace.models, "encoder")
    if folder is not None:
        encoder = SentenceEncoder.load(folder)
        assert classifier.artifact is not None  # noqa: S101 - it was loaded from a folder
        config = classifier.artifact.config
        # As `support.models` decides: calibrated with other neighbours, it hears none.
        if (config["encoder_version"], config.get("mix")) != (encoder.version, mix_for(encoder)):
            encoder = None
    return ask(
        classifier,
        encoder,
        past,
        later,
        aliases=faqs.aliases_over(db, classifier.labels),
        tuned=faqs.thresholds_of(db, settings.load(db).thresholds),
    )


def _made(workspace: Workspace, release: Release) -> str:
    """When a release's classifier had learned all it knows: ISO moment."""
    config = read_artifact(_folder(workspace, release), "faq", verify=False).config
    return str(config["created_at"])


def _folder(workspace: Workspace, release: Release) -> Path:
    folder = release.folder(workspace.models, "faq")
    if folder is None:
        raise ModelMissingError(f"Release {release.name} holds no classifier to be replayed.")
    return folder
