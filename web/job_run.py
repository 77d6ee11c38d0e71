"""One job, from its start to its end: progress, log, sign of life, outcome.

It runs in the worker that `faqdesk serve` starts beside the web processes.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import structlog
from sqlite_utils import Database

from support import settings
from support.audit import Actor
from support.clock import now
from support.database import one, scalar, write
from support.errors import FaqdeskError, JobCancelledError, NotFoundError, WorkspaceError
from support.redact import Redactor
from support.workspace import Workspace

from . import job_locks

TELL_SECONDS = 0.25  # how often progress is written down; each time waits for the disk
BEAT_SECONDS = 20.0  # how often a worker gives a sign of life for the job it runs
TRIES = 20  # of what must be written; each waits half a minute for a locked database
AGAIN_SECONDS = 1.0  # from one try to the next
LOG_CHARACTERS = 100_000

Progress = Callable[[int, int, str], None]
T = TypeVar("T")
Work = Callable[[Workspace, Database, Actor, dict[str, Any], Progress], dict[str, Any]]

log = structlog.get_logger("faqdesk.jobs")

_beats: dict[int, threading.Event] = {}  # what ends the signs of life of each job under way here


def works() -> dict[str, Work]:
    """Every kind of job. The engines behind them are imported when one runs."""
    from . import work

    return work.WORKS


def run(workspace: Workspace, job_id: int) -> None:
    """Do a queued job; called by the worker. The outcome is in the job's row.

    Never raises for a database that stays locked: a job that could not begin is still queued, and
    rung for again; one whose end could not be written is marked as interrupted.
    """
    try:
        with closing(workspace.database()) as db, job_locks.held(workspace, job_id):
            if not _insist(lambda: _begin(db, job_id)):
                return  # cancelled while it waited, or rung for twice
            with beating(workspace, job_id):  # to its end: the last words may have to wait
                finish(db, job_id, *_do(workspace, db, job_id))
    except (sqlite3.OperationalError, WorkspaceError):
        log.error("a job's state was not written", job=job_id, exc_info=True)


def _begin(db: Database, job_id: int) -> bool:
    """Take a job out of the queue; False where it is not there any more."""
    with write(db):
        cursor = db.execute(
            "UPDATE jobs SET state = 'running', started_at = ?, heartbeat_at = ? "
            "WHERE id = ? AND state = 'queued'",
            [now(), now(), job_id],
        )
    return bool(cursor.rowcount)


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
        # It may name what stands in a file, and rows of jobs are kept.
        words = Redactor(settings.load(db).allow).redact(str(error)).text
        return "failed", {"error": words}
    except Exception as error:
        log.error("job failed", job=job_id, exc_info=True)
        words = f"Something went wrong on our side ({type(error).__name__}); see the log."
        return "failed", {"error": words}


def _progress(db: Database, job_id: int) -> Progress:
    said, at = "", -TELL_SECONDS
    lines = ""  # of the log, not written yet

    def tell(done: int, total: int, message: str) -> None:
        nonlocal said, at, lines
        if scalar(db, "SELECT cancel_requested FROM jobs WHERE id = ?", [job_id]):
            raise JobCancelledError(f"Job {job_id} was cancelled.")
        fresh = message != said
        if not fresh and done < total and time.monotonic() - at < TELL_SECONDS:
            return
        if fresh:
            lines += f"{now()} {message}\n"
        said, at = message, time.monotonic()
        try:
            with write(db):
                db.execute(
                    "UPDATE jobs SET done = ?, total = ?, message = ?, log = substr(log || ?, ?) "
                    "WHERE id = ?",
                    [done, total, message, lines, -LOG_CHARACTERS, job_id],
                )
        except sqlite3.OperationalError:  # locked: hours of work are not lost for a line about them
            log.warning("progress not written", job=job_id, exc_info=True)
        else:
            lines = ""

    return tell


@contextmanager
def beating(workspace: Workspace, job_id: int, *, seconds: float = BEAT_SECONDS) -> Iterator[None]:
    """Give a sign of life for a job while the block runs, however long its steps are.

    A machine that slept wakes up with its jobs taken for dead: the next sign says otherwise.
    """
    stop = _beats[job_id] = threading.Event()

    def beat() -> None:
        while not stop.wait(seconds):
            try:
                with closing(workspace.database()) as db, write(db):
                    if not stop.is_set():  # it may have waited for the lock
                        db.execute(_ALIVE, [now(), job_id])
            except (sqlite3.OperationalError, WorkspaceError):  # locked: the next beat may do
                log.warning("no sign of life written", job=job_id, exc_info=True)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        _beats.pop(job_id, None)


_ALIVE = """
    UPDATE jobs SET heartbeat_at = ?, state = 'running', finished_at = NULL
    WHERE id = ? AND state IN ('running', 'interrupted')
"""


def finish(db: Database, job_id: int, state: str, result: dict[str, Any]) -> None:
    """Write down how a job ended, however long the database is locked.

    Raises:
        sqlite3.OperationalError: it still is, after all tries.
    """
    _insist(lambda: _end(db, job_id, state, result))


def cut_off(workspace: Workspace, job_id: int) -> None:
    """Write down that a job's worker had to stop; where that fails, its silence will tell."""
    if beat := _beats.get(job_id):
        beat.set()  # first: a sign of life would say that the job runs
    try:
        with closing(workspace.database()) as db:
            _end(db, job_id, "interrupted", {})
    except (sqlite3.OperationalError, WorkspaceError):
        log.error("a job's state was not written", job=job_id, exc_info=True)


def _end(db: Database, job_id: int, state: str, result: dict[str, Any]) -> None:
    words = json.dumps(result, ensure_ascii=False)
    with write(db):
        change = {"state": state, "result": words, "finished_at": now()}
        db.table("jobs").update(job_id, change)


def _insist(act: Callable[[], T]) -> T:
    """Try again while the database is locked."""
    for _ in range(TRIES - 1):
        try:
            return act()
        except sqlite3.OperationalError:
            log.warning("locked; trying again", exc_info=True)
            time.sleep(AGAIN_SECONDS)
    return act()
