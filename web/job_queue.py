"""The queues between who asks and the worker: huey over SQLite, or over Redis (`redis_queue.py`).

One takes jobs, one at a time, however long they are; the other what comes through the doors, which
must not wait for them: webhooks to work through, answers to deliver. Tables know what waits; the
queues only ring.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

import structlog
from huey import Huey, RedisHuey, SqliteHuey
from huey import signals as huey_signals
from huey.consumer import Consumer
from huey.storage import RedisStorage
from sqlite_utils import Database

from support.workspace import Workspace

from . import door_work, redis_queue
from .job_run import cut_off, run
from .queue_messages import Messages

DOOR_WORKERS: Final = 2  # a helpdesk that is slow to answer does not hold up the webhooks
POLL_SECONDS = 1.0  # how long a job waits in the queue at most when nothing else runs
STOP_SECONDS = 2.0  # how long a worker that is to stop waits for a job that is about to end
# What a bell that cannot be rung raises: the tables know what waits, and it is rung for later.
NOT_RUNG: Final[tuple[type[Exception], ...]] = (sqlite3.Error, ConnectionError, *redis_queue.AWAY)


def queue(path: Path, name: str = "faqdesk") -> Huey:
    """A huey queue of a workspace, by its path.

    Its file only rings: one that is damaged or was taken away is made anew, and what waits is rung
    for again by what stands in the tables.
    """
    try:
        huey = _made(path, name)
        if path in _files and _files[path] != _file(path):
            huey.storage.close()
            huey.storage.initialize_schema()
            _files[path] = _file(path)
    except sqlite3.OperationalError:  # locked, or no room
        raise
    except sqlite3.DatabaseError:
        _begin_anew(path)
        return queue(path, name)
    return huey


_files: dict[Path, int] = {}  # which file each queue was opened as


@cache
def _made(path: Path, name: str) -> Huey:
    if redis_queue.address():
        pool = redis_queue.pool()
        own = f"{name}-{redis_queue.name_of(path.parent)}"  # one server may ring for several desks
        return RedisHuey(
            own, storage_class=Bells, connection_pool=pool, serializer=Messages(), results=False
        )
    # strict_fifo: jobs run one after the other, in the order they were asked for.
    huey = SqliteHuey(
        name, filename=str(path), strict_fifo=True, serializer=Messages(), results=False
    )
    _files[path] = _file(path)
    return huey


class Bells(RedisStorage):  # type: ignore[misc]
    """A queue that is empty while its server is away."""

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        """Ring; where the server let somebody wait a moment ago, that is not tried again.

        Raises:
            ConnectionError: it is away.
        """
        if redis_queue.paused():
            raise ConnectionError("The Redis server was away a moment ago.")
        try:
            super().enqueue(data, priority)
        except redis_queue.AWAY as error:
            # To be refused costs nothing: what is rung as soon as it is back shall be heard.
            if not redis_queue.refused(error):
                redis_queue.pause()
            raise

    def dequeue(self) -> Any:
        """The oldest bell; None where there is none within a second, or nobody to ask."""
        return self._heard(super().dequeue, None)

    def read_schedule(self, ts: Any) -> Any:
        """The bells that were to ring by now."""
        return self._heard(lambda: super(Bells, self).read_schedule(ts), [])

    def _heard(self, ask: Callable[[], Any], nothing: Any) -> Any:
        try:
            found = ask()
        except redis_queue.AWAY as error:
            redis_queue.missed(error)
            time.sleep(1.0)
            return nothing
        redis_queue.heard()
        return found


def _file(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _begin_anew(path: Path) -> None:
    log.error("a queue's file was damaged; another is begun", file=path.name)
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def lost(workspace: Workspace) -> bool:
    """Whether a queue's file is damaged, gone or another: a worker that starts begins it anew."""
    return any(
        path in _files and (_files[path] != _file(path) or _damaged(path))
        for path in _paths(workspace)
    )


def _paths(workspace: Workspace) -> tuple[Path, Path]:
    return workspace.queue_path, workspace.home / "doors.db"


def _damaged(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as db:
            return bool(db.execute("PRAGMA quick_check").fetchone() != ("ok",))
    except sqlite3.OperationalError:  # locked, or no room
        return False
    except sqlite3.DatabaseError:
        return True


log = structlog.get_logger("faqdesk.queue")


def _doors(workspace: Workspace) -> Huey:
    return queue(workspace.home / "doors.db", "faqdesk-doors")


@cache
def _door_task(huey: Huey) -> Any:
    @huey.task(name="faqdesk-door")
    def door(home: str, kind: str, row_id: int) -> None:
        if not _ours(home):
            return
        again = door_work.do(Workspace(Path(home)), kind, row_id)
        if again is not None:
            with suppress(*NOT_RUNG):  # it waits in its table
                _door_task(huey).schedule((home, kind, row_id), delay=again)

    return door


def ring_door(workspace: Workspace, kind: str, row_id: int) -> None:
    """Tell the worker that a webhook waits to be worked through, or an answer to be delivered.

    Args:
        workspace: the desk.
        kind: one of `door_work.KINDS`.
        row_id: which row of its table.
    """
    try:
        _door_task(_doors(workspace))(str(workspace.home), kind, row_id)
    except NOT_RUNG:  # it waits in its table: the worker looks there from time to time
        log.warning("nothing was rung for at a door", kind=kind, row=row_id, exc_info=True)


def ring_doors_again(workspace: Workspace, db: Database) -> None:
    """Ring for what waits at the doors without a bell: it failed, or is due by now."""
    huey = _doors(workspace)
    try:
        rung = {task.args[1:] for task in huey.pending()}
    except redis_queue.AWAY:
        return  # it is told where bells are waited for
    for kind, row_id in door_work.waiting(db):
        if (kind, row_id) not in rung:
            ring_door(workspace, kind, row_id)


@cache
def _task(huey: SqliteHuey) -> Any:
    @huey.task(name="faqdesk-job")
    def job(home: str, job_id: int) -> None:
        if _ours(home):
            run(Workspace(Path(home)), job_id)

    @huey.signal(huey_signals.SIGNAL_INTERRUPTED)
    def interrupted(_: str, task: Any) -> None:
        home, job_id = task.args
        if _ours(home):
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
    with suppress(ConnectionError, *redis_queue.AWAY):  # told where bells are waited for
        rung = {task.args[1:] for task in huey.pending()}
        for row in db.query("SELECT id FROM jobs WHERE state = 'queued' ORDER BY id"):
            if (row["id"],) not in rung:
                ring(workspace, row["id"])


def consume(workspace: Workspace) -> None:
    """Take jobs from the queue, one at a time, until a signal comes."""
    for path in _paths(workspace):
        if path.exists() and _damaged(path):
            _begin_anew(path)
    huey = queue(workspace.queue_path)
    doors = _DoorConsumer(
        _doors(workspace), workers=DOOR_WORKERS, periodic=False, max_delay=POLL_SECONDS,
        scheduler_interval=1, shutdown_timeout=STOP_SECONDS,
    )  # fmt: skip
    _homes.add(str(workspace.home))
    _task(huey)
    _door_task(doors.huey)
    # A worker that was killed may have taken a job from the queue and not begun it: the table of
    # jobs knows what waits. One that is rung for twice runs once.
    with closing(workspace.database()) as db, suppress(ConnectionError, *redis_queue.AWAY):
        huey.flush()
        ring_again(workspace, db)
        doors.huey.flush()
        ring_doors_again(workspace, db)
    doors.start()
    Consumer(
        huey, workers=1, periodic=False, max_delay=POLL_SECONDS, shutdown_timeout=STOP_SECONDS
    ).run()
    doors.stop(graceful=True)


def _ours(home: str) -> bool:
    """Whether a bell is of the desk that this worker works for.

    Whoever writes into a queue could name a folder of theirs, with work of theirs in its tables.
    """
    if _homes and home not in _homes:
        log.error("a bell of another desk was passed over", home=home)
        return False
    return True


_homes: set[str] = set()  # of the desk that this process works for; empty: of whoever asks


class _DoorConsumer(Consumer):  # type: ignore[misc]
    """Works in threads of its own beside the jobs' consumer, which hears the signals for both."""

    def _set_signal_handlers(self) -> None:
        pass
