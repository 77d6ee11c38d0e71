"""`/api/v1/suggestions`: the FAQs and past answers that fit what a customer asked.

Texts that are asked about are masked before a model sees them and are never stored.
"""

from typing import Any

import structlog
from flask import g

from support import settings, suggestions
from support.database import Row, one
from support.errors import EmptyTextError, InputError, NotFoundError
from support.gone_pages import without_gone
from support.importing.ids import safe_id
from support.inquiries import PastAnswer
from support.models import Models
from support.recommender import SuggestedFaq, Suggestion
from support.redact import Redactor
from support.text import normalize

from . import wording
from .api import bp, needs, problems
from .api_filters import SIFTED, filters_of, sifted
from .api_once import once
from .api_schemas import AskSchema, SuggestionSchema, asked_text
from .api_told import past_answers, promised
from .database import db, desk

__all__ = ["bp"]

DEGRADED = "A part of the desk's models cannot be used. Train it again: faqdesk train"
AWAY = "The desk's own index answered: its index server is away."

log = structlog.get_logger("faqdesk.api")


@bp.post("/suggestions")
@problems(404, 409, 413, 415)
@needs("suggest")
@once
@bp.arguments(AskSchema)
@bp.response(200, SuggestionSchema)
def suggest(asked: dict[str, Any]) -> dict[str, Any]:
    """Suggest FAQs and past answers for a text, a conversation, or an inquiry of the desk."""
    rules = settings.load(db())
    inquiry = inquiry_named(asked["inquiry_id"]) if asked["inquiry_id"] else None
    text = asked_text(asked) if asked["text"] or asked["messages"] else (inquiry or {})["text"]
    redaction = Redactor(rules.allow).redact(text)
    number = inquiry["id"] if inquiry else None
    recommender = desk().recommender
    models = recommender.models()  # one answer is of one release, whatever is published meanwhile
    suggestion = recommender.suggest(
        db(), redaction.text, top_k=asked["top_k"], inquiry_id=number, models=models
    )
    found, left_out = without_gone(db(), suggestion)
    if found.degraded:
        log.warning("degraded", why=found.degraded)
    wanted = set(asked["include"])
    suggestion_id = None
    # What an answer settled is not asked anew; what is not shown can be neither right nor wrong.
    settled = inquiry is not None and inquiry["status"] != "open"
    if not asked["dry_run"] and not settled and "faq" in wanted:
        suggestion_id = suggestions.remember(db(), found, inquiry_id=number, asked_by=g.actor_name)
    shown = found.faqs if "faq" in wanted else ()
    similar = _similar(asked, redaction.text, found, number, models) if "similar" in wanted else ()
    return {
        "suggestion_id": suggestion_id,
        "inquiry_id": None if number is None else str(number),
        "release": found.release,
        "band": found.band,
        "abstained": found.band == "silent",
        "abstain_reason": found.reason or None,
        "explanation": wording.silence(found),
        "tie": found.tie,
        "promise": promised(found.promise) if found.promise else None,
        "threshold": found.threshold,
        # What is wrong names folders of this machine: that goes to the log and to leads alone.
        "degraded": DEGRADED if found.degraded else AWAY if found.away else "",
        "faqs": [_faq(rank, item, why="explain" in wanted) for rank, item in enumerate(shown, 1)],
        "gone": list(left_out) if "faq" in wanted else [],
        "similar": past_answers(similar),
        "redactions": redaction.counts,
    }


def kept_id(source_id: str) -> str:
    """What the desk calls something that a program names: one with personal data is hashed."""
    redactor = Redactor(settings.load(db()).allow)
    return safe_id(source_id, lambda words: redactor.redact(words).text, desk().seal, dealt=True)


def inquiry_named(name: str) -> Row:
    """An inquiry by the desk's number, or as `source:id` by its source's; the one to answer.

    Raises:
        InputError: nothing goes by such a name.
        NotFoundError: there is none.
    """
    source, _, source_id = name.partition(":")
    sql = "SELECT id, joined_to, source, source_id, text, status FROM inquiries WHERE "
    if source_id:
        row = one(db(), sql + "source = ? AND source_id = ?", [source, kept_id(source_id)])
    elif name.isascii() and name.isdigit() and len(name) < 19:
        row = one(db(), sql + "id = ?", [int(name)])
    else:
        raise InputError(f"No inquiry goes by {name[:40]!r}. Write 17, or zendesk:5158.")
    if row is None:
        raise NotFoundError(f"No inquiry {name[:200]!r}. Hand it in: POST /api/v1/inquiries")
    if row["joined_to"] is not None:
        head = one(db(), sql + "id = ?", [row["joined_to"]])
        row = head or row
    return row


def _similar(
    asked: dict[str, Any], text: str, found: Suggestion, without: int | None, models: Models
) -> list[PastAnswer]:
    """Past answers to what is asked; where filters let some through, many more are looked at."""
    filters = filters_of(asked["filters"])
    similar = models.similar if filters.any else None
    if similar is None or not normalize(text):
        return sifted(found.similar, filters)
    try:
        more = similar.similar(db(), normalize(text), top_k=SIFTED, without=without)
    except EmptyTextError:  # nothing but signs that no encoder reads
        return []
    return sifted(more, filters)[: settings.load(db()).similar_k]


def _faq(rank: int, item: SuggestedFaq, *, why: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "rank": rank,
        "faq_id": item.faq.slug,
        "title": item.faq.title,
        "url": item.faq.url,
        "category": item.faq.category,
        "probability": item.probability,
        "promise": promised(item.promise),
    }
    if why:
        told["words"] = [{"text": part.word, "weight": part.weight} for part in item.words]
        told["used_by"] = [str(past.inquiry_id) for past in item.used_by]
        told["neighbours"] = item.neighbours
    return told
