"""Cuts listings into parts so that no near duplicates stand on both sides."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


def cut_groups(
    labels: Sequence[str], groups: Sequence[int] | None, *, share: float, seed: int = 0
) -> tuple[Rows, Rows]:
    """Draw about a share of each label's rows, whole groups at a time.

    Args:
        labels: of each row; a group goes where its first row's label has it drawn.
        groups: of each row the number of its group; None: every row is one.
        share: to draw, between 0 and 1.
        seed: of the draw. Which way a group goes among its label's depends on nothing else, so that
            a few new rows move few old ones.

    Returns:
        Numbers of the rows that stay, and of those drawn, each rising.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must be between 0 and 1, got {share}.")
    numbers = range(len(labels)) if groups is None else groups
    members: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(numbers):
        members[group].append(row)
    by_label: dict[str, list[int]] = defaultdict(list)
    for group, rows in members.items():
        by_label[labels[rows[0]]].append(group)
    drawn: list[int] = []
    for label in sorted(by_label):
        waiting = sorted(by_label[label], key=lambda group: _digest(seed, group))
        wanted = round(share * sum(len(members[group]) for group in waiting))
        taken: list[int] = []
        for group in waiting:
            if len(taken) + len(members[group]) <= wanted:
                taken += members[group]
        drawn += taken
    inside = np.zeros(len(labels), dtype=bool)
    inside[drawn] = True
    return np.flatnonzero(~inside), np.flatnonzero(inside)


def _digest(seed: int, group: int) -> bytes:
    return hashlib.md5(f"{seed}:{group}".encode(), usedforsecurity=False).digest()
