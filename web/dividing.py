"""What the web processes hold together: read once, before they are divided.

A process that is divided lies in memory once, until one of the halves writes. So the models in
force are read before each division, and used after it alone: whoever used an engine before would
divide it with its threads and locks. A release that is published later is read by each web process
for itself; what is mapped from files, and what is taken over from the release before, is shared
still.
"""

import ctypes
import gc
import os
from contextlib import suppress
from functools import partial
from typing import Final

import structlog
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from support.models import Follower, Models, load
from support.processes import ONE_THREAD
from support.release import pointer
from support.workspace import Workspace

from .inquiries_follow import InquiryServer

log = structlog.get_logger("faqdesk.serve")

_UNREAD: Final = (-1, -1)
_MMAP_THRESHOLD: Final = -3  # mallopt(3)
_LARGE: Final = 4 << 20  # bytes


def one_core() -> None:
    """Let the matrix products of this process, and of those it is divided into, take one core.

    There is a web process for each core: threads that a matrix product starts would only wait for
    those of the others (search at 16 agents: p95 233 to 71 ms).
    """
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))  # for libraries loaded from now on
    threadpool_limits(1)


def give_back() -> None:
    """Let the memory of a model that is let go return to the system, not to the heap.

    glibc otherwise raises its own limit with the first large block that is freed: of ten
    classifiers put in force one after the other a process then kept thirty megabytes more.
    """
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)


class Shared:
    """The models in force, as the next web process begins with them."""

    def __init__(self, workspace: Workspace) -> None:
        """Take a desk; nothing is read yet."""
        self._models = workspace.models
        self._held: Models | None = None
        self._of = _UNREAD

    def read(self) -> None:
        """Read what is in force, unless it is held already; trouble is left to whoever uses it."""
        found = self._stamp()
        if found == self._of:
            return
        self._of, self._held = found, None
        try:
            through = InquiryServer().through  # where one is named, no index is opened here
            self._held = Follower(self._models, load=partial(load, through=through)).models()
        except Exception:
            log.warning("models are not shared by the web processes", exc_info=True)
        # What is here now is looked through for cycles no more: each look writes beside every
        # object, and what is written is shared no longer.
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def let_go(self) -> None:
        """Hold on to nothing that is not in force: its files may be deleted by now."""
        if self._of not in (_UNREAD, self._stamp()):
            self._of, self._held = _UNREAD, None

    def _stamp(self) -> tuple[int, int]:
        try:
            stat = pointer(self._models).stat()
        except OSError:
            return 0, 0
        return stat.st_mtime_ns, stat.st_ino
