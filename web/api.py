"""`/api/v1`: who may ask, how often, and suggestions; a token stands in the Authorization header.

Errors are problem+json. Texts that are asked about are masked before a model sees them and are
never stored.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from http import HTTPStatus
from typing import Any

import structlog
from flask import Request, Response, g, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint
from marshmallow import RAISE
from webargs.flaskparser import FlaskParser

from support import settings, suggestions
from support.database import Row, one
from support.errors import InputError, NotFoundError
from support.inquiries import PastAnswer
from support.promise import Promise
from support.recommender import SuggestedFaq
from support.redact import Redactor

from . import api_rate, tokens, wording
from .api_once import once
from .api_schemas import AskSchema, ProblemSchema, SuggestionSchema, asked_text
from .database import db, desk
from .errors import problem

DEGRADED = "A part of the desk's models cannot be used. Train it again: faqdesk train"


log = structlog.get_logger("faqdesk.api")


class _Parser(FlaskParser):
    # A filter that is misspelt shall not be left out in silence.
    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}  # noqa: RUF012

    def _raw_load_json(self, req: Request) -> Any:
        return req.get_json()  # 415 and 400 for what is no JSON


class _Blueprint(Blueprint):  # type: ignore[misc]
    ARGUMENTS_PARSER = _Parser()


bp = _Blueprint("api", __name__, url_prefix="/api/v1", description="The desk, for programs.")


@bp.record_once
def describe(state: BlueprintSetupState) -> None:
    """Say in openapi.json how a token is sent; errors are those of `problems`."""
    rest = state.app.extensions["flask-smorest"]["blp_name_to_api"][bp.name]
    rest.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    rest.DEFAULT_ERROR_RESPONSE_NAME = None


@bp.after_request
def tell_allowance(response: Response) -> Response:
    """Say with every answer how many calls the token has left."""
    if "allowance" in g:
        response.headers.extend(g.allowance.headers())
    return response


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
            limit = token.per_minute or api_rate.PER_MINUTE
            g.allowance = api_rate.count(desk().workspace.limits_path, token.id, per_minute=limit)
            if g.allowance.used_up:
                answer = problem(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    f"This token may make {limit} calls a minute. Wait as Retry-After says.",
                )
                answer.headers["Retry-After"] = str(g.allowance.seconds)
                return answer
            if not token.may(scope):
                return problem(HTTPStatus.FORBIDDEN, f"This token lacks the scope {scope!r}.")
            g.token = token
            g.actor_name = f"token:{token.id}"
            return view(*args, **values)

        # OpenAPI 3.1 lets any scheme name the roles that it takes.
        described: Callable[..., ResponseReturnValue] = bp.doc(security=[{"token": [scope]}])(
            guarded
        )
        return described

    return around


def problems(*more: int) -> Callable[..., Callable[..., ResponseReturnValue]]:
    """Describe in openapi.json the answers that are no success."""

    def around(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
        for status in (400, 401, 403, 422, 429, 503, *more):
            view = bp.alt_response(
                status, schema=ProblemSchema, content_type="application/problem+json"
            )(view)
        # Programs that are generated from openapi.json call the operation so.
        named: Callable[..., ResponseReturnValue] = bp.doc(operationId=view.__name__)(view)
        return named

    return around


@bp.post("/suggestions")
@problems(404, 409, 413, 415)
@needs("suggest")
@once
@bp.arguments(AskSchema)
@bp.response(200, SuggestionSchema)
def suggest(asked: dict[str, Any]) -> dict[str, Any]:
    """Suggest FAQs and past answers for a text, a conversation, or an inquiry of the desk."""
    rules = settings.load(db())
    inquiry = _inquiry(asked["inquiry_id"]) if asked["inquiry_id"] else None
    text = asked_text(asked) if asked["text"] or asked["messages"] else (inquiry or {})["text"]
    redaction = Redactor(rules.allow).redact(text)
    number = inquiry["id"] if inquiry else None
    found = desk().recommender.suggest(
        db(), redaction.text, top_k=asked["top_k"], inquiry_id=number
    )
    if found.degraded:
        log.warning("degraded", why=found.degraded)
    wanted = set(asked["include"])
    suggestion_id = None
    # What an answer settled is not asked anew; what is not shown can be neither right nor wrong.
    settled = inquiry is not None and inquiry["status"] != "open"
    if not asked["dry_run"] and not settled and "faq" in wanted:
        suggestion_id = suggestions.remember(db(), found, inquiry_id=number, asked_by=g.actor_name)
    shown = found.faqs if "faq" in wanted else ()
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
        "degraded": DEGRADED if found.degraded else "",
        "faqs": [_faq(rank, item, why="explain" in wanted) for rank, item in enumerate(shown, 1)],
        "similar": past_answers(found.similar if "similar" in wanted else ()),
        "redactions": redaction.counts,
    }


def _inquiry(name: str) -> Row:
    """An inquiry by the desk's number, or as `source:id` by its source's; the one to answer."""
    source, _, source_id = name.partition(":")
    sql = "SELECT id, joined_to, text, status FROM inquiries WHERE "
    if source_id:
        row = one(db(), sql + "source = ? AND source_id = ?", [source, source_id])
    elif name.isascii() and name.isdigit() and len(name) < 19:
        row = one(db(), sql + "id = ?", [int(name)])
    else:
        raise InputError(f"No inquiry goes by {name[:40]!r}. Write 17, or zendesk:5158.")
    if row is None:
        raise NotFoundError(f"No inquiry {name[:200]!r}. Ask with its text or messages instead.")
    if row["joined_to"] is not None:
        head = one(db(), sql + "id = ?", [row["joined_to"]])
        row = head or row
    return row


def _faq(rank: int, item: SuggestedFaq, *, why: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "rank": rank,
        "faq_id": item.faq.slug,
        "title": item.faq.title,
        "url": item.faq.url,
        "category": item.faq.category,
        "probability": item.probability,
        "promise": promised(item.promise),
        "gone": gone(item.faq.slug, item.faq.url),
    }
    if why:
        told["words"] = [{"text": part.word, "weight": part.weight} for part in item.words]
        told["used_by"] = [str(past.inquiry_id) for past in item.used_by]
        told["neighbours"] = item.neighbours
    return told


def gone(slug: str, url: str) -> bool:
    """Whether the page of an FAQ was not there any more when the desk looked last."""
    sql = """
        SELECT 1 FROM faqs f JOIN faq_link_checks c ON c.faq_id = f.id
        WHERE f.slug = ? AND f.url = ? AND c.state = 'gone'
    """
    return one(db(), sql, [slug, url]) is not None


def promised(promise: Promise) -> dict[str, Any]:
    """A share as counts with the interval that holds the true one with 95 %."""
    return {
        "right": promise.right, "n": promise.n, "low": promise.low, "high": promise.high
    }  # fmt: skip


def past_answers(found: Iterable[PastAnswer]) -> list[dict[str, Any]]:
    """Past answers as the API tells them, best first."""
    return [
        {
            "rank": rank,
            "inquiry_id": str(item.inquiry_id),
            "score": item.score,
            "at": item.answered_at,
            "text": item.question,
            "answer": item.answer,
            "faq_ids": list(item.slugs),
        }
        for rank, item in enumerate(found, 1)
    ]
