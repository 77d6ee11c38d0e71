"""`/api/v1`: suggestions and search for programs, with a token in the Authorization header.

Errors are problem+json. Texts that are asked about are masked before a model sees them and are
never stored.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

import structlog
from flask import Request, g, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint
from webargs.flaskparser import FlaskParser

from support import inquiries, settings, suggestions
from support.inquiries import PastAnswer
from support.promise import Promise
from support.recommender import SuggestedFaq
from support.redact import Redactor

from . import tokens, wording
from .api_schemas import (
    AskSchema,
    ProblemSchema,
    SearchQuerySchema,
    SearchSchema,
    SuggestionSchema,
    asked_text,
)
from .database import db, desk
from .errors import problem

DEGRADED = "A part of the desk's models cannot be used. Train it again: faqdesk train"


log = structlog.get_logger("faqdesk.api")


class _Parser(FlaskParser):
    def _raw_load_json(self, req: Request) -> Any:
        return req.get_json()  # 415 and 400 for what is no JSON


class _Blueprint(Blueprint):  # type: ignore[misc]
    ARGUMENTS_PARSER = _Parser()


bp = _Blueprint("api", __name__, url_prefix="/api/v1", description="Suggestions and search.")


@bp.record_once
def describe(state: BlueprintSetupState) -> None:
    """Say in openapi.json how a token is sent; errors are those of `problems`."""
    rest = state.app.extensions["flask-smorest"]["blp_name_to_api"][bp.name]
    rest.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    rest.DEFAULT_ERROR_RESPONSE_NAME = None


def needs(scope: str) -> Callable[..., Callable[..., ResponseReturnValue]]:
    """Let a view answer only a live token with this scope."""

    def around(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: Any, **values: Any) -> ResponseReturnValue:
            kind, _, secret = request.headers.get("Authorization", "").partition(" ")
            token = tokens.find(db(), secret.strip()) if kind.lower() == "bearer" else None
            if token is None:
                answer = problem(
                    HTTPStatus.UNAUTHORIZED,
                    "Send a live token: Authorization: Bearer fd_... "
                    "(made with `faqdesk token create`).",
                )
                answer.headers["WWW-Authenticate"] = "Bearer"
                return answer
            if scope not in token.scopes:
                return problem(HTTPStatus.FORBIDDEN, f"This token lacks the scope {scope!r}.")
            g.actor_name = f"token:{token.id}"
            return view(*args, **values)

        return guarded

    return around


def problems(*more: int) -> Callable[..., Callable[..., ResponseReturnValue]]:
    """Describe in openapi.json the answers that are no success, and the token that is needed."""

    def around(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
        for status in (400, 401, 403, 422, 503, *more):
            view = bp.alt_response(
                status, schema=ProblemSchema, content_type="application/problem+json"
            )(view)
        described: Callable[..., ResponseReturnValue] = bp.doc(security=[{"token": []}])(view)
        return described

    return around


@bp.post("/suggestions")
@problems(413, 415)
@needs("suggest")
@bp.arguments(AskSchema)
@bp.response(200, SuggestionSchema)
def suggest(asked: dict[str, Any]) -> dict[str, Any]:
    """Suggest FAQs and past answers for a text."""
    rules = settings.load(db())
    redaction = Redactor(rules.allow).redact(asked_text(asked))
    found = desk().recommender.suggest(db(), redaction.text, top_k=asked["top_k"])
    if found.degraded:
        log.warning("degraded", why=found.degraded)
    suggestion_id = None
    if not asked["dry_run"]:
        suggestion_id = suggestions.remember(db(), found, inquiry_id=None, asked_by=g.actor_name)
    return {
        "suggestion_id": suggestion_id,
        "release": found.release,
        "band": found.band,
        "abstained": found.band == "silent",
        "abstain_reason": found.reason or None,
        "explanation": wording.silence(found),
        "tie": found.tie,
        "promise": _promise(found.promise) if found.promise else None,
        "threshold": found.threshold,
        # What is wrong names folders of this machine: that goes to the log and to leads alone.
        "degraded": DEGRADED if found.degraded else "",
        "faqs": [_faq(rank, item) for rank, item in enumerate(found.faqs, 1)],
        "similar": [_past(rank, item) for rank, item in enumerate(found.similar, 1)],
        "redactions": redaction.counts,
    }


@bp.get("/search")
@problems()
@needs("search")
@bp.arguments(SearchQuerySchema, location="query")
@bp.response(200, SearchSchema)
def search(asked: dict[str, Any]) -> dict[str, Any]:
    """Find past answers to inquiries like a text, or that hold its words."""
    text = Redactor(settings.load(db()).allow).redact(asked["q"]).text
    mode = asked["mode"]
    similar = desk().recommender.models().similar if mode == "similar" else None
    if similar is None:
        mode, found = "words", inquiries.search_words(db(), text, limit=asked["top_k"])
    else:
        found = similar.similar(db(), text, top_k=asked["top_k"])
    return {"mode": mode, "results": [_past(rank, item) for rank, item in enumerate(found, 1)]}


def _faq(rank: int, item: SuggestedFaq) -> dict[str, Any]:
    return {
        "rank": rank,
        "faq_id": item.faq.slug,
        "title": item.faq.title,
        "url": item.faq.url,
        "category": item.faq.category,
        "confidence": item.probability,
        "promise": _promise(item.promise),
        "words": [{"text": part.word, "weight": part.weight} for part in item.words],
        "used_by": [str(past.inquiry_id) for past in item.used_by],
    }  # fmt: skip


def _promise(promise: Promise) -> dict[str, Any]:
    return {
        "right": promise.right, "n": promise.n, "low": promise.low, "high": promise.high
    }  # fmt: skip


def _past(rank: int, item: PastAnswer) -> dict[str, Any]:
    return {
        "rank": rank,
        "inquiry_id": str(item.inquiry_id),
        "score": item.score,
        "at": item.answered_at,
        "question": item.question,
        "answer": item.answer,
        "faq_ids": list(item.slugs),
    }
