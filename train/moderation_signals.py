"""Fits the voice of signals: multinomial logistic regression over what is known of each listing."""

from collections.abc import Sequence

import numpy as np

from listings.moderation.reading import NAMES, Reading, vectors
from listings.moderation.signal_voice import SignalVoice, scaled

from .blend import Targets
from .dense import fit_dense

_PENALTY = (
    1.0  # values have a spread of 1, so a weight is a matter of log-odds a standard deviation
)
_LEAST_SPREAD = 1e-3  # a signal that is the same everywhere tells nothing


def fit_signals(
    readings: Sequence[Reading], targets: Targets, *, penalty: float = _PENALTY
) -> SignalVoice:
    """Fit on some listings.

    Args:
        readings: what is known of each.
        targets: (n, labels), one label a row.
        penalty: weight of the squared weights against the summed log loss.
    """
    rows = vectors(readings)
    values, known = rows[:, : len(NAMES)], rows[:, len(NAMES) :]
    counts = np.maximum(known.sum(axis=0), 1)
    mean = (values * known).sum(axis=0) / counts
    spread = np.sqrt(((values - mean) ** 2 * known).sum(axis=0) / counts)
    spread = np.where(spread < _LEAST_SPREAD, 1.0, spread)
    mean, spread = mean.astype(np.float32), spread.astype(np.float32)
    voice = fit_dense(scaled(rows, mean, spread), targets, penalty=penalty)
    return SignalVoice(mean, spread, voice.weights, voice.bias)
