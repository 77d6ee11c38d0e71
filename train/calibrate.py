"""Learns what the blend is worth from validation inquiries: scales, bands and promises."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from support.calibration import Calibration, PromiseTable, Scale, choose_band

from .blend import Scores, Targets, fit_blend, mix_heads


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Predictions for inquiries whose own labels had no part in them."""

    blended: Scores  # (n, labels + 1), the last column "none of these"
    probabilities: Scores  # (n,) of the first FAQ, calibrated
    any_of_three: Scores  # (n,)


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
        mixed = mix_heads(voices, heads or {}, targets, outside)
        blend = fit_blend({name: voice[outside] for name, voice in mixed.items()}, targets[outside])
        seen = blend({name: voice[outside] for name, voice in mixed.items()})
        first_scale, three_scale = _scales(seen, targets[outside])
        blended[inside] = blend({name: voice[inside] for name, voice in mixed.items()})
        top, _ = _top(blended[inside], targets[inside])
        singles[inside], three[inside] = first_scale(top), three_scale(top.sum(axis=1))
    _, hit = _top(blended, targets)
    mixed = mix_heads(voices, heads or {}, targets, np.ones(n, dtype=bool))
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


def _scales(blended: Scores, targets: Targets) -> tuple[Scale, Scale]:
    """Scale the first FAQ's probability and, apart from it, that of any of three."""
    top, hit = _top(blended, targets)
    any_hit = np.asarray(hit.any(axis=1), dtype=bool)
    return fit_scale(top[:, 0], hit[:, 0]), fit_scale(top.sum(axis=1), any_hit)


def _top(blended: Scores, targets: Targets) -> tuple[Scores, npt.NDArray[np.bool_]]:
    """Probability and rightness of the first three: two arrays of shape (n, 3)."""
    order = np.argsort(-blended[:, :-1], axis=1, kind="stable")[:, :3]
    return np.take_along_axis(blended, order, 1), np.take_along_axis(targets, order, 1)
