"""What a process of a cluster does for a run: opens the work once, then does items as they come.

Errors travel as values, so that the person who asked is told what the item said and not what the
cluster made of it. Imports no cluster.
"""

import os
import pickle
import platform
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from .errors import FaqdeskError
from .processes import ONE_THREAD

# What decides the bytes that a run writes, beside what it was given.
ALIKE: Final = ("faqdesk", "numpy", "scipy", "onnxruntime", "fasttext", "tokenizers", "faiss-cpu",
                "pillow", "pyarrow")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Given:
    """The work of a run, as it travels."""

    packed: bytes  # the opener
    key: str  # names it
    versions: dict[str, str]  # of the machine that began the run

    @classmethod
    def of(cls, opener: Any) -> "Given":
        """Pack an opener."""
        packed = pickle.dumps(opener)
        return cls(packed, sha256(packed).hexdigest(), versions())


@dataclass(frozen=True, slots=True)
class Made:
    """What became of an item: its result, or the error that it raised."""

    result: Any
    error: BaseException | None


_opened: dict[str, Callable[[Any], Any]] = {}  # the last work of this process


def do(item: Any, given: Given) -> Made:
    """Do an item, opening the work first where this process has not yet."""
    try:
        work = _opened.get(given.key)
        if work is None:
            work = _open(given)
        return Made(work(item), None)
    except Exception as error:
        return Made(None, _carried(error))


def versions() -> dict[str, str]:
    """The versions here of what decides the bytes; "" is not installed."""
    found = {"machine": platform.machine()}
    for name in ALIKE:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def _open(given: Given) -> Callable[[Any], Any]:
    here = versions()
    other = [name for name in given.versions if given.versions[name] != here.get(name, "")]
    if other:
        told = ", ".join(
            f"{name} {here.get(name) or 'none'} instead of {given.versions[name] or 'none'}"
            for name in other
        )
        raise FaqdeskError(
            f"{platform.node()} has {told}, so its rows could differ from the others'. "
            "Install on every machine of the cluster what the one has that begins the run."
        )
    # Sums in another order differ in their last digit: one thread, as on one machine.
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    work: Callable[[Any], Any] = pickle.loads(given.packed).open()  # noqa: S301 - the run's own
    threadpool_limits(1)  # for the rest of this process
    _opened.clear()
    _opened[given.key] = work
    return work


def _carried(error: Exception) -> BaseException:
    """An error as it can travel, with where it happened."""
    host = platform.node()
    error.add_note(f"On {host}:\n{traceback.format_exc()}")
    try:
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - just made
    except Exception:  # its class takes more than its words
        again = None
    if type(again) is type(error):
        return error
    kind = FaqdeskError if isinstance(error, FaqdeskError) else RuntimeError
    plain = kind(str(error) if kind is FaqdeskError else f"{type(error).__name__}: {error}")
    plain.__notes__ = error.__notes__
    return plain
