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
from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from webargs.flaskparser import FlaskParser

from support import inquiries, settings, suggestions
from support.inquiries import PastAnswer
from support.promise import Promise
from support.recommender import SuggestedFaq
from support.redact import Redactor
from support.text import normalize

from . import tokens, wording
from .database import db, desk
from .errors import problem

DEGRADED = "A part of the desk's models cannot be used. Train it again: faqdesk train"
MAX_TEXT = 20_000  # characters of one inquiry


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


class MessageSchema(Schema):
    """One message of the conversation asked about."""

    role = fields.String(required=True, validate=validate.OneOf(("customer", "agent", "bot")))
    text = fields.String(required=True, validate=validate.Length(max=MAX_TEXT))


class AskSchema(Schema):
    """What to suggest for: a text, or the messages of a conversation."""

    text = fields.String(load_default="", validate=validate.Length(max=MAX_TEXT))
    subject = fields.String(load_default="", validate=validate.Length(max=1000))
    messages = fields.List(
        fields.Nested(MessageSchema), load_default=list, validate=validate.Length(max=200)
    )
    top_k = fields.Integer(
        load_default=3,
        validate=validate.Range(1, 9),
        metadata={
            "description": "FAQs at most in likely; possible shows its three, or two that tie."
        },
    )
    dry_run = fields.Boolean(
        load_default=False, metadata={"description": "Do not remember what was suggested."}
    )

    @validates_schema
    def one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse neither and both, and more than one inquiry can be."""
        if bool(data["text"]) == bool(data["messages"]):
            raise ValidationError("Give text or messages, not both and not neither.", "text")
        if len(_text(data)) > MAX_TEXT:
            raise ValidationError(f"Longer than {MAX_TEXT} characters together.", "messages")


class PromiseSchema(Schema):
    """How often such a suggestion was right on held-out inquiries."""

    right = fields.Integer(required=True)
    n = fields.Integer(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)


class WordSchema(Schema):
    """A word that speaks for an FAQ."""

    text = fields.String(required=True)
    weight = fields.Float(required=True)


class FaqSchema(Schema):
    """One FAQ that fits."""

    rank = fields.Integer(required=True)
    faq_id = fields.String(required=True)
    title = fields.String(required=True)
    url = fields.String(required=True)
    category = fields.String(required=True)
    confidence = fields.Float(required=True)
    promise = fields.Nested(PromiseSchema)
    words = fields.List(fields.Nested(WordSchema))
    used_by = fields.List(fields.String(), metadata={"description": "Ids of similar inquiries."})


class PastAnswerSchema(Schema):
    """An answered inquiry; texts are masked."""

    rank = fields.Integer(required=True)
    inquiry_id = fields.String(required=True)
    score = fields.Float(required=True)
    at = fields.String(required=True)
    question = fields.String(required=True)
    answer = fields.String(required=True)
    faq_ids = fields.List(fields.String())


class SuggestionSchema(Schema):
    """What fits, in its band, or why there is silence."""

    suggestion_id = fields.String(required=True, allow_none=True)
    release = fields.String(required=True)
    band = fields.String(required=True, validate=validate.OneOf(("likely", "possible", "silent")))
    abstained = fields.Boolean(required=True)
    abstain_reason = fields.String(required=True, allow_none=True)
    explanation = fields.String(
        required=True,
        metadata={"description": "Why it is silent, in the language that was asked for; or empty."},
    )
    tie = fields.Boolean(
        required=True,
        metadata={"description": "The first two are about equally likely: a choice of two."},
    )
    promise = fields.Nested(
        PromiseSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Of the band possible: that one of those suggested is right."},
    )
    threshold = fields.Float(required=True, allow_none=True)
    degraded = fields.String(required=True)
    faqs = fields.List(fields.Nested(FaqSchema), required=True)
    similar = fields.List(fields.Nested(PastAnswerSchema), required=True)
    redactions = fields.Dict(keys=fields.String(), values=fields.Integer())


def _not_blank(text: str) -> None:
    if not normalize(text):
        raise ValidationError("Give some words.")


class SearchQuerySchema(Schema):
    """What to search for."""

    q = fields.String(required=True, validate=[_not_blank, validate.Length(max=MAX_TEXT)])
    mode = fields.String(
        load_default="similar",
        validate=validate.OneOf(("similar", "words")),
        metadata={"description": "similar: by meaning; words: every word, also inside others."},
    )
    top_k = fields.Integer(load_default=10, validate=validate.Range(1, 50))


class SearchSchema(Schema):
    """Past answers, best first."""

    mode = fields.String(
        required=True, metadata={"description": "How it was searched: words where no model is."}
    )
    results = fields.List(fields.Nested(PastAnswerSchema), required=True)


class ProblemSchema(Schema):
    """What went wrong, as RFC 9457 writes it."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(metadata={"description": "Of a 422: messages by field."})


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
    redaction = Redactor(rules.allow).redact(_text(asked))
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


def _text(asked: dict[str, Any]) -> str:
    said = [item["text"] for item in asked["messages"] if item["role"] == "customer"]
    return "\n".join(part for part in (asked["subject"], asked["text"], *said) if part)


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
