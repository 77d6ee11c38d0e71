"""`/embed/suggest`: what fits, in the sidebar of the helpdesk that a team has already.

The page stands in a foreign one. Only the configured parents may hold it; it knows no cookie, and
everything it asks for needs a token of an agent (`embed_tokens`), which the console hands over.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import (
    answering,
    faqs,
    insertions,
    parents,
    preferences,
    settings,
    sidebar,
    suggestions,
)
from support.agents import Agent
from support.audit import Actor
from support.errors import InputError, ModelError, NotFoundError, PermissionDeniedError
from support.recommender import Suggestion
from support.redact import Redactor, masks_in
from support.settings import Settings
from support.sidebar import Said

from . import embed_tokens, wording
from .auth import ANSWERING
from .csp import CSP, framed_by
from .database import db, desk
from .errors import problem

bp = Blueprint("embed", __name__, url_prefix="/embed")
bp.app_template_filter("masks_in")(masks_in)

HELPDESKS: Final = ("chatwoot", "zendesk")  # whose sidebars the page's script can talk to
ROLES: Final = ("customer", "agent", "bot", "system")
MAX_MESSAGES: Final = 500
MAX_TEXT: Final = 20_000  # characters that are asked about, of the newest messages
MAX_NAME: Final = 200
_LARGEST: Final = 2**63 - 1

View = Callable[..., ResponseReturnValue]


def with_token(view: View) -> View:
    """Let a view answer only an agent whose token is live."""

    @wraps(view)
    def guarded(**values: object) -> ResponseReturnValue:
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        secret = secret.strip() if kind.lower() == "bearer" else ""
        agent = embed_tokens.find(db(), secret) if secret else None
        if agent is None or agent.role not in ANSWERING:
            answer = problem(HTTPStatus.UNAUTHORIZED, "Connect this sidebar with the desk again.")
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        g.embed_agent, g.embed_secret, g.actor_name = agent, secret, agent.actor_name
        g.language = agent.language
        return view(**values)

    return guarded


@bp.get("/suggest")
def page() -> ResponseReturnValue:
    """The empty page; its script asks the parent for the conversation, then us for what fits.

    Raises:
        NotFoundError: no helpdesk may hold it.
    """
    allowed = parents.read(settings.load(db()).embed_parents)
    if not allowed:
        raise NotFoundError(
            "No helpdesk may show this page yet. An admin names them in the settings "
            "(embed_parents)."
        )
    answer: Response = make_response(render_template("embed.html", parents=list(allowed)))
    answer.headers["Content-Security-Policy"] = framed_by(CSP, allowed)
    return answer


@bp.post("/suggestions")
@with_token
def suggest() -> ResponseReturnValue:
    """What fits a conversation as its helpdesk told it: the id, and a piece of page."""
    rules = settings.load(db())
    asked = _asked(rules)
    text = Redactor(rules.allow).redact(asked["text"]).text
    inquiry_id = sidebar.open_inquiry(db(), asked["source"], asked["conversation"])
    found, key = _suggest(text, rules.top_k, inquiry_id, asked)
    slugs = {slug for past in found.similar for slug in past.slugs}
    known = faqs.named(db(), slugs)
    language = _agent().language
    return {
        "suggestion_id": key,
        "html": render_template(
            "_embed_fits.html",
            suggestion=found,
            insert_as=preferences.load(db(), _agent().id).insert_as,
            # The answer is in the language of the question.
            spoken=wording.language_of(text),
            titles={s: known[s].titled(language) if s in known else s for s in slugs},
            inserted=url_for(".inserted", suggestion_id=key) if key else "",
            dismissed=url_for(".dismissed", suggestion_id=key) if key else "",
        ),
    }


@bp.post("/suggestions/<suggestion_id>/inserted")
@with_token
def inserted(suggestion_id: str) -> ResponseReturnValue:
    """Remember what was put into the answer, or copied for it: an FAQ or a past answer."""
    sidebar.check_own(db(), suggestion_id, _agent().actor_name)
    body = _object()
    form, undone = str(body.get("form", "")), bool(body.get("undone"))
    if "past" in body:
        past_id = body["past"]
        if not isinstance(past_id, int) or isinstance(past_id, bool) or not 0 < past_id <= _LARGEST:
            raise InputError(f"{past_id!r} is no id.")
        insertions.note_past(db(), suggestion_id, past_id, undone=undone, actor=_actor())
    else:
        slug = str(body.get("slug", ""))
        answering.note_inserted(db(), suggestion_id, slug, undone=undone, form=form, actor=_actor())
    return "", HTTPStatus.NO_CONTENT


@bp.post("/suggestions/<suggestion_id>/dismissed")
@with_token
def dismissed(suggestion_id: str) -> ResponseReturnValue:
    """Remember that a suggested FAQ does not fit, and why; or that it does, after all."""
    sidebar.check_own(db(), suggestion_id, _agent().actor_name)
    body = _object()
    slug = str(body.get("slug", ""))
    if body.get("undone"):
        answering.take_back_dismissal(db(), suggestion_id, slug, actor=_actor())
    else:
        reason = str(body.get("reason", ""))
        answering.dismiss(db(), suggestion_id, slug, reason=reason, actor=_actor())
    return "", HTTPStatus.NO_CONTENT


@bp.post("/renew")
@with_token
def renew() -> ResponseReturnValue:
    """Another hour, while the agent's session at the console lives."""
    made = embed_tokens.renew(db(), g.embed_secret)
    if made is None:  # it ended since it was looked at
        return problem(HTTPStatus.UNAUTHORIZED, "Connect this sidebar with the desk again.")
    return {"token": made.secret, "expires_at": made.expires_at}


def _asked(rules: Settings) -> dict[str, str]:
    """The conversation as the page's script sends it: where it is from, and what is asked.

    Raises:
        InputError: a part is missing or too long.
        PermissionDeniedError: its origin is not among those that may hold the page.
    """
    body = _object()
    allowed = parents.read(rules.embed_parents)
    origin, helpdesk = str(body.get("origin", "")), str(body.get("helpdesk", ""))
    if origin not in allowed:
        raise PermissionDeniedError(f"{origin[:MAX_NAME]!r} may not hold this page.")
    if helpdesk not in HELPDESKS:
        raise InputError(f"helpdesk is one of {', '.join(HELPDESKS)}.")
    conversation, subject = str(body.get("conversation", "")), str(body.get("subject", ""))
    messages = body.get("messages")
    if not 0 < len(conversation) <= MAX_NAME or not isinstance(messages, list):
        raise InputError("Send conversation, an id, and messages, a list.")
    said = [_said(item) for item in messages[-MAX_MESSAGES:]]
    return {
        "source": allowed[origin] or helpdesk,
        "conversation": conversation,
        "text": sidebar.asked(subject[:MAX_TEXT], said)[-MAX_TEXT:],
    }


def _said(item: object) -> Said:
    role = item.get("role") if isinstance(item, dict) else None
    if not isinstance(item, dict) or role not in ROLES:
        raise InputError(f"A message has role, one of {', '.join(ROLES)}, and text.")
    return Said(str(role), str(item.get("text") or "")[:MAX_TEXT])


def _suggest(
    text: str, top_k: int, inquiry_id: int | None, asked: dict[str, str]
) -> tuple[Suggestion, str]:
    """What fits, and the id under which it is remembered; a damaged release only falls silent."""
    try:
        found = desk().recommender.suggest(db(), text, top_k=top_k, inquiry_id=inquiry_id)
    except ModelError as error:
        return Suggestion("silent", "no_model", None, (), (), "", str(error)), ""
    key = sidebar.remember(
        db(),
        found,
        inquiry_id=inquiry_id,
        source=asked["source"],
        conversation=asked["conversation"],
        asked_by=_agent().actor_name,
    )
    gone = suggestions.dismissed(db(), key)
    return replace(found, faqs=tuple(i for i in found.faqs if i.faq.slug not in gone)), key


def _object() -> dict[str, Any]:
    body = request.get_json()
    if not isinstance(body, dict):
        raise InputError("Send a JSON object.")
    return body


def _agent() -> Agent:
    agent: Agent = g.embed_agent
    return agent


def _actor() -> Actor:
    return Actor(_agent().actor_name, request.remote_addr or "")
