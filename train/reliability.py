"""Reliability: of those that were given about this probability, how many were right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from support.promise import clopper_pearson

BINS = 10  # of equal width


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions whose probability lies from `low` to below `high` (1 is in the last bin).

    `least` and `most` bound the true share right with 95 % confidence (Clopper and Pearson).
    """

    low: float
    high: float
    n: int
    right: int
    stated: float  # mean probability
    share: float  # of n, that was right
    least: float
    most: float


def reliability_bins(
    probabilities: Sequence[float], right: Sequence[bool], *, bins: int = BINS
) -> list[Bin]:
    """The bins that hold anything, lowest first."""
    stated = np.asarray(probabilities, dtype=np.float64)
    correct = np.asarray(right, dtype=bool)
    place = np.minimum((stated * bins).astype(int), bins - 1)
    found = []
    for number in range(bins):
        inside = place == number
        n, hits = int(inside.sum()), int(correct[inside].sum())
        if n:
            mean = float(stated[inside].mean())
            low, high = clopper_pearson(hits, n)
            edges = (number / bins, (number + 1) / bins)
            found.append(Bin(*edges, n, hits, mean, hits / n, low, high))
    return found


def chance_error(
    probabilities: Sequence[float], *, bins: int = BINS, rounds: int = 200, seed: int = 0
) -> float:
    """The calibration error that a perfectly calibrated forecaster would show on so few inquiries.

    Outcomes are drawn with exactly the probabilities stated; what is left is chance. A measured
    error near this number cannot be told from none.
    """
    stated = np.asarray(probabilities, dtype=np.float64)
    if not len(stated):
        return 0.0
    place = np.minimum((stated * bins).astype(int), bins - 1)
    member = np.eye(bins)[place]  # (n, bins)
    drawn = np.random.default_rng(seed).random((rounds, len(stated))) < stated
    gaps = (drawn - stated) @ member / len(stated)
    return float(np.abs(gaps).sum(axis=1).mean())


def share_at(
    probabilities: Sequence[float], right: Sequence[bool], *, coverage: float = 0.5
) -> float:
    """Share right among the surest part of that size; 0 where nothing is judged."""
    if not probabilities:
        return 0.0
    order = np.argsort(-np.asarray(probabilities, dtype=np.float64), kind="stable")
    shown = order[: max(1, round(coverage * len(order)))]
    return float(np.asarray(right, dtype=bool)[shown].mean())
