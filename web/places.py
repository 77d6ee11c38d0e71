"""Where one can go: the places in the head, and the tabs within each."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import request
from flask_babel import LazyString, lazy_gettext

from support.agents import ROLES

from .auth import ADMINS, ANSWERING, LABELLING, LEADS, MODERATING, me


@dataclass(frozen=True, slots=True)
class Tab:
    """A page that the tabs of its place lead to."""

    endpoint: str
    words: LazyString
    roles: tuple[str, ...]
    also: tuple[str, ...] = ()  # other blueprints whose pages belong to it

    @property
    def here(self) -> bool:
        """Whether the page being shown is this one, or belongs to it."""
        at = request.endpoint or ""
        return at == self.endpoint or request.blueprint in (
            self.endpoint.partition(".")[0],
            *self.also,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """What the head leads to: a page, or a few under one name."""

    words: LazyString
    tabs: tuple[Tab, ...]

    @property
    def here(self) -> bool:
        """Whether the page being shown lies here."""
        return any(tab.here for tab in self.tabs)


PLACES = (
    Place(
        lazy_gettext("Inbox"),
        (
            Tab("inbox.show", lazy_gettext("Inbox"), ANSWERING, ("inquiry",)),
            Tab("archive_page.show", lazy_gettext("Answered"), ANSWERING),
        ),
    ),
    Place(
        lazy_gettext("Search"),
        (Tab("search.show", lazy_gettext("Search"), ROLES),),
    ),
    Place(
        lazy_gettext("FAQs"),
        (
            Tab("faqs_page.show", lazy_gettext("FAQs"), ANSWERING),
            Tab("mend_page.show", lazy_gettext("To mend"), LEADS),
            Tab("gaps_page.show", lazy_gettext("Gaps"), LEADS),
            Tab("map_page.show", lazy_gettext("Map"), LEADS),
            Tab("replies_page.show", lazy_gettext("Saved replies"), ANSWERING),
        ),
    ),
    Place(
        lazy_gettext("Week"),
        (Tab("week_page.show", lazy_gettext("Week"), LEADS),),
    ),
    Place(
        lazy_gettext("Listings"),
        (
            Tab("listings_page.new", lazy_gettext("One listing"), LABELLING),
            Tab("review_page.show", lazy_gettext("Review"), LABELLING),
            Tab("batches_page.show", lazy_gettext("Batches"), LABELLING),
            Tab("categories_page.show", lazy_gettext("Categories"), LABELLING),
        ),
    ),
    Place(
        lazy_gettext("Moderation"),
        (
            Tab("moderation_page.show", lazy_gettext("Queue"), MODERATING),
            Tab("appeals_page.show", lazy_gettext("Appeals"), MODERATING),
            Tab("sellers_page.show", lazy_gettext("Sellers"), MODERATING),
            Tab("groups_page.show", lazy_gettext("Returning sellers"), MODERATING),
            Tab("similar_page.show", lazy_gettext("Similar listings"), MODERATING),
            Tab("policy_page.show", lazy_gettext("Policies"), MODERATING),
            Tab("moderation_figures_page.show", lazy_gettext("Figures"), MODERATING),
        ),
    ),
    Place(
        lazy_gettext("Models"),
        (
            Tab("models_page.show", lazy_gettext("Models"), LEADS, ("replays_page",)),
            Tab("tuner_page.show", lazy_gettext("Thresholds"), LEADS),
            Tab("jobs_page.show", lazy_gettext("Jobs"), LEADS),
        ),
    ),
    Place(
        lazy_gettext("Desk"),
        (
            Tab("people_page.show", lazy_gettext("People"), ADMINS),
            Tab("settings_page.show", lazy_gettext("Settings"), ADMINS),
            Tab("imports_page.show", lazy_gettext("Imports"), ADMINS),
            Tab("connections_page.show", lazy_gettext("Connections"), ADMINS, ("sidebar_setup",)),
            Tab("tokens_page.show", lazy_gettext("API tokens"), ADMINS, ("api_page",)),
            Tab("audit_page.show", lazy_gettext("Audit trail"), ADMINS),
        ),
    ),
)


def places() -> Iterator[tuple[Place, tuple[Tab, ...]]]:
    """The places that the reader may see, each with the tabs that they may see."""
    role = me().role
    for place in PLACES:
        tabs = tuple(tab for tab in place.tabs if role in tab.roles)
        if tabs:
            yield place, tabs


def tabs_here() -> tuple[str, tuple[Tab, ...]]:
    """The name and the tabs of the place being shown; nothing where it is one page."""
    for place, tabs in places():
        if place.here and len(tabs) > 1:
            return str(place.words), tabs
    return "", ()
