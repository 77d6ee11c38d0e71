"""Folders where long runs keep what they have done until all of it is: one process at a time each.

What a killed run left is gone on with by the next of its kind. It may hold words of customers:
`sweep_runs` takes it away when somebody is forgotten, and where nobody went on with it for long.
"""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from .errors import ConflictError
from .file_locks import leads_to, locked

_LOCK: Final = "lock"


@contextmanager
def run_folder(folder: Path, *, waits: bool = False) -> Iterator[None]:
    """Have a folder, for its owner alone; it is gone when the block ends without an error.

    Args:
        folder: of the run; what is in it is left as it is.
        waits: for another process that has it, instead of refusing.

    Raises:
        ConflictError: another process has it.
    """
    lock = _begin(folder, waits)
    try:
        yield
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def runs_elsewhere(place: Path, elsewhere: Path) -> None:
    """Note that a desk whose runs lie in `place` has some elsewhere too, so that they are swept."""
    place.mkdir(exist_ok=True, mode=0o700)
    elsewhere.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = hashlib.sha256(str(elsewhere).encode()).hexdigest()[:12]
    with suppress(FileExistsError):
        (place / name).symlink_to(elsewhere, target_is_directory=True)


def sweep_runs(place: Path, *, idle_days: float = 0) -> None:
    """Take away what killed runs left in a folder of runs; those at work are let alone.

    Args:
        place: the folder.
        idle_days: only where nothing was done for so long.
    """
    for folder in place.iterdir() if place.is_dir() else ():
        if folder.is_symlink():
            sweep_runs(folder.resolve(), idle_days=idle_days)
            continue
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR)
        except OSError:  # somebody is about to begin, or it is none of ours
            continue
        try:
            if locked(lock) and leads_to(folder / _LOCK, lock) and _idle(folder) >= idle_days:
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)


def _idle(folder: Path) -> float:
    """For how many days nothing was written in a run's folder."""
    last = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    return max(0.0, time.time() - last) / 86_400


def _begin(folder: Path, waits: bool) -> int:
    while True:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # whoever had it took the folder away just now
            continue
        if waits:
            fcntl.flock(lock, fcntl.LOCK_EX)
        elif not locked(lock):
            os.close(lock)
            raise ConflictError(
                f"Another process is at work in {folder}. Wait for it to end; what it does is not "
                "to be done twice."
            )
        if leads_to(folder / _LOCK, lock):
            return lock
        os.close(lock)
