"""Lines to a server of several processes, and which of them answers on each.

A line that stays open belongs to one process. Which one is told by the kernel: the server's end of
a line is a socket with a number, and that stands among the open files of the process that holds it.
"""

import http.client
import json
import os
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from support.errors import FaqdeskError

SECONDS: Final = 60.0  # that a process may take until it takes a line
TIMEOUT: Final = 60.0
_ESTABLISHED: Final = "01"


class Lines:
    """One open line to each process of a server on this machine."""

    def __init__(self, port: int, pids: Collection[int], *, token: str) -> None:
        """Take the server's port, its processes, and the token of a program."""
        self._port, self._pids = port, frozenset(pids)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._lines: dict[int, http.client.HTTPConnection] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        for line in self._lines.values():
            line.close()
        self._lines.clear()

    def ask(self, pid: int, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Post something to one process: the status and what it says.

        A line that was closed for being quiet is opened anew.

        Raises:
            FaqdeskError: the process takes no line.
            OSError: it does not answer.
        """
        for again in (False, True):
            line = self._lines.get(pid) or self._open(pid)
            try:
                return self._post(line, path, body)
            except ConnectionError:
                self._lines.pop(pid).close()
                if again:
                    raise
        raise AssertionError

    def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Post something on a line of its own, to whichever process takes it.

        Raises:
            OSError: there is no answer.
        """
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT)
        try:
            return self._post(line, path, body)
        finally:
            line.close()

    def _post(
        self, line: http.client.HTTPConnection, path: str, body: Mapping[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        line.request("POST", path, json.dumps(body), self._headers)
        answer = line.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")

    def _open(self, pid: int) -> http.client.HTTPConnection:
        """A line to one process; those that others took are kept for when they are asked."""
        spare: list[http.client.HTTPConnection] = []
        end = time.monotonic() + SECONDS
        try:
            while pid not in self._lines and time.monotonic() < end:
                line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT)
                line.request("GET", "/healthz")
                line.getresponse().read()
                taker = self._taker(line)
                if taker in self._lines or taker not in self._pids:
                    # Kept open: whoever has fewer lines is as likely to take the next.
                    spare.append(line)
                else:
                    self._lines[taker] = line
                if len(spare) > 50 * len(self._pids):
                    while spare:
                        spare.pop().close()
        finally:
            for line in spare:
                line.close()
        if pid not in self._lines:
            raise FaqdeskError(f"Process {pid} takes no line. Are there {len(self._pids)} of them?")
        return self._lines[pid]

    def _taker(self, line: http.client.HTTPConnection) -> int:
        inode = _inode(self._port, int(line.sock.getsockname()[1]))
        for pid in self._pids:
            with suppress(OSError):
                for file in Path(f"/proc/{pid}/fd").iterdir():
                    with suppress(OSError):
                        if os.readlink(file) == f"socket:[{inode}]":
                            return pid
        return 0


def _inode(port: int, other: int) -> str:
    """The number of a server's end of a line on this machine; '' where it is closed."""
    ends = f":{port:04X}", f":{other:04X}"
    for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = row.split()
        here, there, state, inode = *fields[1:4], fields[9]
        if state == _ESTABLISHED and here.endswith(ends[0]) and there.endswith(ends[1]):
            return inode
    return ""
