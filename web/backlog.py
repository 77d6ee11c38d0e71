"""The web process that gunicorn runs: it knows how long a request waited for its turn.

Each process has some threads; what comes while all are at work waits here, at most as many
connections as `CONNECTIONS`, the others in the system's own queue. A connection takes a thread when
something came over it, not before: browsers open some ahead of need, and others open them in order
to keep threads from people. Who stops in the middle of a request is not waited for without end.
"""

import errno
import resource
import selectors
import socket
import threading
import time
from functools import partial
from typing import Any, Final

from gunicorn.workers.gthread import TConn, ThreadWorker

THREADS: Final = 16  # at work at once in each process; many of them wait for the disk
CONNECTIONS: Final = 1_000  # open at once to each process
BACKLOG: Final = 2_048  # connections that the system keeps for us while we begin, or are full
QUIET_SECONDS: Final = 15  # that a line stays open after an answer: https costs a greeting anew
ENDING_SECONDS: Final = 0.5  # that quiet lines stay open where a process ends
STALLED_SECONDS: Final = 30.0  # without a byte from whoever sends a request, or reads an answer
SILENT_SECONDS: Final = 10.0  # that a connection may stay open before its first byte
STARTING_SECONDS: Final = 10.0  # a process that has just begun catches up with what waited
_FILES: Final = 3 * CONNECTIONS

_turn = threading.local()
_begun = time.monotonic()


def waited() -> float:
    """How long the request of this thread waited for it, in seconds."""
    return float(getattr(_turn, "waited", 0.0))


def catching_up() -> bool:
    """Whether this process began so lately that what waited at the door is still coming in."""
    return time.monotonic() - _begun < STARTING_SECONDS


class _Socket(socket.socket):
    """A connection whose reads and writes end, whenever it is told to block."""

    def setblocking(self, flag: bool, /) -> None:
        self.settimeout(STALLED_SECONDS if flag else 0.0)


class _Connection(TConn):  # type: ignore[misc]
    queued_at = 0.0

    def init(self) -> None:
        super().init()
        self.sock.settimeout(STALLED_SECONDS)  # https has a socket of its own by now


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threads, with the moments noted at which requests came."""

    def init_process(self) -> None:
        """Let the process have as many files open as it takes connections."""
        global _begun
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY and soft < _FILES:
            most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
        _begun = time.monotonic()
        super().init_process()

    def accept(self, listener: Any) -> None:
        """Take a connection, and wait for its first byte without a thread."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                time.sleep(0.05)  # it stays in the system's queue: others end meanwhile
                return
            if error.errno in (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED):
                return
            raise
        own = _Socket(fileno=client.detach())
        conn = _Connection(self.cfg, own, address, listener.getsockname())
        self.nr_conns += 1
        conn.timeout = time.monotonic() + SILENT_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(
            own, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn)
        )

    def enqueue_req(self, conn: Any) -> None:
        """Let a request wait for a thread."""
        conn.queued_at = time.monotonic()
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Answer a request, in a thread."""
        _turn.waited = time.monotonic() - conn.queued_at
        return super().handle(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """Close quiet lines soon where the process ends: who is answered next waits for that."""
        super()._cap_keepalive(min(deadline, time.monotonic() + ENDING_SECONDS))
