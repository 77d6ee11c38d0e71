"""`/sidebar`: the console hands a token to the sidebar that opened this window.

Opened by `/embed/suggest` as a window of its own, where the console's cookie counts. The token is
good for the helpdesk that holds the sidebar; it goes to the window that opened this one, and only
where that shows a page of this very origin.
"""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from support import parents, preferences, settings
from support.errors import InputError

from . import embed_tokens
from .auth import ADMINS, ANSWERING, actor, me, requires
from .database import db

bp = Blueprint("sidebar_page", __name__, url_prefix="/sidebar")


@bp.get("")
@requires(*ANSWERING)
def show() -> ResponseReturnValue:
    """Ask whether the sidebar shall suggest in this person's name, in the helpdesk that asks."""
    return _page(request.args.get("parent", ""), None)


@bp.post("")
@requires(*ANSWERING)
def connect() -> ResponseReturnValue:
    """Make a token; the page's script hands it over and closes the window."""
    parent = request.form.get("parent", "")
    if parent not in _allowed():
        raise InputError(f"{parent[:200]!r} may not show the sidebar. An admin allows it.")
    made = embed_tokens.begin(db(), current_user.get_id(), actor(), parent=parent)
    return _page(parent, made)


def _allowed() -> list[str]:
    return list(parents.read(settings.load(db()).embed_parents))


def _page(parent: str, made: embed_tokens.EmbedToken | None) -> str:
    allowed = _allowed()
    return render_template(
        "sidebar.html",
        parent=parent,
        allowed=allowed,
        made=made,
        likes=preferences.load(db(), me().id),
        admins=ADMINS,
    )
