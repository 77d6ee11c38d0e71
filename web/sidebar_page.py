"""`/sidebar`: the console hands a token to the sidebar that opened this window.

Opened by `/embed/suggest` as a window of its own, where the console's cookie counts. The token goes
to the window that opened it, and only where that shows a page of this very origin.
"""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from support import parents, settings

from . import embed_tokens
from .auth import ANSWERING, actor, requires
from .database import db

bp = Blueprint("sidebar_page", __name__, url_prefix="/sidebar")


@bp.get("")
@requires(*ANSWERING)
def show() -> ResponseReturnValue:
    """Ask whether the sidebar shall suggest in this person's name."""
    return _page(None)


@bp.post("")
@requires(*ANSWERING)
def connect() -> ResponseReturnValue:
    """Make a token; the page's script hands it over and closes the window."""
    return _page(embed_tokens.begin(db(), current_user.get_id(), actor()))


def _page(made: embed_tokens.EmbedToken | None) -> str:
    allowed = parents.read(settings.load(db()).embed_parents)
    return render_template("sidebar.html", made=made, parents=list(allowed))
