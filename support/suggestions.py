"""What was suggested for an inquiry, remembered so that its outcome can be learned."""

import secrets
from typing import Final

from sqlite_utils import Database

from .clock import now
from .database import one, write
from .errors import NotFoundError
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


def check_own(db: Database, suggestion_id: str, asked_by: str) -> None:
    """Refuse what was not shown to this agent, or to a program where a program asks.

    What is suggested for an inquiry is the team's, whoever looked first.

    Raises:
        NotFoundError: it was shown to somebody else, or never.
    """
    sql = """
        SELECT 1 FROM suggestions WHERE id = :id AND (asked_by = :who OR inquiry_id IS NOT NULL
            OR (:who LIKE 'token:%' AND asked_by LIKE 'token:%'))
    """
    if one(db, sql, {"id": suggestion_id, "who": asked_by}) is None:
        raise NotFoundError(f"No suggestion {suggestion_id[:100]!r} of yours.")


# Said of the FAQ itself, whatever was asked; the others only of what had been asked by then.
OF_THE_FAQ: Final = ("outdated", "wrong_content", "incomplete", "duplicate")


def dismissed(db: Database, suggestion_id: str) -> dict[str, str]:
    """The FAQs that an agent has said do not fit, and why.

    What was said of the FAQ itself still counts after the customer wrote again.
    """
    return {
        slug: reason
        for slug, reason, here in _dismissals(db, suggestion_id)
        if here or reason in OF_THE_FAQ
    }


def doubted(db: Database, suggestion_id: str) -> set[str]:
    """The FAQs that did not fit before the customer wrote again, and may fit now."""
    slugs = {slug for slug, _reason, _here in _dismissals(db, suggestion_id)}
    return slugs - set(dismissed(db, suggestion_id))


def dismissed_in(db: Database, suggestion_id: str, slug: str) -> list[str]:
    """The suggestions of the same inquiry in which an FAQ was dismissed."""
    sql = f"SELECT s.id {_OF_INQUIRY} AND f.slug = :slug ORDER BY s.rowid"
    return [row["id"] for row in db.query(sql, {"id": suggestion_id, "slug": slug})]


def standing(db: Database, inquiry_id: int) -> list[str]:
    """The FAQs that were suggested last for an inquiry, best first, without dismissed ones."""
    sql = "SELECT id FROM suggestions WHERE inquiry_id = ? ORDER BY at DESC, rowid DESC LIMIT 1"
    last = one(db, sql, [inquiry_id])
    if last is None:
        return []
    gone = dismissed(db, last["id"])
    sql = "SELECT slug FROM suggestion_faqs WHERE suggestion_id = ? ORDER BY rank"
    return [row["slug"] for row in db.query(sql, [last["id"]]) if row["slug"] not in gone]


# A text of the API has no inquiry: its suggestion stands alone.
_OF_INQUIRY: Final = """
    FROM suggestions a JOIN suggestions s ON s.id = a.id OR s.inquiry_id = a.inquiry_id
    JOIN suggestion_faqs f ON f.suggestion_id = s.id AND f.outcome = 'dismissed'
    WHERE a.id = :id
"""


def _dismissals(db: Database, suggestion_id: str) -> list[tuple[str, str, bool]]:
    """Each dismissal of the inquiry: of which FAQ, why, and whether in this very suggestion."""
    sql = f"SELECT f.slug, f.reason, s.id = :id AS here {_OF_INQUIRY} ORDER BY here, s.rowid"
    found = db.query(sql, {"id": suggestion_id})
    return [(row["slug"], row["reason"], bool(row["here"])) for row in found]


def _same(db: Database, suggestion: Suggestion, inquiry_id: int, slugs: list[str]) -> str | None:
    sql = "SELECT * FROM suggestions WHERE inquiry_id = ? ORDER BY at DESC, rowid DESC LIMIT 1"
    last = one(db, sql, [inquiry_id])
    if not last or last["release"] != suggestion.release or last["reason"] != suggestion.reason:
        return None
    sql = "SELECT slug FROM suggestion_faqs WHERE suggestion_id = ? ORDER BY rank"
    shown = [row["slug"] for row in db.query(sql, [last["id"]])]
    return str(last["id"]) if shown == slugs else None
