"""What the sidebar shows of a conversation, as pieces of page: what fits it, and what was found."""

from flask import render_template, url_for

from support import (
    faqs,
    preferences,
    saved_replies,
    saved_reply_advice,
    suggestions,
    why,
)
from support.agents import Agent
from support.recommender import Suggestion

from . import wording
from .database import db
from .inquiry_view import Reason, dismissed_last

FAQS, REPLIES = 8, 4  # that a search lists


def fits(found: Suggestion, agent: Agent, *, key: str, inquiry_id: int | None, spoken: str) -> str:
    """What fits.

    Args:
        found: what the desk suggests.
        agent: who reads it.
        key: under which it is remembered; empty: it is not, and nothing is noted of it.
        inquiry_id: the open inquiry at this desk, where it is one.
        spoken: the customer's language, in which the answer will be.
    """
    gone = suggestions.dismissed(db(), key) if key else {}
    told = why.explain(db(), found, "") if found.faqs else {}
    slugs = {slug for past in found.similar for slug in past.slugs}
    known = faqs.named(db(), slugs)
    titles = {s: known[s].titled(agent.language) if s in known else s for s in slugs}
    return render_template(
        "_embed_fits.html",
        suggestion=dismissed_last(found, gone, suggestions.doubted(db(), key) if key else set()),
        gone=gone,
        reasons={slug: Reason(reason, "") for slug, reason in told.items()},
        replies=saved_reply_advice.suggest(db(), found.similar) if found.similar else [],
        titles=titles,
        insert_as=preferences.load(db(), agent.id).insert_as,
        spoken=spoken,
        inquiry_id=inquiry_id,
        inserted=url_for("embed.inserted", suggestion_id=key) if key else "",
        dismissed=url_for("embed.dismissed", suggestion_id=key) if key else "",
    )


def found(typed: str, agent: Agent, *, spoken: str) -> str:
    """FAQs and saved replies that hold the words typed."""
    return render_template(
        "_embed_found.html",
        faqs=faqs.search(db(), typed, limit=FAQS),
        replies=saved_replies.search(db(), typed, limit=REPLIES),
        insert_as=preferences.load(db(), agent.id).insert_as,
        spoken=spoken or wording.language_of(typed),
    )
