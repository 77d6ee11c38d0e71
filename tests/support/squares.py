"""Work that costs nothing: squares of numbers, in any process, with a line for each opening."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from support.errors import BusyError, InputError

CAREFUL = "careful"  # an item that is refused


@dataclass(frozen=True)
class Squares:
    """Opens the squaring of numbers; tells in a folder who opened it, and who did what."""

    folder: Path
    slow: float = 0.0  # seconds an item takes
    stuck: int = -1  # the item that takes forever the first time
    dies: int = -1  # the item whose first worker dies
    always: bool = False  # or each worker of it
    refused: int = -1
    broken: int = -1
    opens: bool = True

    def open(self):
        if not self.opens:
            raise InputError("Not here.")
        self._tell("opened")
        return self._square

    def _tell(self, what):
        (self.folder / f"{what} {os.getpid()} {time.monotonic_ns()}").touch()

    def _first(self, item):
        """Whether nobody has begun this item before."""
        try:
            (self.folder / f"first {item}").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _square(self, item):
        self._tell(f"did {item}")
        first = self._first(item)
        time.sleep(self.slow)
        if item == self.stuck and first:
            time.sleep(600)
        if item == self.dies and (first or self.always):
            os.kill(os.getpid(), 9)
        if item == self.refused:
            raise InputError(f"{item} is refused. Give another.")
        if item == self.broken:
            raise BusyError("Too much.", retry_after=3)
        return item, item * item


def opened(folder):
    """The processes that opened the work, once for each time."""
    return [path.name.split()[1] for path in folder.glob("opened *")]


def done(folder):
    """The items that were begun, once for each time."""
    return sorted(int(path.name.split()[1]) for path in folder.glob("did *"))
