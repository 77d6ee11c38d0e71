"""A moderation model from what people on the desk decided: made, stored, never in force by itself.

A policy's thresholds hold for one model alone. Were a new one put in force unasked, hiding would
stop until a policy for it is there: so it stays a candidate, unless nothing is in force yet or
whoever trains it says otherwise.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from listings.listing import Listing
from listings.moderation.decisions_past import past_decisions
from listings.moderation.model import KIND
from listings.moderation.rules import desk_rules
from listings.moderation.signals import signals_of
from listings.stored import PAGE, load, pages, places
from support import releases
from support.audit import Actor
from support.releases import Release
from support.workspace import Workspace

from .moderation import ModerationReport, fit_moderation
from .moderation_voices import Example, ModerationConfig
from .progress import Progress, silent

_MOST_UNDECIDED = 20_000  # listings that rules may speak of; more of them change little


@dataclass(frozen=True, slots=True)
class ModerationOutcome:
    """What a training made, and what became of it."""

    report: ModerationReport
    release: Release
    published: bool
    message: str


def decided(db: Database, workspace: Workspace) -> list[Example]:
    """Every listing that people decided on, by the decision in force."""
    past = list(past_decisions(db))
    found = []
    for start in range(0, len(past), PAGE):
        some = {one.listing_id: one for one in past[start : start + PAGE]}
        ids = list(some)
        groups = _groups(db, ids)  # before they are read: what changes meanwhile has another number
        listings = load(db, workspace.home / "images", ids)
        signals = signals_of(db, ids)
        found += [
            Example(
                listings[i], some[i].label, signals.get(i), groups[i][0], id=i,
                revision=groups[i][1], unselected=some[i].sampled,
            )
            for i in ids
            if i in listings
        ]  # fmt: skip
    return found


def train_moderation(
    workspace: Workspace,
    db: Database,
    *,
    actor: Actor,
    config: ModerationConfig | None = None,
    publish: bool = False,
    progress: Progress = silent,
) -> ModerationOutcome:
    """Learn from the desk's decisions.

    Args:
        workspace: where models and pictures are.
        db: its database.
        actor: who trains.
        config: settings; None: the defaults.
        publish: put it in force even where another is.
        progress: told done, total and a message; may raise, which stores nothing.

    Raises:
        TooFewLabelsError: fewer than two classes have enough decisions, or none is normal.
        SettingError: the workspace's rule file is wrong.
    """
    config = config or ModerationConfig()
    start = releases.in_force(workspace.models, line=KIND)
    examples = decided(db, workspace)
    known = {example.id for example in examples}
    version = releases.new_version()
    undecided = _undecided(db, workspace, known)
    report = fit_moderation(
        examples,
        folder=workspace.models / KIND / version,
        config=config,
        rules=desk_rules(workspace.home),
        undecided=list(undecided.values()),
        undecided_ids=list(undecided),
        progress=progress,
    )
    release = releases.store(
        workspace, db, {KIND: version}, actor=actor, recipe=config.as_dict(), line=KIND
    )
    if start is not None and not publish:
        message = (
            f"{start.name} stays in force: a policy's thresholds hold for one model alone. Try "
            f"policies for {release.name} on past decisions, then put it in force: "
            f"faqdesk models publish {release.name} --line {KIND}"
        )
        return ModerationOutcome(report, release, False, message)
    releases.put_in_force(workspace, db, release.name, actor=actor, line=KIND)
    return ModerationOutcome(report, release, True, f"Model {version} is in force.")


def _undecided(
    db: Database, workspace: Workspace, known: Iterable[int | None]
) -> dict[int, Listing]:
    """Listings nobody decided on by id, the first so many."""
    decided_on = set(known)
    found: dict[int, Listing] = {}
    for ids in pages(db):
        left = [i for i in ids if i not in decided_on][: _MOST_UNDECIDED - len(found)]
        found |= load(db, workspace.home / "images", left)
        if len(found) >= _MOST_UNDECIDED:
            break
    return found


def _groups(db: Database, ids: list[int]) -> dict[int, tuple[int, int]]:
    """Of each listing the number of its group, and its revision.

    Of one group are those with the same words, and what cleaning found to be duplicates.
    """
    sql = f"""
        SELECT l.id, (
            SELECT coalesce(min(coalesce(same.duplicate_of, same.id)), l.id) FROM listings same
            WHERE same.text_key = first.text_key AND first.text_key <> ''
        ), l.revision
        FROM listings l JOIN listings first ON first.id = coalesce(l.duplicate_of, l.id)
        WHERE l.id IN ({places(ids)})
    """  # noqa: S608 - only question marks are put in
    return {row[0]: (row[1], row[2]) for row in db.conn.execute(sql, ids)}
