"""Learns what the blend is worth from validation inquiries: confidence, bands and promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from support.bands import choose_band, choose_label_bands
from support.blend import Blend
from support.calibration import Calibration, is_tie
from support.confidence import AMONG, GATE, PRIOR, TOP, read_signs
from support.promise import PromiseTable

from .blend import Scores, Targets, fit_blend, mix_heads
from .confidence import choose_accept, fit_confidence, fit_scale

_RIGHT = (TOP, PRIOR, GATE)  # the signs that foretell a right answer,
_SCOPE = (AMONG, GATE)  # and those that foretell that there is one


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Predictions for inquiries whose own labels had no part in them."""

    blended: Scores  # (n, labels + 1), the last column "none of these"
    probabilities: Scores  # (n,) of the first FAQ, calibrated
    any_of_three: Scores  # (n,)
    scope: Scores  # (n,) that any label at all is right
    right: npt.NDArray[np.bool_]  # (n,) whether the first was


@dataclass(frozen=True, slots=True)
class Part:
    """Held-out rows scored by voices that learned from none of them; see `join`."""

    voices: Mapping[str, npt.NDArray[np.floating]]
    targets: Targets
    heads: Mapping[str, npt.NDArray[np.floating]]


def join(parts: Sequence[Part]) -> Part:
    """Several held-out parts as one, all over the same labels in the same order.

    Raises:
        ValueError: a part has other voices, heads or labels than the first.
    """
    first = parts[0]
    for part in parts[1:]:
        if (set(part.voices), set(part.heads)) != (set(first.voices), set(first.heads)):
            raise ValueError("Every held-out part needs the same voices and heads.")
        if part.targets.shape[1] != first.targets.shape[1]:
            raise ValueError(
                f"Every held-out part needs the same labels, got {part.targets.shape[1]} beside "
                f"{first.targets.shape[1]}."
            )
    return Part(
        {name: np.concatenate([part.voices[name] for part in parts]) for name in first.voices},
        np.concatenate([part.targets for part in parts]),
        {name: np.concatenate([part.heads[name] for part in parts]) for name in first.heads},
    )


def calibrate(
    voices: Mapping[str, npt.NDArray[np.floating]],
    targets: Targets,
    *,
    heads: Mapping[str, npt.NDArray[np.floating]] | None = None,
    beside: Mapping[str, npt.NDArray[np.floating]] | None = None,
    prior: npt.NDArray[np.floating] | None = None,
    gate: npt.NDArray[np.floating] | None = None,
    share_right: float,
    share_right_three: float,
    num_folds: int = 5,
    seed: int = 0,
) -> tuple[Calibration, HeldOut]:
    """Learn blend, confidence, bands and promises without judging any inquiry by its own label.

    The validation inquiries are cut into folds. Each fold is predicted by a mixture, blend and
    confidence learned on the others; bands and promises come from these cross-fitted predictions
    alone. The blend and confidence that are kept are learned on all folds. What remains of
    hindsight are the few settings that were chosen on the same inquiries.

    Args:
        voices: for each voice (n, labels) logits or log-probabilities.
        targets: (n, labels).
        heads: scores of the linear voice's heads, which are mixed into one voice first.
        beside: the voices that the heads are weighed beside, where these are more than `voices`:
            when a part is missing the linear voice stays as it was mixed.
        prior: (labels,) how common each label is among what was learned, summing to 1.
        gate: (n,) how far each inquiry is from what was learned.
        share_right: stated for the Likely band, and for one of two where the first two tie.
        share_right_three: stated for the Possible band.
        num_folds: parts to cross-fit over.
        seed: of the cut.
    """
    n, wide = len(targets), min(3, targets.shape[1])
    num_folds = max(2, min(num_folds, n))
    fold = np.random.default_rng(seed).permutation(n) % num_folds
    blended, each = np.empty((n, targets.shape[1] + 1)), np.empty((n, wide))
    two, three, scope = np.empty(n), np.empty(n), np.empty(n)
    for number in range(num_folds):
        inside, outside = fold == number, fold != number
        mixed = mix_heads(voices, heads or {}, targets, outside, beside=beside)
        seen = {name: voice[outside] for name, voice in mixed.items()}
        learned = _learn(fit_blend(seen, targets[outside]), seen, targets[outside], prior,
                         _rows(gate, outside))  # fmt: skip
        blended[inside] = learned.blend({name: voice[inside] for name, voice in mixed.items()})
        judged = learned.judge(blended[inside], prior=prior, gate=_rows(gate, inside), top_k=wide)
        each[inside] = judged.each
        two[inside] = [sure.two for sure in judged.sure]
        three[inside] = [sure.three for sure in judged.sure]
        scope[inside] = [sure.scope for sure in judged.sure]
    ranked, hit = _top(blended, targets)
    right = hit[:, 0]
    any_two, any_three = _any(hit[:, :2]), _any(hit)
    likely = choose_band(each[:, 0], right, stated=share_right, floor=share_right / 2)
    tie = np.array([wide > 1 and is_tie(row[0], row[1]) for row in each], dtype=bool)

    mixed = mix_heads(voices, heads or {}, targets, np.ones(n, dtype=bool), beside=beside)
    calibration = replace(
        _learn(fit_blend(mixed, targets), mixed, targets, prior, gate),
        likely=likely,
        label_bands=choose_label_bands(each[:, 0], right, ranked[:, 0], likely),
        possible=choose_band(
            three, any_three, stated=share_right_three, floor=share_right_three / 2
        ),
        pair=choose_band(two[tie], any_two[tie], stated=share_right),
        promises=PromiseTable(each.ravel(), hit.ravel()),
        promises_three=PromiseTable(three, any_three),
        accept=choose_accept(scope, right, _any(targets)),
    )
    return calibration, HeldOut(blended, each[:, 0], three, scope, right)


def _learn(
    blend: Blend,
    voices: Mapping[str, npt.NDArray[np.floating]],
    targets: Targets,
    prior: npt.NDArray[np.floating] | None,
    gate: npt.NDArray[np.floating] | None,
) -> Calibration:
    """What rankings by a blend were worth, without bands."""
    blended = blend(voices)
    ranked, hit = _top(blended, targets)
    none = choose_band(np.empty(0), np.empty(0, dtype=bool), stated=0.5)
    signs = [read_signs(blended, k=k, prior=prior, gate=gate) for k in (1, 2, 3)]
    one, two, three = (
        fit_confidence(sign, _any(hit[:, :k]), names=_RIGHT)
        for k, sign in enumerate(signs, start=1)
    )
    top = np.take_along_axis(blended, ranked, axis=1)
    return Calibration(
        blend=blend,
        confidence=(one, two, three),
        scope=fit_confidence(signs[0], _any(targets), names=_SCOPE),
        others=fit_scale(top[:, 1:].ravel(), hit[:, 1:].ravel()),
        likely=none,
        possible=none,
        pair=none,
        promises=PromiseTable(np.empty(0), np.empty(0, dtype=bool)),
        promises_three=PromiseTable(np.empty(0), np.empty(0, dtype=bool)),
    )


def _rows(
    values: npt.NDArray[np.floating] | None, mask: npt.NDArray[np.bool_]
) -> npt.NDArray[np.floating] | None:
    return None if values is None else values[mask]


def _any(hits: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return np.asarray(hits.any(axis=1), dtype=bool)


def _top(blended: Scores, targets: Targets) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The first three label ids and whether each is right: two arrays of shape (n, 3)."""
    order = np.argsort(-blended[:, :-1], axis=1, kind="stable")[:, :3]
    return order, np.take_along_axis(targets, order, axis=1)
