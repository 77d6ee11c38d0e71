"""kill -9 at a chosen point: right before the n-th call that an act makes, or after a share of it.

`killer.c` counts what a process and those it starts do to the files of a folder, and say over the
network; a dry run of an act tells how many calls there are to choose from.
"""

import mmap
import os
import random
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.workspace import Workspace
from tests.web.doors import SLOW, end_group, environment

PLAN = struct.Struct("QQII16s472s512s65536s")  # as in killer.c


@dataclass(frozen=True)
class Blow:
    """Where a kill lands: before the n-th call, or after so many seconds; both 0: nowhere."""

    at: int = 0
    after: float = 0.0
    group: bool = True  # with every process that was started together

    @classmethod
    def drawn(cls, draw: random.Random, calls: str, seconds: float) -> "Blow":
        """One by chance for an act that makes these calls and takes so long.

        Every fifth is by the clock; every other of the rest is before a call of a kind that is
        drawn first, so that a few renames are met as often as a thousand writes.
        """
        group, how = draw.random() < 0.5, draw.random()
        if how < 0.2:
            return cls(after=draw.random() * seconds, group=group)
        if how < 0.6:
            return cls(at=draw.randint(1, len(calls)), group=group)
        kind = draw.choice(sorted(set(calls)))
        places = [place for place, call in enumerate(calls, 1) if call == kind]
        return cls(at=draw.choice(places), group=group)


class Killer:
    """Counts the calls of what is started with its environment, and strikes at a point."""

    def __init__(self, library: Path, folder: Path, blow: Blow) -> None:
        """Take the compiled `killer.c`, the folder whose files count, and where to strike."""
        self.blow = blow
        self._file = folder.with_name(f"{folder.name}.plan")
        under = f"{folder}/".encode()
        packed = PLAN.pack(blow.at, 0, blow.group, 0, b"", b"", under, b"")
        self._file.write_bytes(packed)
        self.environment = {"LD_PRELOAD": str(library), "FAQDESK_TEST_KILL": str(self._file)}
        with self._file.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), PLAN.size)

    @property
    def calls(self) -> str:
        """What was called so far, a letter each: Open, Write, Fsync, Rename, Unlink ..."""
        _, count, *_, kinds = self._read()
        return kinds[1 : count + 1].decode()

    @property
    def struck(self) -> str:
        """Before what it struck; empty while it has not."""
        _, count, _, pid, call, path, *_ = self._read()
        name = os.path.basename(path.rstrip(b"\0")).decode()
        return f"{call.rstrip(bytes(1)).decode()} {name} ({count})".strip() if pid else ""

    def _read(self) -> tuple[int, int, int, int, bytes, bytes, bytes, bytes]:
        found: tuple[int, int, int, int, bytes, bytes, bytes, bytes] = PLAN.unpack(self._map[:])
        return found


def compiled(folder: Path) -> Path:
    """`killer.c` as a library; the compiler is the one that fastText needs."""
    library = folder / "killer.so"
    source = Path(__file__).with_name("killer.c")
    options = ["-O2", "-Wall", "-Werror", "-shared", "-fPIC"]
    subprocess.run(["gcc", *options, "-o", library, source, "-ldl"], check=True)
    return library


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    seconds: float
    said: str
    struck: str  # where it was killed; empty where it came to its end
    calls: str


def run(
    space: Workspace,
    words: list[str],
    killer: Killer,
    *,
    over: Callable[[], bool] = lambda: False,
) -> Ran:
    """Run a command until it ends, is killed as the killer has it, or is `over` without an end."""
    began = time.monotonic()
    code: int | None = None
    struck = ""
    with started(space, words, killer) as process:
        while (code := process.poll()) is None:
            seconds = time.monotonic() - began
            assert seconds < SLOW, f"{words} did not end"
            if killer.blow.after and seconds > killer.blow.after:
                strike(process, group=killer.blow.group)
                code, struck = process.wait(), f"after {seconds:.2f} s"
                break
            if over():
                code = 0
                break
            time.sleep(0.02)
    seconds = time.monotonic() - began
    said = _said(space).read_text(errors="replace")
    return Ran(code, seconds, said, killer.struck or struck, killer.calls)


@contextmanager
def started(
    space: Workspace, words: list[str], killer: Killer
) -> Iterator[subprocess.Popen[bytes]]:
    """A command beside the desk, as a group of its own; what is left of it in the end is killed."""
    with _said(space).open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "web.cli", *words],
            cwd=space.home.parent, env=environment(space) | killer.environment,
            start_new_session=True, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
        )  # fmt: skip
        try:
            yield process
        finally:
            end_group(process.pid)
            process.wait()


def _said(space: Workspace) -> Path:
    folder = space.home.parent
    return folder.with_name(f"{folder.name}.said")


def strike(process: subprocess.Popen[bytes], *, group: bool) -> None:
    """Kill a process, or everything that was started with it."""
    if group:
        end_group(process.pid)
    else:
        process.send_signal(signal.SIGKILL)


def counted(named: Mapping[str, int]) -> str:
    """Names with their numbers, in a line."""
    return ", ".join(f"{name} {n}" for name, n in sorted(named.items()))
