"""Where a category model goes wrong on held-out listings: by category, and the confused pairs."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .category_fusion import Labels, Probabilities

_PAIRS = 30  # most that are kept
_EXAMPLES = 3  # of each


@dataclass(frozen=True, slots=True)
class CategoryScore:
    """How one category fares."""

    path: str
    n: int  # held-out listings of it
    right: int  # of those guessed first
    hit_3: int  # of those among the first three


@dataclass(frozen=True, slots=True)
class Confused:
    """A category whose listings were taken for another's."""

    path: str
    said: str
    n: int
    examples: tuple[int, ...]  # ids of listings, the surest mistakes first


def score_categories(
    probabilities: Probabilities, right: Labels, labels: Sequence[str]
) -> tuple[CategoryScore, ...]:
    """Every category, as guesses of shape (n, labels) treat it where `right` are the numbers."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :3]
    first = order[:, 0] == right
    among = (order == right[:, None]).any(axis=1)
    return tuple(
        CategoryScore(
            label,
            int((right == number).sum()),
            int(first[right == number].sum()),
            int(among[right == number].sum()),
        )
        for number, label in enumerate(labels)
    )


def confused_pairs(
    probabilities: Probabilities,
    right: Labels,
    labels: Sequence[str],
    *,
    ids: Sequence[int] | None = None,
) -> tuple[Confused, ...]:
    """The pairs confused most often, at most 30.

    Args:
        probabilities: (n, labels); a row of zeros is no guess.
        right: (n,) number of the right label.
        labels: category paths.
        ids: of each row the listing's; None: no examples are named.
    """
    first, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in np.argsort(-sure, kind="stable").tolist():
        if sure[row] > 0 and first[row] != right[row]:
            found[int(right[row]), int(first[row])].append(row)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        Confused(
            labels[path],
            labels[said],
            len(rows),
            () if ids is None else tuple(ids[row] for row in rows[:_EXAMPLES]),
        )
        for (path, said), rows in ordered[:_PAIRS]
    )
