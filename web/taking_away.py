"""What pages let somebody take away or read of customers: the audit trail keeps who, and why."""

from typing import Any

from flask import request

from support import inquiries, standing, taking_away
from support.errors import InputError
from support.inquiries import Inquiry

from .auth import actor
from .database import db, desk
from .i18n import gettext as _


def taken(action: str, **detail: Any) -> None:
    """Write down that data leaves the desk, and the reason that the form gives.

    Raises:
        InputError: it gives none.
    """
    reason = request.form.get("reason", "")
    if not standing.masked(db(), reason):
        raise InputError(_("Say why the table is needed; the audit trail keeps it."))
    taking_away.taken(db(), actor(), action, reason, **detail)


def opened(inquiry_id: int) -> Inquiry:
    """An inquiry with the customer's own words where they are still kept; that is written down.

    Raises:
        NotFoundError: there is none.
    """
    found = inquiries.get(db(), inquiry_id, desk().seal)
    if found.opened and found.joined_to is None:
        taking_away.read(db(), actor(), "originals.read", inquiry_id)
    return found
