"""What signals say about a class: a linear voice over their values, unknown ones silent.

Learned by `train/moderation_signals.py`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from support.blend import log_normalize
from support.errors import ModelDamagedError

from .classes import Reason
from .reading import NAMES, Reading, vectors

Floats = npt.NDArray[np.float32]
_FILE: Final = "signals.safetensors"
_TENSORS: Final = ("mean", "spread", "weights", "bias")
_LEAST: Final = 0.2  # log-odds below which a signal is not worth telling


class SignalVoice:
    """Scores labels by signals.

    Args:
        mean: (signals,) of known values, in logarithms.
        spread: (signals,) their standard deviation.
        weights: (signals, labels) of values brought to mean 0 and spread 1.
        bias: (labels,).
    """

    name = "signals"

    def __init__(self, mean: Floats, spread: Floats, weights: Floats, bias: Floats) -> None:
        self.mean = mean
        self.spread = spread
        self.weights = weights
        self.bias = bias

    def log_scores(self, readings: Sequence[Reading]) -> Floats:
        """(n, labels) log-probabilities; where nothing is known, how common each label is."""
        scores = scaled(vectors(readings), self.mean, self.spread) @ self.weights + self.bias
        return log_normalize(scores).astype(np.float32)

    def reasons(self, reading: Reading, label_id: int, label: str) -> list[Reason]:
        """The signals that speak for a label more than for the average one, strongest first."""
        values = scaled(vectors([reading]), self.mean, self.spread)[0]
        parts = values * (self.weights[:, label_id] - self.weights.mean(axis=1))
        known = reading.known()
        found = [
            Reason("signal", label, f"{name}={known[name]:g}", float(part))
            for name, part in zip(NAMES, parts.tolist(), strict=True)
            if part >= _LEAST and name in known
        ]
        return sorted(found, key=lambda reason: -reason.weight)

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        save_file({n: np.ascontiguousarray(getattr(self, n)) for n in _TENSORS}, folder / _FILE)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            ModelDamagedError: the file cannot be read.
        """
        try:
            tensors = load_file(folder / _FILE)
            return cls(*(tensors[name] for name in _TENSORS))
        except (OSError, KeyError, SafetensorError) as error:
            raise ModelDamagedError(
                f"{folder / _FILE} cannot be read ({error}). Train again: faqdesk train moderation"
            ) from error


def scaled(rows: Floats, mean: Floats, spread: Floats) -> Floats:
    """(n, signals) values of mean 0 and spread 1, 0 where unknown, of rows as `vectors` gives."""
    values, known = rows[:, : len(NAMES)], rows[:, len(NAMES) :]
    return np.asarray((values - mean) / spread * known, np.float32)
