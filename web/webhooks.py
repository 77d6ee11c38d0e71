"""Where helpdesks knock: `POST /api/v1/webhooks/<name>`, answered at once and worked through later.

No cookie and no token of ours: the signature over the raw body says who it is. Whoever gives none,
or asks for a connection that is not there, is told the same.
"""

from http import HTTPStatus

import structlog
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from support import connections, webhook_intake
from support.connections import Connection
from support.errors import NotFoundError
from support.webhook_signatures import Incoming, SignatureError

from . import attempts
from .database import db, desk
from .errors import problem
from .job_queue import ring_door

bp = Blueprint("webhooks", __name__, url_prefix="/api/v1/webhooks")

log = structlog.get_logger("faqdesk.doors")


@bp.post("/<name>")
def receive(name: str) -> ResponseReturnValue:
    """Take a webhook in."""
    connection = _connection(name)
    if connection is None:
        return _refused("unknown")
    headers = dict(request.headers.items())
    came = Incoming(request.get_data(cache=False), _Headers(headers), request.args)
    try:
        accepted = webhook_intake.accept(db(), desk().seal, connection, came)
    except SignatureError as error:
        return _refused(str(error))
    if accepted.fresh:
        try:
            ring_door(desk().workspace, "webhook", accepted.id)
        except Exception:  # whatever ails the queue: the worker looks into the table too
            log.warning("a webhook was not rung for", delivery=accepted.id, exc_info=True)
    state = "queued" if accepted.fresh else "known"
    return {"state": state}, HTTPStatus.ACCEPTED


class _Headers(dict[str, str]):
    """Headers by name, whatever the case."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        return super().get(name.lower(), default)


def _connection(name: str) -> Connection | None:
    try:
        found = connections.get(db(), name)
    except NotFoundError:
        return None
    return found if found.active and found.kind != "smtp" else None


def _refused(why: str) -> ResponseReturnValue:
    # What exactly is wrong stands with the connection; who knocks is told no more than this.
    log.warning("a webhook was refused", why=why)
    attempts.unknown(db(), "webhook", request.remote_addr or "")
    return problem(HTTPStatus.UNAUTHORIZED, "No connection of this desk signs so.")
