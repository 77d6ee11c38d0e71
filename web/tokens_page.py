"""Tokens of the API: which there are, a new one whose secret is shown once, and their end."""

from dataclasses import dataclass, field
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support.errors import InputError

from . import api_rate, tokens
from .actors import who
from .auth import ADMINS, actor, requires
from .database import db
from .i18n import gettext as _
from .token_words import SCOPE_SENTENCES

bp = Blueprint("tokens_page", __name__, url_prefix="/tokens")

DAYS: Final = (30, 90, 365)
USUAL_DAYS: Final = 365
ENDED: Final = 50  # shown at most


@dataclass(frozen=True, slots=True)
class Made:
    """A token that was made just now, and its secret."""

    name: str
    secret: str = field(repr=False)


@bp.get("")
@requires(*ADMINS)
def show() -> ResponseReturnValue:
    """List tokens."""
    return _page()


@bp.post("")
@requires(*ADMINS)
def create() -> ResponseReturnValue:
    """Make a token; its secret is shown this once."""
    form = request.form
    try:
        _id, secret = tokens.create(
            db(),
            actor(),
            name=form.get("name", ""),
            scopes=tuple(form.getlist("scopes")),
            per_minute=_number(form.get("per_minute", "")),
            days=_number(form.get("days", "")),
        )
    except InputError as error:
        return _page(trouble=_refusal(error)), 400
    return _page(made=Made(" ".join(form["name"].split()), secret))


@bp.post("/<int(max=9223372036854775807):token_id>/revoke")
@requires(*ADMINS)
def revoke(token_id: int) -> ResponseReturnValue:
    """End a token."""
    tokens.revoke(db(), actor(), token_id)
    flash(_("The token opens nothing any more."), "info")
    return redirect(url_for(".show"))


def _page(*, made: Made | None = None, trouble: str = "") -> str:
    found = tokens.listed(db())[::-1]
    return render_template(
        "tokens.html",
        live=[token for token in found if token.state == "live"],
        ended=[token for token in found if token.state != "live"][:ENDED],
        made=made,
        trouble=trouble,
        scopes=SCOPE_SENTENCES,
        days=DAYS,
        usual_days=USUAL_DAYS,
        usual_calls=api_rate.PER_MINUTE,
        most_calls=tokens.MOST_PER_MINUTE,
        max_name=tokens.MAX_NAME,
        person=lambda name: who(db(), name),
    )


def _number(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InputError(f"{text[:40]!r} is no number.")
    return int(text)


def _refusal(error: InputError) -> str:
    """Why none was made, in the reader's words."""
    said = str(error)
    if "name has" in said:
        return _("Give the token a name, at most %(n)s characters.", n=tokens.MAX_NAME)
    if said.startswith("Scopes"):
        return _("Choose at least one thing that the token opens.")
    return _("Calls in a minute are 1 to %(n)s; leave it empty for the usual.",
             n=f"{tokens.MOST_PER_MINUTE:,}")  # fmt: skip
