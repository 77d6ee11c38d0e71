"""What the desk lets go when more is asked than it can answer: the least of it first.

A request that waited longer for its turn than its kind may is answered at once that the desk is
busy (503 with Retry-After), without a look into the database; so the queue stays as short as the
requests are worth waiting for. What scripts ask by themselves goes first, what agents send last.
"""

import threading
import time
from enum import IntEnum
from typing import Final

import structlog
from flask import Flask, Response, request
from flask_babel import gettext

from support.errors import BusyError

from . import backlog, unavailable

log = structlog.get_logger("faqdesk.shedding")

TELL_SECONDS: Final = 5.0  # from one line in the log to the next


class Rank(IntEnum):
    """How dear a request is to whoever made it."""

    AUTOMATIC = 0  # a page's script asked by itself, or while somebody types: it asks again
    PROGRAM = 1  # programs that read or ask for advice; costly searches
    PAGE = 2  # somebody waits for a page
    DRAFT = 3  # what is typed is in the browser still, which tries again
    ACT = 4  # an answer, a decision, a webhook: who sent it may not send it again
    ALWAYS = 5  # files, and what tells whether the desk lives


# Seconds that a request of each rank may have waited for its turn, and after which to come again.
PATIENCE: Final = {
    Rank.AUTOMATIC: 2.0,
    Rank.PROGRAM: 4.0,
    Rank.PAGE: 8.0,
    Rank.DRAFT: 12.0,
    Rank.ACT: 25.0,
}
AGAIN: Final = {
    Rank.AUTOMATIC: 10,
    Rank.PROGRAM: 10,
    Rank.PAGE: 5,
    Rank.DRAFT: 5,
    Rank.ACT: 3,
}

ALWAYS: Final = frozenset(
    {"static", "bootstrap.static", "health.healthz", "health.readyz", "metrics.show"}
)
AUTOMATIC: Final = frozenset(
    {
        *("inbox.state", "inquiry.news", "inquiry.find_faqs", "inquiry.answers"),
        *("holding_page.claim", "holding_page.known_tags", "archive_page.count"),
        *("faqs_page.find", "faqs_page.near", "jobs_page.state", "jobs_page.state_of"),
        *("imports_page.state", "imports_page.look_state", "batches_page.state"),
        *("map_page.find_faqs", "map_page.hits", "map_page.peek", "map_page.points"),
        *("moderation_page.find", "sellers_page.find", "review_page.find_categories"),
        *("listings_page.suggest", "policy_page.piece", "tuner_page.piece", "settings_page.due"),
        *("embed.suggest", "embed.search", "embed.renew"),
    }
)
COSTLY: Final = frozenset(
    {
        *("search.show", "search.ask", "similar_page.show", "similar_page.ask"),
        *("map_page.region", "map_page.projector", "map_page.export"),
        *("api.suggest", "api.similar_listings", "api.categorise_listing"),
        *("archive_page.export", "audit_page.export"),
    }
)
DRAFTS: Final = frozenset({"inquiry.save_draft"})


def rank(endpoint: str | None, method: str) -> Rank:
    """How dear requests of an endpoint are; of none: those for pages that there are not."""
    if endpoint in ALWAYS:
        return Rank.ALWAYS
    if endpoint in AUTOMATIC:
        return Rank.AUTOMATIC
    if endpoint in COSTLY:
        return Rank.PROGRAM
    if endpoint in DRAFTS:
        return Rank.DRAFT
    if method not in ("GET", "HEAD", "OPTIONS"):
        return Rank.ACT
    return Rank.PROGRAM if (endpoint or "").startswith("api.") else Rank.PAGE


def init_app(app: Flask) -> None:
    """Look at how long each request waited, before anything else is done for it."""

    @app.before_request
    def shed() -> None:
        worth = rank(request.endpoint, request.method)
        if worth is Rank.ALWAYS or backlog.waited() <= PATIENCE[worth] or backlog.catching_up():
            return
        _tell()
        raise BusyError(
            "The desk is busy just now, and nothing was done. Try again in a few seconds.",
            retry_after=AGAIN[worth],
        )


def page(error: BusyError) -> Response:
    """The page of a busy desk."""
    return unavailable.page(
        title=gettext("The desk is busy"),
        words=gettext("More is asked of it just now than it can answer."),
        typed=request.form.get("text", "") if request.blueprint == "inquiry" else "",
        seconds=error.retry_after,
    )


_told = -TELL_SECONDS
_lock = threading.Lock()


def _tell() -> None:
    """Say in the log that requests are let go; not for each of them."""
    global _told
    with _lock:
        if time.monotonic() - _told < TELL_SECONDS:
            return
        _told = time.monotonic()
    log.warning("busy: requests are let go", waited=round(backlog.waited(), 1))
