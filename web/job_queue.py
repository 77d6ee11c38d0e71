"""The queue between who asks for a job and the worker: huey over SQLite, one job at a time.

The table of jobs knows what waits; the queue only rings.
"""

from functools import cache
from pathlib import Path
from typing import Any

from huey import SqliteHuey
from huey import signals as huey_signals
from huey.consumer import Consumer
from sqlite_utils import Database

from support.workspace import Workspace

from .job_run import cut_off, run

POLL_SECONDS = 1.0  # how long a job waits in the queue at most when nothing else runs
STOP_SECONDS = 2.0  # how long a worker that is to stop waits for a job that is about to end


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
        cut_off(Workspace(Path(home)), job_id)

    return job


def ring(workspace: Workspace, job_id: int) -> None:
    """Tell the worker that a job waits."""
    _task(queue(workspace.queue_path))(str(workspace.home), job_id)


def ring_again(workspace: Workspace, db: Database) -> None:
    """Ring for jobs that wait without a bell: it failed, or was heard while nothing could begin.

    Between its bell and its beginning a job may be rung for twice; it runs once.
    """
    huey = queue(workspace.queue_path)
    rung = {task.args[1] for task in huey.pending()}
    for row in db.query("SELECT id FROM jobs WHERE state = 'queued' ORDER BY id"):
        if row["id"] not in rung:
            ring(workspace, row["id"])


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
