"""FAQs whose page was gone when the desk looked last: nobody shall be sent there.

A suggestion without them is less sure of itself: where the first of Likely is gone, what follows it
was never above the threshold, and of three in Possible one was to be right, not of two.
"""

import json
from collections.abc import Iterable
from dataclasses import replace

from sqlite_utils import Database

from .faqs import Faq
from .recommender import Suggestion

GONE = "gone"  # the reason of a silence


def gone(db: Database, faqs: Iterable[Faq]) -> frozenset[str]:
    """Which of some FAQs have no page any more, by their slugs."""
    asked = [[faq.slug, faq.url] for faq in faqs]
    if not asked:
        return frozenset()
    sql = """
        SELECT f.slug FROM json_each(?) asked
        JOIN faqs f ON f.slug = asked.value ->> 0 AND f.url = asked.value ->> 1
        JOIN faq_link_checks c ON c.faq_id = f.id AND c.url = f.url AND c.state = 'gone'
    """
    return frozenset(row["slug"] for row in db.query(sql, [json.dumps(asked)]))


def without_gone(db: Database, found: Suggestion) -> tuple[Suggestion, tuple[str, ...]]:
    """A suggestion without FAQs whose page is gone, and which were left out."""
    missing = gone(db, (item.faq for item in found.faqs))
    left_out = tuple(item.faq.slug for item in found.faqs if item.faq.slug in missing)
    if not left_out:
        return found, ()
    kept = tuple(item for item in found.faqs if item.faq.slug not in missing)
    if not kept or (found.band == "likely" and found.faqs[0].faq.slug in missing):
        silent = replace(found, band="silent", reason=GONE, faqs=(), promise=None, tie=False)
        return silent, left_out
    promise = found.promise if found.band == "likely" else None
    return replace(found, faqs=kept, promise=promise, tie=False), left_out
