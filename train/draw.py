"""Draws rows evenly over their labels, seeded. What is out of scope counts as one label."""

import random
from collections import defaultdict
from collections.abc import Iterable

from .examples import Example

OUTSIDE = "out-of-scope:"  # begins the label of a row that no FAQ answers


def out_of_scope(number: int) -> tuple[str, ...]:
    """The labels of a row that no FAQ answers: one that no other row has."""
    return (f"{OUTSIDE}{number}",)


def stratum(example: Example) -> str:
    """What a row counts as when rows are drawn evenly: its first label, or out of scope."""
    first = example.labels[0]
    return OUTSIDE if first.startswith(OUTSIDE) else first


def cut_stratified(
    rows: Iterable[Example], share: float, *, seed: int
) -> tuple[list[Example], list[Example]]:
    """Draw a share of each label's rows.

    Returns:
        The rows that stay, and those that were drawn, each in their order.
    """
    drawn: set[int] = set()
    for group in _groups(rows := list(rows), seed):
        drawn.update(example.inquiry_id for example in group[: round(len(group) * share)])
    stay = [example for example in rows if example.inquiry_id not in drawn]
    return stay, [example for example in rows if example.inquiry_id in drawn]


def draw_per_label(rows: Iterable[Example], count: int, *, seed: int) -> list[Example]:
    """At most `count` rows of each label, and of what is out of scope."""
    kept = [example for group in _groups(rows, seed) for example in group[:count]]
    return sorted(kept, key=lambda example: example.inquiry_id)


def draw_some(rows: list[Example], limit: int, seed: int) -> list[Example]:
    """About `limit` rows at most, each label by its share."""
    if len(rows) <= limit:
        return rows
    stay, _ = cut_stratified(rows, 1 - limit / len(rows), seed=seed)
    return stay


def _groups(rows: Iterable[Example], seed: int) -> list[list[Example]]:
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in rows:
        groups[stratum(example)].append(example)
    generator = random.Random(seed)
    return [generator.sample(groups[name], len(groups[name])) for name in sorted(groups)]
