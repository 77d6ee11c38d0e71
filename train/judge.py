"""Judges a candidate's recipe beside the one in force (rule 6): both trained before a cut.

The models in force have learned from everything and cannot be judged on it. So the recipes are
judged: each is fitted on what was known before the cut-off, and asked what came after.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from sqlite_utils import Database

from support.clock import from_iso, iso, now
from support.errors import ModelError, TooFewLabelsError
from support.faq import FaqClassifier
from support.replays import Pair
from support.scratch import scratch
from support.workspace import Workspace

from .as_of import AsOf
from .asking import ask
from .compare import Answers, compare, pairs, verdict
from .examples import Example, usable
from .faq_report import FaqReport
from .history import examples
from .judgement import Judgement
from .progress import Progress, silent
from .recipe import Recipe
from .reliability import reliability_bins

MIN_JUDGED = 30  # below, the difference of two recipes is noise
OLD_DAYS = 7  # a history that ends so long ago has its cut-off counted from its own end


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement, and what the candidate's run chose; None where nothing could be fitted."""

    judgement: Judgement
    report: FaqReport | None
    pairs: tuple[Pair, ...] = ()  # what both said of each inquiry; none where there was no other


def judge(
    workspace: Workspace,
    db: Database,
    candidate: Recipe,
    live: Recipe | None,
    *,
    weeks: int,
    margin: float,
    progress: Progress = silent,
) -> Judged:
    """Fit both recipes on what was known before the cut-off and compare them on what came after.

    Where the candidate's run chooses just what the recipe in force holds, there is nothing to
    compare, and the candidate's figures alone are given.

    Args:
        workspace: the desk.
        db: its database.
        candidate: the new recipe.
        live: the recipe in force.
        weeks: how long before now the cut-off lies.
        margin: how much hit@1 the candidate may lose at most, at the lower end of the interval.
        progress: told done, total and a message; may raise.
    """
    found = usable(examples(db))
    cut, notes = cut_off(found, weeks=weeks)
    later = [example for example in found if example.at >= cut]
    if len(later) < MIN_JUDGED:
        why = (
            f"Not judged: only {len(later)} labelled inquiries were asked since {cut[:10]}, "
            f"{MIN_JUDGED} are needed. A candidate that cannot be judged is published."
        )
        return Judged(_nothing(cut, len(later), why, notes), None)
    with scratch("train") as place:
        then = AsOf(workspace, db, place, before=cut)
        try:
            report = then.fit(candidate, place / "candidate", progress=_told(progress))
        except TooFewLabelsError as error:
            why = f"Not judged: before {cut[:10]} there was too little to learn from. {error}"
            worse = live is not None and _learns(then, live, place / "live", progress)
            if worse:
                why = f"The candidate is worse: it learns nothing where the live one does. {error}"
            return Judged(replace(_nothing(cut, len(later), why, notes), worse=worse), None)
        ours = _ask(then, candidate, report.folder, later)
        theirs = None
        chosen = candidate.narrowed(report.settings)
        if live is not None and not chosen.same(live):
            if live.code != candidate.code:
                notes = (*notes, "The release in force was made by an older faqdesk; its settings "
                         "were fitted again with today's code.")  # fmt: skip
            try:
                fitted = then.fit(live, place / "live", progress=_told(progress))
                theirs = _ask(then, live, fitted.folder, later)
            except (TooFewLabelsError, ModelError) as error:
                notes = (*notes, f"The recipe in force could not be fitted again: {error}")
    shown, held = seen(db)
    ids = [example.inquiry_id for example in later]
    was_shown = np.array([number in shown for number in ids])
    everything = compare(ours, theirs)
    worse, why = verdict(everything, margin=margin, same=live is not None and chosen.same(live))
    judgement = Judgement(
        cut=cut,
        n=len(later),
        held_out=sum(number in held for number in ids),
        everything=everything,
        shown=compare(ours, theirs, among=was_shown),
        unswayed=compare(ours, theirs, among=~was_shown),
        worse=worse,
        why=why,
        notes=notes,
        reliability=tuple(reliability_bins(ours.probability.tolist(), ours.first.tolist())),
    )
    found_by_both = tuple(pairs(ids, ours, theirs)) if theirs is not None else ()
    return Judged(replace(judgement, notes=(*notes, *_sway(judgement))), report, found_by_both)


def cut_off(found: Sequence[Example], *, weeks: int) -> tuple[str, tuple[str, ...]]:
    """The moment before which the recipes learn, and what should be said about it.

    Args:
        found: labelled inquiries, oldest first.
        weeks: how far back from now, or from the newest inquiry where the history is old.
    """
    end = from_iso(now())
    notes: tuple[str, ...] = ()
    newest = from_iso(found[-1].at) if found else end
    # From the future: the clock went back since, and nothing would be held out.
    if newest < end - timedelta(days=OLD_DAYS) or newest > end + timedelta(days=1):
        end = newest
        notes = (
            f"The newest labelled inquiry is of {found[-1].at[:10]}: the {weeks} weeks are counted "
            f"back from there.",
        )
    return iso(end - timedelta(weeks=weeks)), notes


def _ask(then: AsOf, recipe: Recipe, folder: Path, later: Sequence[Example]) -> Answers:
    """What the model in a folder says about later inquiries, with the neighbours of then."""
    return ask(FaqClassifier.load(folder), then.encoder(recipe), then.past, later)


def seen(db: Database) -> tuple[set[int], set[int]]:
    """Inquiries that were shown suggested FAQs, and those that got none on purpose."""
    sql = """
        SELECT DISTINCT inquiry_id FROM suggestions
        JOIN suggestion_faqs ON suggestion_faqs.suggestion_id = suggestions.id
        WHERE inquiry_id IS NOT NULL
    """
    held = "SELECT DISTINCT inquiry_id FROM suggestions WHERE reason = 'holdout'"
    shown = {row["inquiry_id"] for row in db.query(sql)}
    return shown, {row["inquiry_id"] for row in db.query(held)} - shown


def _sway(judgement: Judgement) -> tuple[str, ...]:
    """A word where the groups disagree: what was shown may have decided the labels."""
    groups = (judgement.shown, judgement.unswayed)
    means = [g.differences["hit@1"].mean for g in groups if g and "hit@1" in g.differences]
    if len(means) < 2 or means[0] * means[1] >= 0:
        return ()
    return (
        "Inquiries that were shown a suggestion and those that were not say the opposite: what was "
        "shown may have decided what was sent.",
    )


def _nothing(cut: str, n: int, why: str, notes: tuple[str, ...]) -> Judgement:
    return Judgement(cut, n, 0, None, None, None, worse=False, why=why, notes=notes)


def _learns(then: AsOf, recipe: Recipe, folder: Path, progress: Progress) -> bool:
    try:
        then.fit(recipe, folder, progress=_told(progress))
    except (TooFewLabelsError, ModelError):
        return False
    return True


def _told(progress: Progress) -> Progress:
    return lambda done, total, message: progress(done, total, f"judging: {message}")
