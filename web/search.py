"""The search page: a few words or a whole inquiry lead to FAQs and to past answers.

What is typed is posted, masked, and only then put into the address, where it can be gone back to:
a pasted inquiry may hold personal data, and addresses are kept in many places.
"""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from support import archive, faqs, inquiries, settings
from support.archive import Filters
from support.errors import EmptyTextError, InputError, ModelError
from support.faqs import Faq
from support.inquiries import PastAnswer
from support.promise import Promise
from support.recommender import Suggestion
from support.redact import Redactor
from support.text import normalize

from . import days, wording
from .database import db, desk
from .inquiry_view import titles

bp = Blueprint("search", __name__)

MAX_TEXT: Final = 800  # characters looked at: as many fit into an address, nine bytes each
FOUND: Final = 20  # results of each kind
SIFTED: Final = 200  # as many are looked at where filters let some through
FAQS: Final = 6
SHORT: Final = 80  # characters: as many are words to look for, more are an inquiry

PERIODS: Final = {
    "30": lazy_gettext("The last 30 days"),
    "365": lazy_gettext("The last year"),
}
FIELDS: Final = ("channel", "language", "category", "period")


@dataclass(frozen=True, slots=True)
class FoundFaq:
    """An FAQ that fits; `promise` where the models suggest it, None where it holds the words."""

    faq: Faq
    promise: Promise | None


@bp.get("/search")
def show() -> ResponseReturnValue:
    """Find FAQs and past answers for any text."""
    typed = normalize(request.args.get("q", ""))
    text = Redactor(settings.load(db()).allow).redact(typed[:MAX_TEXT]).text
    given, filters = _asked()
    fits = _suggest(text, SIFTED if filters.any else FOUND) if text else None
    near = _near(fits, filters) if fits else []
    short = len(text) <= SHORT  # no past answer holds every word of a whole inquiry
    words = _words(text, filters) if text and short else []
    chosen: dict[str, Any] = {name: value for name, value in given.items() if name != "period"}
    return render_template(
        "search.html",
        typed=text,
        cut=len(typed) > MAX_TEXT or "cut" in request.args,
        short=short,
        given=given,
        near=near,
        words=words,
        faqs=_faqs(text, fits) if fits else [],
        titles=titles([*(near or ()), *words]),
        periods=PERIODS.items(),
        archived=url_for("archive_page.show", words=text, **chosen) if text else "",
        **_offered(),
    )


@bp.post("/search")
def ask() -> ResponseReturnValue:
    """Take what was typed, and show what is found under an address without personal data."""
    typed = normalize(request.form.get("q", ""))
    text = Redactor(settings.load(db()).allow).redact(typed[: 2 * MAX_TEXT]).text
    more: dict[str, Any] = {name: request.form.get(name, "") or None for name in FIELDS}
    more["cut"] = 1 if len(text) > MAX_TEXT or len(typed) > 2 * MAX_TEXT else None
    return redirect(url_for(".show", q=text[:MAX_TEXT] or None, **more), HTTPStatus.SEE_OTHER)


def _asked() -> tuple[dict[str, str], Filters]:
    """What the address narrows by, as it was given and as the archive wants it."""
    given = {name: request.args.get(name, "") for name in FIELDS if request.args.get(name)}
    period = given.get("period", "")
    if period and period not in PERIODS:
        raise InputError(f"No period {period!r}. There are: {', '.join(PERIODS)}.")
    since = days.begins(days.today() - timedelta(days=int(period))) if period else ""
    filters = Filters(
        since=since,
        channel=given.get("channel", ""),
        language=given.get("language", ""),
        category=given.get("category", ""),
    )
    return given, filters


def _offered() -> dict[str, object]:
    """What the filters have to choose from."""
    choices = archive.choices(db())
    return {
        "categories": [(name, name) for name in choices["category"]],
        "channels": [(name, wording.CHANNELS.get(name, name)) for name in choices["channel"]],
        "languages": [(name, name.upper()) for name in choices["language"]],
    }


def _near(fits: Suggestion, filters: Filters) -> list[PastAnswer] | None:
    """Past answers to similar inquiries; None where no model can say."""
    try:
        if desk().recommender.models().similar is None:
            return None
    except ModelError:
        return None
    return _sifted(list(fits.similar), filters)


def _words(text: str, filters: Filters) -> list[PastAnswer]:
    """Past answers that hold every word."""
    found = inquiries.search_words(db(), text, limit=SIFTED if filters.any else FOUND)
    return _sifted(found, filters)


def _sifted(found: list[PastAnswer], filters: Filters) -> list[PastAnswer]:
    """The first of those that the filters let through."""
    if filters.any:
        kept = archive.among(db(), [past.inquiry_id for past in found], filters)
        found = [past for past in found if past.inquiry_id in kept]
    return found[:FOUND]


def _faqs(text: str, fits: Suggestion) -> list[FoundFaq]:
    """The FAQs that the models suggest, then those that hold the words."""
    found = [FoundFaq(item.faq, item.promise) for item in fits.faqs]
    known = {item.faq.slug for item in found}
    for faq in faqs.search(db(), text, limit=FAQS):
        if faq.slug not in known:
            found.append(FoundFaq(faq, None))
    return found[:FAQS]


def _suggest(text: str, similar_k: int) -> Suggestion:
    """What the models suggest, past answers beside it; they fall silent where nothing is read."""
    try:
        return desk().recommender.suggest(db(), text, similar_k=similar_k)
    except (EmptyTextError, ModelError) as error:
        return Suggestion("silent", "no_model", None, (), (), "", str(error))
