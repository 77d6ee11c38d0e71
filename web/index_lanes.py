"""Threads for one kind of calls, and how many of them may wait for one.

What comes beyond that is refused at once: who waits in a line that never ends gives up in it, and
is worked for all the same.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class Lane(ThreadPoolExecutor):
    """An executor that knows how much it has been given."""

    def __init__(self, name: str, *, threads: int, waiting: int) -> None:
        """Take how many calls are worked on at once, and how many may wait."""
        super().__init__(threads, thread_name_prefix=f"index-{name}")
        self._most = threads + waiting
        self._given = 0
        self._counting = threading.Lock()

    @property
    def full(self) -> bool:
        """Whether one more would have to wait too long."""
        return self._given >= self._most

    def submit(self, work: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        """As `Executor.submit`; full or not, it is taken."""
        with self._counting:
            self._given += 1
        try:
            future = super().submit(work, *args, **kwargs)
        except RuntimeError:  # it was shut down
            self._end(None)
            raise
        future.add_done_callback(self._end)
        return future

    def _end(self, _: object) -> None:
        with self._counting:
            self._given -= 1
