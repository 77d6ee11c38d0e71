"""Long work in the background: queued in SQLite by huey, shown in the desk's own `jobs` table.

A job runs in the worker that `faqdesk serve` starts beside the web processes. It reports progress
and a log, looks for a request to cancel at every step, and is marked interrupted when its worker
stopped or died; what it calls resumes by itself when it is started again.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from huey import SqliteHuey
from huey import signals as huey_signals
from huey.consumer import Consumer
from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import ago, now
from support.database import Row, insert, one, scalar, write
from support.errors import (
    ConflictError,
    FaqdeskError,
    InputError,
    JobCancelledError,
    NotFoundError,
    WorkspaceError,
)
from support.workspace import Workspace

TELL_SECONDS = 0.25  # how often progress is written down; each time waits for the disk
BEAT_SECONDS = 20.0  # how often a worker gives a sign of life for the job it runs
DEAD_SECONDS = 120  # a running job without one for so long has lost its worker
POLL_SECONDS = 1.0  # how long a job waits in the queue at most when nothing else runs
STOP_SECONDS = 2.0  # how long a worker that is to stop waits for a job that is about to end
LOG_CHARACTERS = 100_000

Progress = Callable[[int, int, str], None]
Work = Callable[[Workspace, Database, Actor, dict[str, Any], Progress], dict[str, Any]]

log = structlog.get_logger("faqdesk.jobs")


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work, as people see it."""

    id: int
    kind: str
    state: str
    done: int
    total: int
    message: str
    log: str
    result: dict[str, Any]
    created_by: str
    created_at: str
    started_at: str | None
    finished_at: str | None

    @property
    def share(self) -> float | None:
        """How much is done, in [0, 1]; None while unknown."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def live(self) -> bool:
        """Whether it may still change."""
        return self.state in ("queued", "running")


def enqueue(
    workspace: Workspace, db: Database, actor: Actor, kind: str, arguments: dict[str, Any]
) -> int:
    """Put a job into the queue.

    Returns:
        Its id.

    Raises:
        InputError: there is no such kind of job.
    """
    if kind not in works():
        raise InputError(f"No job {kind!r}. There are: {', '.join(works())}.")
    with write(db):
        row = {
            "kind": kind,
            "arguments": json.dumps(arguments),
            "state": "queued",
            "created_by": actor.name,
            "created_at": now(),
        }
        job_id = insert(db, "jobs", row)
        record(db, actor, "job.queued", f"job:{job_id}", detail={"kind": kind})
    _task(queue(workspace.queue_path))(str(workspace.home), job_id)
    return job_id


def get(db: Database, job_id: int) -> Job:
    """Find a job.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, "SELECT * FROM jobs WHERE id = ?", [job_id])
    if row is None:
        raise NotFoundError(f"No job {job_id}.")
    return _job(row)


def listed(db: Database, *, limit: int = 50) -> list[Job]:
    """The newest jobs, newest first."""
    return [_job(row) for row in db.query("SELECT * FROM jobs ORDER BY id DESC LIMIT ?", [limit])]


def cancel(db: Database, actor: Actor, job_id: int) -> None:
    """Ask a job to stop at its next step; one that waits never starts.

    Raises:
        NotFoundError: there is none.
        ConflictError: it has ended.
    """
    with write(db):
        job = get(db, job_id)
        if not job.live:
            raise ConflictError(f"Job {job_id} is {job.state} already.")
        db.execute(
            "UPDATE jobs SET cancel_requested = 1, "
            "state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END, "
            "finished_at = CASE state WHEN 'queued' THEN ? ELSE finished_at END WHERE id = ?",
            [now(), job_id],
        )
        record(db, actor, "job.cancelled", f"job:{job_id}")


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
        _finish(db, job_id, state, result)
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


def mark_interrupted(db: Database) -> None:
    """Mark running jobs that give no sign of life; people start them again."""
    with write(db):
        db.execute(
            "UPDATE jobs SET state = 'interrupted', finished_at = ? "
            "WHERE state = 'running' AND heartbeat_at < ?",
            [now(), ago(seconds=DEAD_SECONDS)],
        )


@cache
def queue(path: Path) -> SqliteHuey:
    """The huey queue of a workspace, with our one task registered."""
    # strict_fifo: jobs run one after the other, in the order they were asked for.
    return SqliteHuey("faqdesk", filename=str(path), strict_fifo=True)


@cache
def _task(huey: SqliteHuey) -> Any:
    @huey.task(name="faqdesk-job")
    def job(home: str, job_id: int) -> None:
        run(Workspace(Path(home)), job_id)

    @huey.signal(huey_signals.SIGNAL_INTERRUPTED)
    def interrupted(_: str, task: Any) -> None:
        home, job_id = task.args
        db = Workspace(Path(home)).database()
        _finish(db, job_id, "interrupted", {})
        db.close()

    return job


def consume(workspace: Workspace) -> None:
    """Take jobs from the queue, one at a time, until a signal comes."""
    huey = queue(workspace.queue_path)
    task = _task(huey)
    # A worker that was killed may have taken a job from the queue and not begun it: the table of
    # jobs knows what waits. One that is rung for twice runs once.
    huey.flush()
    db = workspace.database()
    for row in db.query("SELECT id FROM jobs WHERE state = 'queued' ORDER BY id"):
        task(str(workspace.home), row["id"])
    db.close()
    Consumer(
        huey, workers=1, periodic=False, max_delay=POLL_SECONDS, shutdown_timeout=STOP_SECONDS
    ).run()


def works() -> dict[str, Work]:
    """Every kind of job. The engines behind them are imported when one runs."""
    from . import work

    return work.WORKS


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


def _finish(db: Database, job_id: int, state: str, result: dict[str, Any]) -> None:
    with write(db):
        db.table("jobs").update(
            job_id,
            {
                "state": state,
                "result": json.dumps(result, ensure_ascii=False),
                "finished_at": now(),
            },
        )


def _job(row: Row) -> Job:
    return Job(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        done=row["done"],
        total=row["total"],
        message=row["message"],
        log=row["log"],
        result=json.loads(row["result"]),
        created_by=row["created_by"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )
