"""Connections to helpdesks and mail: what came, what goes out, and a button that tries them.

They are made on the command line, where their tokens are typed; here nobody sees a secret.
"""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from support import connection_test, connections, delivery_ways

from .auth import ADMINS, requires
from .database import db, desk

bp = Blueprint("connections_page", __name__, url_prefix="/connections")

FAILED = 20  # answers that were not delivered, shown at most


@bp.get("")
@requires(*ADMINS)
def show() -> ResponseReturnValue:
    """List connections."""
    return _page()


@bp.post("/<name>/test")
@requires(*ADMINS)
def test(name: str) -> ResponseReturnValue:
    """Try one out; nothing is sent to a customer."""
    found = connections.get(db(), name)
    steps = connection_test.run(db(), desk().seal, found, make=delivery_ways.sender)
    return _page(tried=name, steps=steps)


def _page(**more: object) -> str:
    sql = """
        SELECT connection_id AS id, state, count(*) AS n FROM outbox
        WHERE connection_id IS NOT NULL GROUP BY 1, 2
    """
    counts: dict[int, dict[str, int]] = {}
    for row in db().query(sql):
        counts.setdefault(row["id"], {})[row["state"]] = row["n"]
    sql = """
        SELECT connection_id AS id, count(*) AS n FROM webhook_deliveries
        WHERE state = ? GROUP BY 1
    """
    waiting = {row["id"]: row["n"] for row in db().query(sql, ["queued"])}
    aside = {row["id"]: row["n"] for row in db().query(sql, ["failed"])}
    sql = """
        SELECT inquiry_id, error, updated_at FROM outbox
        WHERE state = 'failed' AND connection_id IS NOT NULL ORDER BY id DESC LIMIT ?
    """
    return render_template(
        "connections.html",
        connections=connections.listed(db()),
        counts=counts,
        waiting=waiting,
        aside=aside,
        failed=list(db().query(sql, [FAILED])),
        **more,
    )
