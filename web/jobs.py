"""Long work in the background: queued in SQLite by huey, shown in the desk's own `jobs` table.

A job runs in the worker that `faqdesk serve` starts beside the web processes. It reports progress
and a log, looks for a request to cancel at every step, and is marked interrupted when its worker
died; what it calls resumes by itself when it is started again.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from huey import SqliteHuey
from huey.consumer import Consumer
from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import ago, now
from support.database import Row, one, scalar, write
from support.errors import FaqdeskError, InputError, JobCancelledError, NotFoundError
from support.workspace import Workspace

DEAD_SECONDS = 120  # a running job without a sign of life for so long has lost its worker
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
        job_id = int(db["jobs"].insert(row).last_pk)
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
    """Ask a job to stop at its next step; one that waits never starts."""
    with write(db):
        get(db, job_id)
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
            return  # cancelled while it waited
        row = one(db, "SELECT * FROM jobs WHERE id = ?", [job_id])
        assert row is not None  # noqa: S101 - it was updated above
        work = works()[row["kind"]]
        try:
            result = work(
                workspace,
                db,
                Actor(row["created_by"]),
                json.loads(row["arguments"]),
                _progress(db, job_id),
            )
        except JobCancelledError:
            _finish(db, job_id, "cancelled", {})
        except FaqdeskError as error:
            _finish(db, job_id, "failed", {"error": str(error)})
        except Exception as error:
            log.error("job failed", job=job_id, kind=row["kind"], exc_info=True)
            words = f"Something went wrong on our side ({type(error).__name__}); see the log."
            _finish(db, job_id, "failed", {"error": words})
        else:
            _finish(db, job_id, "done", result)
    finally:
        db.close()


def mark_interrupted(db: Database) -> int:
    """Mark running jobs that give no sign of life; start them again by hand.

    Returns:
        How many.
    """
    with write(db):
        cursor = db.execute(
            "UPDATE jobs SET state = 'interrupted', finished_at = ? "
            "WHERE state = 'running' AND heartbeat_at < ?",
            [now(), ago(seconds=DEAD_SECONDS)],
        )
    return int(cursor.rowcount)


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

    return job


def consume(path: Path) -> None:
    """Take jobs from the queue, one at a time, until a signal comes."""
    huey = queue(path)
    _task(huey)
    Consumer(huey, workers=1, periodic=False).run()


def works() -> dict[str, Work]:
    """Every kind of job. The engines behind them are imported when one runs."""
    from . import work

    return work.WORKS


def _progress(db: Database, job_id: int) -> Progress:
    last = {"message": ""}

    def tell(done: int, total: int, message: str) -> None:
        if scalar(db, "SELECT cancel_requested FROM jobs WHERE id = ?", [job_id]):
            raise JobCancelledError(f"Job {job_id} was cancelled.")
        line = "" if message == last["message"] else f"{now()} {message}\n"
        last["message"] = message
        with write(db):
            db.execute(
                "UPDATE jobs SET done = ?, total = ?, message = ?, heartbeat_at = ?, "
                "log = substr(log || ?, ?) WHERE id = ?",
                [done, total, message, now(), line, -LOG_CHARACTERS, job_id],
            )

    return tell


def _finish(db: Database, job_id: int, state: str, result: dict[str, Any]) -> None:
    with write(db):
        db["jobs"].update(
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
