"""Pictures from strangers, decoded by processes that can do nothing else; see `picture_worker`.

What comes back is plain pixels, whatever the file was. Where a worker dies or takes too long, the
picture was none: a fresh worker takes the next. Workers stay for the next picture, one a core at
most, and end when they are idle or whoever started them is gone.
"""

import atexit
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from . import picture_worker
from .errors import FaqdeskError, PictureError
from .picture_worker import ANSWER, MAX_PIXELS, MOST_WORDS, READY, REQUEST

MAX_BYTES: Final = 32 << 20  # of a file
SECONDS: Final = 30.0  # of the clock, for one picture
START_SECONDS: Final = 60.0  # for a worker to begin; on a busy machine the first takes long
SCRIPT: Final = Path(picture_worker.__file__).absolute()
_KEPT: Final = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH")  # of our surroundings


@dataclass(frozen=True, slots=True)
class Pixels:
    """A decoded picture: `data` is height rows of width pixels, red, green, blue, a byte each."""

    width: int
    height: int
    data: bytearray


def decode(
    data: bytes, *, name: str, at_least: int | None = None, side: int = 0, square: bool = False
) -> Pixels:
    """Decode a picture: turned as it was held, RGB on white; what else the file carries is lost.

    Args:
        data: what the file holds.
        name: how errors call it.
        at_least: where a side of so many pixels is enough, a JPEG may be decoded at a half, a
            quarter or an eighth of its size, but no smaller; much quicker for large photos.
        side: bring it to this many pixels; 0: leave its size.
        square: squeeze it into a square of `side`; else it is fitted into one, never enlarged.

    Raises:
        PictureError: it is too large, no picture, or broken.
        FaqdeskError: no worker can be started.
    """
    if len(data) > MAX_BYTES:
        raise PictureError(f"{name} has {len(data):,} bytes; at most {MAX_BYTES:,} are read.")
    head = REQUEST.pack(len(data), at_least or 0, side, square)
    with _turns:
        found = _ask(head, data)
    if isinstance(found, str):
        raise PictureError(f"{name} {found}.")
    fits = (found.width, found.height) == (side, side) if square else _fits(found, side)
    if not fits:
        raise PictureError(f"{name} is no picture: its decoder gave something else.")
    return found


def _fits(found: Pixels, side: int) -> bool:
    return max(found.width, found.height) <= (side or MAX_PIXELS)


def _ask(head: bytes, data: bytes) -> Pixels | str:
    """Have a worker decode; one that waited here may have just ended, and then another is asked."""
    while True:
        with _worker() as (worker, waited):
            try:
                return worker.ask(head, data)
            except TimeoutError:
                worker.end()
                return f"is no picture: to decode it takes more than {SECONDS:.0f} seconds"
            except OSError:
                worker.end()
                if not waited:
                    return "is no picture: it breaks what decodes pictures"


class _Worker:
    """A process that decodes, and our end of the socket to it."""

    def __init__(self) -> None:
        self.door, theirs = socket.socketpair()
        surroundings = {key: os.environ[key] for key in _KEPT if key in os.environ}
        # -P: what lies beside the script shall not pass for the library's modules.
        command = [sys.executable, "-P", str(SCRIPT)]
        with theirs:
            # A session of its own: Ctrl-C reaches every process of a terminal.
            self._process = subprocess.Popen(  # noqa: S603
                command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env=surroundings, start_new_session=True,
            )  # fmt: skip
        self.pid = self._process.pid
        try:
            if self._read(1, time.monotonic() + START_SECONDS) != READY:
                raise OSError
        except BaseException:
            self.end()
            raise

    @classmethod
    def start(cls) -> Self:
        try:
            return cls()
        except OSError as error:
            raise FaqdeskError(
                f"The process that decodes pictures cannot be started "
                f"({error.strerror or type(error).__name__}). Is there memory left, and can "
                f"{sys.executable} import PIL?"
            ) from error

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, head: bytes, data: bytes) -> Pixels | str:
        """The picture, or why it is none as the end of a sentence.

        Raises:
            OSError: the process ended, or took too long (TimeoutError).
        """
        edge = time.monotonic() + SECONDS
        self.door.settimeout(SECONDS)
        self.door.sendall(head)
        self.door.sendall(data)
        whole, wide, high = ANSWER.unpack(self._read(ANSWER.size, edge))
        if not whole:
            words = self._read(min(wide, MOST_WORDS), edge).decode("utf-8", "replace")
            return " ".join(words.split())
        if not 0 < wide * high <= MAX_PIXELS:
            raise OSError("no such picture was asked for")
        return Pixels(wide, high, self._read(3 * wide * high, edge))

    def end(self) -> None:
        """End the process; its answer, if there is one, is lost."""
        self.door.close()
        self._process.kill()
        self._process.wait()

    def _read(self, size: int, edge: float) -> bytearray:
        found = bytearray(size)
        view, at = memoryview(found), 0
        while at < size:
            self.door.settimeout(max(edge - time.monotonic(), 0.001))
            got = self.door.recv_into(view[at:])
            if not got:
                raise ConnectionError("the decoder ended")
            at += got
        return found


_idle: list[_Worker] = []  # the last to come is the first to go: others may end
_lock = threading.Lock()
_turns = threading.BoundedSemaphore(max(2, len(os.sched_getaffinity(0))))


@contextmanager
def _worker() -> Iterator[tuple[_Worker, bool]]:
    """A worker, and whether it waited here; back for the next where it is still alive."""
    worker = None
    with _lock:
        while _idle and worker is None:
            worker = _idle.pop()
            if not worker.alive:
                worker.end()
                worker = None
    waited = worker is not None
    worker = worker or _Worker.start()
    try:
        yield worker, waited
    except BaseException:
        worker.end()
        raise
    if worker.alive:
        with _lock:
            _idle.append(worker)


def _end_all() -> None:
    while _idle:
        _idle.pop().end()


def _forget() -> None:
    """After a fork: the workers, and who has a turn, are the parent's."""
    global _lock, _turns
    for worker in _idle:
        worker.door.close()
    _idle.clear()
    _lock = threading.Lock()
    _turns = threading.BoundedSemaphore(max(2, len(os.sched_getaffinity(0))))


atexit.register(_end_all)
os.register_at_fork(after_in_child=_forget)
