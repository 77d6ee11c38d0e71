"""gunicorn with web processes that know how long a request waited for its turn.

Each process has some threads; what comes while all are at work waits here, at most as many
connections as `CONNECTIONS`, the others in the system's own queue. A connection takes a thread
when the head of a request is there (over https: when something came): browsers open some ahead of
need, and others open them in order to keep threads from people. Who stops in the middle of a
request, or sends it drop by drop, is not waited for without end.
"""

import errno
import resource
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

THREADS: Final = 24  # at work at once in each process; many of them wait for the disk
CONNECTIONS: Final = 1_000  # open at once to each process
BACKLOG: Final = 2_048  # connections that the system keeps for us while we begin, or are full
QUIET_SECONDS: Final = 15  # that a line stays open after an answer: https costs a greeting anew
ENDING_SECONDS: Final = 0.5  # that quiet lines stay open where a process ends
STALLED_SECONDS: Final = 30.0  # without a byte from whoever reads an answer, or greets for https
SLOW_SECONDS: Final = (
    20.0  # that a thread waits for a request, in all; and for its bytes besides ...
)
LEAST_RATE: Final = 32_000  # ... as long as they take at so many a second, a quarter of 1 Mbit/s
SILENT_SECONDS: Final = 10.0  # that a connection may stay open before the head of its request
LINGER_SECONDS: Final = 2.0  # that an answered connection waits for the other side to close it
_LINGER_BYTES: Final = 1 << 16  # and what is still read of it meanwhile
_HEAD_BYTES: Final = 1 << 16  # a head that is longer is left to a thread, which refuses it
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


class _Unreader(SocketUnreader):  # type: ignore[misc]
    """Reads one request after the other; the time that each has grows with what came of it."""

    def begin(self) -> None:
        self._left = SLOW_SECONDS

    def chunk(self, size_hint: int | None = None) -> bytes:
        if self._left <= 0:
            raise TimeoutError("The request came too slowly.")
        limit, begun = self.sock.gettimeout(), time.monotonic()
        self.sock.settimeout(min(limit, self._left))
        try:
            data: bytes = super().chunk(size_hint)
        finally:
            self.sock.settimeout(limit)
        self._left += len(data) / LEAST_RATE - (time.monotonic() - begun)
        return data


class _Connection(TConn):  # type: ignore[misc]
    queued_at = 0.0
    head = b""
    drained = 0
    linger: Callable[[], None]

    def head_is_there(self) -> bool:
        """Read what came without a thread; True where one has something to do about it.

        Over https that is always: what came cannot be read yet.
        """
        if self.cfg.is_ssl:
            return True
        try:
            data = self.sock.recv(_HEAD_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            return True
        self.head += data
        return not data or b"\r\n\r\n" in self.head or len(self.head) >= _HEAD_BYTES

    def init(self) -> None:
        """Make ready for the next request: it has its own time."""
        super().init()
        self.sock.settimeout(STALLED_SECONDS)  # https has a socket of its own by now
        if not isinstance(self.parser.unreader, _Unreader):
            self.parser.unreader = _Unreader(self.sock)
        self.parser.unreader.begin()
        self.parser.unreader.unread(self.head)
        self.head = b""

    def close(self, graceful: bool = False) -> None:
        """Close it; after an answer not before the other side did, or some time has passed."""
        if graceful:
            self.linger()
        else:
            super().close()


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threads, with the moments noted at which requests came."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin without a connection."""
        super().__init__(*args, **kwargs)
        self._ending: deque[_Connection] = deque()  # those whose end is waited for

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
        conn.linger = partial(self._linger, conn)
        self.nr_conns += 1
        conn.timeout = time.monotonic() + SILENT_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(
            own, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn)
        )

    def on_pending_socket_readable(self, conn: Any, client: Any) -> None:
        """Give a new connection to a thread once it has asked something."""
        if conn.head_is_there():
            super().on_pending_socket_readable(conn, client)

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """Give a connection that was answered before to a thread once it asks again."""
        if conn.head_is_there():
            super().on_client_socket_readable(conn, client)

    def enqueue_req(self, conn: Any) -> None:
        """Let a request wait for a thread."""
        conn.queued_at = time.monotonic()
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Answer a request, in a thread."""
        _turn.waited = time.monotonic() - conn.queued_at
        return super().handle(conn)

    def _linger(self, conn: _Connection) -> None:
        """Wait for the end of a connection beside all others: whoever keeps it open stops nobody.

        One closed while something unread is in it would be reset, and the answer lost with it.
        """
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, selectors.EVENT_READ, lambda _: self._read_away(conn))
        except (OSError, ValueError):  # it is closed already
            conn.close()
            return
        self.nr_conns += 1
        conn.timeout = time.monotonic() + (LINGER_SECONDS if self.alive else ENDING_SECONDS)
        self._ending.append(conn)

    def _read_away(self, conn: _Connection) -> None:
        try:
            data = conn.sock.recv(_LINGER_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.drained += len(data)
        if not data or conn.drained >= _LINGER_BYTES:
            self._end(conn)

    def _end(self, conn: _Connection) -> None:
        self._ending.remove(conn)
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """Close what has asked nothing, and what was not closed by the other side, in time."""
        super().murder_pending()
        while self._ending and self._ending[0].timeout <= time.monotonic():
            self._end(self._ending[0])

    def _cap_keepalive(self, deadline: float) -> None:
        """Close quiet lines soon where the process ends: who is answered next waits for that."""
        soon = min(deadline, time.monotonic() + ENDING_SECONDS)
        super()._cap_keepalive(soon)
        for conn in self._ending:
            conn.timeout = min(conn.timeout, soon)


class _Logger(Logger):  # type: ignore[misc]
    """Leaves gunicorn's lines to the root logger, which writes JSON."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class _Arbiter(Arbiter):  # type: ignore[misc]
    """Lets the job worker end while the web processes answer what they have taken."""

    def manage_workers(self) -> None:
        """Start what processes are missing; called every second or so."""
        self.app.idle()
        super().manage_workers()

    def stop(self, graceful: bool = True) -> None:
        self.app.ending()
        super().stop(graceful)


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with web processes of ours."""

    def __init__(
        self, load: Callable[[], Any], options: dict[str, Any], *, ending: Callable[[], None],
        idle: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Take what there is to set.

        Args:
            load: makes the WSGI application; called in each web process.
            options: gunicorn's settings, but for those that follow from this file.
            ending: called when a signal ends us, before the web processes are waited for.
            idle: called every second or so, in the process that starts them; must not raise.
        """
        self.load = load
        self._options = options
        self.ending = ending
        self.idle = idle
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn's settings."""
        ours = {
            "worker_class": Worker,
            "threads": THREADS,
            "worker_connections": CONNECTIONS,
            "backlog": BACKLOG,
            "keepalive": QUIET_SECONDS,
            "logger_class": _Logger,
        }
        for name, value in {**ours, **self._options}.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        """Serve until a signal comes."""
        _Arbiter(self).run()
