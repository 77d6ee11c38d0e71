"""The week in the reader's words: figures beside those of the week before, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from babel.dates import format_interval
from flask import current_app, url_for
from flask_babel import format_date, get_locale, lazy_gettext

from support.promise import Promise
from support.share_change import Change, change_of
from support.week import Figures, Minutes
from support.week_todo import Todo

from . import counted, model_words
from .counted import Said
from .i18n import gettext as _

FIGURES: Final = {
    "coverage": lazy_gettext("Shown as likely"),
    "coverage_3": lazy_gettext("Shown any FAQ"),
    "accepted": lazy_gettext("Sent one that was shown"),
    "first_right": lazy_gettext("Right at rank 1"),
    "misses": lazy_gettext("Missed an FAQ"),
    "gaps": lazy_gettext("Answered without an FAQ"),
}
MEANING: Final = {
    "coverage": lazy_gettext(
        "of the inquiries for which a suggestion was looked for, those shown a likely one"
    ),
    "coverage_3": lazy_gettext("the same with the quiet ones, shown as possible"),
    "accepted": lazy_gettext(
        "of those shown an FAQ and answered with one, those answered with one of those shown"
    ),
    "first_right": lazy_gettext("the same with the one shown first"),
    "misses": lazy_gettext("of those answered with an FAQ, those with one that was not shown"),
    "gaps": lazy_gettext("of all answered inquiries, those whose answer links no FAQ"),
}
IN_TABLES: Final = ("coverage", "first_right", "misses", "gaps")  # columns by day and agent
# The first page there is; a kind without any is said without a link.
_LEADS_TO: Final[Mapping[str, tuple[str, ...]]] = {
    "write_faq": ("gaps_page.one",),
    "link_faq": ("gaps_page.one",),
    "fix_faq": ("faqs_page.one",),
    "raise_threshold": ("tuner_page.show",),
    "train": ("models_page.show",),
    "answer_waiting": ("inbox.show",),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the week, and how it stood the week before."""

    name: str
    words: str
    said: Said
    before: str


def tiles(now: Figures, before: Figures) -> list[Tile]:
    """The six shares and the time to the answer."""
    found = []
    for name, words in FIGURES.items():
        here, there = getattr(now, name), getattr(before, name)
        found.append(Tile(name, str(words), counted.share(here), _since(there, here)))
    then = minutes(before.minutes)
    words = _("before: %(main)s", main=then.main) if before.minutes.n else ""
    return [*found, Tile("minutes", _("From opening to sending"), minutes(now.minutes), words)]


def minutes(found: Minutes) -> Said:
    """The median time to the answer, with its interval."""
    if not found.n:
        return Said("–", _("nothing to count"), few=True)
    n = _("median of %(n)s", n=counted.number(found.n))
    if found.n < 6:  # even the extremes promise less than 95 %
        return Said(lasting(found.median), f"{n}, {_('too few to say')}", few=True)
    return Said(lasting(found.median), f"{n}, {lasting(found.low)}–{lasting(found.high)}")


def lasting(found: float) -> str:
    """Minutes, or hours and days where there are many."""
    if found < 90:
        return _("%(n)s min", n=round(found)).replace(" ", "\N{NO-BREAK SPACE}")
    hours = found / 60
    if hours < 36:
        return _("%(n)s h", n=f"{hours:.1f}").replace(" ", "\N{NO-BREAK SPACE}")
    return _("%(n)s days", n=f"{hours / 24:.1f}").replace(" ", "\N{NO-BREAK SPACE}")


def moved(change: Change) -> str:
    """What a figure did, in points with their interval."""
    return model_words.points({"mean": change.difference, "low": change.low, "high": change.high})


def comparable(change: Change) -> bool:
    """Whether both sides hold enough to be set against each other."""
    return not any(counted.share(side).few for side in (change.before, change.after))


def span(monday: date) -> str:
    """A week as the reader writes it, Monday to Sunday."""
    locale = get_locale()
    return str(format_interval(monday, monday + timedelta(days=6), "yMMMd", locale=locale))


def weekday(name: str) -> str:
    """A day of the report, short."""
    return str(format_date(date.fromisoformat(name), "EEE d"))


def todo(found: Todo) -> str:
    """One thing to do, in a sentence."""
    values: dict[str, Any] = {
        "title": found.title,
        "n": counted.number(found.n),
        "of": counted.number(found.of),
    }
    match found.kind:
        case "write_faq":
            return _("Write an FAQ: %(n)s answered inquiries ask the same, “%(title)s”.", **values)
        case "link_faq":
            return _("Link %(title)s: %(n)s answers say what it says, without the link.", **values)
        case "fix_faq":
            return _(
                "Mend “%(title)s”: agents dismissed it %(n)s times for what it says.", **values
            )
        case "raise_threshold":
            return _("Raise the threshold of “%(title)s”: %(n)s of %(of)s were wrong.", **values)
        case "train":
            return _("Train again: %(of)s answers with an FAQ since the last time.", **values)
        case "answer_waiting":
            return _("Answer what waits: %(n)s inquiries for more than a day.", **values)


def faq_url(slug: str) -> str:
    """An FAQ's own page; '' where the console has none."""
    endpoint = "faqs_page.one"
    return url_for(endpoint, slug=slug) if endpoint in current_app.view_functions else ""


def leads_to(found: Todo) -> str:
    """Where it is done; '' where the console has no page for it."""
    values: dict[str, dict[str, Any]] = {
        "gaps_page.one": {"gap_id": found.gap_id},
        "faqs_page.one": {"slug": found.slug},
        "tuner_page.show": {"faq": found.slug},
    }
    for endpoint in _LEADS_TO[found.kind]:
        if endpoint in current_app.view_functions:
            return url_for(endpoint, **values.get(endpoint, {}))
    return ""


def _since(before: Promise, now: Promise) -> str:
    """How it stood before, and whether it has surely moved since."""
    said = counted.share(before)
    if said.few:
        return _("before: %(main)s", main=said.main) if before.n else ""
    change = change_of(before, now)
    if not comparable(change):
        return _("before: %(main)s", main=said.main)
    if not change.sure:
        return _("before: %(main)s; may be chance", main=said.main)
    return _("before: %(main)s; %(moved)s", main=said.main, moved=moved(change))
