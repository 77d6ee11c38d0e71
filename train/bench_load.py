"""How a desk holds a busy hour: 200 agents, programs and a helpdesk, in an open loop.

What is asked, how often and why so stands in `bench_load_clicks.py`; that moments are drawn
beforehand and answers timed from them, in `open_loop.py`. The desk is grown (`bench_web_desk.py`)
and served as `faqdesk serve` serves it; in the middle an operator swaps the index, publishes a
release, goes back, and ends and starts the server (`bench_load_events.py`). At the end every answer
that was acknowledged is looked for in the database (`bench_load_books.py`).
"""

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlite_utils import Database

from support.database import scalar
from support.errors import FaqdeskError
from support.workspace import Workspace

from .bench_load_books import books
from .bench_load_clicks import (
    Browser,
    Kind,
    Ledger,
    arrivals,
    kinds,
    open_inquiry,
    team,
)
from .bench_load_events import Event, Operator
from .bench_load_report import LoadReport, Sample, by_kind
from .bench_web_clicks import NEXT, Answer, Words
from .bench_web_desk import PASSWORD, grow_desk, login_of
from .open_loop import Step, play
from .progress import Progress, silent
from .served import Served, served

LOOK_SECONDS: Final = 5.0  # from one look at the memory to the next
LONGER: Final = 300.0  # seconds that a run may go on until the operator is done
_SPARE: Final = 1.5  # inquiries that wait, for each that will be answered


# Lets a program and a helpdesk in: gives a token, and the secret that webhooks are signed with.
Doors = Callable[[Workspace, Database], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of the desk."""

    inquiries: int = 10_000
    agents: int = 200
    minutes: float = 10.0
    times: float = 1.0  # how much more than a busy hour
    events: bool = True  # whether an operator is at work in the middle
    seed: int = 0
    alone: int = 10  # requests of each kind while nobody else asks

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return 60 * self.minutes


def bench_load(
    begin: Callable[[Path], Workspace],
    doors: Doors,
    plan: Plan,
    *,
    keep: Path | None = None,
    progress: Progress = silent,
) -> LoadReport:
    """Load a desk, and tell how it held.

    Args:
        begin: makes a desk with FAQs and answered inquiries in a folder, and no model.
        doors: lets a program and a helpdesk in.
        plan: how much is asked, and for how long.
        keep: a folder for the desk, which stays there; one that is there already is taken.
        progress: told done, total and a message; may raise, which ends the server.

    Raises:
        FaqdeskError: the desk does not start, or what an operator does to it fails.
    """
    with TemporaryDirectory(prefix="faqdesk-bench-") as place:
        space = Workspace(keep or Path(place) / "desk")
        if not space.exists():
            sends = 30 / 3600 * plan.agents * plan.seconds * plan.times
            space = grow_desk(
                begin(space.home), size=plan.inquiries, people=plan.agents,
                waiting=round(_SPARE * sends) + 10 * plan.agents, progress=progress,
            )  # fmt: skip
        with closing(space.database()) as db:
            token, secret = doors(space, db)
            words = Words.of(db)
            answered = int(scalar(db, "SELECT count(*) FROM inquiries WHERE answer_id > 0"))
        with served(space) as server:
            load = _Load(space, server, plan, words, token, secret, progress)
            with closing(load):
                return load.run(answered)


class _Load:
    """One run: who asks, what came of it, and what the server held meanwhile."""

    def __init__(
        self, space: Workspace, server: Served, plan: Plan, words: Words, token: str,
        secret: str, progress: Progress,
    ) -> None:  # fmt: skip
        self._space, self._server, self._plan, self._tell = space, server, plan, progress
        self._kinds, self._ledger = kinds(secret), Ledger()
        self._people, self._program, self._helpdesk = team(
            server.port, self._ledger, words, agents=plan.agents, token=token, seed=plan.seed
        )
        self._samples: list[Sample] = []
        self._events: list[Event] = []
        self._trouble: list[str] = []
        self._operated = threading.Event()  # what an operator does is done

    def run(self, answered: int) -> LoadReport:
        """Sign in, ask everything once, ask alone, then together."""
        self._sign_in()
        alone = self._alone()
        plan = self._plan
        drawn = arrivals(
            self._kinds, agents=plan.agents, seconds=plan.seconds + (LONGER if plan.events else 0),
            times=plan.times, seed=plan.seed,
        )  # fmt: skip
        self._tell(0, 1, f"{plan.agents} agents for {plan.minutes:g} min")
        before, done = self._server.processor_seconds(), threading.Event()
        began = time.monotonic()
        beside = [
            threading.Thread(target=act, args=(began, done), daemon=True)
            for act in ((self._look, self._operate) if plan.events else (self._look,))
        ]
        for thread in beside:
            thread.start()
        try:
            did = play(self._due(drawn), self._ask)
        finally:
            done.set()
        took = time.monotonic() - began
        for thread in beside:
            thread.join()
        worked = self._server.processor_seconds() - before
        self._tell(0, 1, "looking for what was acknowledged")
        found = books(self._space, self._ledger)
        browsers = [*self._people, self._program, self._helpdesk]
        return LoadReport(
            plan=plan,
            inquiries=answered,
            seconds=took,
            # The server that is left has not done what the one before it did.
            processor=None if plan.events else worked,
            kinds=by_kind(did, alone),
            did=tuple(did),
            events=tuple(self._events),
            memory=tuple(self._samples),
            books=found,
            asked_anew=sum(browser.again for browser in browsers),
            unsaid=sum(browser.unsaid for browser in browsers),
            trouble=tuple(self._trouble),
        )

    def close(self) -> None:
        """Hang up."""
        for browser in (*self._people, self._program, self._helpdesk):
            browser.close()

    def _due(
        self, drawn: list[tuple[float, int, Kind]]
    ) -> Iterator[tuple[float, tuple[int, Kind]]]:
        """What is asked when: as long as planned, and until the operator is done."""
        for at, agent, kind in drawn:
            if at > self._plan.seconds and self._operated.is_set():
                return
            yield at, (agent, kind)

    def _sign_in(self) -> None:
        for number, browser in enumerate(self._people, 1):
            self._tell(number, len(self._people), "signing in")
            browser.sign_in(login_of(number), PASSWORD)
        for browser in self._people:  # each begins with an inquiry on the screen
            NEXT.ask(browser)

    def _alone(self) -> Mapping[str, float]:
        """Milliseconds that each kind takes while nobody else asks."""
        found = {}
        for number, kind in enumerate(self._kinds, 1):
            self._tell(number, len(self._kinds), "one after the other")
            took = []
            for turn in range(
                1 + self._plan.alone
            ):  # each web process reads what it needs at its first
                browser = self._of(kind, turn % len(self._people))
                if kind.lacks(browser):
                    NEXT.ask(browser)
                start = time.monotonic()
                status, body = kind.ask(browser)
                took.append(time.monotonic() - start)
                if status >= 400 and status != 409:
                    raise FaqdeskError(f"{kind.name} is answered with {status}: {body[:300]!r}")
            found[kind.name] = round(1000 * sorted(took[1:])[self._plan.alone // 2], 1)
        return found

    def _of(self, kind: Kind, agent: int) -> Browser:
        people = {"program": self._program, "helpdesk": self._helpdesk}
        return people.get(kind.who, self._people[agent])

    def _ask(self, arrival: tuple[int, Kind]) -> Iterator[Step]:
        agent, kind = arrival
        browser = self._of(kind, agent)
        if kind.lacks(browser):  # nobody writes without an inquiry: they take the next
            kind = next(found for found in self._kinds if found.name == NEXT.name)
        yield kind.name, lambda: self._request(browser, kind.ask, kind.name)
        if kind.name == "send" and browser.reading:  # the page that the answer led to
            yield "inquiry", lambda: self._request(browser, open_inquiry, "inquiry")

    def _request(
        self, browser: Browser, ask: Callable[[Browser], Answer], name: str
    ) -> tuple[int, str]:
        try:
            status, body = ask(browser)
        except (OSError, http.client.HTTPException, FaqdeskError) as error:
            self._trouble.append(f"{name}: {type(error).__name__}: {error}")
            return 0, type(error).__name__
        if status >= 400 and status not in (409, 429, 503):
            self._trouble.append(f"{name}: status {status}: {body[:200]!r}")
        return status, ""

    def _look(self, began: float, done: threading.Event) -> None:
        """Note what the server holds, from the beginning to the end."""
        while True:
            with suppress(AssertionError):  # it is being started anew
                held = self._server.held()
                if held.web:
                    self._samples.append(Sample(time.monotonic() - began, held.web, held.worker))
            if done.wait(LOOK_SECONDS):
                return

    def _operate(self, began: float, done: threading.Event) -> None:
        try:
            operator = Operator(self._space, self._server, self._people[0])
            for share, name, act in operator.acts():
                if done.wait(max(0.0, began + share * self._plan.seconds - time.monotonic())):
                    break
                self._events.append(operator.do(name, act, began=began))
        except Exception as error:  # a run whose middle failed says so at its end
            self._trouble.append(f"operator: {type(error).__name__}: {error}")
        finally:
            self._operated.set()
