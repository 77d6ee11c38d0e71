"""What suggestions like this one were worth: counts on held-out inquiries, with exact intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv


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

    @classmethod
    def of(cls, right: int, n: int) -> Self:
        """A count with its 95 % interval."""
        return cls(right, n, *clopper_pearson(right, n))


def clopper_pearson(right: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval of a share, (0, 1) where nothing was counted."""
    if not 0 <= right <= n:
        raise ValueError(f"right must be in 0..{n}, got {right}.")
    tail = (1 - confidence) / 2
    low = float(betaincinv(right, n - right + 1, tail)) if right else 0.0
    high = float(betaincinv(right + 1, n - right, 1 - tail)) if right < n else 1.0
    return low, high


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
        return Promise.of(int(self._sums[start + width] - self._sums[start]), width)

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
