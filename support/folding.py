"""Makes a list of past answers worth reading: each thing once, and of equals the better one first.

People send the same words again, and forms fill them in. A list of five that says one thing five
times hides the other four. Knows nothing of databases and engines.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

import numpy as np

from .clock import from_iso, now
from .inquiries import PastAnswer
from .lexical_terms import count_terms
from .vector_index import Vectors

NEAR: Final = 0.9  # cosine of vectors below which texts are not compared further
ALIKE: Final = 0.8  # share of all their terms that two texts hold both
SOLVED: Final = 3  # votes that the mark of a solution counts for, where votes fade with age
SHOWN_DIGITS: Final = 2  # of a score; those that look equal are equal


def fold(
    past: Sequence[PastAnswer],
    vectors: Vectors,
    *,
    top_k: int | None = None,
    half_life_days: float = 0.0,
) -> list[PastAnswer]:
    """Fold those alike: nearly the same words, and the same FAQs where both linked any.

    Args:
        past: answers with their scores, best first.
        vectors: (n, dim) float32, of their inquiries; a row of NaN is like no other.
        top_k: how many to return at most; None: all.
        half_life_days: after so many days, what speaks for an answer counts half; 0: always whole.

    Returns:
        One of each kind with `count` and `alike`, best score first; among those alike, and among
        those whose scores look equal, by what is known of the answer: marked as the solution,
        found helpful by the most, newest; with a half-life, by the votes that are left of it, a
        solution's mark counting as many as SOLVED.
    """
    merit = partial(_merit, half_life_days=half_life_days, moment=from_iso(now()))
    near = np.nan_to_num(vectors @ vectors.T, nan=-1.0) >= NEAR if len(past) else np.empty((0, 0))
    words: dict[int, frozenset[str]] = {}

    def said(place: int) -> frozenset[str]:
        if place not in words:
            words[place] = frozenset(count_terms(past[place].question))
        return words[place]

    groups: list[list[int]] = []
    for place, item in enumerate(past):
        for group in groups:
            first = past[group[0]]
            if (
                near[group[0], place]
                and (item.slugs == first.slugs or not item.slugs or not first.slugs)
                and (item.question == first.question or _alike(said(group[0]), said(place)))
            ):
                group.append(place)
                break
        else:
            groups.append([place])
    # By the score of a group's first and the merit of its best.
    best = [max((past[place] for place in group), key=merit) for group in groups]
    order = sorted(
        range(len(groups)),
        key=lambda i: (round(past[groups[i][0]].score, SHOWN_DIGITS), *merit(best[i])),
        reverse=True,
    )
    return [_fold(best[i], [past[place] for place in groups[i]]) for i in order[:top_k]]


def _merit(
    item: PastAnswer, *, half_life_days: float, moment: datetime
) -> tuple[float, float, str]:
    """What an answer is ordered by, the greater the better."""
    if not half_life_days:
        return float(item.solved), float(item.helpful), item.answered_at
    days = max(0.0, (moment - from_iso(item.answered_at)).total_seconds() / 86_400)
    # One for the answer itself: of two that nobody rated, age decides.
    votes = 1 + item.helpful + SOLVED * item.solved
    # Votes against an answer do not fade: an old bad one is no better than a new bad one.
    return (votes * 0.5 ** (days / half_life_days) if votes > 0 else votes), 0.0, item.answered_at


def _fold(best: PastAnswer, group: Sequence[PastAnswer]) -> PastAnswer:
    return replace(
        best,
        score=group[0].score,
        count=len(group),
        alike=tuple(item.inquiry_id for item in group if item is not best),
    )


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)
