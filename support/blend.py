"""Several voices, one answer: a weighted sum of log-probabilities, beside "none of these".

The weights are learned in `train/blend.py`; here they are applied. Knows nothing of what the voices
are.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Blend:
    """How much each voice counts, and how likely it is that no label is right.

    Multiplying every weight by the same number sharpens or flattens the answer, so one temperature
    for all is part of the weights.
    """

    weights: dict[str, float]
    none: float  # the score of "none of these", where a label's is its weighted log-probability

    def __call__(self, voices: Mapping[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float64]:
        """Mix log-probabilities of shape (n, labels) for each voice of `weights`.

        Returns:
            (n, labels + 1) probabilities, the last column "none of these"; rows sum to 1.
        """
        first = next(iter(voices.values()))
        scores = np.zeros(first.shape, dtype=np.float64)
        for name, weight in self.weights.items():
            scores += weight * log_normalize(voices[name])
        scores = np.hstack([scores, np.full((len(scores), 1), self.none)])
        return np.exp(log_normalize(scores))


def log_normalize(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Log-softmax over the last axis."""
    wide = np.asarray(scores, dtype=np.float64)
    wide = wide - wide.max(axis=-1, keepdims=True)
    result: npt.NDArray[np.float64] = wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))
    return result
