"""Structured logs on standard error: one JSON line a request. No query, no text, no name."""

import logging
import re
import sys
import time
import uuid

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger("faqdesk.request")

_REQUEST_ID = re.compile(r"[\w-]{1,64}")


def configure() -> None:
    """Send our lines and other libraries' warnings to standard error as JSON."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


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
        if request.endpoint != "static":
            log.info(
                "request",
                method=request.method,
                route=str(request.url_rule or "none"),
                status=response.status_code,
                ms=round(1000 * (time.perf_counter() - g.get("started", time.perf_counter())), 1),
                actor=g.get("actor_name", ""),
            )
        return response
