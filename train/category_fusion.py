"""Stacking: learns on held-out rows how much each voice counts, for all labels or for each.

What is fitted gives calibrated probabilities by the same stroke: the weights minimise the log loss
of rows that no voice learned from, and one weight for all labels is a temperature, a bias for each
label a vector scaling. How much may differ from label to label is chosen by cross-validation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from listings.ensemble import FLOOR, Fusion
from support.blend import log_normalize

Labels = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]

LEAST_OF_LABEL = 20  # held-out rows below which a label has no weights of its own
SHARED, BIASED, OWN = "one weight a voice", "and a bias a label", "and weights a label"
_FORMS = (SHARED, BIASED, OWN)
_WEIGHT_PENALTY = 0.5  # of the shared weights; against the summed loss, as all three
_SUM_PENALTY = 0.5  # of their sum: rows that voices tell apart perfectly know no end to it
_BIAS_PENALTY = 4.0  # a bias is seldom above .5
_OWN_PENALTY = 25.0  # a label's own weight seldom lies .2 from the shared one
_SILENT = 1e-3  # a voice that weighs less for every label is left out


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fusion, and what it said of rows when it had not learned from them."""

    fusion: Fusion
    form: str  # one of "one weight a voice", "and a bias a label", "and weights a label"
    held_out: Probabilities  # (n, labels), cross-fitted
    log_loss: float  # of them


def fit_fusion(
    voices: Mapping[str, Scores],
    labels: Labels,
    *,
    groups: Sequence[int] | None = None,
    num_folds: int = 5,
    seed: int = 0,
) -> Fitted:
    """Learn one fusion.

    Args:
        voices: of each (n, labels) log-probabilities of rows that it did not learn from.
        labels: (n,) the number of the right label.
        groups: (n,) number of the group of near duplicates, which folds do not cut; None: each row
            is one.
        num_folds: parts to cross-validate over.
        seed: of the cut.

    Raises:
        ValueError: there are fewer than two rows or no voice.
    """
    n = len(labels)
    if n < 2 or not voices:
        raise ValueError(f"A fusion needs two rows and a voice, got {n} and {len(voices)}.")
    stacked = np.stack([np.maximum(voices[name], FLOOR) for name in voices]).astype(np.float64)
    numbers = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
    num_folds = min(num_folds, int(numbers.max()) + 1)
    fold = (np.random.default_rng(seed).permutation(int(numbers.max()) + 1) % num_folds)[numbers]
    tried: list[tuple[float, str, Probabilities]] = []
    for form in _FORMS:
        held_out = np.empty(stacked.shape[1:])
        for number in range(num_folds):
            inside = fold == number
            weights, bias = _fit(stacked[:, ~inside], labels[~inside], form)
            held_out[inside] = _apply(stacked[:, inside], weights, bias)
        tried.append((log_loss(held_out, labels), form, held_out))
    loss, form, held_out = min(tried, key=lambda item: item[0])
    weights, bias = _fit(stacked, labels, form)
    heard = np.array((weights > _SILENT).any(axis=1), dtype=bool)
    heard[np.argmax(weights.max(axis=1))] = True
    names = tuple(name for name, ok in zip(voices, heard, strict=True) if ok)
    fusion = Fusion(names, weights[heard].astype(np.float32), bias.astype(np.float32))
    return Fitted(fusion, form, held_out, loss)


def log_loss(probabilities: Probabilities, labels: Labels) -> float:
    """Mean of minus the logarithm of what the right label was given."""
    given = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(given, 1e-12)).mean())


def _apply(stacked: Probabilities, weights: Probabilities, bias: Probabilities) -> Probabilities:
    return np.asarray(np.exp(log_normalize((weights[:, None] * stacked).sum(axis=0) + bias)))


def _fit(stacked: Probabilities, labels: Labels, form: str) -> tuple[Probabilities, Probabilities]:
    """Weights (voices, labels) and bias (labels,) with the least penalised log loss."""
    count, n, wide = stacked.shape
    own = np.flatnonzero(np.bincount(labels, minlength=wide) >= LEAST_OF_LABEL)
    own = own if form == OWN else own[:0]
    biased = wide if form in (BIASED, OWN) else 0
    rows = np.arange(n)

    def parts(flat: Probabilities) -> tuple[Probabilities, Probabilities, Probabilities]:
        shared, rest = flat[:count], flat[count:]
        return shared, rest[:biased], rest[biased:].reshape(count, len(own))

    def loss(flat: Probabilities) -> tuple[float, Probabilities]:
        shared, bias, apart = parts(flat)
        scores = np.tensordot(shared, stacked, 1)
        if biased:
            scores += bias
        if len(own):
            scores[:, own] += (apart[:, None] * stacked[:, :, own]).sum(axis=0)
        logs = log_normalize(scores)
        slopes = np.exp(logs)
        slopes[rows, labels] -= 1
        centred = shared - shared.mean()  # voices of equal worth share the weight
        beyond = float(shared.sum()) - 1
        value = (
            -float(logs[rows, labels].sum())
            + (
                _WEIGHT_PENALTY * float(centred @ centred)
                + _SUM_PENALTY * beyond * beyond
                + _BIAS_PENALTY * float(bias @ bias)
                + _OWN_PENALTY * float((apart * apart).sum())
            )
            / 2
        )
        gradient = [
            np.array([(slopes * voice).sum() for voice in stacked])
            + _WEIGHT_PENALTY * centred
            + _SUM_PENALTY * beyond
        ]
        if biased:
            gradient.append(slopes.sum(axis=0) + _BIAS_PENALTY * bias)
        if len(own):
            pulled = (slopes[:, own] * stacked[:, :, own]).sum(axis=1) + _OWN_PENALTY * apart
            gradient.append(pulled.ravel())
        return value, np.concatenate(gradient)

    size = count + biased + count * len(own)
    start = np.zeros(size)
    start[:count] = 1 / count
    bounds = [(0.0, None)] * count + [(None, None)] * (size - count)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    shared, bias, apart = parts(best)
    weights = np.tile(shared[:, None], (1, wide))
    weights[:, own] = np.maximum(weights[:, own] + apart, 0)
    return weights, bias if biased else np.zeros(wide)
