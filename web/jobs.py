"""Long work as people see it: the desk's own `jobs` table, which each job's worker keeps.

A job is asked for here and runs elsewhere (`job_queue.py`, `job_run.py`); it looks for a request to
cancel at every step. What it calls resumes by itself when it is started again.
"""

import json
from dataclasses import dataclass
from typing import Any

import structlog
from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import ago, now
from support.database import Row, insert, one, write
from support.errors import ConflictError, InputError, NotFoundError
from support.workspace import Workspace

from . import job_locks
from .job_queue import NOT_RUNG, ring
from .job_run import works

DEAD_SECONDS = 120  # a running job without a sign of life for so long has lost its worker
# The argument that says what a job is at work on, where one does.
SUBJECT = {"label": "batch", "replay": "release"}

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
    workspace: Workspace,
    db: Database,
    actor: Actor,
    kind: str,
    arguments: dict[str, Any],
    *,
    alone: bool = False,
) -> int:
    """Put a job into the queue.

    Args:
        workspace: the desk.
        db: its database.
        actor: who asks for it.
        kind: what is to be done.
        arguments: what the work gets, plain JSON.
        alone: refuse where such a job waits or runs; of kinds in `SUBJECT`, one on the same thing.

    Returns:
        Its id.

    Raises:
        InputError: there is no such kind of job.
        ConflictError: it shall be alone, and is not.
    """
    if kind not in works():
        raise InputError(f"No job {kind!r}. There are: {', '.join(works())}.")
    with write(db):
        if alone:
            _refuse_second(db, kind, arguments)
        row = {
            "kind": kind,
            "arguments": json.dumps(arguments),
            "state": "queued",
            "created_by": actor.name,
            "created_at": now(),
        }
        job_id = insert(db, "jobs", row)
        record(db, actor, "job.queued", f"job:{job_id}", detail={"kind": kind})
    try:
        ring(workspace, job_id)
    except NOT_RUNG:  # it waits in the table: the worker looks there from time to time
        log.warning("a job was not rung for", job=job_id, exc_info=True)
    return job_id


def _refuse_second(db: Database, kind: str, arguments: dict[str, Any]) -> None:
    sql = "SELECT id, arguments FROM jobs WHERE kind = ? AND state IN ('queued', 'running')"
    subject = SUBJECT.get(kind, "")
    for row in db.query(sql, [kind]):
        if json.loads(row["arguments"]).get(subject) == arguments.get(subject):
            raise ConflictError(
                f"A job {kind!r} waits or runs already ({row['id']}). Let it end, or cancel it."
            )


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


def mark_left(workspace: Workspace, db: Database) -> None:
    """Mark running jobs whose process is gone; people start them again."""
    for job_id in job_locks.left_behind(workspace):
        with write(db):
            db.execute(
                "UPDATE jobs SET state = 'interrupted', finished_at = ? "
                "WHERE state = 'running' AND id = ?",
                [now(), job_id],
            )


def mark_interrupted(db: Database) -> None:
    """Mark running jobs that give no sign of life, wherever they run."""
    with write(db):
        db.execute(
            "UPDATE jobs SET state = 'interrupted', finished_at = ? "
            "WHERE state = 'running' AND heartbeat_at < ?",
            [now(), ago(seconds=DEAD_SECONDS)],
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
