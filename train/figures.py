"""Every figure of one system on the same judged inquiries, under the names that reports use."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from support.calibration import Calibration, Sureness

from .metrics import (
    coverage_curve,
    expected_calibration_error,
    hit,
    judge_acceptance,
    share_above,
)
from .reliability import Bin, chance_error, reliability_bins, share_at

KS = (1, 3, 5)


@dataclass(frozen=True, slots=True)
class Figures:
    """Hit rates over the inquiries in scope, the rest over all of them.

    What is out of scope and shown a suggestion was shown a wrong one. `accuracy` is hit@1;
    `accuracy_at_threshold` counts a refused inquiry in scope as wrong; `oos_recall` is the share of
    those out of scope that are refused, None where none is; `chance` is the calibration error that
    perfect calibration would show on as many. `pairs` are the choices of two among ties.
    """

    accuracy: float
    hit_3: float
    hit_5: float
    accept: float | None
    accuracy_at_threshold: float
    oos_recall: float | None
    ece: float
    chance: float
    likely: float | None
    coverage: float
    share_right: float
    share_right_half: float  # of the surest half
    pairs: int
    share_right_pairs: float
    possible: float | None
    coverage_3: float
    share_right_3: float
    bins: tuple[Bin, ...]
    curve: tuple[tuple[float, float], ...]  # coverage, share right of the first
    curve_3: tuple[tuple[float, float], ...]  # coverage, share of any of three right

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, with the customary names hit@3 and hit@5."""
        content = asdict(self)
        content["hit@3"], content["hit@5"] = content.pop("hit_3"), content.pop("hit_5")
        return content


def judge_rankings(
    calibration: Calibration,
    ranked: Sequence[Sequence[str]],
    sure: Sequence[Sureness],
    right: Sequence[Sequence[str] | set[str]],
    *,
    labels: Sequence[str],
) -> Figures:
    """Judge rankings with the thresholds that their calibration chose.

    Args:
        calibration: chose the thresholds, on other inquiries.
        ranked: for each inquiry labels, best first, five or all of them.
        sure: what each ranking was said to be worth.
        right: for each inquiry what answered it.
        labels: those that can be suggested at all: the others make an inquiry out of scope.
    """
    known = set(labels)
    rows = list(zip(ranked, [set(answers) for answers in right], strict=True))
    inside = [bool(answers & known) for _, answers in rows]
    hits = {k: [hit(row, answers, k) for row, answers in rows] for k in (*KS, 2)}
    first = [found.first for found in sure]
    three = [found.three for found in sure]
    decisions = [calibration.decide(found) for found in sure]
    shown = [decision.band == "likely" for decision in decisions]
    pairs = [decision.band == "possible" and decision.tie for decision in decisions]
    accept = calibration.accept
    taken = [accept is None or found.scope >= accept for found in sure]
    accuracy_at_threshold, oos_recall = judge_acceptance(taken, hits[1], inside)
    coverage_3, share_right_3 = share_above(three, hits[3], calibration.possible.threshold)
    return Figures(
        accuracy=_mean(hits[1], inside),
        hit_3=_mean(hits[3], inside),
        hit_5=_mean(hits[5], inside),
        accept=accept,
        accuracy_at_threshold=accuracy_at_threshold,
        oos_recall=oos_recall,
        ece=expected_calibration_error(first, hits[1]),
        chance=chance_error(first),
        likely=calibration.likely.threshold,
        coverage=sum(shown) / len(shown) if shown else 0.0,
        share_right=_mean(hits[1], shown),
        share_right_half=share_at(first, hits[1]),
        pairs=sum(pairs),
        share_right_pairs=_mean(hits[2], pairs),
        possible=calibration.possible.threshold,
        coverage_3=coverage_3,
        share_right_3=share_right_3,
        bins=tuple(reliability_bins(first, hits[1])),
        curve=tuple(coverage_curve(first, hits[1])),
        curve_3=tuple(coverage_curve(three, hits[3])),
    )


def _mean(hits: Sequence[bool], among: Sequence[bool]) -> float:
    """The share of hits among those marked; 0 where none is."""
    chosen = np.asarray(hits, dtype=bool)[np.asarray(among, dtype=bool)]
    return float(chosen.mean()) if len(chosen) else 0.0
