"""Worker processes that work on one core each and do not outlive the process that started them."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any, Final

# Read by the libraries when they are loaded, so before a worker begins.
ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def worker_pool(
    workers: int, *, begin: Any, given: tuple[Any, ...]
) -> Iterator[ProcessPoolExecutor]:
    """Processes that each call `begin(*given)` first; what was not begun at the end is dropped.

    Args:
        workers: how many.
        begin: a function of a module, that a new process can import.
        given: its arguments, which can be pickled.
    """
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    # spawn: a fork would copy the locks of whatever threads the caller has started.
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(begin, given),
    )
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _begin(begin: Any, given: tuple[Any, ...]) -> None:
    # Ctrl-C reaches every process of a terminal; the first one decides what becomes of the rest.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    begin(*given)


def _end_with_parent() -> None:
    """End when the parent was killed: nobody else would stop this process."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
