"""What counts of held-out listings prove about a share, exactly, and how many are still missing.

One-sided bounds of Clopper and Pearson: the true share lies beyond the bound in at most `alpha` of
all samples. Works on counts; knows no listings.
"""

from typing import Final

from scipy.special import betainc, betaincinv

ALPHA: Final = 0.05  # each stated bound holds with 95 %
# Precision rests on three shares at once; each gets its part of alpha. Hidden normal listings are
# the scarce evidence, so most is spent on them.
ALPHA_HIDDEN: Final = 0.03
ALPHA_RECALL: Final = 0.01
ALPHA_BASE: Final = 0.01
MOST: Final = 100_000_000  # what no marketplace will ever collect


def upper(count: int, n: int, *, alpha: float = ALPHA) -> float:
    """The largest share that `count` of `n` still speaks for, 1 where nothing was counted."""
    _check(count, n)
    return float(betaincinv(count + 1, n - count, 1 - alpha)) if count < n else 1.0


def lower(count: int, n: int, *, alpha: float = ALPHA) -> float:
    """The smallest share that `count` of `n` still speaks for, 0 where nothing was counted."""
    _check(count, n)
    return float(betaincinv(count, n - count + 1, alpha)) if count else 0.0


def most_allowed(n: int, stated: float, *, alpha: float = ALPHA) -> int:
    """How many of `n` may be hit so that the share is proven to be `stated` at most; -1: not one.

    Args:
        n: how many were looked at.
        stated: the share, in (0, 1).
        alpha: how often the statement may be wrong.
    """
    low, high = -1, n
    while high - low > 1:  # upper() grows with the count
        middle = (low + high) // 2
        low, high = (middle, high) if upper(middle, n, alpha=alpha) <= stated else (low, middle)
    return low


def needed(stated: float, *, count: int = 0, alpha: float = ALPHA) -> int:
    """How many must be looked at so that `count` hits prove a share of `stated` at most.

    With no hit and .005 it is 598, the "about 600" of unselected normal listings.
    """
    if not 0 < stated < 1:
        raise ValueError(f"stated must be in (0, 1), got {stated}.")
    low = count
    high = max(1, count + 1)
    while high < MOST and _too_much(count, high, stated, alpha):
        low, high = high, high * 2
    if high >= MOST:
        return MOST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _too_much(count, middle, stated, alpha) else (low, middle)
    return high


def precision_at(recall: float, wrong: float, base: float) -> float:
    """The share right among what is hidden, where problems are `base` of all listings.

    Args:
        recall: the share of problem listings that is hidden.
        wrong: the share of normal listings that is hidden.
        base: the share of problem listings in the marketplace.
    """
    right = recall * base
    total = right + wrong * (1 - base)
    return right / total if total > 0 else 0.0


def wrong_allowed(recall: float, base: float, stated: float) -> float:
    """The share of normal listings that may be hidden so that a precision of `stated` is kept."""
    if base >= 1:
        return 1.0
    return min(1.0, recall * base / (1 - base) * (1 - stated) / stated)


def _too_much(count: int, n: int, stated: float, alpha: float) -> bool:
    """Whether `count` of `n` leaves open that the share is above `stated`.

    That is: a share of `stated` gives as few hits, or fewer, more often than `alpha`.
    """
    if count >= n:
        return True
    return float(betainc(n - count, count + 1, 1 - stated)) > alpha


def _check(count: int, n: int) -> None:
    if not 0 <= count <= n:
        raise ValueError(f"count must be in 0..{n}, got {count}.")
