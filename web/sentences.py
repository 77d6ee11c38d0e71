"""Sanctions as forms name them: a kind, and how long."""

from datetime import UTC, datetime, timedelta

from listings.moderation import sanctions
from support.clock import iso
from support.database import one
from support.errors import InputError

from .auth import actor, me
from .database import db
from .i18n import gettext as _
from .moderation_words import SENTENCES


def read(sentence: str, *, until: str = "") -> tuple[str, str | None]:
    """The kind of a sanction, and until when; None: for good, or a warning.

    Args:
        sentence: as in SENTENCES.
        until: the last day of a suspension, instead of so many days from now.

    Raises:
        InputError: there is no such sanction or day.
    """
    if not sentence or sentence not in SENTENCES:
        raise InputError(_("Choose a sanction."))
    kind, _dash, days = sentence.partition("-")
    if until and kind == "suspension":
        try:
            return kind, iso(datetime.fromisoformat(f"{until}T23:59:59").astimezone())
        except ValueError as error:
            raise InputError(_("Give the day as 2026-12-31.")) from error
    return kind, iso(datetime.now(UTC) + timedelta(days=int(days))) if int(days or 0) else None


def place_with(decision_id: int, sentence: str, reason: str) -> int:
    """Sanction the seller of the listing that a decision hides; it falls with the decision.

    Raises:
        InputError: there is no such sanction, or nobody knows the seller.
    """
    sql = """
        SELECT l.seller FROM moderation_decisions d JOIN moderation_cases c ON c.id = d.case_id
        JOIN listings l ON l.id = c.listing_id WHERE d.id = ?
    """
    row = one(db(), sql, [decision_id])
    if row is None or not row["seller"]:
        raise InputError(_("Nobody knows who sells this: there is nobody to sanction."))
    kind, until = read(sentence)
    return sanctions.place(
        db(), actor(), me().id, row["seller"],
        kind=kind, reason=reason, until=until, decision_id=decision_id,
    )  # fmt: skip
