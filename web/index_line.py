"""The line from one process to an index server; one that is away is not asked for a while.

Nothing is opened before the first question, so that a process which is divided into several before
it leaves none of them half a connection: gRPC does not survive that.
"""

import os
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final, Generic, TypeVar

import structlog

from support.errors import IndexServerError, OtherVersionError, SettingError

INDEX: Final = "FAQDESK_INDEX"  # host:port of an index server
PAUSE: Final = 15.0  # seconds for which a server that was away is not asked again

Door = TypeVar("Door")
Answer = TypeVar("Answer")

log = structlog.get_logger("faqdesk.similar")


def named_server() -> str:
    """The server that the environment names, `host:port`; '' where it names none."""
    return os.environ.get(INDEX, "").strip()


class IndexLine(Generic[Door]):
    """Asks a server through a door that is opened at the first question; from any thread."""

    def __init__(self, server: str, open_door: Callable[[], Door]) -> None:
        """Name the server, and what opens the way to it.

        Args:
            server: `host:port`.
            open_door: may raise what says that the server cannot be asked.
        """
        self.server = server
        self._open = open_door
        self._door: Door | None = None
        self._back_at = 0.0  # on the monotonic clock: when the server is asked again
        self._away = ""
        self._lock = threading.Lock()

    @property
    def away(self) -> str:
        """Why the server was not asked or of no use the last time; '' where it answered."""
        return self._away

    def ask(self, question: Callable[[Door], Answer]) -> Answer | None:
        """The server's answer; None where there is none, and `away` says why.

        Whatever else the door raises is the answer, and goes on to whoever asked.
        """
        if monotonic() < self._back_at:
            return None
        try:
            answer = question(self.door())
        except OtherVersionError as error:
            self._tell(str(error))  # it is there, and will follow at once: no pause
        except (IndexServerError, SettingError) as error:
            self._back_at = monotonic() + PAUSE
            self._tell(str(error))
        else:
            if self._away:
                log.info("index server back", server=self.server)
            self._away = ""
            return answer
        return None

    def door(self) -> Door:
        """The way to the server: opened now if need be."""
        with self._lock:
            if self._door is None:
                self._door = self._open()
            return self._door

    def _tell(self, why: str) -> None:
        self._away = why
        log.warning("index server away", server=self.server, why=why)
