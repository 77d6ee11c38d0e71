"""Honest numbers: what a probability was worth on held-out inquiries, and where the bands begin.

Works on plain arrays; knows nothing of texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from .blend import Blend


@dataclass(frozen=True, slots=True)
class Promise:
    """How often suggestions of about this probability were right on held-out inquiries.

    `low` and `high` bound the true share with 95 % confidence (Clopper and Pearson, exact).
    """

    right: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """The share that was right, 0 where nothing was held out."""
        return self.right / self.n if self.n else 0.0


def clopper_pearson(right: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval of a share, (0, 1) where nothing was counted."""
    if not 0 <= right <= n:
        raise ValueError(f"right must be in 0..{n}, got {right}.")
    tail = (1 - confidence) / 2
    low = float(betaincinv(right, n - right + 1, tail)) if right else 0.0
    high = float(betaincinv(right + 1, n - right, 1 - tail)) if right < n else 1.0
    return low, high


@dataclass(frozen=True, slots=True)
class Scale:
    """Platt's scaling: the logit of a probability, stretched and moved; order is kept."""

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, probability: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Calibrated probabilities of the same shape."""
        clipped = np.clip(np.asarray(probability, dtype=np.float64), 1e-9, 1 - 1e-9)
        logit = np.log(clipped / (1 - clipped))
        calibrated: npt.NDArray[np.float64] = 1 / (1 + np.exp(-(self.slope * logit + self.offset)))
        return calibrated


class PromiseTable:
    """Held-out predictions in order of probability."""

    def __init__(
        self, probabilities: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]
    ) -> None:
        order = np.argsort(probabilities, kind="stable")
        self.probabilities = np.asarray(probabilities, dtype=np.float64)[order]
        self.right = np.asarray(right, dtype=bool)[order]
        self._sums = np.concatenate([[0], np.cumsum(self.right)])

    def look_up(self, probability: float) -> Promise:
        """Count the held-out predictions nearest in probability: one in twenty, 20 to 100.

        More would promise surer numbers about less alike predictions: sure ones are rare.
        """
        total = len(self.probabilities)
        width = min(total, max(20, min(100, total // 20)))
        place = int(np.searchsorted(self.probabilities, probability))
        start = max(0, min(place - width // 2, total - width))
        right = int(self._sums[start + width] - self._sums[start])
        return Promise(right, width, *clopper_pearson(right, width))

    def as_dict(self) -> dict[str, list[float]]:
        """Plain JSON, rounded to four digits."""
        return {
            "probabilities": [round(float(p), 4) for p in self.probabilities],
            "right": [int(r) for r in self.right],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote."""
        return cls(
            np.asarray(content["probabilities"], dtype=np.float64),
            np.asarray(content["right"], dtype=bool),
        )


@dataclass(frozen=True, slots=True)
class Band:
    """A threshold and what it kept on held-out inquiries; None where no threshold holds."""

    threshold: float | None
    stated: float
    coverage: float
    promise: Promise


@dataclass(frozen=True, slots=True)
class Calibration:
    """A blend for one set of voices with what it was worth on held-out inquiries."""

    blend: Blend
    first: Scale
    three: Scale
    likely: Band
    possible: Band
    promises: PromiseTable  # of single FAQs, the first three of each inquiry
    promises_three: PromiseTable  # of the first three together

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "weights": self.blend.weights,
            "none": self.blend.none,
            "first": [self.first.slope, self.first.offset],
            "three": [self.three.slope, self.three.offset],
            "likely": _band_dict(self.likely),
            "possible": _band_dict(self.possible),
            "promises": self.promises.as_dict(),
            "promises_three": self.promises_three.as_dict(),
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Read what `as_dict` wrote."""
        return cls(
            Blend(content["weights"], content["none"]),
            Scale(*content["first"]),
            Scale(*content["three"]),
            _band(content["likely"]),
            _band(content["possible"]),
            PromiseTable.from_dict(content["promises"]),
            PromiseTable.from_dict(content["promises_three"]),
        )


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
        low, _ = clopper_pearson(count, shown, confidence=0.8)
        if count / shown >= stated and low >= stated - slack:
            promise = Promise(count, shown, *clopper_pearson(count, shown))
            return Band(float(sorted_p[shown - 1]), stated, shown / len(order), promise)
    return Band(None, stated, 0.0, Promise(0, 0, 0.0, 1.0))


def _band_dict(band: Band) -> dict[str, Any]:
    return {
        "threshold": band.threshold,
        "stated": band.stated,
        "coverage": band.coverage,
        "right": band.promise.right,
        "n": band.promise.n,
        "low": band.promise.low,
        "high": band.promise.high,
    }


def _band(content: dict[str, Any]) -> Band:
    promise = Promise(content["right"], content["n"], content["low"], content["high"])
    return Band(content["threshold"], content["stated"], content["coverage"], promise)
