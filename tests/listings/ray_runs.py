"""Commands for whole tables as processes, here and on a cluster, and what they leave."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.ray_cluster import RayCluster
from tests.web.doors import ROOT, SLOW, end_group, until


class TableRun:
    """A table that a command works on, into an output beside it."""

    def __init__(self, table: Path, out: Path, *words: str, command: str = "label") -> None:
        """Name the table, what comes of it, and more words for the command."""
        self.out = out
        self.words = [command, str(table), "--out", str(out), "--json", *words]
        self.folder = out.with_name(f"{out.name}.faqdesk")
        self._said = out.with_name(f"{out.name}.said")

    @property
    def receipts(self) -> int:
        """How many shards are done."""
        try:
            return sum(name.endswith(".json") and not name.startswith(".")
                       for name in os.listdir(self.folder / "done"))  # fmt: skip
        except FileNotFoundError:
            return 0

    @property
    def said(self) -> str:
        """What the command said beside its report."""
        return self._said.read_text(encoding="utf-8")

    def here(self) -> dict[str, Any]:
        """Run it on this machine, in one process; returns its report."""
        with self._started(["--engine", "local", "--workers", "1"], {}) as process:
            return self.report(process)

    @contextmanager
    def on(
        self, cluster: RayCluster, *, given: dict[str, str] | None = None, address: str = ""
    ) -> Iterator[subprocess.Popen[str]]:
        """It at work on a cluster; what is left of it in the end is killed."""
        words = ["--engine", "ray", "--address", address or cluster.address]
        with self._started(words, cluster.secret if given is None else given) as process:
            yield process

    @contextmanager
    def _started(self, words: list[str], given: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        no_desk = {"FAQDESK_HOME": str(self.out.parent / "no desk")}
        with self._said.open("w", encoding="utf-8") as said:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "web.cli", *self.words, *words],
                cwd=ROOT, env=kept | no_desk | given, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=said, text=True, start_new_session=True,
            )  # fmt: skip
        try:
            yield process
        finally:
            end_group(process.pid)
            process.communicate()

    def report(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        """What it reports when it has come to a good end."""
        printed, _ = process.communicate(timeout=SLOW)
        assert process.returncode == 0, self.said
        found: dict[str, Any] = json.loads(printed)
        return found

    def until_under_way(self, process: subprocess.Popen[str], after: int = 3) -> None:
        """Wait until so many shards are done; the rest is not."""
        until(lambda: self.receipts >= after or process.poll() is not None, "some shards are done")
        assert process.poll() is None, self.said
        assert not self.out.exists()

    def check_nothing_left(self) -> None:
        """Check that there is the output, and nothing else of the run."""
        self._said.unlink()
        left = {path.name for path in self.out.parent.iterdir()} - {self.out.name}
        assert not {name for name in left if self.out.name in name}, left
