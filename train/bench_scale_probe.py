"""Measures one thing at one size, in a process of its own, so that its memory is its own.

Run as `python -m train.bench_scale_probe`: reads one line of JSON from standard input and prints
lines of JSON, `{"progress": ...}` and at the end `{"figures": ...}`, `{"left": ...}` with why it
cannot be measured, or `{"error": ...}`. Ends, with all that it started, when standard input does:
then nobody waits for it any more.
"""

import importlib
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from support.errors import FaqdeskError

from .bench_memory import own_peak
from .bench_scale_table import BY_NAME
from .bench_scale_task import NotMeasurableError, Task


def measure(name: str, task: Task) -> dict[str, float]:
    """Run a measurement in this process; its figures by key."""
    module, function = BY_NAME[name].place.split(":")
    found = getattr(importlib.import_module(f"train.{module}"), function)(task)
    # What the measurement says of its processes; where it says nothing, it was this one.
    return {"peak_mb": own_peak() / 1e6} | {key: float(value) for key, value in found.items()}


def main() -> None:
    """Read `{name, rows, material, place, desk}`, print progress and figures."""
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # What a library prints must not stand between our lines.
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(kind: str, value: Any) -> None:
        said.write(json.dumps({kind: value}, ensure_ascii=False) + "\n")
        said.flush()

    task = Task(
        asked["rows"], Path(asked["material"]), Path(asked["place"]), Path(asked["desk"]),
        lambda done, total, words: tell("progress", [done, total, words]),
    )  # fmt: skip
    try:
        tell("figures", measure(asked["name"], task))
    except NotMeasurableError as error:
        tell("left", str(error))
    except (FaqdeskError, OSError, MemoryError) as error:
        tell("error", f"{type(error).__name__}: {error}")
        sys.exit(1)


def _end_with_parent() -> None:
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
