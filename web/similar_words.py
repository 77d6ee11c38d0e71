"""Why listings are alike, and what watching found, in the reader's language."""

from collections.abc import Iterable
from typing import Final

from flask_babel import format_percent, lazy_gettext
from sqlite_utils import Database

from listings.similar import alerts
from listings.similar.alerts import Alert
from listings.similar.hashes import BITS
from listings.similar.looks import Reason
from support.errors import NotFoundError

from .i18n import gettext as _
from .watching import alert_of_note

KINDS: Final = {
    "sanctioned": lazy_gettext("Like a suspended seller’s"),
    "accounts": lazy_gettext("One thing, several accounts"),
    "repeat": lazy_gettext("Posted again and again"),
    "catalogue": lazy_gettext("Like a catalogue"),
}

STATES: Final = {
    "open": lazy_gettext("Waiting"),
    "decided": lazy_gettext("Settled by another decision"),
    "confirmed": lazy_gettext("Right"),
    "dismissed": lazy_gettext("Dismissed"),
}

WAYS: Final = {
    "text": lazy_gettext("words"),
    "picture": lazy_gettext("pictures"),
    "hash": lazy_gettext("copied pictures"),
}


def likeness(probability: float) -> str:
    """How likely two listings are one thing: never certainty, never nothing."""
    return str(format_percent(min(max(probability, 0.01), 0.99), "0%"))


def told(reasons: Iterable[Reason]) -> list[str]:
    """Each reason as a phrase, the strongest first.

    Such as: "the same picture (picture 1, there picture 2)", "3 shared words: oak, table, chairs".
    """
    return [reason(found) for found in reasons]


def reason(found: Reason) -> str:
    """One reason as a phrase."""
    if found.by == "text":
        if not found.words:
            return _("similar wording")
        words = ", ".join(found.words)
        if len(found.words) == 1:
            return _("a shared word: %(words)s", words=words)
        return _("%(n)s shared words: %(words)s", n=len(found.words), words=words)
    if found.by == "hash" and not found.bits:
        phrase = _("the same picture")
    elif found.by == "hash":
        phrase = _("nearly the same picture, %(bits)s of %(all)s bits differ",
                   bits=found.bits, all=BITS)  # fmt: skip
    else:
        phrase = _("a picture of the same thing, likeness %(score)s", score=f"{found.score:.2f}")
    if found.picture is None or found.other_picture is None:
        return phrase
    where = _("picture %(own)s, there picture %(other)s",
              own=found.picture + 1, other=found.other_picture + 1)  # fmt: skip
    return f"{phrase} ({where})"


def alert(found: Alert) -> str:
    """What an alert says beside its kind: how many, since when, and why somebody was suspended."""
    detail = found.detail
    if found.kind == "sanctioned":
        why = str(detail.get("reason", ""))
        return _("The seller was suspended: %(why)s", why=why) if why else ""
    if found.kind == "accounts":
        return _("%(n)s listings from %(accounts)s accounts",
                 n=detail.get("listings", 2), accounts=detail.get("accounts", 2))  # fmt: skip
    return _("%(n)s listings within %(days)s days",
             n=detail.get("listings", 2), days=detail.get("days", 30))  # fmt: skip


def sign(db: Database, note: str) -> str:
    """What a case's sign of kind "watch" says, in the reader's language.

    A note that names no alert, or one that is gone, is given as it was written.
    """
    number = alert_of_note(note)
    try:
        found = None if number is None else alerts.get(db, number)
    except NotFoundError:
        found = None
    if found is None:
        return note
    parts = [str(KINDS[found.kind])]
    if found.other_id is not None:
        parts.append(
            _("like listing %(id)s, %(likeness)s",
              id=found.other_id, likeness=likeness(found.probability))
        )  # fmt: skip
    parts += [*told(found.reasons), alert(found)]
    return "; ".join(part for part in parts if part)
