"""Links that say more since a seller was suspended: who sells the same thing under another account.

Watching looks at a listing when it is new; its seller's other account may be suspended only later.
"""

import json

from sqlite_utils import Database

from listings.stored import PAGE, places

from .group_reach import STANDING
from .looks import Match, Reason, turned
from .vectors import SHOWN

_AT = "coalesce(nullif({of}.posted_at, ''), {of}.collected_at)"


def known_reposts(
    db: Database, sellers: list[str], *, at_least: float
) -> list[tuple[int, str, Match]]:
    """Listings linked to an older one of some sellers, which nothing was said of yet.

    Args:
        db: the desk's database.
        sellers: keyed hashes of those who may not sell.
        at_least: the probability of a link that counts.

    Returns:
        The newer listing, whose listing it is like, and the match; the surest first.
    """
    found: list[tuple[int, str, Match]] = []
    for start in range(0, len(sellers), PAGE):
        page = sellers[start : start + PAGE]
        for own, their in (("first_id", "other_id"), ("other_id", "first_id")):
            sql = f"""
                SELECT n.id, o.seller, o.id, k.probability, k.reasons
                FROM listings AS o JOIN listing_links AS k ON k.{own} = o.id
                JOIN listings AS n ON n.id = k.{their}
                WHERE o.seller IN ({places([0] * len(page))}) AND o.seller <> ''
                AND n.seller <> o.seller
                AND k.probability >= ? AND n.{SHOWN} AND {STANDING}
                AND ({_AT.format(of="n")}, n.id) > ({_AT.format(of="o")}, o.id)
                AND NOT EXISTS (SELECT 1 FROM watch_alerts AS w WHERE w.listing_id = n.id
                    AND w.kind = 'sanctioned' AND w.seller = o.seller)
            """  # noqa: S608 - only question marks and words of our own are put in
            for new, seller, old, probability, written in db.conn.execute(sql, [*page, at_least]):
                reasons = tuple(
                    Reason(**row | {"words": tuple(row["words"])}) for row in json.loads(written)
                )
                # A link's first picture is of its first listing; the alert's is of the newer one.
                if own == "first_id":
                    reasons = tuple(turned(reason) for reason in reasons)
                found.append((new, seller, Match(old, probability, reasons)))
    return sorted(found, key=lambda one: (-one[2].probability, one[0], one[2].listing_id))
