"""Measures how the desk grows, size by size, and keeps every figure in a ledger.

Each measurement at each size is a process of its own, with a limit of time; what the smaller sizes
say would not fit the limit, the memory or the disk is left, and why is kept. A run that was killed
goes on where it was; two never measure in one folder.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from support.clock import now
from support.scratch import scratch

from .bench_scale_fit import expected
from .bench_scale_ledger import FAILED, LEFT, MEASURED, Entry, Ledger, alone
from .bench_scale_table import BY_NAME, MEASUREMENTS, Measurement
from .progress import Progress, silent

LEDGER: Final = "ledger.jsonl"
MATERIAL: Final = "material"
DESKS: Final = "desks"
SPARE: Final = 0.9  # of the memory or disk that is free
_DISK: Final = 1.5  # what is needed on the way beside what is left at the end


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure."""

    sizes: Sequence[int]
    only: Sequence[str] = tuple(BY_NAME)
    times: int = 1  # each, one after the other
    limit: float = 1800.0  # seconds of one measurement
    source: str = "sample"


def run_scale(folder: Path, plan: Plan, *, progress: Progress = silent) -> Iterator[Entry]:
    """Measure what the ledger does not hold yet; each entry as it is made.

    Args:
        folder: of the ledger, with the material in it (`bench_scale_material.prepare`).
        plan: what.
        progress: told done, total and a message; may raise, which ends the measurement at work.

    Raises:
        ConflictError: another process measures in the folder.
    """
    with alone(folder):
        ledger = Ledger(folder / LEDGER)
        sizes = sorted(set(plan.sizes))
        chosen = [one for one in MEASUREMENTS if one.name in plan.only]
        for size in sizes:
            for one in chosen:
                for run in range(1, plan.times + 1):
                    entry = ledger.get((one.name, size, run, plan.source))
                    if entry and entry.state == MEASURED:
                        continue
                    entry = _do(folder, ledger, plan, one, size, run, progress)
                    ledger.add(entry)
                    yield entry
            shutil.rmtree(_desk(folder, plan, size), ignore_errors=True)


def too_much(known: Sequence[Entry], rows: int, *, limit: float, memory: float, disk: float) -> str:
    """Why a measurement is not begun, by what smaller ones took; empty where it is.

    Args:
        known: the same measurement at other sizes.
        rows: the size.
        limit: seconds.
        memory: megabytes that are free.
        disk: megabytes that are free.
    """
    smaller = [entry for entry in known if entry.rows < rows]
    seconds = expected([(entry.rows, entry.seconds) for entry in smaller], rows)
    held = expected([(entry.rows, entry.peak_mb) for entry in smaller], rows)
    left = expected([(entry.rows, entry.disk_mb) for entry in smaller], rows)
    if seconds and seconds > limit:
        return f"not measured: would take about {duration(seconds)} by the fit"
    if held and held > SPARE * memory:
        return (
            f"not measured: would need about {held / 1000:.1f} GB of memory by the fit, "
            f"{memory / 1000:.1f} are free"
        )
    if left and _DISK * left > SPARE * disk:
        return (
            f"not measured: would need about {_DISK * left / 1000:.1f} GB of disk by the fit, "
            f"{disk / 1000:.1f} are free"
        )
    return ""


def duration(seconds: float) -> str:
    """Seconds in words: 40 s, 12 min, 3.4 h."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _do(
    folder: Path, ledger: Ledger, plan: Plan, one: Measurement, size: int, run: int,
    progress: Progress,
) -> Entry:  # fmt: skip
    load = os.getloadavg()[0]
    why = too_much(
        ledger.measured(one.name, plan.source), size, limit=plan.limit, memory=_free_memory(),
        disk=shutil.disk_usage(folder).free / 1e6,
    )  # fmt: skip
    figures: dict[str, float] = {}
    state, seconds, left = LEFT, 0.0, 0.0
    if not why:
        words = f"{size:,} rows, {one.title.lower()}"
        started = time.monotonic()
        with scratch("bench-scale", folder) as place:
            asked = {
                "name": one.name,
                "rows": size,
                "material": str((folder / MATERIAL / plan.source).absolute()),
                "place": str(place.absolute()),
                "desk": str(_desk(folder, plan, size).absolute()),
            }
            state, figures, why = _run(asked, plan.limit, words, progress)
            left = _megabytes(place) + (_megabytes(_desk(folder, plan, size)) if one.desk else 0)
        seconds = time.monotonic() - started
    return Entry(
        one.name, size, run, state, plan.source,
        figures={key: float(f"{value:.6g}") for key, value in figures.items()},
        why=why, seconds=round(seconds, 1), peak_mb=figures.get("peak_mb", 0.0),
        disk_mb=round(left, 1), load=round(load, 2), at=now(),
    )  # fmt: skip


def _run(
    asked: dict[str, Any], limit: float, words: str, progress: Progress
) -> tuple[str, dict[str, float], str]:
    """State, figures and why not, of one measurement in a process of its own."""
    last = "starting"
    errors = Path(asked["place"]) / "errors"
    with _process(asked, limit, errors) as (process, over):
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for line in process.stdout:
            said = json.loads(line)
            if "figures" in said:
                return MEASURED, said["figures"], ""
            if "left" in said:
                return LEFT, {}, f"not measured: {said['left']}"
            if "error" in said:
                return FAILED, {}, " ".join(said["error"].split())
            done, total, last = said["progress"]
            progress(done, total, f"{words}: {last}")
        process.wait()
    if over.is_set():
        return LEFT, {}, f"not measured: stopped after {duration(limit)}, {last}"
    said = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return FAILED, {}, f"ended with {process.returncode}, {last}: {said[-1] if said else ''}"


@contextmanager
def _process(
    asked: dict[str, Any], limit: float, errors: Path
) -> Iterator[tuple["subprocess.Popen[str]", threading.Event]]:
    """The process, and whether its time was over; it ends with all that it started."""
    with errors.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "train.bench_scale_probe"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, text=True,
            start_new_session=True, cwd=Path(__file__).parents[1],
        )  # fmt: skip
    over = threading.Event()

    def end() -> None:
        over.set()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(limit, end)
    try:
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        with suppress(BrokenPipeError):  # it died at once; its last words say why
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()  # and left open: the process ends when it closes
        timer.start()
        yield process, over
    finally:
        timer.cancel()
        # The session's, not the process's: a server that it started may live on.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(BrokenPipeError), process:
            process.wait()


def _desk(folder: Path, plan: Plan, size: int) -> Path:
    return folder / DESKS / f"{plan.source}-{size}"


def _free_memory() -> float:
    """Megabytes that a process may still take."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 1000
    return float("inf")


def _megabytes(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6
