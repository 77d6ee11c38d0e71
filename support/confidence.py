"""How sure a ranking is, read off its looks: is one of its first k right, is it in scope at all.

Logistic regressions on a few signs, learned in `train/confidence.py` from held-out inquiries. Knows
nothing of texts or voices.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

Array = npt.NDArray[np.float64]
_LEAST = 1e-9  # a probability is never taken to be nearer to 0 or 1 than this

TOP = "top"  # the logit of what the blend gives the first k together
PRIOR = "prior"  # the logarithm of how common these k are among what was learned
GATE = "gate"  # what speaks for "none of these", from words alone; higher is further outside
AMONG = "among"  # the logit of the first label's probability among the labels, without "none"


def read_signs(
    blended: Array,
    *,
    k: int,
    prior: npt.NDArray[np.floating] | None = None,
    gate: npt.NDArray[np.floating] | None = None,
) -> dict[str, Array]:
    """What can be read off rankings.

    Args:
        blended: (n, labels + 1) probabilities, the last column "none of these".
        k: of how many first labels one shall be right.
        prior: (labels,) how common each label is, summing to 1; None: all alike.
        gate: (n,) how far each text is from what was learned; None: not known, taken as 0.

    Returns:
        For each sign (n,).
    """
    order = np.argsort(-blended[:, :-1], axis=1, kind="stable")[:, :k]
    top = np.take_along_axis(blended, order, axis=1)
    labels = blended.shape[1] - 1
    shares = np.full(labels, 1 / labels) if prior is None else np.asarray(prior, dtype=np.float64)
    among = top[:, 0] / np.maximum(1 - blended[:, -1], _LEAST)
    return {
        TOP: logit(np.clip(top.sum(axis=1), _LEAST, 1 - _LEAST)),
        PRIOR: np.log(np.clip(shares[order].sum(axis=1), _LEAST, 1.0)),
        GATE: np.zeros(len(top)) if gate is None else np.asarray(gate, dtype=np.float64),
        AMONG: logit(np.clip(among, _LEAST, 1 - _LEAST)),
    }


@dataclass(frozen=True, slots=True)
class Confidence:
    """Weights of signs; those of `TOP` and `AMONG` are never below 0.

    So a higher probability is never worth less while the other signs stay as they are.
    """

    weights: dict[str, float]
    offset: float = 0.0

    def __post_init__(self) -> None:
        for name in (TOP, AMONG):
            if self.weights.get(name, 0.0) < 0:
                raise ValueError(
                    f"The weight of {name!r} must be 0 or more, got {self.weights[name]}."
                )

    def __call__(self, signs: Mapping[str, Array]) -> Array:
        """(n,) probabilities."""
        score = np.full(len(next(iter(signs.values()))), self.offset, dtype=np.float64)
        for name, weight in self.weights.items():
            score += weight * signs[name]
        found: Array = expit(score)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"weights": self.weights, "offset": self.offset}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote."""
        return cls(dict(content["weights"]), content["offset"])
