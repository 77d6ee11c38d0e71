"""A real Ray cluster on this machine: a head and two more nodes, processes that can be killed.

Each node has an address of its own on the loopback, as a machine has one on its network, a session
of its own that holds all its processes, and asks for a token. Nothing outlives the block. Ray is
started by its own command, as an admin does it, and imported by none of this.
"""

import itertools
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.web.doors import free_port, until

_MEMORY = "80000000"  # bytes of a node's object store; what is sent here is small
_TRIES = 4  # a node gives up by itself where a busy machine starts its parts too slowly
# How soon a node that is gone is given up: seconds instead of half a minute.
_IMPATIENT = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "10000",
    "RAY_health_check_failure_threshold": "4",
}
# Nor is one given up that starts slowly: a busy machine takes more than Ray's half a minute.
_PATIENT = {"RAY_agent_register_timeout_ms": "120000", "RAY_raylet_start_wait_time_s": "120"}
# The memory of a machine that runs the tests of others too is not this cluster's to judge.
_QUIET = {
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_AGENTS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")


class Node:
    """One machine of a cluster: what `ray start` began, and the workers that came of it."""

    def __init__(self, words: list[str], *, folder: Path, environment: Mapping[str, str]) -> None:
        """Begin to start it; `folder` is for what it says and keeps."""
        folder.mkdir()
        self._said = folder / "said"
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "ray.scripts.scripts", "start", *words),
                    *("--num-cpus=1", f"--object-store-memory={_MEMORY}", f"--temp-dir={folder}"),
                    *("--min-worker-port=0", "--max-worker-port=0", "--include-log-monitor=false"),
                    *("--dashboard-agent-listen-port=0", "--disable-usage-stats", "--block"),
                ],
                cwd=folder, env=dict(environment), start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip

    @property
    def said(self) -> str:
        """What it said while it started."""
        return self._said.read_text(encoding="utf-8", errors="replace")

    def is_up(self) -> bool:
        """Wait until it is up, or has given up."""
        until(lambda: "Ray runtime started" in self.said or not self.runs(), "a node is up or gone")
        return self.runs()

    def runs(self) -> bool:
        """Whether it is there still."""
        return self.process.poll() is None

    def pids(self) -> list[int]:
        """All its processes; a worker has a process group of its own, but the node's session."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
                if _session(pid) == self.process.pid]  # fmt: skip

    def workers(self) -> list[int]:
        """Its processes that have work of a driver."""
        return [pid for pid in self.pids() if _has_work(_title(pid))]

    def kill(self) -> None:
        """End all its processes at once, as if the machine had lost its power."""
        while pids := [pid for pid in self.pids() if pid != self.process.pid or self.runs()]:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        self.process.wait()


class RayCluster:
    """A head and more nodes, each with one core to give."""

    def __init__(self, folder: Path, *, token: str, given: Mapping[str, str] | None = None) -> None:
        """Name what it is made of; `given`: more of its environment, such as for TLS."""
        self._folder = folder
        self.token_file = folder / "token"
        self.token_file.write_text(token, encoding="utf-8")
        self.token_file.chmod(0o600)
        self.address = f"127.0.0.2:{free_port()}"
        self.nodes: list[Node] = []  # that are up
        self._begun: list[Node] = []
        self._hosts, self._folders = itertools.count(3), itertools.count()
        self.secret = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self.token_file),
            **(given or {}),
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        self._environment = {**kept, **_QUIET, **_IMPATIENT, **_PATIENT, **self.secret}

    @property
    def head(self) -> Node:
        """The node that drivers here join, and that holds the cluster together."""
        return self.nodes[0]

    def start(self, more: int) -> None:
        """Start the head and so many more nodes."""
        host, port = self.address.split(":")
        self._start(
            lambda: self._begin(
                "--head", f"--node-ip-address={host}", f"--port={port}", "--no-monitor",
                f"--ray-client-server-port={free_port()}", f"--dashboard-port={free_port()}",
                "--include-dashboard=false",
            ), 1,
        )  # fmt: skip
        self.add(more)

    def add(self, count: int) -> None:
        """Start so many more nodes, each at an address of its own."""
        head = f"--address={self.address}"
        self._start(
            lambda: self._begin(head, f"--node-ip-address=127.0.0.{next(self._hosts)}"), count
        )

    def _start(self, begin: Callable[[], Node], count: int) -> None:
        for _ in range(_TRIES):
            begun = [begin() for _ in range(count)]
            failed = [node for node in begun if not node.is_up()]
            self.nodes += [node for node in begun if node not in failed]
            for node in failed:
                node.kill()
            count = len(failed)
            if not count:
                return
        raise AssertionError(failed[-1].said)

    def _begin(self, *words: str) -> Node:
        # A unix socket's path has 107 bytes, and Ray needs some seventy of them below the folder.
        folder = self._folder / str(next(self._folders))
        self._begun.append(Node(list(words), folder=folder, environment=self._environment))
        return self._begun[-1]

    def workers(self) -> list[int]:
        """The processes that have work of a driver, on all nodes."""
        return [pid for node in self.nodes for pid in node.workers()]

    def mend(self) -> None:
        """Replace the nodes that were killed."""
        gone = [node for node in self.nodes if not node.runs()]
        self.nodes = [node for node in self.nodes if node not in gone]
        self.add(len(gone))

    def stop(self) -> None:
        """End everything."""
        for node in reversed(self._begun):
            node.kill()


@contextmanager
def ray_cluster(
    *, more: int = 2, token: str = "", given: Mapping[str, str] | None = None
) -> Iterator[RayCluster]:
    """A cluster of 1 + `more` nodes that asks for a token."""
    # Not where pytest keeps things: its names are too long for a socket's.
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))
    cluster = RayCluster(folder, token=token or secrets.token_hex(32), given=given)
    try:
        cluster.start(more)
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _session(pid: int) -> int:
    """The session of a process; 0 where it has ended."""
    try:
        _, _, rest = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(") ")
    except OSError:
        return 0
    state, _, _, session, *_ = rest.split()
    return 0 if state in "ZX" else int(session)


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0 ").decode(errors="replace")
    except OSError:
        return ""


def _has_work(title: str) -> bool:
    return title.startswith("ray::") and title != "ray::IDLE" and not title.startswith(_AGENTS)
