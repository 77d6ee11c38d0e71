"""Models in force, each loaded once a process and again whenever another takes its place."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final, Generic, TypeVar

from support.errors import ModelError, ModelMissingError
from support.release import current, pointer
from support.release_state import LOOK_SECONDS, stamp

from .categorise import KIND, CategoryClassifier

THREADS: Final = 1  # of one answer; a console gives several at once
CURE: Final = "Train one: faqdesk train category"

T = TypeVar("T")


class Follower(Generic[T]):
    """Holds what is made of some files; made again when one of them is another.

    Args:
        files: looked at before each use: a stat call each where nothing changed.
        make: called where they changed, and at the first use; one thread at a time.
        amiss: whether what was made lacks something; then `stamp` is asked every few seconds, and
            it is made anew when that is another.
        stamp: how all files look that it is made of.
    """

    def __init__(
        self,
        files: Sequence[Path],
        make: Callable[[], T],
        *,
        amiss: Callable[[T], bool] = lambda held: False,
        stamp: Callable[[], object] = lambda: None,
    ) -> None:
        self._files = tuple(files)
        self._make = make
        self._amiss = amiss
        self._look = stamp
        self._damage: object = None
        self._again_at = 0.0
        self._lock = threading.Lock()
        self._stamp: tuple[tuple[int, int], ...] | None = None
        self._held: T | None = None

    def held(self) -> T:
        """What is made of the files as they are now; whatever making it raises."""
        stamp = tuple(map(_stamp, self._files))
        with self._lock:
            if self._held is None or stamp != self._stamp or self._mended(self._held):
                self._damage = self._look()
                self._held = self._make()
                self._stamp = stamp
            return self._held

    def _mended(self, held: T) -> bool:
        """Whether the files of something that lacks a part are others by now."""
        if not self._amiss(held) or monotonic() < self._again_at:
            return False
        self._again_at = monotonic() + LOOK_SECONDS
        return self._look() != self._damage


@dataclass(frozen=True, slots=True)
class Followed:
    """What is loaded; `missing` says why there is no model, and the cure."""

    classifier: CategoryClassifier | None = None
    folder: Path | None = None
    missing: str = ""


class CategoryFollower:
    """The category model in force."""

    def __init__(self, models: Path) -> None:
        """Follow the `models` folder of a workspace; nothing is read yet."""
        self._follower = Follower(
            [pointer(models, KIND)],
            lambda: _load(models),
            amiss=lambda found: bool(found.missing),
            stamp=lambda: stamp(models, KIND),
        )

    def followed(self) -> Followed:
        """The model in force, or why there is none."""
        return self._follower.held()

    def classifier(self) -> CategoryClassifier:
        """The model in force.

        Raises:
            ModelMissingError: there is none that can be used.
        """
        found = self.followed()
        if found.classifier is None:
            raise ModelMissingError(found.missing)
        return found.classifier


def folder_in_force(models: Path) -> Path:
    """Where the category model in force lies.

    Raises:
        ModelMissingError: there is none.
        ModelDamagedError: the file that names it is damaged.
    """
    release = current(models, line=KIND)
    folder = release.folder(models, KIND) if release else None
    if folder is None:
        raise ModelMissingError(f"There is no category model yet. {CURE}")
    return folder


def _stamp(file: Path) -> tuple[int, int]:
    """What changes when a file is another; zeros where there is none."""
    try:
        stat = file.stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_ino


def _load(models: Path) -> Followed:
    try:
        folder = folder_in_force(models)
        return Followed(CategoryClassifier.load(folder, threads=THREADS), folder)
    except ModelError as error:
        return Followed(missing=str(error))
