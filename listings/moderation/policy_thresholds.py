"""The loosest thresholds that keep a policy's bounds, with the choice among them paid for.

Whoever tries many thresholds on the same rows and keeps the one that looks best has proven nothing.
Here a threshold is named by a count: just above the score of the normal listing that comes k-th
from the top. For a k that is fixed beforehand the exact bound holds as it stands (the share of
normal listings above an order statistic has a Beta distribution). The share of hidden normal
listings only grows with k, so the largest k that the number of rows allows costs nothing. Precision
may rise and fall with k: it is tried from a few k upward, each until it fails, and the attempts
share the allowed error (fixed sequences, started at several places). How many problems a threshold
finds is counted, as the normal listings are, where chance alone chose them (`policy_evidence`).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .classes import HIDE, LEGAL, NORMAL, PROBLEMS
from .policy import HIDE_FLOOR, REVIEW_AT, Policy, Thresholds
from .policy_bounds import (
    ALPHA,
    ALPHA_RECALL,
    MOST,
    lower,
    most_allowed,
    needed,
    upper,
    wrong_allowed,
)
from .policy_evidence import BaseRate, Judged, Measured, is_problem, measure

REVIEW_FLOOR: Final = 0.05  # less is not worth a look, however rare
_STEP: Final = 1e4  # thresholds have four digits, so that people can read them


@dataclass(frozen=True, slots=True)
class Found:
    """One threshold, or why there is none."""

    threshold: float | None
    reason: str  # kept, too_few_normals, too_few_problems, base_unknown, too_few_reported, not_kept
    missing: int = 0  # how many more rows of the scarce kind are needed at least

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A policy whose bounds are kept, and what they rest on."""

    policy: Policy
    hide: Found
    settle: Found
    review: Found
    measured: Measured
    classes_off: tuple[str, ...]  # whose hidden ones were too often no problem
    categories_off: tuple[str, ...]  # where too many normal listings would be hidden

    def evidence(self) -> dict[str, Any]:
        """Plain JSON, to be stored with the policy."""
        return {
            "hide": self.hide.as_dict(),
            "settle": self.settle.as_dict(),
            "review": self.review.as_dict(),
            "measured": self.measured.as_dict(),
            "classes_off": list(self.classes_off),
            "categories_off": list(self.categories_off),
        }


def choose_policy(rows: Sequence[Judged], base: BaseRate, policy: Policy) -> Chosen:
    """Choose the loosest thresholds that keep a policy's bounds.

    Args:
        rows: used neither for training nor for calibration, judged by `policy.model`.
        base: the marketplace's share of problem listings.
        policy: its bounds, rules, categories and the review threshold of `legal` are kept; its
            other thresholds are chosen anew. A class that it knows no thresholds of gets none.
    """
    classes = [label for label in policy.thresholds if label != LEGAL]
    rows = [row for row in rows if row.verdict.model == policy.model and policy.model]
    scores = _scores(rows, policy, classes)
    hide = _hide(rows, scores, base, policy)
    settle = _settle(rows, scores, policy)
    review = _review(rows, policy)
    review_at = review.threshold if review.threshold is not None else REVIEW_AT
    made = _with(policy, classes, hide.threshold, settle.threshold, review_at)
    measured = measure(rows, made, base)
    if hide.threshold is None:
        return Chosen(made, hide, settle, review, measured, (), ())
    classes_off = tuple(
        label for label in classes if measured.classes[label].high < policy.bounds.precision
    )
    categories_off = tuple(
        name
        for name, share in measured.categories.items()
        if name and lower(share.count, share.n) > policy.bounds.normal_hidden
    )
    if classes_off or categories_off:
        # Less is hidden than was tested; precision, which need not grow with that, is looked at
        # again.
        made = replace(
            made,
            no_hiding=(*made.no_hiding, *categories_off),
            thresholds={
                label: replace(t, hide=None, settle=None) if label in classes_off else t
                for label, t in made.thresholds.items()
            },
        )
        measured = measure(rows, made, base)
        if not measured.may_hide:
            hide = Found(None, "not_kept")
            made = _with(made, classes, None, settle.threshold, review_at)
            measured = measure(rows, made, base)
    return Chosen(made, hide, settle, review, measured, classes_off, categories_off)


def _with(
    policy: Policy, classes: list[str], hide: float | None, settle: float | None, review: float
) -> Policy:
    thresholds = dict(policy.thresholds)
    for label in classes:
        thresholds[label] = Thresholds(hide=hide, settle=settle, review=review)
    legal = thresholds.get(LEGAL, Thresholds()).review
    if LEGAL in thresholds:
        thresholds[LEGAL] = Thresholds(review=review if legal is None else min(legal, review))
    return replace(policy, thresholds=thresholds)


def _scores(rows: Sequence[Judged], policy: Policy, classes: list[str]) -> npt.NDArray[np.float64]:
    """How near each row is to being hidden: the probability that one threshold for all meets.

    (n,) in [0, 1]; 0 where it is never hidden, whatever the threshold.
    """
    loosest = _with(policy, classes, HIDE_FLOOR, None, 1.0)
    thresholds = {**loosest.thresholds}
    if LEGAL in thresholds:
        thresholds[LEGAL] = policy.of(LEGAL)
    loosest = replace(loosest, thresholds=thresholds)
    return np.array(
        [
            row.verdict.probabilities[choice.label] if choice.action == HIDE else 0.0
            for row in rows
            for choice in [loosest.choose(row.verdict, category=row.category)]
        ],
        dtype=np.float64,
    )


def _hide(
    rows: Sequence[Judged], scores: npt.NDArray[np.float64], base: BaseRate, policy: Policy
) -> Found:
    normal = np.array([row.counts_as_normal for row in rows], dtype=bool)
    problem = np.array([row.counts_as_problem for row in rows], dtype=bool)
    n, m, bounds = int(normal.sum()), int(problem.sum()), policy.bounds
    most = most_allowed(n, bounds.normal_hidden)
    if most < 0:
        return Found(None, "too_few_normals", needed(bounds.normal_hidden) - n)
    if base.low <= 0:
        return Found(None, "base_unknown")
    alpha = base.alpha_hidden
    at_best = wrong_allowed(1.0, base.low, bounds.precision)
    most = min(most, most_allowed(n, at_best, alpha=alpha))
    if most < 0:
        return Found(None, "too_few_normals", needed(at_best, alpha=alpha) - n)
    if not m:
        return Found(None, "too_few_problems", 1)
    from_top = np.sort(scores[normal])[::-1]
    found = np.sort(scores[problem])

    def threshold(k: int) -> float:
        return max(HIDE_FLOOR, _above(float(from_top[k])))

    def recall_low(k: int, parts: int) -> float:
        count = m - int(np.searchsorted(found, threshold(k)))
        return lower(count, m, alpha=ALPHA_RECALL / parts)

    starts = _starts(most)
    kept = -1
    for start in starts:
        k = max(start, kept + 1) if kept >= start else start
        while k <= most and threshold(k) <= 1:
            allowed = wrong_allowed(recall_low(k, len(starts)), base.low, bounds.precision)
            if upper(k, n, alpha=alpha / len(starts)) > allowed:
                break
            kept = max(kept, k)
            k += 1
    if kept >= 0:
        return Found(threshold(kept), "kept")
    if threshold(0) > 1:
        return Found(None, "not_kept")
    allowed = wrong_allowed(recall_low(0, len(starts)), base.low, bounds.precision)
    wanted = needed(allowed, alpha=alpha / len(starts)) if allowed > 0 else MOST
    least = upper(0, n, alpha=alpha / len(starts))
    share = (m - int(np.searchsorted(found, threshold(0)))) / m
    more = _problems_needed(share, m, least, base.low, bounds.precision, len(starts))
    if more < MOST and more * n < wanted * m:  # what has to grow less
        return Found(None, "too_few_problems", more - m)
    if wanted >= MOST or wanted <= n:
        return Found(None, "not_kept")
    return Found(None, "too_few_normals", wanted - n)


def _problems_needed(
    share: float, m: int, wrong: float, base: float, precision: float, parts: int
) -> int:
    """How many problems, of which this share is found, allow so many hidden normal listings."""

    def enough(count: int) -> bool:
        low = lower(int(share * count), count, alpha=ALPHA_RECALL / parts)
        return wrong_allowed(low, base, precision) >= wrong

    low, high = m, m + 1
    if wrong_allowed(share, base, precision) < wrong:
        return MOST
    while high < MOST and not enough(high):
        low, high = high, high * 2
    while high < MOST and high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return min(high, MOST)


def _settle(rows: Sequence[Judged], scores: npt.NDArray[np.float64], policy: Policy) -> Found:
    """The lowest score from which so many reporters were right, by the listings they reported."""
    reported = np.array([row.reporters >= policy.rules.reporters for row in rows], dtype=bool)
    order = np.argsort(-scores[reported], kind="stable")
    sorted_scores = scores[reported][order]
    right = np.array(
        [is_problem(row.truth) for row, mine in zip(rows, reported, strict=True) if mine],
        dtype=bool,
    )[order]
    least = needed(1 - policy.bounds.precision)
    if len(order) < least:
        return Found(None, "too_few_reported", least - len(order))
    sums = np.concatenate([[0], np.cumsum(right)])
    starts = [least * 2**part for part in range(max(1, (len(order) // least).bit_length()))]
    # With several starts each needs more rows than the least; the first one then begins there.
    alpha = ALPHA / len(starts)
    starts[0] = needed(1 - policy.bounds.precision, alpha=alpha)
    kept: float | None = None
    for start in starts:
        for count in range(start, len(order) + 1):
            below = float(sorted_scores[count]) if count < len(order) else 0.0
            at = max(HIDE_FLOOR, _above(below))
            inside = int(np.searchsorted(-sorted_scores, -at, side="right"))
            if at > 1 or lower(int(sums[inside]), inside, alpha=alpha) < policy.bounds.precision:
                break
            kept = at if kept is None else min(kept, at)
    return Found(kept, "kept" if kept is not None else "not_kept")


def _review(rows: Sequence[Judged], policy: Policy) -> Found:
    stated = policy.bounds.normal_flagged
    legal = policy.of(LEGAL).review
    scores = []
    for row in rows:
        if row.counts_as_normal:
            found = [p for label, p in row.verdict.probabilities.items() if label != NORMAL]
            sure = legal is not None and row.verdict.probabilities.get(LEGAL, 0.0) >= legal
            scores.append(1.0 if sure else max(found, default=0.0))
    most = most_allowed(len(scores), stated)
    if most < 0:
        return Found(None, "too_few_normals", needed(stated) - len(scores))
    at = max(REVIEW_FLOOR, _above(sorted(scores, reverse=True)[most]))
    return Found(at, "kept") if at <= 1 else Found(None, "not_kept")


def _starts(most: int) -> list[int]:
    """0, 1, 3, 7 ... up to `most`: known before any score is."""
    return [2**part - 1 for part in range((most + 1).bit_length())]


def _above(score: float) -> float:
    """The lowest threshold of four digits that a score does not reach."""
    step = int(score * _STEP)
    while step / _STEP <= score:  # .29 * 10,000 is 2,899.99...
        step += 1
    return step / _STEP


def unproven(model: str) -> Policy:
    """What serves before anything is proven: nothing is hidden, the likely is looked at."""
    return Policy(model=model, thresholds={label: Thresholds() for label in PROBLEMS})
