"""The category model in force, loaded once a process and again whenever another is published."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from support.errors import ModelError, ModelMissingError
from support.release import current, pointer

from .categorise import KIND, CategoryClassifier

THREADS: Final = 1  # of one answer; a console gives several at once
CURE: Final = "Train one: faqdesk train category"


@dataclass(frozen=True, slots=True)
class Followed:
    """What is loaded; `missing` says why there is no model, and the cure."""

    classifier: CategoryClassifier | None = None
    folder: Path | None = None
    missing: str = ""


class CategoryFollower:
    """Looks at `models/current-category` before each use; a stat call where nothing changed."""

    def __init__(self, models: Path) -> None:
        """Follow the `models` folder of a workspace; nothing is read yet."""
        self._models = models
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._followed = Followed(missing=f"There is no category model yet. {CURE}")

    def followed(self) -> Followed:
        """The model in force, or why there is none."""
        try:
            stat = pointer(self._models, KIND).stat()
        except FileNotFoundError:
            return self._followed
        stamp = (stat.st_mtime_ns, stat.st_ino)
        with self._lock:
            if stamp != self._stamp:
                self._followed = _load(self._models)
                self._stamp = stamp
            return self._followed

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


def _load(models: Path) -> Followed:
    try:
        folder = folder_in_force(models)
        return Followed(CategoryClassifier.load(folder, threads=THREADS), folder)
    except ModelError as error:
        return Followed(missing=str(error))
