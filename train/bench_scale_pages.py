"""How long the console's pages and the suggestion API take on a desk of any size, while quiet.

The desk is grown in bulk (`bench_web_desk.py`) and served by a process of its own. One person
clicks on every page in turn and one program asks for suggestions: what a busy team adds is
`faqdesk bench web`'s to tell.
"""

import random
import time
from typing import Final

from support.database import scalar
from support.errors import FaqdeskError
from support.workspace import Workspace

from .bench_command import measure_command
from .bench_load_clicks import Browser, Ledger
from .bench_probe import quantiles
from .bench_scale_material import SOURCE, copy_desk
from .bench_scale_task import NotMeasurableError, Task
from .bench_web_clicks import NEXT, PAGES, Agent, Page, Words
from .bench_web_desk import PASSWORD, grow_desk, login_of
from .served import Served, served

CLICKS: Final = 30  # on each page
ASKED: Final = 200  # suggestions
WARM: Final = 3  # clicks on each page before the clock runs: two processes read their models
API: Final = "suggestion API"


def measure_pages(task: Task) -> dict[str, float]:
    """Grow a desk, serve it, click on each page."""
    source = Workspace(task.material / SOURCE).database()
    least = int(scalar(source, "SELECT count(*) FROM inquiries WHERE answer_id IS NOT NULL"))
    source.close()
    if task.rows < least:
        raise NotMeasurableError(f"the desk it grows from has {least:,} answered inquiries")
    space = grow_desk(
        copy_desk(task.material / SOURCE, task.place / "desk"),
        size=task.rows, people=1, progress=task.progress,
    )  # fmt: skip
    token = measure_command(
        ["token", "create", "bench", "--scope", "suggest", "--per-minute", "100000"],
        home=space.home,
    ).said.split()[-1]
    db = space.database()
    words = Words.of(db)
    db.close()
    found: dict[str, float] = {}
    with served(space) as server:
        agent = Agent(server.port, random.Random(0), words)
        agent.sign_in(login_of(1), PASSWORD)
        for number, page in enumerate(PAGES):
            task.progress(number, len(PAGES), f"clicking: {page.name}")
            found |= _named(page.name, [_click(agent, page) for _ in range(CLICKS + WARM)])
        agent.close()
        task.progress(len(PAGES), len(PAGES), "asking for suggestions")
        found |= _named(API, _suggestions(server, words, token))
        found["serving_mb"] = server.held().web
    return found


def page_names() -> list[str]:
    """What is timed, in the order of the console."""
    return [*(page.name for page in PAGES), API]


def _click(agent: Agent, page: Page) -> float:
    """Milliseconds of one click."""
    if agent.lacks(page):
        agent.click(NEXT)
    before = time.perf_counter()
    done = agent.click(page)
    took = 1000 * (time.perf_counter() - before)
    if done.error:
        raise FaqdeskError(f"The page {page.name!r} of the console does not answer: {done.error}")
    return took


def _suggestions(server: Served, words: Words, token: str) -> list[float]:
    program = Browser(server.port, random.Random(0), words, ledger=Ledger(), bearer=token)
    times = []
    for _ in range(ASKED + WARM):
        before = time.perf_counter()
        status, body = program.ask(
            "POST", "/api/v1/suggestions", data={"text": program.some("typed")}
        )
        times.append(1000 * (time.perf_counter() - before))
        if status != 200:
            raise FaqdeskError(f"The API does not suggest: {status} {body[:200]!r}")
    program.close()
    return times


def _named(name: str, times: list[float]) -> dict[str, float]:
    cuts = quantiles(times[WARM:])
    return {f"{name} p50": cuts["p50"], f"{name} p95": cuts["p95"]}
