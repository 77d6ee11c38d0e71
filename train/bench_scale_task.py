"""What a process of `faqdesk bench scale` is asked for."""

from dataclasses import dataclass
from pathlib import Path

from support.errors import FaqdeskError

from .progress import Progress, silent


class NotMeasurableError(FaqdeskError):
    """A size that a measurement cannot have; the message says why."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to measure, and where."""

    rows: int
    material: Path  # as `bench_scale_material` made it; read only
    place: Path  # an empty folder, thrown away afterwards
    desk: Path  # where the imported desk of this size is, or shall be
    progress: Progress = silent
