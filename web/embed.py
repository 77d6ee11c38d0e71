"""`/embed/suggest`: what fits, in the sidebar of the helpdesk that a team has already.

The page stands in a foreign one. Only the configured parents may hold it; it knows no cookie, and
everything it asks for needs a token of an agent (`embed_tokens`), which the console hands over.

No form's token guards these views, for there is nothing to forge: a browser adds a cookie to what a
foreign page asks for, but never an `Authorization` header, and no page of another origin may add
one itself (no answer of ours says that it may).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from support import parents, preferences, settings, sidebar, suggestions
from support.agents import LANGUAGES, Agent
from support.audit import Actor
from support.errors import InputError, ModelError, NotFoundError, PermissionDeniedError
from support.recommender import Suggestion
from support.redact import Redactor, masks_in
from support.sidebar import Asked, Said

from . import attempts, costly, embed_tokens, embed_view, embed_words, wording
from .auth import ANSWERING
from .csp import CSP, framed_by
from .database import db, desk
from .errors import problem
from .noting import note_dismissal, note_taken

bp = Blueprint("embed", __name__, url_prefix="/embed")
bp.app_template_filter("masks_in")(masks_in)

HELPDESKS: Final = ("chatwoot", "zendesk")  # whose sidebars the page's script can talk to
ROLES: Final = ("customer", "agent", "bot", "system")
MAX_MESSAGES: Final = 500
MAX_TEXT: Final = 20_000  # characters that are asked about, of the newest messages
MAX_NAME: Final = 200
MAX_TYPED: Final = 200

View = Callable[..., ResponseReturnValue]


@dataclass(frozen=True, slots=True)
class Conversation:
    """One of a helpdesk: under which name its helpdesk is known here, and what is asked in it."""

    source: str
    name: str
    asked: Asked


def with_token(view: View) -> View:
    """Let a view answer only an agent whose token is live."""

    @wraps(view)
    def guarded(**values: object) -> ResponseReturnValue:
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        secret = secret.strip() if kind.lower() == "bearer" else ""
        g.embed_parents = _allowed()
        found = embed_tokens.find(db(), secret, allowed=g.embed_parents) if secret else None
        if secret and found is None:
            attempts.unknown(db(), "sidebar", request.remote_addr or "")
        if found is None or found.agent.role not in ANSWERING:
            return _ended()
        g.embed_agent, g.embed_parent, g.embed_secret = found.agent, found.parent, secret
        costly.begin(found.agent.actor_name)
        g.actor_name, g.language = found.agent.actor_name, found.agent.language
        return view(**values)

    return guarded


@bp.get("/suggest")
def page() -> ResponseReturnValue:
    """The empty page; its script asks the parent for the conversation, then us for what fits.

    Raises:
        NotFoundError: no helpdesk may hold it.
    """
    allowed = _allowed()
    if not allowed:
        raise NotFoundError(
            "No helpdesk may show this page yet. An admin names them in the settings "
            "(embed_parents)."
        )
    html = render_template("embed.html", parents=list(allowed), words=embed_words.spoken())
    answer: Response = make_response(html)
    answer.headers["Content-Security-Policy"] = framed_by(CSP, allowed)
    return answer


@bp.post("/suggestions")
@with_token
def suggest() -> ResponseReturnValue:
    """What fits a conversation as its helpdesk told it: the id, and a piece of page."""
    rules = settings.load(db())
    conversation = _conversation()
    text = Redactor(rules.allow).redact(conversation.asked.text).text
    inquiry_id = sidebar.open_inquiry(db(), conversation.source, conversation.name)
    found, key = _suggest(text, rules.top_k, inquiry_id, conversation)
    spoken = wording.language_of(text)
    html = embed_view.fits(found, _agent(), key=key, inquiry_id=inquiry_id, spoken=spoken)
    return {"suggestion_id": key, "html": html, "spoken": spoken, "person": _person()}


@bp.post("/search")
@with_token
def search() -> ResponseReturnValue:
    """FAQs and saved replies that hold the words typed, as a piece of page."""
    body = _object()
    typed, spoken = str(body.get("typed", ""))[:MAX_TYPED], str(body.get("spoken", ""))
    spoken = spoken if spoken in LANGUAGES else ""
    html = embed_view.found(typed, _agent(), spoken=spoken) if typed.strip() else ""
    return {"html": html, "person": _person()}


@bp.post("/suggestions/<suggestion_id>/inserted")
@with_token
def inserted(suggestion_id: str) -> ResponseReturnValue:
    """Remember what was put into the answer or copied for it, or that it was taken back."""
    suggestions.check_own(db(), suggestion_id, _agent().actor_name)
    note_taken(db(), suggestion_id, _object(), _actor())
    return "", HTTPStatus.NO_CONTENT


@bp.post("/suggestions/<suggestion_id>/dismissed")
@with_token
def dismissed(suggestion_id: str) -> ResponseReturnValue:
    """Remember that a suggested FAQ does not fit, and why; or that it does, after all."""
    suggestions.check_own(db(), suggestion_id, _agent().actor_name)
    note_dismissal(db(), suggestion_id, _object(), _actor())
    return "", HTTPStatus.NO_CONTENT


@bp.post("/renew")
@with_token
def renew() -> ResponseReturnValue:
    """Another hour, while the agent's session at the console lives."""
    made = embed_tokens.renew(db(), g.embed_secret)
    if made is None:  # it ended since it was looked at
        return _ended()
    return {"token": made.secret, "expires_at": made.expires_at, "person": _person()}


def _allowed() -> Mapping[str, str]:
    return parents.read(settings.load(db()).embed_parents)


def _ended() -> Response:
    answer = problem(HTTPStatus.UNAUTHORIZED, "Connect this sidebar with the desk again.")
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _conversation() -> Conversation:
    """The conversation as the page's script sends it.

    Raises:
        InputError: a part is missing or too long.
        PermissionDeniedError: the helpdesk that holds the page is not the token's.
    """
    body = _object()
    origin, helpdesk = str(body.get("origin", "")), str(body.get("helpdesk", ""))
    if origin != g.embed_parent:
        raise PermissionDeniedError(f"This token is not for {origin[:MAX_NAME]!r}.")
    if helpdesk not in HELPDESKS:
        raise InputError(f"helpdesk is one of {', '.join(HELPDESKS)}.")
    name, subject = str(body.get("conversation", "")), str(body.get("subject", ""))
    messages = body.get("messages")
    if not 0 < len(name) <= MAX_NAME or not isinstance(messages, list):
        raise InputError("Send conversation, an id, and messages, a list.")
    said = [_said(item) for item in messages[-MAX_MESSAGES:]]
    asked = sidebar.asked(subject[:MAX_TEXT], said)
    asked = Asked(asked.text[-MAX_TEXT:], asked.waits)
    return Conversation(g.embed_parents[origin] or helpdesk, name, asked)


def _said(item: object) -> Said:
    role = item.get("role") if isinstance(item, dict) else None
    if not isinstance(item, dict) or role not in ROLES:
        raise InputError(f"A message has role, one of {', '.join(ROLES)}, and text.")
    return Said(str(role), str(item.get("text") or "")[:MAX_TEXT])


def _suggest(
    text: str, top_k: int, inquiry_id: int | None, conversation: Conversation
) -> tuple[Suggestion, str]:
    """What fits, and the id under which it is remembered; a damaged release only falls silent.

    Nothing is remembered beside what was answered already: the next answer is not about that.
    """
    try:
        found = desk().recommender.suggest(db(), text, top_k=top_k, inquiry_id=inquiry_id)
    except ModelError as error:
        return Suggestion("silent", "no_model", None, (), (), "", str(error)), ""
    if not conversation.asked.waits:
        return found, ""
    key = sidebar.remember(
        db(),
        found,
        inquiry_id=inquiry_id,
        source=conversation.source,
        conversation=conversation.name,
        asked_by=_agent().actor_name,
    )
    return found, key


def _person() -> dict[str, str]:
    """How the one who reads likes the page."""
    likes = preferences.load(db(), _agent().id)
    return {"language": _agent().language, "theme": likes.theme, "keys": likes.keys}


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
