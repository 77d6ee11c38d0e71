"""How long the console's pages take while a team clicks, on a desk of many inquiries.

The desk is grown (`bench_web_desk.py`) and served as `faqdesk serve` serves it, a process of its
own. Agents are threads here, each signed in as a person of their own: a closed loop, where each
waits for its page, looks at it for a while, and clicks again. What a browser does with a page, and
files that it keeps, are not timed.
"""

import os
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from support.database import scalar
from support.errors import FaqdeskError
from support.workspace import Workspace

from .bench_probe import quantiles
from .bench_web_clicks import NEXT, PAGES, Agent, Done, Page, Words
from .bench_web_desk import PASSWORD, PEOPLE, grow_desk, login_of
from .progress import Progress, silent
from .served import Served, served

ALONE: Final = 10  # clicks on each page while nobody else clicks


@dataclass(frozen=True, slots=True)
class WebReport:
    """Milliseconds by page, and what was clicked."""

    inquiries: int
    agents: int
    think_seconds: float
    seconds: float
    cores: int
    pages: Mapping[str, Mapping[str, Any]]
    trouble: tuple[str, ...]  # the first of what went wrong

    @property
    def clicks(self) -> int:
        """All that was clicked while the clock ran."""
        return sum(page["clicks"] for page in self.pages.values())

    def as_dict(self) -> dict[str, Any]:
        """One JSON object."""
        return {
            "inquiries": self.inquiries,
            "agents": self.agents,
            "think_seconds": self.think_seconds,
            "seconds": round(self.seconds, 1),
            "cores": self.cores,
            "clicks_a_second": round(self.clicks / self.seconds, 2),
            "loop": "closed",
            "pages": {name: dict(page) for name, page in self.pages.items()},
            "trouble": list(self.trouble),
        }

    def table(self) -> str:
        """For people."""
        lines = [
            f"{self.inquiries:,} answered inquiries; {self.agents} agents, each in a closed loop "
            f"with {self.think_seconds:g} s between two clicks; {self.cores} cores; "
            f"{self.clicks / self.seconds:.1f} clicks a second for {self.seconds:.0f} s",
            f"{'page':18}{'clicks':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'errors':>8}"
            f"{'alone ms':>10}{'processor ms':>14}{'kB':>7}",
        ]
        for name, page in self.pages.items():
            over = "  over" if page.get("p95", 0) > page["within_ms"] else ""
            lines.append(
                f"{name:18}{page['clicks']:8,}"
                + "".join(f"{page.get(cut, 0):9.1f}" for cut in ("p50", "p95", "p99"))
                + f"{page['errors']:8}{page['alone_ms']:10.1f}{page['processor_ms']:14.1f}"
                + f"{page['kilobytes']:7.0f}{over}"
            )
        return "\n".join([*lines, *self.trouble])


def bench_web(
    begin: Callable[[Path], Workspace],
    *,
    inquiries: int,
    agents: int = PEOPLE,
    think: float = 2.0,
    seconds: float = 60.0,
    keep: Path | None = None,
    progress: Progress = silent,
) -> WebReport:
    """Time the console's pages.

    Args:
        begin: makes a desk with FAQs and answered inquiries in a folder, and no model.
        inquiries: answered ones that the desk is grown to.
        agents: how many click.
        think: seconds between a page and the next click, on average; drawn from an exponential.
        seconds: how long they click.
        keep: a folder for the desk, which stays there; one that is there already is taken as it is.
        progress: told done, total and a message; may raise, which ends the server.
    """
    with TemporaryDirectory(prefix="faqdesk-bench-") as place:
        space = Workspace(keep or Path(place) / "desk")
        if not space.exists():
            space = grow_desk(begin(space.home), size=inquiries, people=agents, progress=progress)
        db = space.database()
        words = Words.of(db)
        inquiries = int(scalar(db, "SELECT count(*) FROM inquiries WHERE answer_id IS NOT NULL"))
        db.close()
        with served(space) as server, ExitStack() as lines:
            progress(0, 1, "signing in")
            team = [Agent(server.port, random.Random(number), words) for number in range(agents)]
            for number, agent in enumerate(team, 1):
                lines.callback(agent.close)
                agent.sign_in(login_of(number), PASSWORD)
            for agent in team * 2:  # each web process reads its models at the first question
                for page in PAGES:
                    for wanted in (NEXT, page) if agent.lacks(page) else (page,):
                        _must(agent.click(wanted), wanted)
            alone = {page.name: _alone(team[0], page, server) for page in PAGES}
            clock = _Clock()
            progress(0, 1, f"{agents} agents are clicking")
            took = _click_together(team, clock, think=think, seconds=seconds)
    return WebReport(
        inquiries=inquiries,
        agents=agents,
        think_seconds=think,
        seconds=took,
        cores=len(os.sched_getaffinity(0)),
        pages={
            page.name: {
                "clicks": len(clock.times[page.name]),
                **quantiles(clock.times[page.name]),
                "errors": clock.errors[page.name],
                "within_ms": page.within_ms,
                **alone[page.name],
            }
            for page in PAGES
        },
        trouble=tuple(clock.trouble[:5]),
    )


def _must(done: Done, page: Page) -> None:
    if done.error:
        raise FaqdeskError(f"The page {page.name!r} of the console does not answer: {done.error}")


@dataclass
class _Clock:
    """What all agents' clicks took, in milliseconds, and what went wrong."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    trouble: list[str] = field(default_factory=list)


def _click_together(team: list[Agent], clock: _Clock, *, think: float, seconds: float) -> float:
    end = time.monotonic() + seconds
    weights = [page.weight for page in PAGES]

    def work(agent: Agent) -> None:
        draw = agent.draw
        time.sleep(draw.uniform(0, think))  # nobody begins at the same moment
        while time.monotonic() < end:
            page = draw.choices(PAGES, weights)[0]
            if agent.lacks(page):
                page = NEXT
            before = time.perf_counter()
            done = agent.click(page)
            took = 1000 * (time.perf_counter() - before)
            if done.error:
                clock.errors[page.name] += 1
                clock.trouble.append(f"{page.name}: {done.error}")
            clock.times[page.name].append(took)
            wait = draw.expovariate(1 / think) if think else 0
            time.sleep(max(0.0, min(wait, end - time.monotonic())))

    started = time.monotonic()
    threads = [threading.Thread(target=work, args=(agent,), daemon=True) for agent in team]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - started


def _alone(agent: Agent, page: Page, server: Served) -> dict[str, float]:
    """What one click takes while nobody else clicks, and what of it the processor worked."""
    size, worked, took = 0, 0.0, 0.0
    for _ in range(ALONE):
        if agent.lacks(page):
            agent.click(NEXT)
        before = server.processor_seconds(), time.perf_counter()
        size += agent.click(page).size
        took += time.perf_counter() - before[1]
        worked += server.processor_seconds() - before[0]
    return {
        "alone_ms": round(1000 * took / ALONE, 1),
        "processor_ms": round(1000 * worked / ALONE, 1),
        "kilobytes": round(size / ALONE / 1000, 1),
    }
