"""What the page of one inquiry shows: its messages, what fits, why, and the answer so far."""

import json
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from typing import Any

from flask import render_template, request
from flask_babel import get_locale

from support import (
    answering,
    delivery,
    faqs,
    holding,
    routes,
    saved_reply_advice,
    settings,
    suggestions,
    why,
    worklist,
)
from support.errors import ModelError
from support.inquiries import Inquiry, PastAnswer
from support.recommender import Suggestion
from support.redact import MASKS, masks_in
from support.routes import MailThread
from support.saved_reply_advice import SuggestedReply
from support.settings import Settings
from support.why import Span, Why
from support.worklist import Scope

from . import delivery_words, wording
from .auth import me
from .database import db, desk
from .paging import is_number

# From which strength on a word is marked so; what hardly speaks is not marked at all.
STRONG, CLEAR, FAINT = 2 / 3, 1 / 3, 0.1

Marks = dict[int, list[tuple[int, int, int]]]  # by message: from, to (UTF-16), strength 1 to 3


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an FAQ is suggested, as its card tells it; `marks` is JSON for the page's script."""

    why: Why
    marks: str


def page(
    inquiry: Inquiry, *, typed: str | None = None, refusal: str = "", masked: bool = False
) -> str:
    """The page of an inquiry; `typed` and `refusal` where an answer did not go out.

    `masked`: ask for the word that its masks shall go out.
    """
    rules = settings.load(db())
    draft = answering.draft(db(), desk().seal, inquiry.id, me().id)
    scope = _scope()
    before, after = worklist.beside(db(), me().id, inquiry.id, scope=scope)
    waits = inquiry.status == "open"
    fitting = fits(inquiry, rules) if waits else {"titles": titles((), inquiry.slugs)}
    return render_template(
        "inquiry.html",
        draft=draft,
        text=draft.text if typed is None else typed,
        refusal=refusal,
        masked=masked,
        copies=not _goes_out(inquiry.id),
        delivery=delivery.standing(db(), inquiry.id),
        undelivered=delivery.not_delivered(db(), inquiry.id),
        why=delivery_words.why,
        before=before,
        after=after,
        scope={} if scope == "free" else {"scope": scope},
        masks=list(MASKS.values()),
        found=masks_in(draft.text if typed is None else typed) if masked else (),
        held=holding.holder(db(), inquiry.id),
        shown=listed(message.id for message in inquiry.messages if message.role == "customer"),
        joined=_joined(inquiry),
        thread=goes_to(inquiry.id) if waits else None,
        **fitting | {"inquiry": inquiry},
    )


def fits(inquiry: Inquiry, rules: Settings | None = None) -> dict[str, Any]:
    """What fits an open inquiry, for its templates: suggestions, why, saved replies."""
    found, key = _suggest(inquiry, (rules or settings.load(db())).top_k)
    gone = suggestions.dismissed(db(), key) if key else {}
    replies: list[SuggestedReply] = []
    if found.similar:
        replies = saved_reply_advice.suggest(db(), found.similar)
    return {
        "inquiry": inquiry,
        "spoken": wording.written_in(inquiry),
        "suggestion": dismissed_last(found, gone, suggestions.doubted(db(), key) if key else set()),
        "suggestion_id": key,
        "gone": gone,
        "reasons": _reasons(inquiry, found),
        "replies": replies,
        "titles": titles(found.similar, inquiry.slugs),
    }


def listed(message_ids: Iterable[int]) -> str:
    """Messages that a page shows, as it sends them back."""
    return ",".join(map(str, sorted(message_ids)))


def shown_ids(words: str) -> set[int]:
    """What `listed` wrote; odd words are left out."""
    return {int(word) for word in words.split(",") if is_number(word)}


def titles(past: Iterable[PastAnswer], slugs: Iterable[str] = ()) -> dict[str, str]:
    """The titles of the FAQs that some answers linked; one that is gone keeps its slug."""
    wanted = {slug for answer in past for slug in answer.slugs} | set(slugs)
    known = faqs.named(db(), wanted)
    spoken = str(get_locale())
    return {slug: known[slug].titled(spoken) if slug in known else slug for slug in wanted}


def _suggest(inquiry: Inquiry, top_k: int) -> tuple[Suggestion, str]:
    """What fits, and the id under which it is remembered; a damaged release only falls silent."""
    try:
        found = desk().recommender.suggest(db(), inquiry.text, top_k=top_k, inquiry_id=inquiry.id)
    except ModelError as error:
        return Suggestion("silent", "no_model", None, (), (), "", str(error)), ""
    asked_by = me().actor_name
    return found, suggestions.remember(db(), found, inquiry_id=inquiry.id, asked_by=asked_by)


def dismissed_last(found: Suggestion, gone: Container[str], doubted: Container[str]) -> Suggestion:
    """What was dismissed stands last; what is promised of all holds no more without one of them."""
    ranked = sorted(found.faqs, key=lambda it: (it.faq.slug in gone, it.faq.slug in doubted))
    first = ranked[:1] == list(found.faqs[:1]) and not any(it.faq.slug in gone for it in ranked[:1])
    dropped = any(item.faq.slug in gone for item in ranked)
    return replace(
        found,
        faqs=tuple(ranked),
        band=found.band if first or found.band == "silent" else "possible",
        promise=None if dropped else found.promise,
        tie=found.tie and first and not dropped,
    )


def _reasons(inquiry: Inquiry, found: Suggestion) -> dict[str, Reason]:
    """Why each FAQ is suggested, with its words marked in what the customer really wrote."""
    told = why.explain(db(), found, "") if found.faqs else {}
    asked = [message for message in inquiry.messages if message.role == "customer"]
    reasons = {}
    for item in found.faqs:
        marks: Marks = {}
        for message in asked:
            shown = as_read(message.text)
            spans = [
                _mark(shown, span)
                for span in why.spans(shown, item.words)
                if span.strength >= FAINT
            ]
            if spans:
                marks[message.id] = spans
        reasons[item.faq.slug] = Reason(told[item.faq.slug], json.dumps(marks))
    return reasons


def as_read(text: str) -> str:
    """A text with the line ends that a browser makes of it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _mark(text: str, span: Span) -> tuple[int, int, int]:
    """A span as a script counts: in UTF-16, where an emoji is two."""
    start = len(text[: span.start].encode("utf-16-le")) // 2
    long = len(text[span.start : span.end].encode("utf-16-le")) // 2
    level = 3 if span.strength >= STRONG else 2 if span.strength >= CLEAR else 1
    return start, start + long, level


def _scope() -> Scope:
    """The list that the page was opened from: previous and next are those of it."""
    asked = request.args.get("scope", "")
    return next((scope for scope in worklist.SCOPES if scope == asked), "free")


def _goes_out(inquiry_id: int) -> bool:
    """Whether an answer is delivered, not copied by hand."""
    route = routes.of(db(), inquiry_id)
    return route is not None and route.delivers


def goes_to(inquiry_id: int) -> MailThread | None:
    """Whom the answer to an open inquiry is mailed to, unsealed; None where it is not mailed.

    Whoever answers has to see it: anybody may have themselves put among those who get a copy.
    """
    if not _goes_out(inquiry_id):
        return None
    return routes.mail_thread(db(), desk().seal, inquiry_id)


def _joined(inquiry: Inquiry) -> dict[int, int]:
    """The first message of each inquiry that is answered with this one, and that inquiry."""
    first: dict[int, int] = {}
    for message in inquiry.messages:
        if message.inquiry_id != inquiry.id and message.inquiry_id not in first.values():
            first[message.id] = message.inquiry_id
    return first
