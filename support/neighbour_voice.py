"""The voice of the most similar past inquiries: what answered them, the nearest counting most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Neighbour = tuple[Sequence[str], float]  # the FAQs that answered a past inquiry, its cosine score


@dataclass(frozen=True, kw_only=True, slots=True)
class NeighbourConfig:
    """How neighbours are counted."""

    top_k: int = 50  # past inquiries with a label to ask for
    sharpness: float = 20.0  # a neighbour .05 further away counts exp(-1) as much at 20
    smoothing: float = 0.02  # of the weight, spread over labels as often as they occur


class NeighbourVoice:
    """Turns neighbours into a probability for each label."""

    def __init__(
        self, labels: Sequence[str], prior: npt.NDArray[np.float32], config: NeighbourConfig
    ) -> None:
        self.config = config
        self.prior = prior
        self._ids: Mapping[str, int] = {label: i for i, label in enumerate(labels)}

    def log_probabilities(
        self, neighbours: Sequence[Sequence[Neighbour]]
    ) -> npt.NDArray[np.float32]:
        """(n, labels), from each text's neighbours in any order; without any, the prior."""
        config = self.config
        found = np.tile(config.smoothing * self.prior, (len(neighbours), 1))
        for row, near in zip(found, neighbours, strict=True):
            known = [(labels, score) for labels, score in near if labels]
            known = sorted(known, key=lambda item: -item[1])[: config.top_k]
            if not known:
                row[:] = self.prior
                continue
            scores = np.array([score for _, score in known])
            weights = np.exp(config.sharpness * (scores - scores[0]))
            weights /= weights.sum()
            for (labels, _), weight in zip(known, weights.tolist(), strict=True):
                for label in labels:
                    if label in self._ids:
                        row[self._ids[label]] += weight
        shares = found / found.sum(axis=1, keepdims=True)
        return np.asarray(np.log(shares), dtype=np.float32)
