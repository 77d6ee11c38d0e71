"""The map in words: each FAQ with its inquiries, how they ended, and which FAQs lie beside it.

For who cannot see the points, or wants the figures.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .map_page import OUTCOMES, PageMap

BESIDE: Final = 3  # neighbours named of each FAQ
_FEW: Final = 3  # points from which the middle of an FAQ says where it lies


@dataclass(frozen=True, slots=True)
class TableRow:
    """What the map shows of one FAQ; the slug is '' for inquiries without any."""

    slug: str
    title: str
    title_en: str
    n: int
    outcomes: dict[str, int]
    beside: tuple[str, ...]  # slugs of the FAQs whose middle is nearest, the nearest first


def table(page: PageMap) -> list[TableRow]:
    """A row for each FAQ, the most used first; what has none comes last."""
    columns = page.columns()
    faq = columns["faq"].astype(np.int64)
    n = len(page.legend["faqs"])
    counted = np.zeros((n + 1, len(OUTCOMES)), np.int64)
    np.add.at(counted, (faq, columns["outcome"].astype(np.int64)), 1)
    beside = _beside(columns, faq, n)
    listed = [*page.legend["faqs"], {"slug": "", "title": "", "title_en": ""}]
    rows = []
    for number, item in zip([*range(1, n + 1), 0], listed, strict=True):
        ended = dict(zip(OUTCOMES, counted[number].tolist(), strict=True))
        near = tuple(page.legend["faqs"][other - 1]["slug"] for other in beside.get(number, ()))
        rows.append(
            TableRow(
                slug=item["slug"],
                title=item["title"],
                title_en=item["title_en"],
                n=sum(ended.values()),
                outcomes=ended,
                beside=near,
            )
        )
    return rows if rows[-1].n else rows[:-1]


def _beside(
    columns: dict[str, NDArray[Any]], faq: NDArray[np.int64], n: int
) -> dict[int, list[int]]:
    """The FAQs whose middles are nearest to each one's, by their numbers from 1."""
    counts = np.bincount(faq, minlength=n + 1)
    numbers = [number for number in range(1, n + 1) if counts[number] >= _FEW]
    order = np.argsort(faq, kind="stable")
    ends = np.cumsum(counts)
    middles = np.array(
        [
            [np.median(columns[side][order[ends[number - 1] : ends[number]]]) for side in "xy"]
            for number in numbers
        ]
    ).reshape(-1, 2)
    found = {}
    for place, number in enumerate(numbers):
        far = ((middles - middles[place]) ** 2).sum(axis=1)
        near = [other for other in np.argsort(far, kind="stable").tolist() if other != place]
        found[number] = [numbers[other] for other in near[:BESIDE]]
    return found
