"""Shares out items among the machines of a Ray cluster, and sees to it that each gets done once.

A task is one item on one machine; no more are begun than there are cores. One whose worker or
machine died is begun elsewhere by Ray. One that takes far longer than the others is given to a
second worker as well, and whoever is first counts. Is handed Ray, and does not import it.
"""

import statistics
import time
from collections import Counter, deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .batch import Item
from .errors import FaqdeskError
from .ray_worker import Given, Made, do

RETRIES: Final = 3  # of an item whose worker died: one that always ends its worker ends the run
# An item that takes this many times as long as half of the others is begun a second time, once
# there is nothing else to do. Less would do half of the last items twice, for nothing.
LATE: Final = 3.0
LATE_AT_LEAST: Final = 5.0  # seconds; below it a second worker takes as long to open the work
LOOK: Final = 2.0  # seconds between looks at the machines, and for what is late
END: Final = 5.0  # seconds that what is cancelled has to end


@dataclass(frozen=True, slots=True)
class _Try:
    """An item that a worker has, or waits for."""

    number: int  # of the item
    node: str  # its id; "" is anywhere
    begun: float


class Sharing:
    """One run's items on a cluster."""

    def __init__(self, ray: Any, given: Given, *, parallel: int | None) -> None:
        """Take a connected cluster and the work.

        Args:
            ray: the module, connected.
            given: the work.
            parallel: items at once; None: as many as the cluster has cores.
        """
        self._ray = ray
        self._given = ray.put(given)
        self._task = ray.remote(max_retries=RETRIES, num_cpus=1)(do)
        self._parallel = parallel
        self._cores: dict[str, int] = {}  # of each machine that is there
        self._looked = float("-inf")
        self._tries: dict[Any, _Try] = {}  # by what Ray calls them
        self._took: list[float] = []  # seconds
        self._failed: set[int] = set()  # items of which a try ended for good

    @property
    def place(self) -> str:
        """How many workers there are, on how many machines."""
        cores = min(self._parallel or sum(self._cores.values()), sum(self._cores.values()))
        machines = sum(1 for count in self._cores.values() if count)
        return f"{cores:,} workers on {machines:,} machine{'' if machines == 1 else 's'}"

    def share(self, items: Sequence[Item]) -> Generator[Any, None, None]:
        """Have each item done; results come as they are made.

        Raises:
            FaqdeskError: that of an item; or its workers died.
        """
        left = deque(range(len(items)))
        done: set[int] = set()
        try:
            while len(done) < len(items):
                self._look()
                while left and (node := self._free()) is not None:
                    self._begin(items, left.popleft(), node)
                if not left:
                    self._again(items, done)
                ready, _ = self._ray.wait(list(self._tries), num_returns=1, timeout=LOOK)
                for reference in ready:
                    attempt = self._tries.pop(reference)
                    if attempt.number in done:  # the slower of two, however it ended
                        continue
                    made = self._made(reference, attempt)
                    if made is None:
                        continue
                    self._took.append(time.monotonic() - attempt.begun)
                    done.add(attempt.number)
                    yield made.result
        finally:
            self._end()

    def _look(self) -> None:
        """See which machines are there, and with how many cores."""
        if time.monotonic() - self._looked < LOOK:
            return
        self._looked = time.monotonic()
        self._cores = {
            node["NodeID"]: int(node["Resources"].get("CPU", 0))
            for node in self._ray.nodes()
            if node["Alive"]
        }

    def _free(self, beside: str = "") -> str | None:
        """The machine with most to spare, rather not the one named; "" any, None: none."""
        at_work = Counter(attempt.node for attempt in self._tries.values())
        if self._parallel is not None and len(self._tries) >= self._parallel:
            return None
        free = {node: cores - at_work[node] for node, cores in self._cores.items()}
        free = {node: spare for node, spare in free.items() if spare > 0}
        if not free:
            # A cluster that grows when it is asked for more must be asked.
            more = self._parallel is not None or not self._tries
            return "" if more else None
        return max(free, key=lambda node: (node != beside, free[node]))

    def _begin(self, items: Sequence[Any], number: int, node: str) -> None:
        strategy = "DEFAULT"
        if node:  # soft: a machine that is lost meanwhile is replaced by any
            affinity = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
            strategy = affinity(node, soft=True)
        task = self._task.options(scheduling_strategy=strategy)
        reference = task.remote(items[number], self._given)
        self._tries[reference] = _Try(number, node, time.monotonic())

    def _again(self, items: Sequence[Any], done: set[int]) -> None:
        """Begin what is late a second time, where a worker has nothing to do."""
        if not self._took:
            return
        late = max(LATE * statistics.median(self._took), LATE_AT_LEAST)
        now = time.monotonic()
        often = Counter(attempt.number for attempt in self._tries.values())
        for attempt in list(self._tries.values()):
            alone = often[attempt.number] == 1 and attempt.number not in done | self._failed
            if alone and now - attempt.begun > late:
                node = self._free(beside=attempt.node)
                if not node:
                    return
                self._begin(items, attempt.number, node)

    def _made(self, reference: Any, attempt: _Try) -> Made | None:
        """What became of a task; None: its worker died, and another has the item."""
        errors = self._ray.exceptions
        try:
            made: Made = self._ray.get(reference)
        except (errors.RayTaskError, errors.RaySystemError) as error:
            raise FaqdeskError(_not_begun(error)) from error
        except errors.RayError as error:
            self._failed.add(attempt.number)
            if any(other.number == attempt.number for other in self._tries.values()):
                return None
            raise FaqdeskError(_died(error)) from error
        if made.error is not None:
            raise made.error
        return made

    def _end(self) -> None:
        """End what is at work still: nobody waits for it, and its folder may go."""
        left = list(self._tries)
        self._tries.clear()
        for reference in left:
            self._ray.cancel(reference, force=True)
        if left:
            self._ray.wait(left, num_returns=len(left), timeout=END)


def _not_begun(error: BaseException) -> str:
    words = str(getattr(error, "cause", None) or error).strip().splitlines()[-1]
    return (
        f"A worker of the cluster could not begin: {words}. Every machine of it needs the same "
        "faqdesk, installed where its Ray runs."
    )


def _died(error: BaseException) -> str:
    kind = type(error).__name__
    if kind == "OutOfMemoryError":
        return (
            "The cluster ended workers for want of memory. Start again with fewer at once "
            "(--workers 1); what is done is kept."
        )
    return (
        f"The workers of one part ended unexpectedly {RETRIES + 1} times ({kind}), most likely for "
        "want of memory. Start again with fewer at once (--workers 1); what is done is kept."
    )
