"""What another threshold would have done, on the desk's own history.

Replayed on inquiries that the model in force had not learned from: how many get a Likely suggestion
(coverage), how many of those are right, which ones change. Works on arrays; `tuning` brings them
from the desk and stores what was chosen.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from .held_out import HeldOutRows
from .promise import Promise

LEAST: Final = 30  # held-out inquiries suggested one FAQ first, for counts alone to choose by
STEPS: Final = 101  # points of a curve at most

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold did: of `n` held-out inquiries it showed `promise.n`, right `promise.right`.

    `missed` are those whose first FAQ was right and not shown.
    """

    threshold: float
    n: int
    promise: Promise
    missed: int

    @property
    def coverage(self) -> Promise:
        """The share that was shown a Likely suggestion, with its interval."""
        return Promise.of(self.promise.n, self.n)

    @property
    def wrong(self) -> int:
        """Likely suggestions that were not right."""
        return self.promise.n - self.promise.right

    @property
    def wrong_per_hundred(self) -> float:
        """Wrong suggestions for a hundred inquiries that come in, shown one or not."""
        return 100 * self.wrong / self.n if self.n else 0.0

    def cost(self, wrong_costs: float) -> float:
        """What it costs, in misses, where one wrong costs as much as so many misses."""
        return self.wrong * wrong_costs + self.missed


@dataclass(frozen=True, slots=True)
class Picked:
    """The threshold that costs least.

    `by_counts` is False where too few inquiries were held out to choose by, and the calibrated
    probability alone decided: one is shown when it is worth more right than it costs wrong.
    """

    point: Point
    by_counts: bool


def of_faq(rows: HeldOutRows, label: int) -> HeldOutRows:
    """Those that were suggested one FAQ first."""
    mine = rows.first == label
    return HeldOutRows(
        rows.inquiry_ids[mine], rows.first[mine], rows.probability[mine], rows.right[mine]
    )


def shown(rows: HeldOutRows, common: float, of_label: Mapping[int, float]) -> Flags:
    """(n,) which of them reach the threshold of the FAQ ranked first, its own or the common one."""
    needed = np.full(len(rows), common)
    for label, threshold in of_label.items():
        needed[rows.first == label] = threshold
    return np.asarray(rows.probability >= needed, dtype=bool)


def point(
    rows: HeldOutRows, threshold: float, *, of_label: Mapping[int, float] | None = None
) -> Point:
    """What one threshold did; FAQs with one of their own keep it."""
    inside = shown(rows, threshold, of_label or {})
    promise = Promise.of(int(rows.right[inside].sum()), int(inside.sum()))
    return Point(threshold, len(rows), promise, int(rows.right[~inside].sum()))


def curve(
    rows: HeldOutRows, *, of_label: Mapping[int, float] | None = None, steps: int = STEPS
) -> list[Point]:
    """What each threshold would have done, from the lowest to the highest.

    Every threshold at which something changes, thinned evenly by inquiries to `steps`.
    """
    values = np.sort(rows.probability)
    if len(values) > steps:
        values = values[np.linspace(0, len(values) - 1, steps).round().astype(int)]
    # Rounded down: what was chosen is stored in four digits, and must not lose its own inquiry.
    values = np.unique(np.floor(values * 1e4) / 1e4)
    own = of_label or {}
    kept = shown(rows, math.inf, own)  # whatever the common threshold is
    free = ~np.isin(rows.first, list(own))
    order = np.argsort(rows.probability[free], kind="stable")
    sorted_free = rows.probability[free][order]
    # right_from[k]: how many are right among the free ones from the k-th up.
    right_from = np.append(np.cumsum(rows.right[free][order][::-1])[::-1], 0)
    kept_n, kept_right = int(kept.sum()), int(rows.right[kept].sum())
    all_right = int(rows.right.sum())
    points = []
    for value, start in zip(values, np.searchsorted(sorted_free, values), strict=True):
        right = kept_right + int(right_from[start])
        promise = Promise.of(right, kept_n + len(sorted_free) - int(start))
        points.append(Point(float(value), len(rows), promise, all_right - right))
    return points


def pick(
    rows: HeldOutRows, wrong_costs: float, *, of_label: Mapping[int, float] | None = None
) -> Picked:
    """The threshold that costs least where one wrong costs as much as `wrong_costs` misses.

    Of several that cost the same, the highest: silence beats a bad suggestion.

    Raises:
        ValueError: the cost is not above 0.
    """
    if not wrong_costs > 0:
        raise ValueError(f"What one wrong costs must be above 0 misses, got {wrong_costs}.")
    if len(rows) < LEAST:
        # Showing gains p and risks (1 - p) * cost: worth it from here on.
        threshold = wrong_costs / (1 + wrong_costs)
        return Picked(point(rows, round(threshold, 4), of_label=of_label), by_counts=False)
    free = ~np.isin(rows.first, list(of_label or {}))
    values = np.floor(rows.probability[free] * 1e4) / 1e4
    order = np.argsort(-values, kind="stable")
    right = np.cumsum(rows.right[free][order])
    total = int(right[-1]) if len(right) else 0
    ends = np.flatnonzero(np.diff(values[order], append=-1.0))  # equal ones are shown together
    costs = (ends + 1 - right[ends]) * wrong_costs + total - right[ends]
    best = int(np.argmin(costs)) if len(ends) else 0  # of equal ones the first, which is highest
    # Showing none of them costs every right one.
    some = len(ends) and costs[best] < total
    threshold = float(values[order][ends[best]]) if some else math.inf
    return Picked(point(rows, threshold, of_label=of_label), by_counts=True)


def changed(before: Flags, after: Flags) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The places of those that would be shown from now on, and of those no longer."""
    return np.flatnonzero(after & ~before), np.flatnonzero(before & ~after)
