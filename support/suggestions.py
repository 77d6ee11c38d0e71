"""What was suggested for an inquiry, remembered so that its outcome can be learned."""

import secrets

from sqlite_utils import Database

from .clock import now
from .database import one, write
from .recommender import Suggestion


def remember(db: Database, suggestion: Suggestion, *, inquiry_id: int | None, asked_by: str) -> str:
    """Store a suggestion; the same one for the same inquiry keeps its row.

    Args:
        db: the desk's database.
        suggestion: what was shown.
        inquiry_id: for which inquiry; None: a text from the API.
        asked_by: `agent:3` or `token:1`.

    Returns:
        The suggestion's id, under which outcomes are reported.
    """
    slugs = [item.faq.slug for item in suggestion.faqs]
    with write(db):
        kept = _same(db, suggestion, inquiry_id, slugs) if inquiry_id is not None else None
        if kept:
            return kept
        suggestion_id = "sg_" + secrets.token_hex(10)
        db.table("suggestions").insert(
            {
                "id": suggestion_id,
                "inquiry_id": inquiry_id,
                "asked_by": asked_by,
                "release": suggestion.release,
                "band": suggestion.band,
                "reason": suggestion.reason,
                "threshold": suggestion.threshold,
                "at": now(),
            }
        )
        for rank, item in enumerate(suggestion.faqs, 1):
            db.table("suggestion_faqs").insert(
                {
                    "suggestion_id": suggestion_id,
                    "rank": rank,
                    "slug": item.faq.slug,
                    "probability": item.probability,
                }
            )
    return suggestion_id


def dismissed(db: Database, suggestion_id: str) -> set[str]:
    """The FAQs of a suggestion that an agent has said do not fit."""
    sql = "SELECT slug FROM suggestion_faqs WHERE suggestion_id = ? AND outcome = 'dismissed'"
    return {row["slug"] for row in db.query(sql, [suggestion_id])}


def standing(db: Database, inquiry_id: int) -> list[str]:
    """The FAQs that were suggested last for an inquiry, best first, without dismissed ones."""
    sql = """
        SELECT slug FROM suggestion_faqs WHERE outcome IS NOT 'dismissed' AND suggestion_id =
            (SELECT id FROM suggestions WHERE inquiry_id = ? ORDER BY at DESC, rowid DESC LIMIT 1)
        ORDER BY rank
    """
    return [row["slug"] for row in db.query(sql, [inquiry_id])]


def _same(db: Database, suggestion: Suggestion, inquiry_id: int, slugs: list[str]) -> str | None:
    sql = "SELECT * FROM suggestions WHERE inquiry_id = ? ORDER BY at DESC, rowid DESC LIMIT 1"
    last = one(db, sql, [inquiry_id])
    if not last or last["release"] != suggestion.release or last["reason"] != suggestion.reason:
        return None
    sql = "SELECT slug FROM suggestion_faqs WHERE suggestion_id = ? ORDER BY rank"
    shown = [row["slug"] for row in db.query(sql, [last["id"]])]
    return str(last["id"]) if shown == slugs else None
