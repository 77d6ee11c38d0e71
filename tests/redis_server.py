"""Debian's redis-server as a process of the test's own: free port, socket, password, TLS."""

import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis

PASSWORD = "only-for-the-tests"
SECONDS = 60.0  # that it may take to start on a busy machine


class RedisServer:
    """Holds nothing on the disk: what was killed comes back empty."""

    def __init__(self, path: str, folder: Path, *, tls: tuple[Path, Path] | None = None) -> None:
        """Take the program, a folder, and a certificate with its key."""
        self._path, self._folder, self._tls = path, folder, tls
        self.port = _free_port()
        self.socket = folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """As `FAQDESK_REDIS` names it, with the password."""
        scheme = "rediss" if self._tls else "redis"
        return f"{scheme}://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        port = ["--port", str(self.port)]
        if self._tls:
            names = ("--tls-cert-file", "--tls-key-file")
            files = [word for pair in zip(names, map(str, self._tls), strict=True) for word in pair]
            port = ["--port", "0", "--tls-port", str(self.port), *files, "--tls-auth-clients", "no"]
        self._process = subprocess.Popen(
            [self._path, "--bind", "127.0.0.1", *port, "--requirepass", PASSWORD, "--save", "",
             "--appendonly", "no", "--daemonize", "no", "--dir", str(self._folder),
             "--unixsocket", str(self.socket), "--unixsocketperm", "700"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            with suppress(redis.exceptions.ConnectionError):
                self.client().ping()
                return
            assert self._process.poll() is None, "redis-server does not start"
            time.sleep(0.05)
        raise AssertionError("redis-server does not answer")

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self) -> redis.Redis:
        """Whoever looks at what stands there."""
        return redis.Redis(unix_socket_path=str(self.socket), password=PASSWORD)

    def rung(self) -> int:
        """How many bells were ever rung since it started."""
        return int(self.client().info("commandstats").get("cmdstat_lpush", {}).get("calls", 0))


def _free_port() -> int:
    """One below those that the system gives to whoever calls out.

    While a server is away, one of those may go to anybody, also to a client that tries to reach the
    server: it then talks to itself, and the server does not come back.
    """
    draw = random.SystemRandom()
    for _ in range(100):
        port = draw.randrange(12_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


@contextmanager
def redis_server(
    folder: Path, *, tls: tuple[Path, Path] | None = None, start: bool = True
) -> Iterator[RedisServer]:
    """Find Debian's server; without one the test is skipped, and in CI it fails."""
    path = shutil.which("redis-server")
    if path is None:
        reason = "no redis-server is installed: apt-get install redis-server"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    server = RedisServer(path, folder, tls=tls)
    try:
        if start:
            server.start()
        yield server
    finally:
        server.kill()
