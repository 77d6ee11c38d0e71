"""Learns what each rule is worth: multinomial logistic regression that starts from their weights.

A rule's weight moves away from what its file states as far as decisions ask for, so that with no
decisions the rules judge as they stand, and with many as they should.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from listings.moderation.classes import NORMAL
from listings.moderation.reading import NAMES, Reading, vectors
from listings.moderation.rule_voice import Floats, RuleVoice, seen, stated
from listings.moderation.rules import RuleSet
from support.blend import log_normalize

from .blend import Targets

_PENALTY: Final = 1.0  # of squared distances from what is stated, against the summed log loss
_BIAS_PENALTY: Final = 0.01
_STEPS: Final = 200
_LEAST_SPREAD: Final = 1e-3  # a signal that is the same everywhere tells nothing
# Signals that honest people hardly show: they never speak for a listing, whatever chance would say.
_AGAINST: Final = ("earlier_sanctions", "tricks")
_Flat = npt.NDArray[np.float64]


def fit_rules(
    readings: Sequence[Reading],
    targets: Targets,
    label_set: Sequence[str],
    rules: RuleSet,
    *,
    signals: bool = True,
    balance: float = 0.25,
    penalty: float = _PENALTY,
) -> RuleVoice:
    """Fit on some listings.

    Args:
        readings: what is known of each.
        targets: (n, labels), one label a row.
        label_set: in the order of the columns.
        rules: whose weights are learned.
        signals: whether signals are heard beside them.
        balance: how far rare classes are made less rare: 0 not, 1 wholly.
        penalty: weight of the squared distance from what is stated against the summed log loss.
    """
    mean, spread = _spread(vectors(readings))
    rows = seen(readings, rules, mean, spread).astype(np.float64)
    if not signals:
        rows[:, len(rules.rules) :] = 0  # so that their weights stay 0
    weights, bias = (part.astype(np.float64) for part in stated(rules, label_set))
    counts = np.maximum(targets.sum(axis=0), 1)
    times = (targets * (counts.max() / counts) ** balance).sum(axis=1)
    times /= times.mean()
    size = weights.size

    def loss(flat: _Flat) -> tuple[float, _Flat]:
        away = flat[:size].reshape(weights.shape) - weights
        off = flat[size:] - bias
        logs = log_normalize(rows @ (weights + away) + flat[size:])
        rest = (np.exp(logs) - targets) * times[:, None]
        value = -float((times[:, None] * targets * logs).sum())
        value += (penalty * float((away * away).sum()) + _BIAS_PENALTY * float(off @ off)) / 2
        slope = rows.T @ rest + penalty * away
        return value, np.concatenate([slope.ravel(), rest.sum(axis=0) + _BIAS_PENALTY * off])

    start = np.concatenate([weights.ravel(), bias])
    limits = _limits(label_set, len(rules.rules))
    best = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": _STEPS}
    ).x
    return RuleVoice(
        rules,
        mean,
        spread,
        best[:size].reshape(weights.shape).astype(np.float32),
        best[size:].astype(np.float32),
    )


def _spread(rows: Floats) -> tuple[Floats, Floats]:
    """(signals,) mean and standard deviation of known values, of rows as `vectors` gives."""
    values, known = rows[:, : len(NAMES)], rows[:, len(NAMES) :]
    counts = np.maximum(known.sum(axis=0), 1)
    mean = (values * known).sum(axis=0) / counts
    spread = np.sqrt(((values - mean) ** 2 * known).sum(axis=0) / counts)
    spread = np.where(spread < _LEAST_SPREAD, 1.0, spread)
    return mean.astype(np.float32), spread.astype(np.float32)


def _limits(label_set: Sequence[str], count: int) -> list[tuple[float | None, float | None]]:
    """Of each weight, then of each bias, the least and the most it may be."""
    found: list[tuple[float | None, float | None]] = [(None, None)] * (count * len(label_set))
    for name in NAMES:
        for label in label_set:
            against = (None, 0.0) if label == NORMAL else (0.0, None)
            found.append(against if name in _AGAINST else (None, None))
    return found + [(None, None)] * len(label_set)
