"""How far links lead from one listing: its group, walked step by step along indexes."""

from typing import Final

from sqlite_utils import Database

from listings.stored import PAGE, places

from .apart import Pair

# A link counts unless somebody said that the two are not the same.
STANDING: Final = """
    NOT EXISTS (SELECT 1 FROM listing_apart AS a WHERE a.undone_at IS NULL
        AND a.first_id = k.first_id AND a.other_id = k.other_id)
"""

LinkLine = tuple[int, int, float, int]  # first, other, probability, confirmed


def reach(db: Database, listing_id: int) -> tuple[list[int], list[LinkLine]]:
    """Everything that links lead to from a listing: sorted ids, itself too, and the links."""
    seen, edge = {listing_id}, [listing_id]
    rows: dict[Pair, LinkLine] = {}
    while edge:
        ahead: set[int] = set()
        for start in range(0, len(edge), PAGE):
            page = edge[start : start + PAGE]
            for side in ("first_id", "other_id"):
                sql = f"""
                    SELECT first_id, other_id, probability, confirmed FROM listing_links AS k
                    WHERE {side} IN ({places(page)}) AND {STANDING}
                """  # noqa: S608 - only question marks and sentences of our own are put in
                for row in db.conn.execute(sql, page):
                    rows[row[:2]] = row
                    ahead.update(row[:2])
        edge = sorted(ahead - seen)
        seen.update(edge)
    return sorted(seen), list(rows.values())
