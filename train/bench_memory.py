"""What a benchmark held in memory. Imports nothing that itself takes any."""

import resource
import sys


def peak_mb() -> int:
    """Peak resident memory of this process plus that of its largest child, in MB."""
    unit = 1 if sys.platform == "darwin" else 1024
    peaks = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(who).ru_maxrss * unit for who in peaks) // 1_000_000
