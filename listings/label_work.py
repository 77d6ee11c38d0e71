"""Opens a category model for the shards of a run, in whatever process does them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from support.artifact import read_artifact

from .categorise import KIND, CategoryClassifier
from .label import Classifier, Labeller, LabelOptions
from .shard_work import check_here
from .tables import Layout


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of a model before it is opened."""

    version: str
    sees: bool  # whether it looks at pictures


class Engine(Protocol):
    """Opens a classifier in whatever process needs one; can be pickled."""

    def describe(self) -> Model:
        """Tell of the model."""
        ...

    def open(self) -> Classifier:
        """Open it, to work with one thread."""
        ...


@dataclass(frozen=True, slots=True)
class CategoryEngine:
    """Opens the category model in a folder."""

    folder: Path

    def __post_init__(self) -> None:
        """Name the folder so that whoever was started elsewhere finds it."""
        object.__setattr__(self, "folder", self.folder.absolute())

    def describe(self) -> Model:
        """Tell of the model, its files checked."""
        artifact = read_artifact(self.folder, KIND)
        return Model(artifact.version, bool(artifact.config.get("image")))

    def open(self) -> CategoryClassifier:
        """Open it, for one thread: sums in another order differ in their last digit."""
        return CategoryClassifier.load(self.folder, threads=1)


@dataclass(frozen=True, slots=True)
class LabelWork:
    """Opens the work of labelling; can be pickled."""

    engine: Engine
    version: str
    options: LabelOptions

    def open(self, layout: Layout) -> Labeller:
        """Open the model for the work.

        Raises:
            ModelError: it is not there, or not the one that the run was begun with.
            InputError: the folder of pictures is not there.
        """
        model = self.engine.open()
        check_here("category model", model.version, self.version, self.options.images)
        return Labeller(
            model,
            version=self.version,
            options=self.options,
            header=layout.columns,
            names=[name for name, _ in layout.added],
        )
