"""A category model judged beside the recipe in force, on listings that neither learned from."""

import numpy as np
import numpy.typing as npt

from .category_fusion import Labels, Probabilities
from .compare import Answers, compare, verdict
from .judgement import Judgement


def judge_category(
    ours: Probabilities,
    theirs: Probabilities,
    labels: Labels,
    *,
    likely: tuple[float | None, float | None],
    margin: float,
) -> Judgement:
    """Compare two models in pairs.

    Args:
        ours: (n, labels) what the candidate says; 0 where it says nothing.
        theirs: likewise, of the recipe in force, fitted to the same listings.
        labels: (n,) the number of the right one.
        likely: from which probability on each needs no look; None: never.
        margin: the share of listings that may be lost, at the lower end of the paired interval.
    """
    group = compare(_answers(ours, labels, likely[0]), _answers(theirs, labels, likely[1]))
    worse, why = verdict(group, margin=margin, same=False)
    return Judgement(
        cut="", n=len(labels), held_out=0, everything=group, shown=None, unswayed=None,
        worse=worse, why=why,
    )  # fmt: skip


def nothing_judged(n: int, why: str) -> Judgement:
    """No comparison could be made, which is no reason against the candidate."""
    return Judgement(
        cut="", n=n, held_out=0, everything=None, shown=None, unswayed=None, worse=False, why=why
    )


def _answers(said: Probabilities, labels: Labels, threshold: float | None) -> Answers:
    top = said.max(axis=1)
    among: npt.NDArray[np.bool_] = (
        np.argsort(-said, axis=1, kind="stable")[:, :3] == labels[:, None]
    ).any(axis=1)
    spoke = top > 0
    return Answers(
        first=(said.argmax(axis=1) == labels) & spoke,
        three=among & spoke,
        probability=top,
        likely=np.zeros(len(labels), bool) if threshold is None else top >= threshold - 1e-12,
        known=np.ones(len(labels), dtype=bool),
    )
