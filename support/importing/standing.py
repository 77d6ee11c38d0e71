"""Which process imports, so that an import that was killed is told from one at work.

A process is named by its number and the moment it began, for numbers are given out again.
"""

import os
from pathlib import Path


def begun_by() -> str:
    """This process, such as `4711:8812345`; the number alone where the system tells no more."""
    return _name(os.getpid())


def at_work(process: str) -> bool:
    """Whether the process of that name still runs on this machine."""
    number = process.partition(":")[0]
    if not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, and there
        return True
    return _name(int(number)) == process


def _name(number: int) -> str:
    try:
        # Behind the command's closing parenthesis; the 20th field there is the start, in ticks.
        stat = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
        return f"{number}:{stat.rpartition(')')[2].split()[19]}"
    except (OSError, IndexError):
        return str(number)
