"""What became of a suggestion, settled by the answer that was sent.

Suggested and sent is accepted; suggested, and another FAQ sent, is passed over; sent and not
suggested is a miss. An answer without any FAQ is no evidence.
"""

from collections.abc import Collection

from sqlite_utils import Database

from . import faqs
from .database import write
from .links import LinkReader


def settle(db: Database, suggestion_id: str, sent: Collection[str]) -> None:
    """Give what a suggestion showed its outcome, in the caller's transaction when there is one.

    Args:
        db: the desk's database.
        suggestion_id: which one.
        sent: the FAQs that the answer linked, by their slugs of today.
    """
    if not sent:
        return
    # What was shown may have been renamed or merged since; what was sent bears today's name.
    today = LinkReader((), faqs.aliases(db)).canonical
    with write(db):
        sql = "SELECT slug, outcome FROM suggestion_faqs WHERE suggestion_id = ?"
        shown = {row["slug"]: row["outcome"] for row in db.query(sql, [suggestion_id])}
        for slug, outcome in shown.items():
            # A dismissal stands, unless the agent sent the FAQ after all.
            settled = "accepted" if today(slug) in sent else (outcome or "passed_over")
            db.execute(
                "UPDATE suggestion_faqs SET outcome = ? WHERE suggestion_id = ? AND slug = ?",
                [settled, suggestion_id, slug],
            )
        named = set(map(today, shown))
        for slug in sent:
            if slug not in named:
                db.execute(
                    "INSERT OR IGNORE INTO misses (suggestion_id, slug) VALUES (?, ?)",
                    [suggestion_id, slug],
                )
