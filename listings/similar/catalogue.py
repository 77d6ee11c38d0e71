"""Sellers whose listings read as from one form: dealers, not people. Each is read once a run."""

from bisect import bisect_left, bisect_right
from typing import Final

import numpy as np
from sqlite_utils import Database

from support.clock import from_iso

from .desk import SimilarListings
from .vectors import SHOWN

_DAY: Final = 86_400  # seconds
# The seller's index holds only known ones: said again, or it cannot be used.
_OWN: Final = f"""
    SELECT id, coalesce(nullif(posted_at, ''), collected_at) FROM listings
    WHERE seller = ? AND seller <> '' AND {SHOWN} ORDER BY id
"""  # noqa: S608 - words of our own are put in

Found = tuple[int, float]  # listings within the window, and how alike their words are


class Catalogues:
    """What the sellers of one run have posted."""

    def __init__(self, similar: SimilarListings, *, days: int, least: int) -> None:
        """Take what reads listings, how long a window is, and how few say nothing."""
        self._similar = similar
        self._days = days
        self._least = least
        self._known: dict[str, dict[int, Found]] = {}

    def around(self, db: Database, seller: str, listing_id: int) -> Found | None:
        """What a seller posted within the window of one listing; None where that is too little."""
        if seller not in self._known:
            self._known[seller] = self._read(db, seller)
        return self._known[seller].get(listing_id)

    def _read(self, db: Database, seller: str) -> dict[int, Found]:
        when = {key: from_iso(at).timestamp() for key, at in db.conn.execute(_OWN, [seller])}
        if len(when) < self._least:
            return {}
        looks = self._similar.looks(db, list(when))
        told = [(when[one.listing_id], one.vector) for one in looks if one.vector is not None]
        if len(told) < self._least:
            return {}
        told.sort(key=lambda one: one[0])
        times = [at for at, _ in told]
        # Sums up to each listing: what lies between two of them is a difference.
        sums = np.cumsum(np.stack([vector for _, vector in told]), axis=0, dtype=np.float64)
        found: dict[int, Found] = {}
        for key, at in when.items():
            start = bisect_left(times, at - self._days * _DAY)
            end = bisect_right(times, at + self._days * _DAY)
            if end - start >= self._least:
                whole = sums[end - 1] - (sums[start - 1] if start else 0)
                # The mean cosine of unit vectors to the direction of their sum is its length.
                found[key] = end - start, float(np.linalg.norm(whole)) / (end - start)
        return found
