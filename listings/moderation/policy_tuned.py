"""What rows prove about thresholds that somebody set while looking at those same rows.

A bound that holds for one policy fixed beforehand does not hold for the best looking of many. Here
the bounds hold for all choices at once. However the thresholds differ by class, no more is hidden
than with the lowest of them for every class, and of that the order statistics of the normal
listings bound the share (see `policy_thresholds`). What is found of the problems is bounded for all
thresholds together by the inequality of Dvoretzky, Kiefer, Wolfowitz and Massart. Whoever takes the
thresholds that were proposed pays less.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log, sqrt
from typing import Final

from .classes import LEGAL, NORMAL, PROBLEMS
from .policy import Choice, Policy
from .policy_bounds import (
    ALPHA_RECALL,
    MOST,
    most_allowed,
    needed,
    precision_at,
    upper,
    wrong_allowed,
)
from .policy_evidence import BaseRate, Judged, Measured, Share, choices, measure

# Each choice of classes that hide is a family of its own; `legal` never hides.
_FAMILIES: Final = 2 ** (len(PROBLEMS) - 1) - 1


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a policy may hide by these rows, and what is wanting."""

    reason: str  # nothing_hidden, kept, too_few_normals, too_many_hidden, base_unknown,
    # too_few_problems, imprecise
    missing: int = 0  # more unselected normal listings that are needed at least


def measure_tuned(
    rows: Sequence[Judged],
    policy: Policy,
    base: BaseRate,
    *,
    chosen: Sequence[Choice] | None = None,
) -> tuple[Measured, Standing]:
    """As `measure`, for a policy whose thresholds were chosen by these rows.

    Args:
        rows: used neither for training nor for calibration.
        policy: any.
        base: the marketplace's share of problem listings.
        chosen: what it does with each row, where that is known already.
    """
    chosen = choices(rows, policy) if chosen is None else chosen
    found = measure(rows, policy, base, chosen=chosen)
    hides = {label: t.hide for label, t in policy.thresholds.items() if t.hide is not None}
    if not hides:
        return found, Standing("nothing_hidden")
    normals = [row for row in rows if row.counts_as_normal]
    n, bounds = len(normals), policy.bounds
    lowest, highest = min(hides.values()), max(hides.values())
    reached = sum(score(row) >= lowest for row in normals)
    most = most_allowed(n, bounds.normal_hidden)
    hidden = Share(
        found.hidden.count, n, upper(reached, n), bounds.normal_hidden, 0 <= reached <= most
    )
    alpha, starts = _starts(n, base, policy)
    parts = max(1, len(starts))
    wrong = min((upper(k, n, alpha=alpha / parts) for k in starts if k >= reached), default=1.0)
    problems = [pair for pair in zip(rows, chosen, strict=True) if pair[0].counts_as_problem]
    sure = sum(
        choice.reason == "hide" and row.verdict.probabilities[choice.label] >= highest
        for row, choice in problems
    )
    m = len(problems)
    recall = max(0.0, sure / m - sqrt(log(_FAMILIES / ALPHA_RECALL) / (2 * m))) if m else 0.0
    low = precision_at(recall, wrong, base.low)
    found = replace(found, hidden=hidden, precision_low=low)
    if found.may_hide:
        return found, Standing("kept")
    if not hidden.holds:
        missing = needed(bounds.normal_hidden, count=reached) - n
        reason = "too_few_normals" if reached == 0 else "too_many_hidden"
        return found, Standing(reason, max(1, missing))
    if base.low <= 0:
        return found, Standing("base_unknown")
    allowed = wrong_allowed(recall, base.low, bounds.precision)
    if allowed <= 0:
        return found, Standing("too_few_problems")
    wanted = needed(allowed, count=reached, alpha=alpha / parts)
    return found, Standing("imprecise", max(1, wanted - n) if wanted < MOST else 0)


def score(row: Judged) -> float:
    """How sure the model is of the likeliest class, where that may be hidden at all."""
    found = {label: p for label, p in row.verdict.probabilities.items() if label != NORMAL}
    best = max(found, key=lambda label: found[label], default=LEGAL)
    return 0.0 if best == LEGAL else found[best]


def _starts(n: int, base: BaseRate, policy: Policy) -> tuple[float, list[int]]:
    """How many normal listings may be hidden: places fixed before any score is known."""
    alpha = base.alpha_hidden
    at_best = wrong_allowed(1.0, base.low, policy.bounds.precision) if base.low > 0 else 0.0
    if at_best <= 0:
        return alpha, []
    most = min(
        most_allowed(n, policy.bounds.normal_hidden), most_allowed(n, min(at_best, 1), alpha=alpha)
    )
    return alpha, [2**part - 1 for part in range((most + 1).bit_length())]
