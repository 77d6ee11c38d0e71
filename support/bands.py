"""Where a suggestion may be shown: thresholds that kept a stated share right on held-out inquiries.

Works on plain arrays; knows nothing of texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .promise import Promise, clopper_pearson

LEAST_OF_LABEL = 30  # held-out inquiries that were suggested an FAQ first, for one of its own
_SURE = 0.8  # both sides of an interval whose one side holds with 90 %


@dataclass(frozen=True, slots=True)
class Band:
    """A threshold and what it kept on held-out inquiries; None where no threshold holds."""

    threshold: float | None
    stated: float
    coverage: float
    promise: Promise

    def holds(self, probability: float) -> bool:
        """Whether a probability lies in the band."""
        return self.threshold is not None and probability >= self.threshold

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "threshold": self.threshold,
            "stated": self.stated,
            "coverage": self.coverage,
            "right": self.promise.right,
            "n": self.promise.n,
            "low": self.promise.low,
            "high": self.promise.high,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote."""
        promise = Promise(content["right"], content["n"], content["low"], content["high"])
        return cls(content["threshold"], content["stated"], content["coverage"], promise)


def choose_band(
    probabilities: npt.NDArray[np.float64],
    right: npt.NDArray[np.bool_],
    *,
    stated: float,
    slack: float = 0.1,
    least: int = 10,
    floor: float = 0.0,
) -> Band:
    """The lowest threshold above which the stated share was right.

    Lowest alone would be luck: among hundreds of thresholds some look good on few inquiries. So the
    exact one-sided 90 % lower bound of the share must also reach `stated - slack`, and at least
    `least` inquiries must lie above.

    Args:
        probabilities: (n,) held-out, of predictions made without seeing these inquiries' labels.
        right: (n,) whether each was right.
        stated: the share that the desk asks for.
        slack: how far below `stated` the lower bound may lie.
        least: fewest inquiries above the threshold.
        floor: no threshold lies below this probability, however good the others above it are: a
            share reached on average must not carry the hopeless along.
    """
    order = np.argsort(-probabilities, kind="stable")
    sorted_p, sums = probabilities[order], np.cumsum(right[order])
    for shown in range(len(order), least - 1, -1):
        if sorted_p[shown - 1] < floor:
            continue
        if shown < len(order) and sorted_p[shown] == sorted_p[shown - 1]:
            continue  # a threshold cannot part equal probabilities
        count = int(sums[shown - 1])
        low, _ = clopper_pearson(count, shown, confidence=_SURE)
        if count / shown >= stated and low >= stated - slack:
            band = Promise.of(count, shown)
            return Band(float(sorted_p[shown - 1]), stated, shown / len(order), band)
    return Band(None, stated, 0.0, Promise.of(0, 0))


def choose_label_bands(
    probabilities: npt.NDArray[np.float64],
    right: npt.NDArray[np.bool_],
    first: npt.NDArray[np.int64],
    common: Band,
    *,
    least: int = LEAST_OF_LABEL,
) -> dict[int, Band]:
    """Bands of their own for the labels that do not keep the share which all together keep.

    A label with data enough gets its own threshold, above the common one, when even the exact
    one-sided 90 % *upper* bound of its share right within the common band lies below the stated
    share; where no threshold mends that, it is never shown in this band. Thresholds *below* the
    common one were tried and are not given: on time-forward folds of a support forum they were
    right in .64 to .76 of what they let in, where .80 was stated.

    Args:
        probabilities: (n,) held-out, of the first label.
        right: (n,) whether it was right.
        first: (n,) the first label.
        common: the band of all labels.
        least: fewest held-out inquiries of a label.
    """
    found: dict[int, Band] = {}
    if common.threshold is None:
        return found
    for label in np.unique(first).tolist():
        mine = first == label
        inside = mine & (probabilities >= common.threshold)
        n, count = int(inside.sum()), int(right[inside].sum())
        if mine.sum() < least or n == 0:
            continue
        if clopper_pearson(count, n, confidence=_SURE)[1] < common.stated:
            own = choose_band(probabilities[mine], right[mine], stated=common.stated)
            found[int(label)] = own
    return found
