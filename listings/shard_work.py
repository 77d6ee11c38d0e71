"""Does the shards of a run: one after the other here, or in processes, one a core.

Whatever else can call `shards.do` with what `Task.open` gives can do them as well, in any order and
on any machine that sees the run's folder. Knows nothing of what the work is.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from support.errors import FaqdeskError
from support.processes import worker_pool

from .shards import Receipt, Shard, Work, do, receipt
from .tables import Layout

Progress = Callable[[int, int, str], None]  # done, total, message


class Opener(Protocol):
    """Opens the work in whatever process needs it; can be pickled."""

    def open(self, layout: Layout) -> Work:
        """Load what the work needs, to work with one thread."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """What to do with any shard of a run; can be pickled, and sent with a shard to any machine."""

    opener: Opener
    layout: Layout
    message: str  # of its progress

    def open(self) -> Work:
        """Open the work."""
        return self.opener.open(self.layout)


def do_all(shards: Sequence[Shard], task: Task, workers: int, progress: Progress) -> int:
    """Do what is not done yet; returns how many rows were."""
    left = [shard for shard in shards if receipt(shard) is None]
    total = sum(shard.rows for shard in shards)
    resumed = total - sum(shard.rows for shard in left)
    done = resumed
    progress(done, total, task.message)
    for found in _work(left, task, min(workers, len(left))):
        done += found.rows
        progress(done, total, task.message)
    return resumed


def _work(left: Sequence[Shard], task: Task, workers: int) -> Iterator[Receipt]:
    if not left:
        return
    if workers == 1:
        work = task.open()
        with threadpool_limits(1):
            for shard in left:
                yield do(shard, task.layout, work)
        return
    with worker_pool(workers, begin=_begin, given=(task,)) as pool, _no_broken_pool():
        waiting: set[Future[Receipt]] = set()
        for shard in left:
            waiting.add(pool.submit(_do, shard))
            if len(waiting) >= 2 * workers:
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in ready)
        while waiting:
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in ready)


_mine: list[tuple[Work, Layout]] = []  # of a worker process


def _begin(task: Task) -> None:
    _mine[:] = [(task.open(), task.layout)]


def _do(shard: Shard) -> Receipt:
    work, layout = _mine[0]
    found = do(shard, layout, work)
    # The receipt is on disk; its reports would only travel to be thrown away.
    return Receipt(found.number, found.rows, found.size, [], {}, [])


@contextmanager
def _no_broken_pool() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise FaqdeskError(
            "A worker ended unexpectedly, most likely for want of memory. Start again with fewer "
            "processes (--workers 1); what is done is kept."
        ) from error
