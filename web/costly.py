"""How much costly work is done at once, and how often one person may ask for it in a minute.

What asks a model, reads much or takes a large file waits for one of a few places in its process,
among a few others; who finds no room is told when to come again (503). A person who asks for more
in a minute than anybody can look at waits for the next one (429); programs count their calls with
their token (`api_rate`). All places together are fewer than a process has threads, so that
whatever is cheap is answered meanwhile.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from flask import Flask, Response, current_app, request
from flask_login import current_user

from support.errors import BusyError, FaqdeskError

from . import api_rate
from .database import desk


class TooOftenError(FaqdeskError):
    """One person asks for more than their share; `retry_after` is in seconds."""

    def __init__(self, words: str, *, retry_after: int) -> None:
        """Take the words for the person who asked, and when to come again."""
        super().__init__(words)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of costly work."""

    name: str
    at_once: int  # requests at work in each process
    waiting: int  # and those that wait for a place there ...
    seconds: float  # ... so long
    per_minute: int  # of one person


THINK: Final = Kind("think", at_once=4, waiting=5, seconds=10.0, per_minute=240)
EXPORT: Final = Kind("export", at_once=2, waiting=1, seconds=5.0, per_minute=20)
# A place is held while a body comes in too, for minutes over a slow line.
TAKE_IN: Final = Kind("take-in", at_once=3, waiting=1, seconds=10.0, per_minute=20)
PICTURE: Final = Kind("picture", at_once=3, waiting=3, seconds=15.0, per_minute=60)

COSTLY: Final[dict[str, Kind]] = {
    **dict.fromkeys(
        (
            *("search.show", "archive_page.show", "archive_page.count", "map_page.hits"),
            *("similar_page.show", "listings_page.suggest", "audit_page.show"),
            *("embed.suggest", "embed.search"),
            *("api.suggest", "api.search", "api.answered_inquiries", "api.similar_to_listing"),
            *("api.similar_listings", "api.categorise_listing", "api.judge_listing"),
        ),
        THINK,
    ),
    **dict.fromkeys(
        (
            *("archive_page.export", "audit_page.export", "map_page.export", "map_page.projector"),
            *("faqs_page.export", "replies_page.export", "review_page.export", "week_page.xlsx"),
            "week_page.people_csv",
            *("batches_page.download", "api.export"),
        ),
        EXPORT,
    ),
    **dict.fromkeys(
        (
            *("batches_page.start", "imports_page.receive", "api.import_files"),
            *("faqs_page.receive", "replies_page.receive", "review_page.import_tasks"),
            *("categories_page.import_tree", "categories_page.import_mapping"),
        ),
        TAKE_IN,
    ),
    **dict.fromkeys(("listings_page.add_picture", "similar_page.ask"), PICTURE),
}


_PLACE: Final = "faqdesk.costly"


class Gate:
    """The places of one kind of work in this process."""

    def __init__(self, kind: Kind) -> None:
        """Open as many as there are."""
        self.kind = kind
        self._places = threading.Semaphore(kind.at_once)
        self._lock = threading.Lock()
        self._waiting = 0

    def enter(self) -> bool:
        """Take a place, waiting for one where few others wait; False where none came free."""
        if self._places.acquire(blocking=False):
            return True
        with self._lock:
            if self._waiting >= self.kind.waiting:
                return False
            self._waiting += 1
        try:
            return self._places.acquire(timeout=self.kind.seconds)
        finally:
            with self._lock:
                self._waiting -= 1

    def leave(self) -> None:
        """Give the place back."""
        self._places.release()


def init_app(app: Flask) -> None:
    """Look at each costly request of somebody signed in before its body is read."""
    kinds = {kind.name: kind for kind in COSTLY.values()}
    app.extensions["faqdesk-costly"] = {name: Gate(kind) for name, kind in kinds.items()}

    @app.before_request
    def begin_signed_in() -> None:
        if request.endpoint in COSTLY and current_user.is_authenticated:
            begin(str(current_user.agent.actor_name))

    @app.after_request
    def keep(response: Response) -> Response:
        if _PLACE in request.environ and response.is_streamed and not response.direct_passthrough:
            leave = partial(_leave, {_PLACE: request.environ.pop(_PLACE)})
            response.call_on_close(leave)  # whoever asked went away, before a piece was sent even
            response.response = _until_sent(cast("Iterable[bytes]", response.response), leave)
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        _leave(request.environ)


def _leave(held: dict[str, Gate]) -> None:
    """Give back what a request holds; once, however often it is asked."""
    gate = held.pop(_PLACE, None)
    if gate is not None:
        gate.leave()


def _until_sent(pieces: Iterable[bytes], leave: Callable[[], None]) -> Iterator[bytes]:
    """Hold a place until the last piece is sent: what is made meanwhile is the costly part."""
    try:
        yield from pieces
    finally:
        leave()


def begin(who: str = "") -> None:
    """Count a costly request, and wait for a place to do it in; nothing for what is cheap.

    Args:
        who: `agent:3`; empty where a token's calls are counted already.

    Raises:
        TooOftenError: they asked too often in this minute.
        BusyError: no place came free.
    """
    kind = COSTLY.get(request.endpoint or "")
    if kind is None:
        return
    if who:
        path = desk().workspace.limits_path
        allowance = api_rate.count(path, f"{who} {kind.name}", per_minute=kind.per_minute)
        if allowance.used_up:
            raise TooOftenError(
                f"One person may ask for this {kind.per_minute} times a minute. "
                f"Wait {allowance.seconds} seconds, then go on.",
                retry_after=allowance.seconds,
            )
    gate: Gate = current_app.extensions["faqdesk-costly"][kind.name]
    if not gate.enter():
        raise BusyError(
            "Others ask for the same just now, and nothing was done. Try again in a few seconds.",
            retry_after=5,
        )
    request.environ[_PLACE] = gate
