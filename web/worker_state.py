"""Whether the worker is there, and whether what waits for it waits too long.

The worker gives a sign of life every few seconds: the time of a file in the desk's folder. What
waits is in the tables; a job may wait for a long one before it, what came through a door may not.
"""

import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from support import (
    at_work,
    backups,
    clock_steps,
    release_state,
    vector_collections,
    vector_engine,
)
from support.clock import ago, from_iso, now
from support.database import one
from support.workspace import Workspace

from . import redis_queue

SIGN_SECONDS: Final = 5.0
GONE_SECONDS: Final = 30.0  # without a sign of life; another one is started after five
LOW_BYTES: Final = 200 << 20  # with less room left an import or a training may not end
LATE_SECONDS: Final = {"jobs": 900.0, "webhooks": 120.0, "answers": 300.0}

# What waits that could be worked on now, and since when: an answer that is to be tried again
# later waits from then on.
_WAITING: Final = {
    "jobs": "SELECT count(*) AS n, min(created_at) AS since FROM jobs WHERE state = 'queued'",
    "webhooks": "SELECT count(*) AS n, min(received_at) AS since FROM webhook_deliveries "
    "WHERE state = 'queued'",
    "answers": "SELECT count(*) AS n, min(max(created_at, coalesce(next_at, ''), "
    "coalesce(leased_until, ''))) AS since FROM outbox WHERE state = 'queued' "
    "AND connection_id IS NOT NULL AND coalesce(next_at, '') <= :now "
    "AND coalesce(leased_until, '') <= :now",
}
# What people have to look at: nothing tries these again by itself.
_FAILED: Final = {
    "webhooks_failed": "SELECT 1 FROM webhook_deliveries WHERE state = 'failed' "
    "AND received_at > :day LIMIT 1",
    "answers_failed": "SELECT 1 FROM outbox WHERE state = 'failed' AND given_up = 0 LIMIT 1",
}
TROUBLES: Final = (
    *("no_worker", "queue_away", *(f"{name}_late" for name in _WAITING), *_FAILED),
    *("answers_held", "backup_failed", "backup_late", "clock_back", "models_amiss", "disk_low"),
    *("vectors_away", "vectors_late"),
)


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for the worker: how many, and for how many seconds the oldest has."""

    name: str
    waiting: int
    seconds: float


def queues(db: Database) -> tuple[Queue, ...]:
    """The jobs, the webhooks and the answers that wait and are due."""
    return tuple(_queue(db, name, sql) for name, sql in _WAITING.items())


def troubles(workspace: Workspace, db: Database) -> tuple[str, ...]:
    """What is wrong, of `TROUBLES`: no worker, what waits too long, what failed for good."""
    found = []
    seen = seconds_silent(workspace)
    if seen is not None and seen > GONE_SECONDS:
        found.append("no_worker")
    if redis_queue.away():
        found.append("queue_away")
    # A job waits for the one under way, however long that is.
    busy = one(db, "SELECT 1 FROM jobs WHERE state = 'running' LIMIT 1") is not None
    held = at_work.held(db)
    for queue in queues(db):
        if queue.name == "answers" and held:
            continue
        if queue.seconds > LATE_SECONDS[queue.name] and not (queue.name == "jobs" and busy):
            found.append(f"{queue.name}_late")
    values = {"day": ago(days=1)}
    found += [name for name, sql in _FAILED.items() if one(db, sql, _named(sql, values))]
    found += ["answers_held"] if held else []
    found += ["backup_failed"] if backups.failed_since(db) else []
    found += ["backup_late"] if backups.late(db) else []
    found += ["clock_back"] if clock_steps.behind(db) else []
    found += ["models_amiss"] if release_state.amiss(workspace.models, db) else []
    found += ["disk_low"] if shutil.disk_usage(workspace.home).free < LOW_BYTES else []
    found += _vectors(db)
    return tuple(found)


def _vectors(db: Database) -> list[str]:
    """Whether the vector engine did not answer when it was asked last, or lacks much."""
    place = vector_engine.place()
    if place is None:
        return []
    if vector_collections.away(db, place.uri):
        return ["vectors_away"]
    return ["vectors_late"] if vector_collections.late(db, place.uri) else []


def seconds_silent(workspace: Workspace) -> float | None:
    """Since when there is no sign of life, in seconds; None: this desk was never served."""
    try:
        # A sign from the future is of before the clock went back: the next one tells.
        return abs(time.time() - _file(workspace).stat().st_mtime)
    except FileNotFoundError:
        return None


def give_signs(workspace: Workspace, *, seconds: float = SIGN_SECONDS) -> Callable[[], None]:
    """Give signs of life from now on, in a thread; returns what ends them."""
    stop = threading.Event()
    give_sign(workspace)

    def go_on() -> None:
        while not stop.wait(seconds):
            give_sign(workspace)

    threading.Thread(target=go_on, daemon=True).start()
    return stop.set


def give_sign(workspace: Workspace) -> None:
    """Give one sign of life; a full disk does not end the worker."""
    path = _file(workspace)
    try:
        path.touch(mode=0o600)
        os.utime(path)
    except OSError:
        return


def _queue(db: Database, name: str, sql: str) -> Queue:
    present = now()
    row = one(db, sql, _named(sql, {"now": present}))
    assert row is not None  # noqa: S101 - counting always gives a row
    age = (from_iso(present) - from_iso(row["since"])).total_seconds() if row["since"] else 0.0
    return Queue(name, int(row["n"]), max(0.0, age))


def _named(sql: str, values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if f":{name}" in sql}


def _file(workspace: Workspace) -> Path:
    return workspace.home / "worker.alive"
