"""Learns an ensemble for every situation, and serves text alone where pictures do not help.

Every figure here is of held-out rows, and of fusions that had not learned from them.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from listings.ensemble import IMAGE, TEXT, TITLE, Ensemble
from support.bands import Band, choose_band

from .category_fusion import Fitted, Labels, Probabilities, Scores, fit_fusion, log_loss
from .metrics import expected_calibration_error


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What every voice said of rows that none learned from.

    `text` and `title` hold (n, labels) log-probabilities by text model: of the whole text, and of
    the title alone. `image` has rows of NaN where no picture could be read; None: no such model.
    """

    labels: Labels  # (n,) the number of the right one
    text: Mapping[str, Scores]
    title: Mapping[str, Scores]
    described: npt.NDArray[np.bool_]  # (n,) whether there is a description
    image: Scores | None = None
    groups: Sequence[int] | None = None  # of near duplicates

    @property
    def seen(self) -> npt.NDArray[np.bool_]:
        """(n,) whether a picture could be read."""
        if self.image is None:
            return np.zeros(len(self.labels), dtype=bool)
        return ~np.isnan(self.image[:, 0])


@dataclass(frozen=True, slots=True)
class SituationReport:
    """What the fusion of one situation was worth."""

    situation: str
    n: int  # held-out rows
    form: str
    voices: dict[str, float]  # each with its mean weight
    accuracy: float
    hit_3: float
    ece: float
    log_loss: float


@dataclass(frozen=True, slots=True)
class EnsembleReport:
    """What was learned."""

    situations: tuple[SituationReport, ...]
    image_helps: bool | None  # None: there is nothing to compare
    message: str  # what was decided about pictures, in words
    band: Band  # of what needs no look

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "band": self.band.as_dict()}


def fit_ensemble(
    held_out: HeldOut, *, share_right: float = 0.9, seed: int = 0
) -> tuple[Ensemble, EnsembleReport, Probabilities]:
    """Learn a fusion for every situation that held-out rows show.

    Words serve alone where the right labels were no likelier with the pictures of the same rows, or
    where fewer were right by more than the standard error of that difference: of some hundred rows
    the share right tells little, how likely the right label was tells much more.

    Args:
        held_out: what the voices said.
        share_right: of first guesses above the threshold.
        seed: of the folds.

    Returns:
        The ensemble, what was learned, and (n, labels) what it says of every row by all the row
        has, cross-fitted; 0 where it says nothing.

    Raises:
        ValueError: no voice said anything of two rows or more.
    """
    fits = _fit_all(held_out, seed)
    fusions = {name: fitted.fusion for name, (_, fitted) in fits.items()}
    reports = [
        _report(name, fitted, held_out.labels[rows]) for name, (rows, fitted) in fits.items()
    ]
    helps, message, heard = None, "", set[str]()
    for words in (TEXT, TITLE):
        both = f"{words}+{IMAGE}"
        if both not in fits:
            continue
        better, said = _compare(fits[both], fits[words], held_out.labels)
        if better:
            heard.add(both)
        else:
            fusions[both] = fusions[words]
        if helps is None:  # the fuller situation speaks for the ensemble
            helps, message = better, said
    said_of_all = _say(fits, len(held_out.labels), heard)
    right = _right(said_of_all, held_out.labels)
    band = choose_band(said_of_all.max(axis=1), right, stated=share_right, slack=0.05)
    return Ensemble(fusions), EnsembleReport(tuple(reports), helps, message, band), said_of_all


_Rows = npt.NDArray[np.int64]


def _fit_all(held_out: HeldOut, seed: int) -> dict[str, tuple[_Rows, Fitted]]:
    """By situation: the rows that showed it, and what was learned from them."""
    every = np.arange(len(held_out.labels))
    seen = np.flatnonzero(held_out.seen)
    described = np.flatnonzero(held_out.described)
    asked: dict[str, tuple[_Rows, dict[str, Scores]]] = {}
    if held_out.title:
        asked[TITLE] = every, dict(held_out.title)
    if held_out.text and len(described):
        asked[TEXT] = described, dict(held_out.text)
    if held_out.image is not None:
        image = {IMAGE: held_out.image}
        for words in (TITLE, TEXT):
            if words in asked:
                rows, voices = asked[words]
                asked[f"{words}+{IMAGE}"] = np.intersect1d(rows, seen), voices | image
        asked[IMAGE] = seen, image
    found = {}
    for name, (rows, voices) in asked.items():
        if len(rows) < 2:
            continue
        groups = None if held_out.groups is None else [held_out.groups[i] for i in rows.tolist()]
        heard = {voice: scores[rows] for voice, scores in voices.items()}
        found[name] = rows, fit_fusion(heard, held_out.labels[rows], groups=groups, seed=seed)
    if not found:
        raise ValueError("No voice said anything of two held-out listings. Label more listings.")
    return found


def _compare(
    both: tuple[_Rows, Fitted], words: tuple[_Rows, Fitted], labels: Labels
) -> tuple[bool, str]:
    """Whether pictures help, on the rows that have them, and the same in words."""
    rows, together = both
    place = np.searchsorted(words[0], rows)
    alone = words[1].held_out[place]
    right = labels[rows]
    with_it, without = (_right(p, right).astype(float) for p in (together.held_out, alone))
    gap = with_it - without
    least = -float(gap.std() / np.sqrt(len(rows)))
    losses = log_loss(together.held_out, right), log_loss(alone, right)
    better = losses[0] < losses[1] and float(gap.mean()) >= least
    said = (
        f"on {len(rows):,} held-out listings with a picture {with_it.mean():.3f} right with it, "
        f"{without.mean():.3f} without; log loss {losses[0]:.3f} and {losses[1]:.3f}"
    )
    if better:
        return True, f"Words and pictures together: {said}."
    return False, f"Pictures do not help, so words serve alone: {said}."


def _say(fits: Mapping[str, tuple[_Rows, Fitted]], n: int, heard: Set[str]) -> Probabilities:
    """(n, labels): of each row what is said by all it has, where pictures are heard."""
    wide = next(iter(fits.values()))[1].held_out.shape[1]
    found = np.zeros((n, wide))
    for words in (IMAGE, TITLE, TEXT):  # the fuller last
        for name in (words, f"{words}+{IMAGE}"):
            if name in fits and (name == words or name in heard):
                rows, fitted = fits[name]
                found[rows] = fitted.held_out
    return found


def _right(probabilities: Probabilities, labels: Labels) -> npt.NDArray[np.bool_]:
    return np.asarray(probabilities.argmax(axis=1) == labels)


def _report(name: str, fitted: Fitted, labels: Labels) -> SituationReport:
    found = fitted.held_out
    right = _right(found, labels)
    among = np.argsort(-found, axis=1, kind="stable")[:, :3] == labels[:, None]
    means = fitted.fusion.weights.mean(axis=1)
    return SituationReport(
        situation=name,
        n=len(labels),
        form=fitted.form,
        voices={
            voice: round(float(mean), 4)
            for voice, mean in zip(fitted.fusion.voices, means, strict=True)
        },
        accuracy=round(float(right.mean()), 4),
        hit_3=round(float(among.any(axis=1).mean()), 4),
        ece=round(expected_calibration_error(found.max(axis=1).tolist(), right.tolist()), 4),
        log_loss=round(fitted.log_loss, 4),
    )
