"""A linear voice: one weight for each feature and label, so that every word's part can be told.

Weights are held as int8 with one scale a label, a quarter of float32; measured, no answer changes.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from .features import Features, join_runs, normalize, split_words, word_features


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one word adds to a label's score, over what it adds to the average label."""

    word: str
    weight: float


class LinearVoice:
    """Scores every label for a text."""

    def __init__(
        self,
        features: Features,
        weights: npt.NDArray[np.int8],
        scales: npt.NDArray[np.float32],
        bias: npt.NDArray[np.float32],
    ) -> None:
        self.features = features
        self.weights = weights
        self.scales = scales
        self.bias = bias

    @classmethod
    def quantise(
        cls,
        features: Features,
        weights: npt.NDArray[np.float32],
        bias: npt.NDArray[np.float32],
    ) -> "LinearVoice":
        """Round weights of shape (features, labels) to int8.

        The average over labels goes first: it changes no probability and would eat the range.
        """
        centred = weights - weights.mean(axis=1, keepdims=True)
        scales = np.maximum(np.abs(centred).max(axis=0, initial=0), 1e-12) / 127
        rounded = np.rint(centred / scales).astype(np.int8)
        return cls(features, rounded, scales.astype(np.float32), bias.astype(np.float32))

    def logits(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, labels) scores before softmax; a text of unknown words gets the bias alone."""
        scores = np.empty((len(texts), len(self.bias)), dtype=np.float32)
        for i, text in enumerate(texts):
            ids, values = self.features.row(text)
            scores[i] = values @ self.weights[ids].astype(np.float32)
        return scores * self.scales + self.bias

    def predict(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, labels) probabilities; each row sums to 1."""
        logits = self.logits(texts)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)

    def contributions(self, text: str, label_id: int) -> list[Contribution]:
        """Each word's exact part of a label's score, strongest first.

        A feature's part is its value times its weight. A pair of words gives half to each, a run of
        characters an equal share to each character and so to the words they stand in. The parts sum
        to the score without its bias.
        """
        ids, values = self.features.row(text)
        parts = values * self.weights[ids, label_id].astype(np.float32) * self.scales[label_id]
        config = self.features.config
        part = dict(zip(ids.tolist(), parts.tolist(), strict=True))
        words = split_words(normalize(text[: config.max_length]))
        sums: dict[str, float] = defaultdict(float)
        places: dict[int, list[tuple[str, ...]]] = defaultdict(list)
        for name in word_features(words):
            number = self.features.word_id(name)
            if number is not None:
                places[number].append(tuple(name.split(" ")))
        for run in join_runs(words):
            joined = "".join(run)
            owner = [run[0], *(word for word in run for _ in word), run[-1]]
            marked = f" {joined} "
            for length in range(config.shortest, min(config.longest, len(marked)) + 1):
                for i in range(len(marked) - length + 1):
                    number = self.features.character_id(marked[i : i + length])
                    if number is not None:
                        places[number].append(tuple(owner[i : i + length]))
        for number, where in places.items():
            for owners in where:
                share = part.get(number, 0.0) / len(where) / len(owners)
                for word in owners:
                    sums[word] += share
        found = [Contribution(word, weight) for word, weight in sums.items()]
        return sorted(found, key=lambda item: (-abs(item.weight), item.word))

    def save(self, folder: Path) -> None:
        """Write weights and vocabulary."""
        folder.mkdir(parents=True, exist_ok=True)
        self.features.save(folder)
        tensors: dict[str, npt.NDArray[Any]] = {
            "weights": self.weights,
            "scales": self.scales,
            "bias": self.bias,
        }
        save_file(tensors, folder / "linear.safetensors")

    @classmethod
    def load(cls, folder: Path) -> "LinearVoice":
        """Read what `save` wrote."""
        tensors = load_file(folder / "linear.safetensors")
        return cls(Features.load(folder), tensors["weights"], tensors["scales"], tensors["bias"])
