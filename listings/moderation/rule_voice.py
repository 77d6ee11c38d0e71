"""What rules and signals say together, each rule weighing what decisions showed it to be worth.

A rule's own weight is where learning starts, and where it stays as long as no decision speaks
against it; signals are values beside the rules. Learned by `train/moderation_rules.py`.
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

from .classes import NORMAL, Reason
from .reading import NAMES, Reading, vectors
from .rules import PRIOR, RuleSet, Spoken

Floats = npt.NDArray[np.float32]
_FILE: Final = "rules.safetensors"
_TENSORS: Final = ("mean", "spread", "weights", "bias")
_LEAST: Final = 0.2  # log-odds below which a signal is not worth telling
_FARTHEST: Final = 3.0  # spreads: what lies farther out was never learned from


class RuleVoice:
    """Scores labels by rules and signals.

    Args:
        rules: the file's, in its order.
        mean: (signals,) of known values, in logarithms.
        spread: (signals,) their standard deviation.
        weights: (rules + signals, labels), of signals brought to mean 0 and spread 1.
        bias: (labels,).
    """

    name = "rules"

    def __init__(
        self, rules: RuleSet, mean: Floats, spread: Floats, weights: Floats, bias: Floats
    ) -> None:
        self.rules = rules
        self.mean = mean
        self.spread = spread
        self.weights = weights
        self.bias = bias

    def log_scores(
        self, readings: Sequence[Reading], spoken: Sequence[Spoken] | None = None
    ) -> Floats:
        """(n, labels) log-probabilities; where no rule speaks, what signals say.

        Args:
            readings: of listings.
            spoken: which of these rules speak of each, where that was asked already.
        """
        rows = seen(readings, self.rules, self.mean, self.spread, spoken)
        return log_normalize(rows @ self.weights + self.bias).astype(np.float32)

    def reasons(self, reading: Reading, label_id: int, label: str) -> list[Reason]:
        """The signals that speak for a label more than for the average one, strongest first."""
        values = scaled(vectors([reading]), self.mean, self.spread)[0]
        weights = self.weights[len(self.rules.rules) :]
        parts = values * (weights[:, label_id] - weights.mean(axis=1))
        known = reading.known()
        found = [
            Reason("signal", label, f"{name}={known[name]:g}", float(part))
            for name, part in zip(NAMES, parts.tolist(), strict=True)
            if part >= _LEAST and name in known
        ]
        return sorted(found, key=lambda reason: -reason.weight)

    def save(self, folder: Path) -> None:
        """Write what was learned into a folder; the rules are the model's to write."""
        save_file({n: np.ascontiguousarray(getattr(self, n)) for n in _TENSORS}, folder / _FILE)

    @classmethod
    def load(cls, folder: Path, rules: RuleSet) -> Self:
        """Read what `save` wrote, for the same rules.

        Raises:
            ModelDamagedError: the file cannot be read, or is of other rules.
        """
        try:
            tensors = load_file(folder / _FILE)
            voice = cls(rules, *(tensors[name] for name in _TENSORS))
            if len(voice.weights) != len(rules.rules) + len(NAMES):
                raise KeyError("it is of other rules")
        except (OSError, KeyError, SafetensorError) as error:
            raise ModelDamagedError(
                f"{folder / _FILE} cannot be read ({error}). Train again: faqdesk train moderation"
            ) from error
        return voice


def seen(
    readings: Sequence[Reading],
    rules: RuleSet,
    mean: Floats,
    spread: Floats,
    spoken: Sequence[Spoken] | None = None,
) -> Floats:
    """(n, rules + signals): 1 where a rule speaks, then values of signals."""
    spoken = [rules.read(reading) for reading in readings] if spoken is None else spoken
    hits = np.zeros((len(readings), len(rules.rules)), np.float32)
    for row, one in zip(hits, spoken, strict=True):
        row[[at for at, _ in one.rules]] = 1
    return np.hstack([hits, scaled(vectors(readings), mean, spread)])


def stated(rules: RuleSet, labels: Sequence[str]) -> tuple[Floats, Floats]:
    """(rules + signals, labels) weights and (labels,) bias as the file states them."""
    number = {label: i for i, label in enumerate(labels)}
    weights = np.zeros((len(rules.rules) + len(NAMES), len(labels)), np.float32)
    for place, rule in enumerate(rules.rules):
        if rule.label in number:
            weights[place, number[rule.label]] = rule.weight
    bias = np.full(len(labels), PRIOR, np.float32)
    if NORMAL in number:
        bias[number[NORMAL]] = 0
    return weights, bias


def scaled(rows: Floats, mean: Floats, spread: Floats) -> Floats:
    """(n, signals) values of mean 0 and spread 1, 0 where unknown, of rows as `vectors` gives.

    None is farther out than 3: an evaded title has more hidden letters than any learned from.
    """
    values, known = rows[:, : len(NAMES)], rows[:, len(NAMES) :]
    away = np.clip((values - mean) / spread, -_FARTHEST, _FARTHEST)
    return np.asarray(away * known, np.float32)
