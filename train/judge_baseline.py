"""The baselines under our own rules: calibrated on validation.

Each baseline learns from the training part, is calibrated and thresholded on validation, and then
learns from both parts, just as the recipe that it is compared with.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .baselines import Ranked, rank
from .blend import Scores, targets_of
from .calibrate import calibrate
from .examples import Example
from .figures import Figures, judge_rankings

LEAST_HELD_OUT = 10  # inquiries in scope to calibrate on
Score = Callable[[Sequence[Example], Sequence[str], Sequence[str]], Scores]


@dataclass(frozen=True, slots=True)
class BaselineReport:
    """A baseline's ranking of each text, and its figures where it could be calibrated."""

    ranked: Ranked
    figures: Figures | None


def judge_baseline(
    score: Score,
    past: Sequence[Example],
    validation: Sequence[Example],
    test: Sequence[Example],
    labels: Sequence[str],
    *,
    share_right: float,
    share_right_three: float,
) -> BaselineReport:
    """Fit a baseline on everything past; calibrate it on validation by a fit on what was before.

    Args:
        score: fits and scores.
        past: what may be learned from, validation included.
        validation: the part of it to choose thresholds on; with too little of it, none are chosen.
        test: the inquiries to judge.
        labels: those that may be suggested.
        share_right: stated for Likely.
        share_right_three: stated for Possible.
    """
    scores = score(past, labels, [example.text for example in test])
    ranked = rank(scores, labels)
    held_out = {example.inquiry_id for example in validation}
    older = [example for example in past if example.inquiry_id not in held_out]
    targets = targets_of([example.labels for example in validation], labels)
    inside = int(targets.any(axis=1).sum()) if len(targets) else 0
    taught = {label for example in older for label in example.labels} & set(labels)
    if inside < LEAST_HELD_OUT or len(taught) < 2:
        return BaselineReport(ranked, None)
    calibration, _ = calibrate(
        {"baseline": score(older, labels, [example.text for example in validation])},
        targets,
        share_right=share_right,
        share_right_three=share_right_three,
    )
    blended = calibration.blend({"baseline": scores.astype(np.float32)})
    judged = calibration.judge(blended, top_k=len(labels))
    right = [example.labels for example in test]
    figures = judge_rankings(calibration, ranked, judged.sure, right, labels=labels)
    return BaselineReport(ranked, figures)
