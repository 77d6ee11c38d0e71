"""The door through which a page remembers how its reader likes to work."""

from dataclasses import asdict

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from support import preferences
from support.errors import InputError
from support.preferences import CHOICES, Preferences

from .auth import me, own_path
from .database import db

bp = Blueprint("preferences", __name__)


@bp.post("/preferences")
def choose() -> ResponseReturnValue:
    """Remember what is named, as JSON or a form; what is not named stays."""
    if not request.is_json:
        chosen = {name: request.form[name] for name in CHOICES if name in request.form}
        preferences.put(db(), me().id, **chosen)
        return redirect(own_path(request.form.get("next", "")) or url_for("inbox.show"))
    body = request.get_json()
    if not isinstance(body, dict) or body.keys() - CHOICES.keys():
        raise InputError(f"Send a JSON object with some of: {', '.join(CHOICES)}.")
    return asdict(preferences.put(db(), me().id, **body))


@bp.app_context_processor
def functions() -> dict[str, object]:
    """What the reader of a page likes; asked only where it is shown."""
    return {"preferences": liked}


def liked() -> Preferences:
    """What the person behind this request likes; the usual for whoever is signed out."""
    if not current_user.is_authenticated:
        return Preferences()
    if "preferences" not in g:
        g.preferences = preferences.load(db(), me().id)
    found: Preferences = g.preferences
    return found
