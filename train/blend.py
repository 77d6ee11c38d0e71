"""Learns how much each voice counts, and what the blend is worth, from validation inquiries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from support.blend import Blend, log_normalize
from support.calibration import PromiseTable, Scale, choose_band
from support.faq import Calibration, Voice

Scores = npt.NDArray[np.float64]
Targets = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Predictions for inquiries whose own labels had no part in them."""

    blended: Scores  # (n, labels + 1), the last column "none of these"
    probabilities: Scores  # (n,) of the first FAQ, calibrated
    any_of_three: Scores  # (n,)


def fit_blend(
    voices: Mapping[str, npt.NDArray[np.floating]], targets: Targets, *, penalty: float = 0.02
) -> Blend:
    """The weights (none below 0) under which the right labels together are most probable.

    Args:
        voices: for each voice (n, labels) logits or log-probabilities.
        targets: (n, labels); a row without any is out of scope: "none of these" is right.
        penalty: weight of the squared weights; few validation inquiries must not buy extremes.
    """
    names = list(voices)
    stacked = np.stack([log_normalize(voices[name]) for name in names])
    n, count = targets.shape
    right = np.hstack([targets, ~targets.any(axis=1, keepdims=True)])

    def loss(flat: Scores) -> tuple[float, Scores]:
        weights, none = flat[:-1], flat[-1]
        scores = np.hstack([np.tensordot(weights, stacked, 1), np.full((n, 1), none)])
        logs = log_normalize(scores)
        among = np.where(right, logs, -np.inf)
        best = among.max(axis=1, keepdims=True)
        total = best + np.log(np.exp(among - best).sum(axis=1, keepdims=True))
        rest = (np.exp(logs) - np.exp(among - total)) / n
        gradient = [float((rest[:, :count] * voice).sum()) for voice in stacked]
        value = -float(total.mean()) + penalty / 2 * float(weights @ weights)
        return value, np.append(np.array(gradient) + penalty * weights, rest[:, -1].sum())

    start = np.append(np.full(len(names), 1 / len(names)), -3.0)
    bounds = [(0.0, None)] * len(names) + [(-12.0, 12.0)]
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Blend({name: float(w) for name, w in zip(names, best, strict=False)}, float(best[-1]))


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


def calibrate(
    voices: Mapping[str, npt.NDArray[np.floating]],
    targets: Targets,
    *,
    heads: Mapping[str, npt.NDArray[np.floating]] | None = None,
    share_right: float,
    share_right_three: float,
    num_folds: int = 5,
    seed: int = 0,
) -> tuple[Calibration, HeldOut]:
    """Learn blend, scales, bands and promises without judging any inquiry by its own label.

    The validation inquiries are cut into folds. Each fold is predicted by a mixture, blend and
    scales learned on the others; bands and promises come from these cross-fitted predictions alone.
    The blend and scales that are kept are learned on all folds. What remains of hindsight are the
    few settings that were chosen on the same inquiries.

    Args:
        voices: for each voice (n, labels) logits or log-probabilities.
        targets: (n, labels).
        heads: scores of the linear voice's heads, which are mixed into one voice first.
        share_right: stated for the Likely band.
        share_right_three: stated for the Possible band.
        num_folds: parts to cross-fit over.
        seed: of the cut.
    """
    n = len(targets)
    num_folds = max(2, min(num_folds, n))
    fold = np.random.default_rng(seed).permutation(n) % num_folds
    blended = np.empty((n, targets.shape[1] + 1))
    singles = np.empty((n, min(3, targets.shape[1])))
    three = np.empty(n)
    for number in range(num_folds):
        inside, outside = fold == number, fold != number
        mixed = _mix_heads(voices, heads or {}, targets, outside)
        blend = fit_blend({name: voice[outside] for name, voice in mixed.items()}, targets[outside])
        seen = blend({name: voice[outside] for name, voice in mixed.items()})
        first_scale, three_scale = _scales(seen, targets[outside])
        blended[inside] = blend({name: voice[inside] for name, voice in mixed.items()})
        top, _ = _top(blended[inside], targets[inside])
        singles[inside], three[inside] = first_scale(top), three_scale(top.sum(axis=1))
    _, hit = _top(blended, targets)
    mixed = _mix_heads(voices, heads or {}, targets, np.ones(n, dtype=bool))
    blend = fit_blend(mixed, targets)
    first_scale, three_scale = _scales(blend(mixed), targets)
    any_hit = np.asarray(hit.any(axis=1), dtype=bool)
    calibration = Calibration(
        blend=blend,
        first=first_scale,
        three=three_scale,
        likely=choose_band(singles[:, 0], hit[:, 0], stated=share_right),
        possible=choose_band(three, any_hit, stated=share_right_three, floor=share_right_three / 2),
        promises=PromiseTable(singles.ravel(), hit.ravel()),
        promises_three=PromiseTable(three, any_hit),
    )
    return calibration, HeldOut(blended, singles[:, 0], three)


def _mix_heads(
    voices: Mapping[str, npt.NDArray[np.floating]],
    heads: Mapping[str, npt.NDArray[np.floating]],
    targets: Targets,
    learn: npt.NDArray[np.bool_],
) -> dict[str, npt.NDArray[np.floating]]:
    """Add the linear voice, its heads mixed by weights learned on some rows."""
    if not heads:
        return dict(voices)
    weights = fit_blend({name: head[learn] for name, head in heads.items()}, targets[learn]).weights
    linear = np.sum([weights[name] * head for name, head in heads.items()], axis=0)
    return {**voices, Voice.LINEAR.value: linear}


def _scales(blended: Scores, targets: Targets) -> tuple[Scale, Scale]:
    """Scale the first FAQ's probability and, apart from it, that of any of three."""
    top, hit = _top(blended, targets)
    any_hit = np.asarray(hit.any(axis=1), dtype=bool)
    return fit_scale(top[:, 0], hit[:, 0]), fit_scale(top.sum(axis=1), any_hit)


def _top(blended: Scores, targets: Targets) -> tuple[Scores, npt.NDArray[np.bool_]]:
    """Probability and rightness of the first three: two arrays of shape (n, 3)."""
    order = np.argsort(-blended[:, :-1], axis=1, kind="stable")[:, :3]
    return np.take_along_axis(blended, order, 1), np.take_along_axis(targets, order, 1)


def targets_of(labels: Sequence[Sequence[str]], label_set: Sequence[str]) -> Targets:
    """(n, labels): whether each label of the set is right."""
    ids = {label: i for i, label in enumerate(label_set)}
    found = np.zeros((len(labels), len(label_set)), dtype=bool)
    for row, names in zip(found, labels, strict=True):
        for name in names:
            if name in ids:
                row[ids[name]] = True
    return found
