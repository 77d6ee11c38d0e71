"""What a benchmark held in memory. Imports nothing that itself takes any."""

import resource
import sys


def peak_mb() -> int:
    """Peak resident memory of this process plus that of its largest child, in MB."""
    unit = 1 if sys.platform == "darwin" else 1024
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    return (own_peak() + child) // 1_000_000


def own_peak() -> int:
    """Peak resident bytes of this process alone.

    Linux counts what a process's parent held into its own `ru_maxrss` when it is started.
    """
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
