"""A real Milvus server on this machine, for `make soak`: it asks for a token and speaks TLS.

The package milvus==2.3.5 is one, with its etcd. It stands in an environment of its own, for it
wants other versions than we do: FAQDESK_MILVUS_ENV names one that is there, else `build/milvus` is
made. Ports and folder are the server's own; nothing outlives it.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from support.errors import IndexServerError
from support.milvus_index import MilvusIndex, MilvusPlace
from train.bench_certificate import self_signed

PACKAGE = "milvus==2.3.5"
TOKEN = "root:Milvus"  # what every new server begins with
SLOW = 120.0  # seconds that a busy machine may take
_PORTS = (
    "proxy", "proxy-internal", "root-coord", "query-coord", "query-node", "index-coord",
    "index-node", "data-coord", "data-node", "etcd",
)  # fmt: skip


class MilvusServer:
    """One server; started, killed and started again over the same folder."""

    def __init__(self, folder: Path) -> None:
        """Start one that keeps its data in a folder."""
        self.folder = folder
        folder.mkdir(parents=True)
        self._chain, self._key = self_signed(folder / "tls")
        self._ports = dict(zip((*_PORTS, "etcd-peers"), _free(len(_PORTS) + 1), strict=True))
        # Its etcd would take 2379 and 2380 whatever the server is told: two could not run.
        client, peers = (f"http://127.0.0.1:{self._ports[name]}" for name in ("etcd", "etcd-peers"))
        self._etcd = folder / "etcd.yaml"
        self._etcd.write_text(
            f"name: one\nlisten-client-urls: {client}\nadvertise-client-urls: {client}\n"
            f"listen-peer-urls: {peers}\ninitial-advertise-peer-urls: {peers}\n"
            f"initial-cluster: one={peers}\n",
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def place(self) -> MilvusPlace:
        """Where a client finds it."""
        return MilvusPlace(
            f"https://localhost:{self._ports['proxy']}",
            token=TOKEN,
            certificate=str(self._chain),
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        ports = [(f"--{name}-port", str(self._ports[name])) for name in _PORTS]
        with (self.folder / "said").open("ab") as said:
            self._process = subprocess.Popen(
                [
                    str(environment() / "bin" / "milvus-server"),
                    *("--data", str(self.folder / "data")),
                    *(word for port in ports for word in port),
                    *("--authorization-enabled", "1", "--tls-mode", "1"),
                    *("--server-pem-path", str(self._chain), "--server-key-path", str(self._key)),
                ],
                env={**os.environ, "ETCD_CONFIG_PATH": str(self._etcd)},
                start_new_session=True, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip
        until = time.monotonic() + SLOW
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                said = (self.folder / "said").read_text(encoding="utf-8", errors="replace")
                self.stop()
                raise RuntimeError(f"The Milvus server did not start:\n{said[-4000:]}")
            time.sleep(0.5)

    def kill(self) -> None:
        """Have it end as a power cut would end it."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it, and every process that it started."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _answers(self) -> bool:
        try:
            MilvusIndex(self.place, "nothing", dim=4, create=False, timeout=2.0)
        except IndexServerError as error:
            return error.missing
        return True


def environment() -> Path:
    """The environment of the server; made where there is none."""
    if named := os.environ.get("FAQDESK_MILVUS_ENV"):
        return Path(named)
    made = Path(__file__).parents[1] / "build" / "milvus"
    done = made / "installed"
    if not done.exists() or done.read_text(encoding="utf-8") != PACKAGE:
        subprocess.run([sys.executable, "-m", "venv", "--clear", made], check=True)
        pip = [made / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        # The server alone: what else it asks for is its client.
        subprocess.run([*pip, "--no-deps", PACKAGE], check=True)
        done.write_text(PACKAGE, encoding="utf-8")
    return made


def _free(n: int) -> list[int]:
    """Ports that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
