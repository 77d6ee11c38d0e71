"""Shares out the parts of a long run: one after the other here, or in processes, one a core.

An item is one part: small, picklable, and such that it may be done twice, on any machine that sees
the run's folder. An opener loads what the work needs, once in each process that does some. Knows
nothing of what the work is, and where else it may be done is `ray_engine`'s matter.
"""

import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from .errors import FaqdeskError, SettingError
from .processes import worker_pool

Item = TypeVar("Item")
Result = TypeVar("Result")
Item_contra = TypeVar("Item_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)

EngineName = Literal["local", "ray"]
ENGINES: Final[tuple[EngineName, ...]] = ("local", "ray")


class Opener(Protocol[Item_contra, Result_co]):
    """Opens the work in whatever process needs it; can be pickled."""

    def open(self) -> Callable[[Item_contra], Result_co]:
        """Load what the work needs, to work with one thread."""
        ...


class Engine(Protocol):
    """Has items done, wherever that is."""

    @property
    def place(self) -> str:
        """Where the work is done, for its progress: "2 workers on 1 node"; "" is here."""
        ...

    def run(
        self, items: Sequence[Item], opener: Opener[Item, Result]
    ) -> Generator[Result, None, None]:
        """Do each item once; results come as they are made, in any order.

        Closed before its end, it drops what was not begun and ends what was.

        Raises:
            FaqdeskError: that of an item; or the work cannot be done there.
        """
        ...


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """Does the items on this machine."""

    workers: int | None = None  # processes; None: one a core

    @property
    def place(self) -> str:
        """Here: there is nothing to tell."""
        return ""

    def run(
        self, items: Sequence[Item], opener: Opener[Item, Result]
    ) -> Generator[Result, None, None]:
        """Do each item once; see `Engine.run`."""
        if not items:
            return
        workers = min(self.workers or os.cpu_count() or 1, len(items))
        if workers == 1:
            do = opener.open()
            with threadpool_limits(1):
                for item in items:
                    yield do(item)
            return
        with worker_pool(workers, begin=_begin, given=(opener,)) as pool, _no_broken_pool():
            waiting: set[Future[Result]] = set()
            for item in items:
                waiting.add(pool.submit(_do, item))
                if len(waiting) >= 2 * workers:
                    ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in ready)
            while waiting:
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in ready)


def engine_named(name: str, *, address: str = "", workers: int | None = None) -> Engine:
    """The engine that somebody asked for.

    Args:
        name: one of `ENGINES`.
        address: of a running Ray cluster; "" or "local": one that is started for the run.
        workers: processes at once; None: one a core.

    Raises:
        SettingError: there is none of this name, or it is not used at this address.
    """
    if name == "ray":
        from .ray_engine import RayEngine

        return RayEngine(address, parallel=workers)
    if name != "local":
        raise SettingError(f"--engine is one of {', '.join(ENGINES)}, got {name!r}.")
    if address:
        raise SettingError(f"--address {address} is that of a Ray cluster. Say so: --engine ray")
    return LocalEngine(workers)


_given: list[Opener[Any, Any]] = []  # of a worker process, as is what it opened
_mine: list[Callable[[Any], Any]] = []


def _begin(opener: Opener[Any, Any]) -> None:
    _given[:] = [opener]


def _do(item: Any) -> Any:
    if not _mine:  # not when the process begins: what is said there reaches nobody
        _mine.append(_given[0].open())
    return _mine[0](item)


@contextmanager
def _no_broken_pool() -> Generator[None, None, None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise FaqdeskError(
            "A worker ended unexpectedly, most likely for want of memory. Start again with fewer "
            "processes (--workers 1); what is done is kept."
        ) from error
