"""An open loop: requests start when they are due, whether or not those before have been answered.

A closed loop, where each asker waits for its answer before the next question, asks a server that
stalls just once for each asker, and its table shows one slow answer where people in life would have
had many: "coordinated omission" (G. Tene, https://github.com/giltene/wrk2). Here the moments are
drawn before anything is asked, and an answer's time counts from the moment at which its request
should have started.
"""

import math
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

THREADS: Final = 2_000  # requests under way at once, at most: so many lines are open
LATE_MS: Final = 100.0  # at the 99th percentile; beyond, the generator is what was measured
_FILES: Final = 8_192

T = TypeVar("T")
Asked = tuple[int, str]  # status, 0 where nothing came back; and what went wrong
Step = tuple[str, Callable[[], Asked]]  # its kind, and the asking


@dataclass(frozen=True, slots=True)
class Did:
    """One request: seconds from the start of the run."""

    kind: str
    due: float  # when it should have started
    began: float
    ended: float
    status: int
    error: str

    @property
    def took_ms(self) -> float:
        """Milliseconds from when it should have started."""
        return 1000 * (self.ended - self.due)

    @property
    def late_ms(self) -> float:
        """Milliseconds that the generator itself was late."""
        return 1000 * (self.began - self.due)


def play(
    arrivals: Iterable[tuple[float, T]],
    ask: Callable[[T], Iterator[Step]],
    *,
    threads: int = THREADS,
) -> list[Did]:
    """Ask at each moment, in a thread of its own, and wait for the last answer.

    Args:
        arrivals: seconds from now, in order, and what is asked then.
        ask: the requests of one arrival. The first is due at its moment, each following one when
            the one before was answered, as a browser loads the page that a form leads to.
        threads: requests under way at once, at most. What waits for one is late, which is told.
    """
    _widen()
    begin = time.monotonic()

    def work(due: float, item: T) -> list[Did]:
        done = []
        for kind, request in ask(item):
            began = time.monotonic() - begin
            status, error = request()
            ended = time.monotonic() - begin
            done.append(Did(kind, due, began, ended, status, error))
            due = ended
        return done

    under_way: list[Future[list[Did]]] = []
    with ThreadPoolExecutor(threads) as pool:
        for due, item in arrivals:
            wait = begin + due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            under_way.append(pool.submit(work, due, item))
    return [did for future in under_way for did in future.result()]


def times(did: Sequence[Did]) -> dict[str, float]:
    """Milliseconds from when they should have started: p50, p95, p99 and max."""
    return _cuts([one.took_ms for one in did])


def lateness(did: Sequence[Did]) -> dict[str, float]:
    """How late the generator itself was, in milliseconds."""
    return _cuts([one.late_ms for one in did])


def _cuts(values: Sequence[float]) -> dict[str, float]:
    """By the nearest rank: each is a value that was measured, of few values too."""
    ordered = sorted(values)
    if not ordered:
        return {}
    ranks = {f"p{share}": math.ceil(share / 100 * len(ordered)) - 1 for share in (50, 95, 99)}
    return {name: round(ordered[rank], 1) for name, rank in {**ranks, "max": -1}.items()}


def _widen() -> None:
    """Let this process open as many lines as it has threads for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _FILES:
        most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
