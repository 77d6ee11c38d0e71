"""What the disk or the database does not do right now: 503, when to come again, nothing typed lost.

The page asks neither: what is wrong with them must not keep it from being shown.
"""

import sqlite3
import time
from http import HTTPStatus
from typing import Final

import structlog
from flask import Flask, Response, request
from flask_babel import gettext, lazy_gettext

from support.errors import WorkspaceError
from support.faults import CURES, Fault, fault_of

from . import errors, unavailable

AGAIN: Final[dict[Fault | None, int]] = {"locked": 5, None: 30}  # seconds; 60 where not named
TELL_SECONDS: Final = 10.0  # how often one fault is written to the log
WORDS: Final[dict[Fault | None, object]] = {
    "locked": lazy_gettext("The database is held by another program at the moment."),
    "full": lazy_gettext("The disk of the desk is full."),
    "read_only": lazy_gettext("The disk of the desk cannot be written at the moment."),
    "damaged": lazy_gettext("The database is damaged; an admin has to bring back a backup."),
    "disk": lazy_gettext("The disk of the desk gives errors."),
    None: lazy_gettext("A part of the desk cannot be used right now."),
}
_NEVER_SHOWN: Final = ("password", "code", "csrf_token", "secret", "token", "half")

log = structlog.get_logger("faqdesk.faults")

_told: dict[Fault | None, float] = {}


def init_app(app: Flask) -> None:
    """Answer what the surroundings refuse with 503; what is our own mistake stays one."""

    @app.errorhandler(sqlite3.Error)
    @app.errorhandler(OSError)
    def refused(error: Exception) -> Response:
        fault = fault_of(error)
        if fault is not None:
            return _answer(fault, CURES[fault], error)
        log.error("unforeseen error", route=str(request.url_rule or "none"), exc_info=True)
        return errors._answer(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side.")

    @app.errorhandler(WorkspaceError)
    def unusable(error: WorkspaceError) -> Response:
        fault = fault_of(error)
        return _answer(fault, CURES[fault] if fault else str(error), error)


def _answer(fault: Fault | None, cure: str, error: Exception) -> Response:
    _tell(fault, cure, error)
    seconds = AGAIN.get(fault, 60)
    unavailable.speak()
    if errors.wants_json():
        response = errors.problem(HTTPStatus.SERVICE_UNAVAILABLE, str(WORDS[fault]))
        response.headers["Retry-After"] = str(seconds)
        return response
    title = gettext("The desk cannot do that right now")
    return unavailable.page(title=title, words=WORDS[fault], typed=_typed(), seconds=seconds)


def _typed() -> str:
    """What was typed into the form that could not be saved, to be copied from the page."""
    held = [
        value
        for name, value in request.form.items()
        if name not in _NEVER_SHOWN and (name == "text" or len(value) > 40)
    ]
    return "\n\n".join(value for value in held if value.strip())


def _tell(fault: Fault | None, cure: str, error: Exception) -> None:
    """Say in the log what is wrong and what to do; not for each request."""
    if time.monotonic() - _told.get(fault, -TELL_SECONDS) < TELL_SECONDS:
        return
    _told[fault] = time.monotonic()
    kind = type(error).__name__
    log.error("the desk cannot be used", fault=fault or "workspace", cure=cure, error=kind)
