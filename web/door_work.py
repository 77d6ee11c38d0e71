"""What the worker does at the doors: works through a webhook, or tries to deliver an answer.

A row that another worker has done, or has in hand, is left alone.
"""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

import structlog
from sqlite_utils import Database

from support import delivery, delivery_ways, webhook_intake
from support.clock import from_iso
from support.database import one
from support.errors import FaqdeskError, WorkspaceError
from support.workspace import Workspace

KINDS: Final = ("webhook", "answer")
SOON: Final = 5.0  # seconds after which a webhook that could not be worked through is tried again
AT_LEAST: Final = 1.0  # seconds between two tries of an answer

log = structlog.get_logger("faqdesk.doors")


def do(workspace: Workspace, kind: str, row_id: int) -> float | None:
    """Do one thing that waits at a door. Never raises: the tables know what is left to do.

    Args:
        workspace: the desk.
        kind: one of `KINDS`.
        row_id: which row of its table.

    Returns:
        After how many seconds it is to be tried again; None where that is not needed.
    """
    try:
        with closing(workspace.database()) as db:
            if kind == "webhook":
                state = webhook_intake.work_until(db, workspace.seal(), row_id)
                if state == "failed":
                    log.error("a webhook was set aside", delivery=row_id)
                return SOON if state == "queued" else None
            state = delivery.deliver(db, workspace.seal(), row_id, make=delivery_ways.sender)
            if state == "failed":
                log.warning("an answer was not delivered", answer=row_id)
            return _until_next(db, row_id) if state == "queued" else None
    except (sqlite3.Error, WorkspaceError, FaqdeskError):
        log.error("nothing was done at a door", kind=kind, row=row_id, exc_info=True)
        return None  # it is rung for again from time to time


def waiting(db: Database) -> list[tuple[str, int]]:
    """What waits at the doors and is due, as (kind, row id)."""
    webhooks = [("webhook", row_id) for row_id in webhook_intake.waiting(db)]
    return [*webhooks, *(("answer", row_id) for row_id in delivery.due(db))]


def _until_next(db: Database, outbox_id: int) -> float | None:
    sql = "SELECT connection_id, coalesce(next_at, leased_until) AS at FROM outbox WHERE id = ?"
    row = one(db, sql, [outbox_id])
    if row is None or row["connection_id"] is None:  # no way out that is ours
        return None
    if row["at"] is None:
        return AT_LEAST
    return max(AT_LEAST, (from_iso(row["at"]) - datetime.now(UTC)).total_seconds() + 1)
