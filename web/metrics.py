"""`/metrics` for Prometheus: requests as the web processes counted them, then the desk's state.

Open to this machine itself, and to a token of the scope `metrics`; no words of anybody are in it.
prometheus_client is imported when an application is made, not before: it looks then, once, whether
several processes put their counts together.
"""

import fcntl
import itertools
import os
import time
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue

from . import attempts, tokens
from .database import db, desk
from .errors import problem
from .metrics_state import State

bp = Blueprint("metrics", __name__)

SCOPE: Final = "metrics"
# Where the web processes of one server put their counts together; unset: there is one process.
FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
OWN: Final = ("127.0.0.1", "::1")
OWN_NAMES: Final = (*OWN, "localhost")
# Whoever sends one of these asks for somebody else, who may be anywhere.
FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
_held: list[int] = []  # the lock of this process's place; never closed
SECONDS: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


class Requests:
    """What one web process counts of the requests that it answers."""

    def __init__(self) -> None:
        """Begin at nothing, or go on where the process before in this place ended."""
        from prometheus_client import CollectorRegistry, Counter, Histogram, values

        if folder := os.environ.get(FOLDER):
            place = _take_place(Path(folder))
            values.ValueClass = values.MultiProcessValue(lambda: place)  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._n = Counter(
            "faqdesk_http_requests", "Requests answered.", labels, registry=self.registry
        )
        self._seconds = Histogram(
            "faqdesk_http_request_seconds", "How long an answer took.", ("route",),
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip

    def count(self, status: int, seconds: float) -> None:
        """Count the request that was just answered, by its rule: a path may hold a name."""
        route = str(request.url_rule or "none")
        method = request.method if request.url_rule else "none"
        self._n.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)


def _take_place(folder: Path) -> int:
    """The first place that no living process counts in, held for as long as this one lives.

    Files named by process, as prometheus_client names them, would grow by each one that is
    replaced, and every reading would read them all.
    """
    for place in itertools.count():
        lock = os.open(folder / f"{place}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        _held.append(lock)
        break
    return place


def init_app(app: Flask) -> None:
    """Count every request but those for files."""
    counts = Requests()
    app.extensions["faqdesk-metrics"] = counts

    @app.before_request
    def start() -> None:
        g.counted_from = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        if request.endpoint not in ("static", "bootstrap.static"):
            began = g.get("counted_from")
            took = 0.0 if began is None else time.perf_counter() - began
            counts.count(response.status_code, took)
        return response


@bp.get("/metrics")
def show() -> ResponseReturnValue:
    """Everything, in the text form that Prometheus reads."""
    if not (_is_own() or _has_token()):
        answer = problem(
            HTTPStatus.UNAUTHORIZED,
            f"Ask from the desk's own machine, or send a token of the scope {SCOPE!r}.",
        )
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    from prometheus_client import CollectorRegistry, multiprocess
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

    registry: CollectorRegistry
    if os.environ.get(FOLDER):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry = current_app.extensions["faqdesk-metrics"].registry
    state = CollectorRegistry()
    found = desk()
    models = found.recommender.models()
    state.register(State(found.workspace, db(), models, index_away=found.index_away))
    body = generate_latest(registry) + generate_latest(state)
    return Response(body, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _is_own() -> bool:
    """Whether it is asked on this machine, for this machine, by a name nobody else can give."""
    return (
        request.remote_addr in OWN
        and urlsplit(f"//{request.host}").hostname in OWN_NAMES
        and not any(header in request.headers for header in FORWARDED)
    )


def _has_token() -> bool:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = tokens.find(db(), secret.strip()) if kind.lower() == "bearer" else None
    if secret and token is None:
        attempts.unknown(db(), "token", request.remote_addr or "")
    return token is not None and token.may(SCOPE)
