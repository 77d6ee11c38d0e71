"""Folders for what is needed for a moment, words of customers among it.

They go with the block that made them; those of a process that was killed go when the next one of
their kind is made.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir, mkdtemp

from .importing.standing import at_work, begun_by


@contextmanager
def scratch(kind: str, place: Path | None = None) -> Iterator[Path]:
    """A new folder, for its owner alone; gone when the block ends.

    Args:
        kind: a word, such as `import`.
        place: where it is made; None: where the system keeps such things.
    """
    folder = make(kind, place)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make(kind: str, place: Path | None = None) -> Path:
    """As `scratch`, for who deletes it by themselves; sweeps what killed processes left."""
    where, mark = place or Path(gettempdir()), f".faqdesk-{kind}-"
    for left in where.glob(f"{mark}*"):
        owner = left.name.removeprefix(mark).rpartition("-")[0].replace("-", ":")
        if not at_work(owner):
            shutil.rmtree(left, ignore_errors=True)
    # Between two dashes: what mkdtemp adds holds none.
    return Path(mkdtemp(prefix=f"{mark}{begun_by().replace(':', '-')}-", dir=where))
