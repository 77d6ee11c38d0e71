"""The map as a page draws it: one compact block of bytes, and a legend that says what they mean."""

import json
import struct
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from . import faqs
from .inquiry_map import stored
from .vector_index import Ids

MAGIC: Final = b"FQM1"
OUTCOMES: Final = (
    "open",  # waits for an answer
    "accepted",  # an FAQ was suggested and sent
    "missed",  # one was sent that was not suggested
    "linked",  # an answer linked one, and nothing was suggested: from an import, mostly
    "bare",  # answered without any FAQ
    "closed",  # closed without an answer
)
_COLUMNS: Final = {
    "id": "<u4", "x": "<u2", "y": "<u2", "faq": "<u2", "day": "<u2", "outcome": "<u1"
}  # fmt: skip
_SIDE: Final = 65_535  # places along a side, so that two bytes hold one


@dataclass(frozen=True, slots=True)
class PageMap:
    """What a page draws: `data` holds the points, `legend` says what its numbers mean."""

    data: bytes
    legend: dict[str, Any]

    @property
    def whole(self) -> bytes:
        """The points with their legend behind them as JSON: both of the same moment."""
        return self.data + json.dumps(self.legend, ensure_ascii=False).encode()

    def columns(self) -> dict[str, NDArray[Any]]:
        """The points' columns by name: id, x, y, faq, day, outcome."""
        found, place, n = {}, len(MAGIC) + 4, self.legend["n"]
        for name, kind in _COLUMNS.items():
            found[name] = np.frombuffer(self.data, kind, n, place)
            place += found[name].nbytes
        return found


def page(db: Database) -> PageMap:
    """Everything that a page draws, in one read.

    The bytes, little-endian: the magic, the number n of points as uint32, then columns of n values
    each: inquiry ids as uint32; x, y, FAQ and day as uint16; outcome as uint8. The FAQ is 0 for
    none, else its place in the legend counted from 1; the day counts from the legend's first; the
    outcome is its place in `OUTCOMES`. Inquiries that are gone by now, or
    are answered with another one, are left out.

    Raises:
        ModelMissingError: there is no map yet.
    """
    found = stored(db)
    there = _there(db)
    place = np.searchsorted(there["id"], found.ids)
    place = np.minimum(place, max(len(there) - 1, 0))
    keep = there["id"][place] == found.ids if len(there) else np.zeros(len(found.ids), bool)
    ids, points, rows = found.ids[keep], found.points[keep], there[place[keep]]
    faq, listed = _faq_column(db, ids)
    outcome = _outcome_column(db, ids, rows, faq)
    days = rows["day"].astype(np.int64)
    first = int(days.min()) if len(days) else 0
    columns = [
        ids.astype("<u4"),
        *_sides(points),
        faq.astype("<u2"),
        np.minimum(days - first, _SIDE).astype("<u2"),
        outcome.astype("<u1"),
    ]
    data = MAGIC + struct.pack("<I", len(ids)) + b"".join(map(np.ndarray.tobytes, columns))
    legend = {
        "n": len(ids),
        "made_at": found.made_at,
        "encoder_version": found.encoder_version,
        "not_placed": len(there) - len(ids),
        "faqs": listed,
        "outcomes": list(OUTCOMES),
        "first_day": _day(first),
        "last_day": _day(int(days.max())) if len(days) else _day(first),
        "aspect": _aspect(points),
    }
    return PageMap(data, legend)


def _there(db: Database) -> NDArray[Any]:
    """Every inquiry that is drawn, by id, in numbers alone: day since 1970, open, answered."""
    sql = """
        SELECT id, CAST(julianday(substr(opened_at, 1, 10)) - 2440587.5 AS INTEGER),
            status = 'open', answer_id IS NOT NULL
        FROM inquiries WHERE text <> '' AND joined_to IS NULL ORDER BY id
    """  # a joined one is drawn with its head
    kinds = [("id", "i8"), ("day", "i4"), ("open", "?"), ("answered", "?")]
    return np.fromiter(db.conn.execute(sql), np.dtype(kinds))


def _faq_column(db: Database, ids: Ids) -> tuple[NDArray[np.int64], list[dict[str, Any]]]:
    """The FAQ of each inquiry, 0 for none, and the FAQs from 1 on, the most used first."""
    slugs = [row[0] for row in db.conn.execute("SELECT DISTINCT slug FROM labels ORDER BY slug")]
    number = {slug: place for place, slug in enumerate(slugs)}
    rows = db.conn.execute("SELECT inquiry_id, slug FROM labels ORDER BY id")
    labels = np.fromiter(((item, number[slug]) for item, slug in rows), np.dtype("i8,i8"))
    labelled, oldest = np.unique(labels["f0"], return_index=True)  # the first label of each
    used = np.full(len(ids), len(slugs))  # none
    _, mine, theirs = np.intersect1d(ids, labelled, assume_unique=True, return_indices=True)
    used[mine] = labels["f1"][oldest[theirs]]
    counts = np.bincount(used, minlength=len(slugs) + 1)[:-1]
    order = np.argsort(-counts, kind="stable")[: _SIDE - 1]  # where counts are equal, by name
    order = order[counts[order] > 0]
    renamed = np.zeros(len(slugs) + 1, np.int64)
    renamed[order] = np.arange(1, len(order) + 1)
    known = {faq.slug: faq for faq in faqs.every(db)}
    listed = [
        {
            "slug": slug,
            "title": known[slug].title if slug in known else slug,
            "title_en": known[slug].title_en if slug in known else "",
            "count": count,
        }
        for slug, count in ((slugs[place], int(counts[place])) for place in order.tolist())
    ]
    return renamed[used], listed


def _outcome_column(
    db: Database, ids: Ids, rows: NDArray[Any], faq: NDArray[np.int64]
) -> NDArray[np.int64]:
    accepted = _inquiries(
        db,
        "SELECT DISTINCT inquiry_id FROM suggestions JOIN suggestion_faqs "
        "ON suggestion_id = suggestions.id WHERE outcome = 'accepted'",
    )
    missed = _inquiries(
        db,
        "SELECT DISTINCT inquiry_id FROM suggestions JOIN misses ON suggestion_id = suggestions.id",
    )
    # The first that is true of an inquiry counts.
    found = {
        "open": rows["open"],
        "accepted": np.isin(ids, accepted),
        "missed": np.isin(ids, missed),
        "linked": faq > 0,
        "bare": rows["answered"],
    }
    places = [OUTCOMES.index(name) for name in found]
    return np.select(list(found.values()), places, OUTCOMES.index("closed"))


def _inquiries(db: Database, sql: str) -> NDArray[np.int64]:
    return np.array([row[0] for row in db.conn.execute(sql)], np.int64)


def _sides(points: NDArray[np.float32]) -> list[NDArray[Any]]:
    """X and y, each stretched over two bytes."""
    if not len(points):
        return [np.empty(0, "<u2")] * 2
    low, high = points.min(axis=0), points.max(axis=0)
    scaled = (points - low) / np.maximum(high - low, 1e-9) * _SIDE
    return [np.round(scaled[:, side]).astype("<u2") for side in (0, 1)]


def _aspect(points: NDArray[np.float32]) -> float:
    """Width over height of what was laid out."""
    if len(points) < 2:
        return 1.0
    width, height = (points.max(axis=0) - points.min(axis=0)).tolist()
    return float(width / height) if height > 0 else 1.0


def _day(number: int) -> str:
    return date.fromordinal(number + date(1970, 1, 1).toordinal()).isoformat()
