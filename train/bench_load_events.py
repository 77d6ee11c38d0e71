"""What an operator does to a desk in the middle of a busy hour, while agents go on.

A new index is put in place of the old one, another release in force, and back again; then the
server is ended by SIGTERM and started anew, as `systemctl restart` does it.
"""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from support.database import one
from support.errors import FaqdeskError
from support.release import in_force
from support.workspace import Workspace

from .bench_load_clicks import Browser
from .served import Served

JOB_SECONDS: Final = 300.0
AFTER_SECONDS: Final = 10.0  # that what follows from an event may take to show


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done: seconds from the start of the run, and what came of it."""

    name: str
    at: float
    seconds: float
    release: str  # in force then

    def covers(self, moment: float) -> bool:
        """Whether a request that was under way at a moment could feel it."""
        return self.at <= moment <= self.at + self.seconds + AFTER_SECONDS


class Operator:
    """Somebody who looks after the desk, in a browser and on its machine."""

    def __init__(self, space: Workspace, server: Served, browser: Browser) -> None:
        """Take the desk, its server, and a browser in which an admin is signed in."""
        self._space, self._server, self._browser = space, server, browser
        self._at_first = self._live()

    def acts(self) -> tuple[tuple[float, str, Callable[[], None]], ...]:
        """What is done, and at which share of the run."""
        return (
            (0.20, "index swap", self.swap_index),
            (0.40, "model publish", self.publish),
            (0.55, "rollback", self.roll_back),
            (0.75, "restart by SIGTERM", self._server.restart),
        )

    def do(self, name: str, act: Callable[[], None], *, began: float) -> Event:
        """Do one of them, at a moment counted from `began` on the monotonic clock."""
        at = time.monotonic() - began
        act()
        return Event(name, at, time.monotonic() - began - at, self._live())

    def swap_index(self) -> None:
        """Build the index anew in the worker, and wait until it is in force.

        Raises:
            FaqdeskError: the job fails, or takes minutes.
        """
        before = self._live()
        self._post("/jobs", {"kind": "index"})
        end = time.monotonic() + JOB_SECONDS
        with closing(self._space.database()) as db:
            while time.monotonic() < end:
                sql = "SELECT * FROM jobs WHERE kind = 'index' ORDER BY id DESC LIMIT 1"
                row = one(db, sql)
                if row and row["state"] not in ("queued", "running"):
                    break
                time.sleep(0.5)
        if self._live() == before:
            raise FaqdeskError(f"The index was not built: {row and row['result']}")

    def publish(self) -> None:
        """Put the release in force that was so at first."""
        self._move(f"/models/{self._at_first}/publish")

    def roll_back(self) -> None:
        """Go back to the one before."""
        self._move("/models/rollback/desk")

    def _move(self, path: str) -> None:
        before = self._live()
        self._post(path, {"live": before, "force": "1", "reason": "load"})
        if self._live() == before:
            raise FaqdeskError(f"{path} left {before} in force.")

    def _post(self, path: str, form: dict[str, str]) -> None:
        status, body = self._browser.ask("POST", path, form)
        if status not in (302, 303):
            raise FaqdeskError(f"{path} was answered with {status}: {body[:200]!r}")

    def _live(self) -> str:
        release = in_force(self._space.models)
        return release.name if release else ""
