"""Structured logs on standard error: one JSON line a request. No query, no text, no name."""

import logging
import re
import sys
import time
import traceback
import uuid
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger("faqdesk.request")

_REQUEST_ID = re.compile(r"[\w-]{1,64}")


def configure() -> None:
    """Send our lines and other libraries' warnings to standard error as JSON."""
    about: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        place_of_error,
    ]
    as_json = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*about, as_json], logger_factory=structlog.PrintLoggerFactory(sys.stderr)
    )
    others = logging.StreamHandler(sys.stderr)
    bare = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    others.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=about, processors=[bare, as_json])
    )
    logging.basicConfig(level=logging.WARNING, handlers=[others], force=True)
    logging.captureWarnings(True)


def place_of_error(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Write an error as its kind and place: its words may quote an inquiry."""
    given = line.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given else None
    if error is not None:
        line["error"] = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)
        line["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return line


def init_app(app: Flask) -> None:
    """Log each request with an id that goes back to the asker too."""

    @app.before_request
    def start() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if request.endpoint not in ("static", "bootstrap.static"):
            log.info(
                "request",
                method=request.method,
                route=str(request.url_rule or "none"),
                status=response.status_code,
                ms=round(1000 * (time.perf_counter() - g.get("started", time.perf_counter())), 1),
                actor=g.get("actor_name", ""),
            )
        return response
