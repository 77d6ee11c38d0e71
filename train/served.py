"""`faqdesk serve` as a process beside a benchmark: started, started anew, and looked at.

Its socket is held here and handed over, as systemd does it: while it is started anew, what comes
waits at the door and nobody is refused.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from support.errors import FaqdeskError
from support.workspace import Workspace

START_SECONDS: Final = 60.0
_WAITING: Final = 2_048  # connections that wait while nobody serves


@dataclass(frozen=True, slots=True)
class Held:
    """Megabytes that a server holds: its web processes together, and the worker beside them.

    Proportional: what several share is counted once.
    """

    web: float
    worker: float


class Served:
    """One server at a port of its own."""

    # As sd_listen_fds(3) says: the socket is the first after the three of every process.
    code = (
        "import os, sys; given = int(sys.argv.pop(1)); "
        "given == 3 or (os.dup2(given, 3), os.close(given)); "
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1'); "
        "from web.cli import main; main()"
    )

    def __init__(self, space: Workspace, *words: str) -> None:
        """Take a desk, and more words for `faqdesk serve`."""
        self._space, self._words = space, words
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=_WAITING)
        self.port = int(self._socket.getsockname()[1])
        self._said: deque[str] = deque(maxlen=20)
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Start it, and wait until it answers.

        Raises:
            FaqdeskError: it does not; the message has what it said last.
        """
        given = str(self._socket.fileno())
        self._process = process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", self.code, given, "serve", *self._words],
            pass_fds=[self._socket.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"FAQDESK_HOME": str(self._space.home)},
        )
        threading.Thread(target=self._hear, args=(process,), daemon=True).start()
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            with suppress(OSError, http.client.HTTPException):
                if self._answers():
                    return self
            time.sleep(0.1)
        process.kill()
        raise FaqdeskError(f"The console did not start: {''.join(self._said)}")

    def restart(self) -> None:
        """End it as `systemctl restart` does, by SIGTERM, and start it anew."""
        self._end()
        self.start()

    def stop(self) -> None:
        """End it, and let the port go."""
        self._end()
        self._socket.close()

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        assert self._process is not None  # noqa: S101 - started before
        return self._process.pid

    def processor_seconds(self) -> float:
        """What the web processes have worked; not the jobs' process beside them."""
        total = 0
        for folder in self._processes(worker=False):
            with suppress(OSError):  # it may have ended meanwhile
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def web_pids(self, *, least: int = 0) -> list[int]:
        """The processes that answer; not the one that started them.

        The first answers while others are still to be started: `least` are waited for, as long as a
        server may take to start.
        """
        end = time.monotonic() + START_SECONDS
        while True:
            found = (int(folder.name) for folder in self._processes(worker=False))
            pids = sorted(pid for pid in found if pid != self.pid)
            if len(pids) >= least or time.monotonic() > end:
                return pids
            time.sleep(0.1)

    def job_pids(self) -> list[int]:
        """The worker for jobs, where it has begun."""
        return [int(folder.name) for folder in self._processes(worker=True)]

    def held(self) -> Held:
        """What its processes hold in memory now."""
        web, worker = (_megabytes(self._processes(worker=which)) for which in (False, True))
        return Held(web, worker)

    def _processes(self, *, worker: bool) -> Iterator[Path]:
        """The folders in /proc of the web processes, or of the worker."""
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError, IndexError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if self.pid not in (int(folder.name), int(fields[1])):
                    continue
                if (b"\0worker\0" in (folder / "cmdline").read_bytes()) == worker:
                    yield folder

    def _answers(self) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        try:
            line.request("GET", "/healthz", headers={"Connection": "close"})
            return line.getresponse().status == 200
        finally:
            line.close()

    def _end(self) -> None:
        process = self._process
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise FaqdeskError(f"The console did not end: {''.join(self._said)}") from None
        finally:
            self._process = None

    def _hear(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        with process.stderr:
            for line in process.stderr:
                self._said.append(line)


def _megabytes(folders: Iterator[Path]) -> float:
    total = 0
    for folder in folders:
        with suppress(OSError):
            lines = (folder / "smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return round(total / 1000, 1)


@contextmanager
def served(space: Workspace, words: Sequence[str] = ()) -> Iterator[Served]:
    """A desk behind `faqdesk serve`, as many processes as it starts by itself."""
    server = Served(space, *words)
    try:
        yield server.start()
    finally:
        server.stop()
