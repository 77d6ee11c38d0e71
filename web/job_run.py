"""One job, from its start to its end: progress, log, sign of life, outcome.

It runs in the worker that `faqdesk serve` starts beside the web processes.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import structlog
from sqlite_utils import Database

from support.audit import Actor
from support.clock import now
from support.database import one, scalar, write
from support.errors import FaqdeskError, JobCancelledError, NotFoundError, WorkspaceError
from support.workspace import Workspace

TELL_SECONDS = 0.25  # how often progress is written down; each time waits for the disk
BEAT_SECONDS = 20.0  # how often a worker gives a sign of life for the job it runs
LOG_CHARACTERS = 100_000

Progress = Callable[[int, int, str], None]
Work = Callable[[Workspace, Database, Actor, dict[str, Any], Progress], dict[str, Any]]

log = structlog.get_logger("faqdesk.jobs")


def works() -> dict[str, Work]:
    """Every kind of job. The engines behind them are imported when one runs."""
    from . import work

    return work.WORKS


def run(workspace: Workspace, job_id: int) -> None:
    """Do a queued job; called by the worker. Never raises: the outcome is in the job's row."""
    db = workspace.database()
    try:
        with write(db):
            cursor = db.execute(
                "UPDATE jobs SET state = 'running', started_at = ?, heartbeat_at = ? "
                "WHERE id = ? AND state = 'queued'",
                [now(), now(), job_id],
            )
        if not cursor.rowcount:
            return  # cancelled while it waited, or rung for twice
        with beating(workspace, job_id):
            state, result = _do(workspace, db, job_id)
        finish(db, job_id, state, result)
    finally:
        db.close()


def _do(workspace: Workspace, db: Database, job_id: int) -> tuple[str, dict[str, Any]]:
    """Run a job to its end: the state it ends in, and its result."""
    row = one(db, "SELECT * FROM jobs WHERE id = ?", [job_id])
    try:
        if row is None or row["kind"] not in works():
            raise NotFoundError(f"This faqdesk has no such job: {row and row['kind']}.")
        arguments, actor = json.loads(row["arguments"]), Actor(row["created_by"])
        progress = _progress(db, job_id)
        return "done", works()[row["kind"]](workspace, db, actor, arguments, progress)
    except JobCancelledError:
        return "cancelled", {}
    except FaqdeskError as error:
        return "failed", {"error": str(error)}
    except Exception as error:
        log.error("job failed", job=job_id, exc_info=True)
        words = f"Something went wrong on our side ({type(error).__name__}); see the log."
        return "failed", {"error": words}


def _progress(db: Database, job_id: int) -> Progress:
    said, at = "", -TELL_SECONDS

    def tell(done: int, total: int, message: str) -> None:
        nonlocal said, at
        if scalar(db, "SELECT cancel_requested FROM jobs WHERE id = ?", [job_id]):
            raise JobCancelledError(f"Job {job_id} was cancelled.")
        fresh = message != said
        if not fresh and done < total and time.monotonic() - at < TELL_SECONDS:
            return
        line = f"{now()} {message}\n" if fresh else ""
        said, at = message, time.monotonic()
        with write(db):
            db.execute(
                "UPDATE jobs SET done = ?, total = ?, message = ?, log = substr(log || ?, ?) "
                "WHERE id = ?",
                [done, total, message, line, -LOG_CHARACTERS, job_id],
            )

    return tell


@contextmanager
def beating(workspace: Workspace, job_id: int, *, seconds: float = BEAT_SECONDS) -> Iterator[None]:
    """Give a sign of life for a job while the block runs, however long its steps are."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(seconds):
            try:
                with closing(workspace.database()) as db, write(db):
                    db.execute("UPDATE jobs SET heartbeat_at = ? WHERE id = ?", [now(), job_id])
            except (sqlite3.OperationalError, WorkspaceError):  # locked: the next beat may do
                log.warning("no sign of life written", job=job_id, exc_info=True)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def finish(db: Database, job_id: int, state: str, result: dict[str, Any]) -> None:
    """Write down how a job ended."""
    with write(db):
        db.table("jobs").update(
            job_id,
            {
                "state": state,
                "result": json.dumps(result, ensure_ascii=False),
                "finished_at": now(),
            },
        )
