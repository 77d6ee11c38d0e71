"""A linear voice: one weight for each feature and label, so that every word's part can be told.

Weights are held as int8 with one scale a label, a quarter of float32: on 300 short bank inquiries
of 77 labels the first label changed in one, and no probability moved by more than .015.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from .features import Features, Reading
from .mapped import mapped

_Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one word adds to a label's score, over what it adds to the average label."""

    word: str
    weight: float


@dataclass(frozen=True, slots=True)
class Gate:
    """One column more: higher for a text that looks like those which no label answered."""

    weights: npt.NDArray[np.int8]  # (features,)
    scale: float
    bias: float

    @classmethod
    def quantise(cls, weights: npt.NDArray[np.float32], bias: float) -> "Gate":
        """Round weights of shape (features,) to int8."""
        scale = max(float(np.abs(weights).max(initial=0)), 1e-12) / 127
        return cls(np.rint(weights / scale).astype(np.int8), scale, float(bias))


class LinearVoice:
    """Scores every label for a text."""

    def __init__(
        self,
        features: Features,
        weights: npt.NDArray[np.int8],
        scales: npt.NDArray[np.float32],
        bias: npt.NDArray[np.float32],
        gate: Gate | None = None,
    ) -> None:
        self.features = features
        self.weights = weights
        self.scales = scales
        self.bias = bias
        self._gate = gate

    @classmethod
    def quantise(
        cls,
        features: Features,
        weights: npt.NDArray[np.float32],
        bias: npt.NDArray[np.float32],
        gate: Gate | None = None,
    ) -> "LinearVoice":
        """Round weights of shape (features, labels) to int8.

        The average over labels goes first: it changes no probability and would eat the range.
        """
        centred = weights - weights.mean(axis=1, keepdims=True)
        scales = np.maximum(np.abs(centred).max(axis=0, initial=0), 1e-12) / 127
        rounded = np.rint(centred / scales).astype(np.int8)
        return cls(features, rounded, scales.astype(np.float32), bias.astype(np.float32), gate)

    def logits(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, labels) scores before softmax; a text of unknown words gets the bias alone."""
        scores = np.empty((len(texts), len(self.bias)), dtype=np.float32)
        for i, text in enumerate(texts):
            ids, values = self.features.row(text)
            scores[i] = values @ self.weights[ids].astype(np.float32)
        return scores * self.scales + self.bias

    @property
    def has_gate(self) -> bool:
        """Whether inquiries out of scope were there to learn from."""
        return self._gate is not None

    def gate(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n,) how much each text looks out of scope, as log odds; 0 where nobody taught it."""
        found = np.zeros(len(texts), dtype=np.float32)
        if self._gate is None:
            return found
        for i, text in enumerate(texts):
            ids, values = self.features.row(text)
            found[i] = values @ self._gate.weights[ids].astype(np.float32)
        return np.asarray(found * self._gate.scale + self._gate.bias, dtype=np.float32)

    def predict(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, labels) probabilities; each row sums to 1."""
        logits = self.logits(texts)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)

    def contributions(
        self, text: str, label_ids: Sequence[int], *, most: int | None = None
    ) -> list[list[Contribution]]:
        """Each word's exact part of the scores of some labels, strongest first.

        A feature's part is its value times its weight. A pair of words gives half to each, a run of
        characters an equal share to each character and so to the words they stand in. The parts of
        a label sum to its score without its bias.

        Args:
            text: an inquiry.
            label_ids: numbers of labels.
            most: only so many words, those that speak most for the label; None: every word.
        """
        reading = self.features.read(text)
        ids, values = reading.row
        words, labels = reading.words, np.array(label_ids, np.int64)
        weights = self.weights[ids[:, None], labels].astype(np.float32) * self.scales[labels]
        owners, numbers, starts, stops = self._spans(reading)
        if not len(numbers):
            return [[] for _ in labels]
        rows = np.searchsorted(ids, numbers)
        seen = np.bincount(rows, minlength=len(ids))
        parts = (values[:, None] * weights)[rows] / (seen[rows] * (stops - starts))[:, None]
        # Each span spreads its part evenly: add where it starts, take away where it stops, sum up.
        ends = len(owners) + 1
        names = list(dict.fromkeys(words))
        number = {name: i for i, name in enumerate(names)}
        said = np.array([number[word] for word in words])[owners]
        sums = []
        for part in parts.T:
            steps = np.bincount(starts, part, ends) - np.bincount(stops, part, ends)
            each = np.bincount(said, np.cumsum(steps)[:-1], len(names))
            sums.append(each.astype(np.float64))
        return [_strongest(names, column, most) for column in sums]

    def _spans(self, reading: Reading) -> tuple[_Numbers, _Numbers, _Numbers, _Numbers]:
        """Where each known feature of a text stands.

        Returns:
            For each place the number of the word it belongs to: first one place a word, then one a
            character; and of each occurrence the feature's number, its first place, and the place
            behind its last: (n,) int64 each.
        """
        config, words = self.features.config, reading.words
        lasts = np.cumsum([len(run) for run in reading.runs], dtype=np.int64) - 1
        places = np.array([len(word) for word in words], np.int64)
        # The blanks at both ends of a run count for the words they touch.
        places[lasts] += 1
        places[lasts[:-1] + 1] += 1
        places[:1] += 1
        singles = np.arange(len(words))
        owners = np.concatenate([singles, np.repeat(singles, places)])
        sizes = np.diff(np.cumsum(places)[lasts], prepend=0)
        # In the order in which the features are made; their places follow from it.
        widths = np.arange(config.shortest, config.longest + 1)
        size = sizes[:, None]
        fits = np.maximum(size - widths + 1, 0)  # (runs, widths) features of each
        place = len(words) + np.cumsum(size, axis=0) - size
        before = np.cumsum(fits).reshape(fits.shape) - fits
        grams = len(reading.characters)
        starts = np.repeat((place - before).ravel(), fits.ravel()) + np.arange(grams)
        lengths = np.repeat(np.broadcast_to(widths, fits.shape).ravel(), fits.ravel())
        starts = np.concatenate([singles, singles[:-1], starts])
        lengths = np.concatenate([np.ones_like(singles), 1 + np.ones_like(singles[:-1]), lengths])
        found = np.concatenate([reading.pairs, reading.characters])
        known = found >= 0
        starts = starts[known]
        return owners, found[known], starts, starts + lengths[known]

    def save(self, folder: Path) -> None:
        """Write weights and vocabulary."""
        folder.mkdir(parents=True, exist_ok=True)
        self.features.save(folder)
        tensors: dict[str, npt.NDArray[Any]] = {
            "weights": self.weights,
            "scales": self.scales,
            "bias": self.bias,
        }
        if self._gate is not None:
            tensors["gate"] = self._gate.weights
            tensors["gate_scale"] = np.array([self._gate.scale, self._gate.bias], np.float32)
        save_file(tensors, folder / "linear.safetensors")

    @classmethod
    def load(cls, folder: Path) -> "LinearVoice":
        """Open what `save` wrote; its weights are read where they lie."""
        tensors = mapped(folder / "linear.safetensors")
        gate = None
        if "gate" in tensors:  # only where inquiries out of scope were there to learn from
            scale, bias = tensors["gate_scale"].tolist()
            gate = Gate(tensors["gate"], scale, bias)
        features = Features.load(folder)
        return cls(features, tensors["weights"], tensors["scales"], tensors["bias"], gate)


def _strongest(
    names: Sequence[str], weights: npt.NDArray[np.floating], most: int | None
) -> list[Contribution]:
    """The words by what they weigh, equal ones by name; at most so many that speak for a label."""
    places = np.arange(len(names))
    if most is not None:
        places = places[weights > 0]
        if len(places) > most:
            least = np.partition(weights[places], -most)[-most]
            places = places[weights[places] >= least]
    found = [Contribution(names[place], float(weights[place])) for place in places.tolist()]
    found.sort(key=lambda item: (-abs(item.weight), item.word))
    return found[:most]
