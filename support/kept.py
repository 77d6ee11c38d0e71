"""Parts of models that this process holds already: none whose files are as they were is read twice.

A release often takes over parts of the one before: an index that is built anew leaves encoder and
classifier as they are. What a process has read before it is divided lies in all of its children
once, and none of them reads it again. Nothing is held here: a part goes when its last user does.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")
_Look = tuple[tuple[str, int, int, int, int], ...]

_parts: "WeakValueDictionary[tuple[str, Path, _Look], object]" = WeakValueDictionary()
_lock = threading.Lock()  # of the dictionary; never held while something is read


def once(
    kind: str,
    folder: Path,
    load: Callable[[], T],
    *,
    fits: Callable[[T], bool] = lambda found: True,
) -> T:
    """A part of a model: the one that is held, else read now.

    Args:
        kind: what it is; one folder may be read as several things.
        folder: where its files lie. It is the same part as long as none of them was written,
            replaced, added or taken away since.
        load: reads it, sums compared; whatever it raises.
        fits: whether the one that is held will do.
    """
    look = _look(folder)
    key = (kind, folder.absolute(), look)
    with _lock:
        held = _parts.get(key)
    if held is not None and fits(held):  # type: ignore[arg-type]
        return held  # type: ignore[return-value]
    found = load()
    if _look(folder) == look:  # not of files that came while it was read
        with _lock:
            _parts[key] = found
    return found


def _look(folder: Path) -> _Look:
    """What changes when any file does, also one that is given its old time back."""
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            stat = path.lstat()
        except OSError:
            continue
        found.append((str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    return tuple(found)
