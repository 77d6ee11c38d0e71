"""Files whose lock says that their process lives, and that are deleted when they are done with."""

import fcntl
import os
from pathlib import Path


def locked(descriptor: int) -> bool:
    """Lock an open file, if nobody has it; whether it is ours now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def leads_to(path: Path, descriptor: int) -> bool:
    """Whether a path still leads to this file: whoever had it before may have taken it away."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
