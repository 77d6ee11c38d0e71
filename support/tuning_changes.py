"""The held-out inquiries that another threshold would treat otherwise: counted, and listed."""

import json
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from . import faqs, tuner
from .inquiries import SNIPPET
from .text import fold_line
from .tuning import Ground

SHOWN: Final = 100  # inquiries listed


@dataclass(frozen=True, slots=True)
class Change:
    """One held-out inquiry that another threshold would treat otherwise."""

    inquiry_id: int
    snippet: str
    slug: str
    title: str
    probability: float
    right: bool
    shown: bool  # it would be shown from now on; else no longer
    sent: tuple[str, ...]  # FAQs that the answer really linked


@dataclass(frozen=True, slots=True)
class Moved:
    """How many held-out inquiries another threshold would treat otherwise, and rightly or not."""

    shown_right: int
    shown_wrong: int
    silent_right: int  # shown and right until now
    silent_wrong: int

    @property
    def n(self) -> int:
        """All of them."""
        return self.shown_right + self.shown_wrong + self.silent_right + self.silent_wrong


def moved(found: Ground, threshold: float, slug: str = "") -> Moved:
    """Count what a threshold would treat otherwise."""
    right = found.rows.right
    counts = [
        (int(right[places].sum()), int((~right[places]).sum()))
        for places in tuner.changed(found.flags(), found.flags(threshold, slug))
    ]
    (shown_right, shown_wrong), (silent_right, silent_wrong) = counts
    return Moved(shown_right, shown_wrong, silent_right, silent_wrong)


def changes(
    db: Database, found: Ground, threshold: float, slug: str = "", *, limit: int = SHOWN
) -> tuple[list[Change], int]:
    """The inquiries that a threshold would treat otherwise, newest first, and how many in all."""
    appear, vanish = tuner.changed(found.flags(), found.flags(threshold, slug))
    places = sorted([(int(p), True) for p in appear] + [(int(p), False) for p in vanish])[::-1]
    listed = places[:limit]
    ids = [int(found.rows.inquiry_ids[place]) for place, _ in listed]
    sql = """
        SELECT id, substr(text, 1, 600) AS text,
            (SELECT group_concat(slug, char(10)) FROM labels
             WHERE inquiry_id = inquiries.id) AS sent
        FROM inquiries WHERE id IN (SELECT value FROM json_each(?))
    """
    texts = {row["id"]: row for row in db.query(sql, [json.dumps(ids)])}
    slugs = [found.labels[int(found.rows.first[place])] for place, _ in listed]
    titles = faqs.named(db, slugs)
    rows = []
    for (place, appears), inquiry_id, label in zip(listed, ids, slugs, strict=True):
        row = texts.get(inquiry_id)
        rows.append(
            Change(
                inquiry_id=inquiry_id,
                snippet=fold_line(row["text"])[:SNIPPET] if row else "",
                slug=label,
                title=titles[label].title if label in titles else label,
                probability=float(found.rows.probability[place]),
                right=bool(found.rows.right[place]),
                shown=appears,
                sent=tuple(row["sent"].split("\n")) if row and row["sent"] else (),
            )
        )
    return rows, len(places)
