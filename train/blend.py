"""Learns how much each voice counts from validation inquiries."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from support.blend import Blend, log_normalize
from support.faq import Voice

Scores = npt.NDArray[np.float64]
Targets = npt.NDArray[np.bool_]
_HEADS_PENALTY = 0.05  # .02 to .2 differ by less than chance
_ENOUGH = 2_000  # rows that a dozen weights are learned from; more change nothing


def fit_blend(
    voices: Mapping[str, npt.NDArray[np.floating]], targets: Targets, *, penalty: float = 0.02
) -> Blend:
    """The weights (none below 0) under which the right labels together are most probable.

    Args:
        voices: for each voice (n, labels) logits or log-probabilities.
        targets: (n, labels); a row without any is out of scope: "none of these" is right.
        penalty: weight of the squared weights; few validation inquiries must not buy extremes.

    Of more than 2,000 rows every second, third or so is read.
    """
    names = list(voices)
    some = slice(None, None, -(-len(targets) // _ENOUGH) or 1)
    targets = targets[some]
    stacked = np.stack([log_normalize(voices[name][some]) for name in names])
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


def weigh_heads(
    voices: Mapping[str, npt.NDArray[np.floating]],
    heads: Mapping[str, npt.NDArray[np.floating]],
    targets: Targets,
) -> dict[str, float]:
    """How much each head of the linear voice counts, beside the voices that will speak too.

    Heads weighed among themselves alone say once more what the others say already: hit@1 and @5
    over three later quarters of a forum were .477 and .789 so, .481 and .794 with the voices
    beside them; over three later months of petitions .512 and .893 against .529 and .901.
    """
    found = fit_blend({**voices, **heads}, targets, penalty=_HEADS_PENALTY).weights
    return {name: found[name] for name in heads}


def mix_heads(
    voices: Mapping[str, npt.NDArray[np.floating]],
    heads: Mapping[str, npt.NDArray[np.floating]],
    targets: Targets,
    learn: npt.NDArray[np.bool_],
    *,
    beside: Mapping[str, npt.NDArray[np.floating]] | None = None,
) -> dict[str, npt.NDArray[np.floating]]:
    """Add the linear voice, its heads weighed on some rows beside all the voices there are."""
    if not heads:
        return dict(voices)
    weights = weigh_heads(
        {name: voice[learn] for name, voice in (voices if beside is None else beside).items()},
        {name: head[learn] for name, head in heads.items()},
        targets[learn],
    )
    linear = np.sum([weights[name] * head for name, head in heads.items()], axis=0)
    return {**voices, Voice.LINEAR.value: linear}


def targets_of(labels: Sequence[Sequence[str]], label_set: Sequence[str]) -> Targets:
    """(n, labels): whether each label of the set is right."""
    ids = {label: i for i, label in enumerate(label_set)}
    found = np.zeros((len(labels), len(label_set)), dtype=bool)
    for row, names in zip(found, labels, strict=True):
        for name in names:
            if name in ids:
                row[ids[name]] = True
    return found
