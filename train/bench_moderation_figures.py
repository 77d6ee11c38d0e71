"""Figures of a moderation benchmark: means over its repetitions, with exact bounds on counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from listings.moderation.classes import HIDE, NORMAL, REVIEW
from support.promise import clopper_pearson

from .metrics import macro, score_labels
from .moderation_sets import ModerationSet

Count = tuple[int, int]  # how many of how many


@dataclass(frozen=True, slots=True)
class Said:
    """What one system said of one test listing."""

    truth: str
    label: str
    action: str  # hide, review or pass; of a baseline, which has no policy, hide for any problem
    agreed: bool = True  # whether all who read the listing called it so; others are told apart


def figures(
    rows: ModerationSet, runs: Sequence[Sequence[Said]], labels: Sequence[str]
) -> dict[str, Any]:
    """Means over the repetitions; `_low` is the exact 95 % bound of the mean count.

    Args:
        rows: the set, which knows what its labels are called.
        runs: of each repetition what was said of every test listing.
        labels: of the set.
    """
    sure = [[row for row in said if row.agreed] for said in runs]
    found = _means([_once(said, labels) for said in sure])
    normals = [[row for row in said if row.truth == NORMAL] for said in sure]
    problems = [[row for row in said if row.truth != NORMAL] for said in sure]
    n = len(normals[0])
    for name, actions in (("hidden", {HIDE}), ("flagged", {HIDE, REVIEW})):
        kept = round(float(np.mean([_count(some, actions, among=False) for some in normals])))
        found[f"normal_not_{name}"] = _round(kept / n) if n else None
        found[f"normal_not_{name}_low"] = _round(clopper_pearson(kept, n)[0])
        shares = [_count(some, actions, among=True) / len(some) for some in problems if some]
        found[f"problems_{name}"] = _round(float(np.mean(shares))) if shares else None
    right = round(float(np.mean([sum(r.label == NORMAL for r in some) for some in normals])))
    found["normal_recall_interval"] = [_round(edge) for edge in clopper_pearson(right, n)]
    found["precision"] = {rows.name_of(label): _precision(sure, label) for label in labels}
    if len(sure[0]) < len(runs[0]):
        found["with_doubtful"] = {
            "n": len(runs[0]),
            **_means([_once(said, labels) for said in runs]),
        }
    return found


def robustness(found: Iterable[Count], evaded: Sequence[Mapping[str, Count]]) -> dict[str, float]:
    """Recall of problems as they are, and with each trick; and the largest share lost.

    Args:
        found: of each repetition how many of the problems were given their class.
        evaded: the same with their titles hidden by each trick.
    """
    plain = _share(found)
    by = {trick: _share([run[trick] for run in evaded]) for trick in evaded[0]}
    lost = max(0.0, 1 - min(by.values()) / plain) if plain else 0.0
    told = {"recall": plain, **by, "lost": lost}
    return {name: _round(value) for name, value in told.items()}


def _once(said: Sequence[Said], labels: Sequence[str]) -> dict[str, float]:
    scores = score_labels([row.label for row in said], [{row.truth} for row in said], labels)
    return {
        "accuracy": sum(row.label == row.truth for row in said) / len(said),
        "macro_f1": macro(scores)[0],
        "normal_recall": next((s.recall for s in scores if s.label == NORMAL), 0.0),
    }


def _means(each: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Of each figure its mean, and its standard deviation over the repetitions."""
    told = {}
    for name in each[0]:
        values = [one[name] for one in each]
        told[name] = _round(float(np.mean(values)))
        told[f"{name}_sd"] = _round(float(np.std(values, ddof=1))) if len(values) > 1 else 0.0
    return told


def _precision(runs: Sequence[Sequence[Said]], label: str) -> float | None:
    """Mean over the repetitions that said the label at all; None where none did."""
    values = []
    for said in runs:
        named = [row for row in said if row.label == label]
        if named:
            values.append(sum(row.truth == label for row in named) / len(named))
    return _round(float(np.mean(values))) if values else None


def _count(said: Sequence[Said], actions: set[str], *, among: bool) -> int:
    return sum((row.action in actions) == among for row in said)


def _share(counts: Iterable[Count]) -> float:
    pairs = list(counts)
    of = sum(n for _, n in pairs)
    return sum(k for k, _ in pairs) / of if of else 0.0


def _round(value: float) -> float:
    return round(value, 4)
