"""Makes a list of past answers worth reading: each thing once, and of equals the better one first.

People send the same words again, and forms fill them in. A list of five that says one thing five
times hides the other four. Knows nothing of databases and engines.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from .inquiries import PastAnswer
from .lexical_terms import terms_of
from .vector_index import Vectors

NEAR: Final = 0.9  # cosine of vectors below which texts are not compared further
ALIKE: Final = 0.8  # share of all their terms that two texts hold both
SHOWN_DIGITS: Final = 2  # of a score; those that look equal are equal


def fold(
    past: Sequence[PastAnswer], vectors: Vectors, *, top_k: int | None = None
) -> list[PastAnswer]:
    """Fold those alike: nearly the same words, and the same FAQs where both linked any.

    Args:
        past: answers with their scores, best first.
        vectors: (n, dim) float32, of their inquiries; a row of NaN is like no other.
        top_k: how many to return at most; None: all.

    Returns:
        One of each kind with `count` and `alike`, best score first; among those alike, and among
        those whose scores look equal, by what is known of the answer: marked as the solution,
        found helpful by the most, newest.
    """
    near = np.nan_to_num(vectors @ vectors.T, nan=-1.0) >= NEAR if len(past) else np.empty((0, 0))
    words: dict[int, frozenset[int]] = {}

    def said(place: int) -> frozenset[int]:
        if place not in words:
            words[place] = frozenset(terms_of(past[place].question)[0].tolist())
        return words[place]

    groups: list[list[int]] = []
    for place, item in enumerate(past):
        for group in groups:
            first = past[group[0]]
            if (
                near[group[0], place]
                and (item.slugs == first.slugs or not item.slugs or not first.slugs)
                and _alike(said(group[0]), said(place))
            ):
                group.append(place)
                break
        else:
            groups.append([place])
    # By the score of a group's first and the merit of its best.
    best = [max((past[place] for place in group), key=_merit) for group in groups]
    order = sorted(
        range(len(groups)),
        key=lambda i: (round(past[groups[i][0]].score, SHOWN_DIGITS), *_merit(best[i])),
        reverse=True,
    )
    return [_fold(best[i], [past[place] for place in groups[i]]) for i in order[:top_k]]


def _merit(item: PastAnswer) -> tuple[bool, int, str]:
    return item.solved, item.helpful, item.answered_at


def _fold(best: PastAnswer, group: Sequence[PastAnswer]) -> PastAnswer:
    return replace(
        best,
        score=group[0].score,
        count=len(group),
        alike=tuple(item.inquiry_id for item in group if item is not best),
    )


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)
