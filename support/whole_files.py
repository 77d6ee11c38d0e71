"""A file that is there whole or not at all, whatever happens while it is written: kill, power cut.

It is written beside its place, synced, renamed, and the folder synced after that: before, the name
could lead to nothing once the power is back. Who writes holds a lock, which goes with its process;
what nobody holds was left by a killed one, and is swept.
"""

import errno
import glob
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from .file_locks import leads_to, locked

_HALF: Final = ".half"


@contextmanager
def whole_file(
    path: Path,
    *,
    mode: int = 0o666,
    replaces: bool = True,
    sync: bool = True,
    sweeps: bool = True,
) -> Iterator[Path]:
    """A file to write for `path`; it takes its place when the block ends without an error.

    Args:
        path: the file to make or to replace.
        mode: its rights, less those that the process's umask takes.
        replaces: take the place of a file that is there.
        sync: wait for the disk; whoever does not must sync many files together.
        sweeps: look for what killed writers of the same file left, which lists its folder.

    Raises:
        FileExistsError: there is a file, and it is not to be replaced.
        IsADirectoryError: the path names no file.
    """
    if not path.name:
        raise IsADirectoryError(errno.EISDIR, "This names no file", str(path))
    if sweeps:
        sweep(path.parent, path.name)
    half, lock = _begin(path, mode)
    try:
        yield half
        if sync:
            sync_to_disk(half)
        if replaces:
            os.replace(half, path)
        else:
            os.link(half, path)
            half.unlink()
        if sync:
            sync_to_disk(path.parent)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    finally:
        os.close(lock)


def sweep(folder: Path, name: str = "") -> None:
    """Remove what killed writers left in a folder; of one file alone where its name is given."""
    for half in folder.glob(f".{glob.escape(name) if name else '*'}-*{_HALF}"):
        with suppress(FileNotFoundError):  # whoever wrote it is done
            lock = os.open(half, os.O_RDWR)
            try:
                if locked(lock) and leads_to(half, lock):
                    half.unlink()
            finally:
                os.close(lock)


def sync_to_disk(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _begin(path: Path, mode: int) -> tuple[Path, int]:
    """A new file beside a path, and the descriptor that holds its lock."""
    while True:
        half = path.with_name(f".{path.name}-{secrets.token_hex(4)}{_HALF}")
        lock = os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        if locked(lock) and leads_to(half, lock):
            return half, lock
        os.close(lock)  # somebody swept just now, and took it for left
