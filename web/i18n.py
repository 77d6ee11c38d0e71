"""Korean and English: which one a reader gets, and how dates and shares are written."""

from datetime import UTC, datetime
from typing import Any

import flask_babel
from flask import Flask, g, request, session
from flask_babel import (
    Babel,
    format_date,
    format_datetime,
    format_percent,
    format_timedelta,
    get_locale,
)
from flask_login import current_user

from support.agents import LANGUAGES
from support.clock import from_iso


def init_app(app: Flask) -> None:
    """Choose the language of each request and teach the templates to write dates."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "ko")
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", "Asia/Seoul")
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "translations")
    Babel(app, locale_selector=_locale)
    app.jinja_env.filters["day"] = day
    app.jinja_env.filters["moment"] = moment
    app.jinja_env.filters["since"] = since
    app.jinja_env.filters["share"] = format_percent
    app.jinja_env.globals["language"] = lambda: str(get_locale())


def gettext(text: str, **values: Any) -> str:
    """The sentence in the reader's language."""
    return str(flask_babel.gettext(text, **values))


def day(at: str) -> str:
    """The day of a moment; empty where there is none."""
    return str(format_date(from_iso(at), "medium")) if at else ""


def moment(at: str) -> str:
    """Day, as `day` writes it, and time.

    Babel's short Korean time says PM where Koreans say 오후: hence 24 hours.
    """
    pattern = "y. M. d. HH:mm" if str(get_locale()) == "ko" else "MMM d, y, HH:mm"
    return str(format_datetime(from_iso(at), pattern)) if at else ""


def since(at: str) -> str:
    """How long ago that was, in one unit."""
    return str(format_timedelta(datetime.now(UTC) - from_iso(at)))


def _locale() -> str:
    """The reader's choice, else the browser's, else Korean."""
    if "language" in g:  # who asks is known by another way than the cookie
        return str(g.language)
    if current_user and current_user.is_authenticated:
        return str(current_user.agent.language)
    if session.get("language") in LANGUAGES:
        return str(session["language"])
    return request.accept_languages.best_match(LANGUAGES, default="ko")
