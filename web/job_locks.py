"""Whether the process that runs a job is still there, known at once: a lock that goes with it.

A machine's kernel lets go of a process's locks however it ends. Beside it jobs give signs of life
(`job_run.beating`), whose silence tells where a lock cannot: on a shared disk, say.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from support.file_locks import leads_to, locked
from support.workspace import Workspace

TRIES: Final = 20  # to lock a file of our own: somebody may be looking whether it is
AGAIN_SECONDS: Final = 0.05


@contextmanager
def held(workspace: Workspace, job_id: int) -> Iterator[None]:
    """Hold a job's lock while the block runs; without it, where it cannot be had."""
    folder = _folder(workspace)
    folder.mkdir(exist_ok=True, mode=0o700)
    path = folder / str(job_id)
    lock = -1
    for _ in range(TRIES):
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if locked(lock) and leads_to(path, lock):
            break
        os.close(lock)
        lock = -1
        time.sleep(AGAIN_SECONDS)
    try:
        yield
    finally:
        if lock >= 0:
            path.unlink(missing_ok=True)
            os.close(lock)


def left_behind(workspace: Workspace) -> list[int]:
    """The jobs whose process is gone without an end; each is told once."""
    found = []
    for path in sorted(_folder(workspace).glob("*")):
        if not (path.name.isascii() and path.name.isdigit()):
            continue
        with suppress(FileNotFoundError):  # it has ended just now
            lock = os.open(path, os.O_RDWR)
            try:
                if locked(lock) and leads_to(path, lock):
                    path.unlink()
                    found.append(int(path.name))
            finally:
                os.close(lock)
    return found


def _folder(workspace: Workspace) -> Path:
    return workspace.home / "running"
