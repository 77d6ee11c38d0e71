"""The search page: past answers by likeness and by words."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from support import inquiries, settings
from support.errors import EmptyTextError, ModelError
from support.inquiries import PastAnswer
from support.redact import Redactor
from support.text import normalize

from .database import db, desk
from .inquiry import titles

bp = Blueprint("search", __name__)

MAX_TEXT = 2000  # characters looked at; an inquiry says what it is about in fewer
FOUND = 20  # results of each kind


@bp.get("/search")
def show() -> ResponseReturnValue:
    """Find past answers for any text."""
    typed = normalize(request.args.get("q", ""))
    text = Redactor(settings.load(db()).allow).redact(typed[:MAX_TEXT]).text
    near = _near(text) if text else []
    words = inquiries.search_words(db(), text, limit=FOUND) if text else []
    return render_template(
        "search.html",
        typed=typed[:MAX_TEXT],
        cut=len(typed) > MAX_TEXT,
        near=near,
        words=words,
        titles=titles([*(near or ()), *words]),
    )


def _near(text: str) -> list[PastAnswer] | None:
    """Past answers to similar inquiries; None where no model can say."""
    try:
        similar = desk().recommender.models().similar
        return None if similar is None else similar.similar(db(), text, top_k=FOUND)
    except EmptyTextError:  # nothing but signs
        return []
    except ModelError:
        return None
