"""What the desk knows of listings beside their words, as of the moment each was posted.

How old an account is only the marketplace knows; links and contacts are counted in the text.
"""

from collections.abc import Iterable
from typing import Final

from sqlite_utils import Database

from support.clock import from_iso
from support.database import one

from .classes import Signals
from .sanctions import earlier

_COUNTS: Final = """
    SELECT l.seller, l.text_key, l.seller_since,
        coalesce(nullif(l.posted_at, ''), l.collected_at) AS at,
        (SELECT count(*) FROM listings b
            WHERE b.seller = l.seller AND b.seller <> '' AND b.id < l.id) AS posts,
        (SELECT count(*) FROM listings b
            WHERE b.text_key = l.text_key AND l.text_key <> '' AND b.id < l.id) AS repeats
    FROM listings l WHERE l.id = ?
"""


def signals_of(db: Database, listing_ids: Iterable[int]) -> dict[int, Signals]:
    """The signals of some listings; ids that are not there are left out.

    What cannot be known is None: a seller's posts where there is no seller, repeats before cleaning
    has compared the words.
    """
    found = {}
    for listing_id in listing_ids:
        row = one(db, _COUNTS, [listing_id])
        if row is not None:
            known = bool(row["seller"])
            found[listing_id] = Signals(
                account_days=_days(row["seller_since"], row["at"]) if row["seller_since"] else None,
                earlier_posts=row["posts"] if known else None,
                earlier_sanctions=(earlier(db, row["seller"], at=row["at"]) if known else None),
                repeats=row["repeats"] if row["text_key"] else None,
            )
    return found


def _days(start: str, stop: str) -> float:
    """From one moment to another; an account cannot be younger than its listing."""
    return max(0.0, (from_iso(stop) - from_iso(start)).total_seconds() / 86_400)
