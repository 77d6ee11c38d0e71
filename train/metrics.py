"""Figures for ranked suggestions. Several labels may be right; any of them counts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


def hit(ranked: Sequence[str], right: Collection[str], k: int) -> bool:
    """Whether any of the first k is right."""
    return any(label in right for label in ranked[:k])


def hit_rate(ranked: Sequence[Sequence[str]], right: Sequence[Collection[str]], k: int) -> float:
    """The share of inquiries with a hit among the first k; 0 where there are none."""
    hits = [hit(row, labels, k) for row, labels in zip(ranked, right, strict=True)]
    return sum(hits) / len(hits) if hits else 0.0


@dataclass(frozen=True, slots=True)
class LabelScore:
    """How one FAQ fares as the first suggestion."""

    label: str
    n: int  # inquiries that it answers
    suggested: int
    right: int  # suggested first where it answers
    answered: int  # of n, those whose first suggestion was right, this FAQ or another
    precision: float
    recall: float
    f1: float


def score_labels(
    first: Sequence[str], right: Sequence[Collection[str]], label_set: Sequence[str]
) -> list[LabelScore]:
    """Precision, recall and F1 of each label as the first suggestion.

    An inquiry with several right labels counts for each in `n`; its one first suggestion can be
    right for one of them alone, so it is not held against the others.
    """
    scores = []
    for label in label_set:
        pairs = list(zip(first, right, strict=True))
        suggested = sum(guess == label for guess, _ in pairs)
        correct = sum(guess == label and label in labels for guess, labels in pairs)
        n = sum(label in labels for _, labels in pairs)
        answered = sum(label in labels and guess in labels for guess, labels in pairs)
        elsewhere = answered - correct
        precision = correct / suggested if suggested else 0.0
        recall = correct / (n - elsewhere) if n > elsewhere else 0.0
        f1 = 2 * precision * recall / (precision + recall) if correct else 0.0
        scores.append(LabelScore(label, n, suggested, correct, answered, precision, recall, f1))
    return scores


def macro(scores: Sequence[LabelScore]) -> tuple[float, float]:
    """Mean F1 and mean recall over the labels that occur; (0, 0) where none does."""
    present = [score for score in scores if score.n]
    if not present:
        return 0.0, 0.0
    return (
        sum(score.f1 for score in present) / len(present),
        sum(score.recall for score in present) / len(present),
    )


def share_above(
    probabilities: Sequence[float], right: Sequence[bool], threshold: float | None
) -> tuple[float, float]:
    """Coverage and share right: how many reach the threshold, and how many of those are right."""
    if threshold is None or not probabilities:
        return 0.0, 0.0
    shown = [ok for p, ok in zip(probabilities, right, strict=True) if p >= threshold]
    return len(shown) / len(probabilities), sum(shown) / len(shown) if shown else 0.0


def judge_acceptance(
    accepted: Sequence[bool], right: Sequence[bool], inside: Sequence[bool]
) -> tuple[float, float | None]:
    """What one threshold of acceptance is worth.

    Returns:
        Of the inquiries in scope the share accepted with a right first suggestion (a rejected one
        counts as wrong; 0 where none is in scope), and of those out of scope the share rejected
        (None where none is).
    """
    rows = list(zip(accepted, right, inside, strict=True))
    kept = [taken and ok for taken, ok, scope in rows if scope]
    refused = [not taken for taken, _, scope in rows if not scope]
    return (
        sum(kept) / len(kept) if kept else 0.0,
        sum(refused) / len(refused) if refused else None,
    )


def coverage_curve(
    probabilities: Sequence[float], right: Sequence[bool], *, points: int = 200
) -> list[tuple[float, float]]:
    """(coverage, share right) as the threshold falls, at up to `points` coverages."""
    order = sorted(range(len(right)), key=lambda i: -probabilities[i])
    sums = np.cumsum([right[i] for i in order])
    n = len(order)
    ends = sorted({max(1, round(n * step / points)) for step in range(1, points + 1)}) if n else []
    return [(end / n, float(sums[end - 1]) / end) for end in ends]


def expected_calibration_error(
    probabilities: Sequence[float], right: Sequence[bool], *, bins: int = 10
) -> float:
    """Mean distance of stated probability and share right, over ten bins of equal width.

    Each bin counts as much as it holds; empty ones count nothing. As in Naeini, Cooper and
    Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
    """
    if not probabilities:
        return 0.0
    stated = np.asarray(probabilities, dtype=np.float64)
    correct = np.asarray(right, dtype=np.float64)
    place = np.minimum((stated * bins).astype(int), bins - 1)
    error = 0.0
    for number in range(bins):
        inside = place == number
        if inside.any():
            error += inside.mean() * abs(stated[inside].mean() - correct[inside].mean())
    return float(error)


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference over the same inquiries, with its 95 % interval and standard error."""

    mean: float
    low: float
    high: float
    standard_error: float


def paired_bootstrap(
    ours: Sequence[float], theirs: Sequence[float], *, rounds: int = 2000, seed: int = 0
) -> Difference:
    """Resample inquiries with replacement, both systems on the same ones."""
    gaps = np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64)
    if not len(gaps):
        return Difference(0.0, 0.0, 0.0, 0.0)
    draws: npt.NDArray[np.int64] = np.random.default_rng(seed).integers(
        0, len(gaps), (rounds, len(gaps))
    )
    means = gaps[draws].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Difference(float(gaps.mean()), float(low), float(high), float(means.std(ddof=1)))
