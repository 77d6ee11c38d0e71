"""From errors to HTTP: a page for people, problem+json (RFC 9457) for programs."""

import json
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, jsonify, render_template, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from support.errors import (
    BusyError,
    ConflictError,
    FaqdeskError,
    InputError,
    ModelError,
    NotFoundError,
    PermissionDeniedError,
    WorkspaceError,
)

from . import shedding, unavailable
from .attempts import TooManyAttemptsError
from .costly import TooOftenError
from .i18n import gettext as _

# The first that fits counts.
STATUS: tuple[tuple[type[FaqdeskError], HTTPStatus], ...] = (
    (TooManyAttemptsError, HTTPStatus.TOO_MANY_REQUESTS),
    (TooOftenError, HTTPStatus.TOO_MANY_REQUESTS),
    (InputError, HTTPStatus.BAD_REQUEST),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (ConflictError, HTTPStatus.CONFLICT),
    (PermissionDeniedError, HTTPStatus.FORBIDDEN),
    (ModelError, HTTPStatus.SERVICE_UNAVAILABLE),
    (WorkspaceError, HTTPStatus.SERVICE_UNAVAILABLE),
    (BusyError, HTTPStatus.SERVICE_UNAVAILABLE),
)

log = structlog.get_logger("faqdesk")


def status_of(error: FaqdeskError) -> HTTPStatus:
    """The HTTP status of one of our errors."""
    for kind, status in STATUS:
        if isinstance(error, kind):
            return status
    return HTTPStatus.BAD_REQUEST


def problem(status: HTTPStatus, detail: str, **more: object) -> Response:
    """An answer in the shape of RFC 9457."""
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    response = jsonify(body | more)
    response.status_code = status.value
    response.content_type = "application/problem+json"
    return response


def wants_json() -> bool:
    """Whether the asker is a program: of the API, a monitor, or the console's own script."""
    program = request.path.startswith("/api/") or request.blueprint in ("health", "metrics")
    program = program or (request.blueprint == "embed" and request.method == "POST")
    return program or request.accept_mimetypes.best == "application/json"


class _Json(DefaultJSONProvider):
    """Reads what any asker may send: too deep is their fault, half an emoji becomes U+FFFD."""

    def loads(self, s: str | bytes, **more: Any) -> Any:
        try:
            read = json.dumps(super().loads(s, **more), ensure_ascii=False)
            whole = read.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            return super().loads(whole, **more)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def init_app(app: Flask) -> None:
    """Answer every error in the asker's manner; none shows a trace."""
    app.json = _Json(app)

    @app.errorhandler(FaqdeskError)
    def ours(error: FaqdeskError) -> Response:
        if isinstance(error, BusyError):
            response = _busy(error)
        elif isinstance(error, TooOftenError):
            response = _answer(status_of(error), str(error), again=error.retry_after)
        else:
            response = _answer(status_of(error), str(error))
        if isinstance(error, TooManyAttemptsError | TooOftenError | BusyError):
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        if error.response is not None:
            return error.response  # type: ignore[return-value]
        status = HTTPStatus(error.code or 500)
        more = {}
        if hasattr(error, "data") and isinstance(error.data, dict):  # webargs' messages by field
            more = {"errors": error.data.get("messages", {})}
        detail = error.description or status.phrase
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and request.max_content_length:
            detail = f"At most {request.max_content_length >> 20} MB are taken here at once."
        response = _answer(status, detail, **more)
        for name, value in error.get_headers():  # such as Allow of a 405
            if name != "Content-Type":
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def unforeseen(_: Exception) -> Response:
        log.error("unforeseen error", route=str(request.url_rule or "none"), exc_info=True)
        return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side.")


def _busy(error: BusyError) -> Response:
    """To programs in the words of the API, to people in theirs; the database is not asked."""
    unavailable.speak()
    if not wants_json():
        return shedding.page(error)
    words = str(error)
    if not request.path.startswith("/api/"):
        words = _(
            "The desk is busy just now. Nothing was done, and nothing that you typed is lost: try "
            "again in a few seconds."
        )
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, words)


def _answer(status: HTTPStatus, detail: str, **more: object) -> Response:
    if wants_json():
        return problem(status, detail, **more)
    try:
        again = more.get("again", 0)
        page = render_template("error.html", status=status, detail=detail, again=again)
    except Exception:  # its head asks the database, which may be what is wrong
        log.error("no page for an error", status=status.value, exc_info=True)
        return Response(f"{status.value} {status.phrase}\n", status.value, mimetype="text/plain")
    return Response(page, status=status.value)
