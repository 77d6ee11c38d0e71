"""Learns from held-out inquiries how much each sign of a ranking says about its being right."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from support.calibration import Scale
from support.confidence import AMONG, TOP, Confidence

from .blend import Scores

_CONSTANT = 1e-6  # a sign that varies less says nothing


def fit_confidence(
    signs: Mapping[str, Scores],
    right: npt.NDArray[np.bool_],
    *,
    names: Sequence[str],
    penalty: float = 1.0,
) -> Confidence:
    """A logistic regression, drawn by `penalty` towards taking the probability as it stands.

    Signs are brought to one spread first, so that the penalty weighs on all alike; the first of
    `names` is drawn towards a weight of 1, the others towards 0. The offset is free: on average the
    held-out inquiries are met exactly.

    Args:
        signs: for each sign (n,).
        right: (n,) what shall be foretold.
        names: the signs to use; those that do not vary are left out.
        penalty: weight of the squared distance.
    """
    kept = [name for name in names if signs[name].std() > _CONSTANT]
    if not kept:
        share = (right.sum() + 1) / (len(right) + 2)
        return Confidence({}, float(np.log(share / (1 - share))))
    stacked = np.stack([signs[name] for name in kept], axis=1)
    middle, spread = stacked.mean(axis=0), stacked.std(axis=0)
    rows = (stacked - middle) / spread
    start = np.zeros(len(kept) + 1)
    if kept[0] == names[0]:
        start[0] = spread[0]

    def loss(flat: Scores) -> tuple[float, Scores]:
        score = rows @ flat[:-1] + flat[-1]
        rest = 1 / (1 + np.exp(-np.clip(score, -500, 500))) - right
        away = flat[:-1] - start[:-1]
        value = np.logaddexp(0, score).sum() - score[right].sum() + penalty / 2 * (away @ away)
        return float(value), np.append(rows.T @ rest + penalty * away, rest.sum())

    rising = (TOP, AMONG)
    bounds = [(0.0 if name in rising else None, None) for name in kept] + [(-30.0, 30.0)]
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = best[:-1] / spread
    offset = float(best[-1] - weights @ middle)
    return Confidence({name: float(w) for name, w in zip(kept, weights, strict=True)}, offset)


def fit_scale(
    probabilities: Scores, right: npt.NDArray[np.bool_], *, penalty: float = 1.0
) -> Scale:
    """Platt's scaling by maximum likelihood, drawn towards no change by `penalty`."""
    clipped = np.clip(probabilities, 1e-9, 1 - 1e-9)
    logit = np.log(clipped / (1 - clipped))

    def loss(flat: Scores) -> tuple[float, Scores]:
        score = np.exp(flat[0]) * logit + flat[1]
        rest = 1 / (1 + np.exp(-score)) - right
        value = np.logaddexp(0, score).sum() - score[right].sum()
        gradient = np.array([(rest * logit).sum() * np.exp(flat[0]), rest.sum()])
        return float(value + penalty / 2 * (flat @ flat)), gradient + penalty * flat

    # The slope is learned as a logarithm, so that it stays above 0 and the order is kept.
    slope, offset = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B").x
    return Scale(float(np.exp(slope)), float(offset))


def choose_accept(
    scope: Scores,
    right: npt.NDArray[np.bool_],
    inside: npt.NDArray[np.bool_],
    *,
    loss: float = 0.01,
    least: int = 20,
) -> float | None:
    """The highest threshold of acceptance that loses few right answers.

    Args:
        scope: (n,) held-out probability of being in scope.
        right: (n,) whether the first label was right.
        inside: (n,) whether any label is.
        loss: how far the share of inquiries in scope whose accepted first label is right may fall.
        least: with fewer inquiries out of scope to learn from, everything is accepted.

    Returns:
        The threshold; None where nothing is to be refused.
    """
    if (~inside).sum() < least or not inside.any():
        return None
    answered = np.sort(scope[inside & right])
    lost = int(loss * inside.sum() + 1e-9)
    if not len(answered) or lost >= len(answered):
        return None
    return float(answered[lost])
