"""Runs a `faqdesk` command as a shell would, and tells its time and the memory of its processes."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.errors import FaqdeskError

_LOOK_EVERY = 0.1  # seconds; the kernel keeps a process's own peak, so now and then is enough
_HOME = Path(__file__).parents[1]  # where `web` can be imported from, installed or not


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command took."""

    seconds: float  # from its start to its end
    cpu_seconds: float  # of all its processes
    peak_mb: float  # the sum of the peaks of all its processes
    said: str  # on standard output


def measure_command(words: Sequence[str], *, home: Path | None = None) -> Measured:
    """Run a command to its end.

    Args:
        words: those after `faqdesk`; files by their absolute names.
        home: the desk it works on; None: the one that the environment names.

    Raises:
        FaqdeskError: it ended with another code than 0.
    """
    before = os.times()
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "web.cli", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=_HOME,
        env=os.environ | ({"FAQDESK_HOME": str(home.absolute())} if home else {}),
    )  # fmt: skip
    with process, _watched(process.pid) as peak:
        said, errors = process.communicate()
    seconds = time.perf_counter() - started
    after = os.times()
    if process.returncode:
        raise FaqdeskError(
            f"faqdesk {words[0]} ended with {process.returncode}: {errors.strip()[-500:]}"
        )
    cpu = sum(after[2:4]) - sum(before[2:4])  # of children, and of theirs
    return Measured(seconds, cpu, peak() / 1e6, said)


@contextmanager
def _watched(pid: int) -> Iterator[Callable[[], int]]:
    """Watch the peak memory of a process and of those that it starts, in bytes."""
    found: dict[int, int] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_EVERY):
            for one in [pid, *_children(pid)]:
                found[one] = max(found.get(one, 0), _peak_of(one))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield lambda: sum(found.values())
    finally:
        over.set()
        thread.join()


def _children(pid: int) -> list[int]:
    try:
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    own = [int(word) for word in words.split()]
    return own + [one for child in own for one in _children(child)]


def _peak_of(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
