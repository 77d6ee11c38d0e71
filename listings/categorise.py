"""Which category a listing belongs in: the door above text model, picture model and ensemble."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from support.artifact import read_artifact
from support.errors import ModelDamagedError
from support.linear import Contribution

from .ensemble import IMAGE, TEXT, TITLE, Blended, Ensemble, Probabilities, Scores
from .listing import Listing
from .path_tree import Tree
from .text_model import TextModel, load_text_model

KIND: Final = "category"
_TOLD: Final = ("text", "image")  # what people are told that spoke


class PictureModel(Protocol):
    """What the ensemble asks of a picture model."""

    name: str
    labels: list[str]

    def log_scores(self, pictures: Sequence[Sequence[Path]]) -> Scores:
        """(n, labels) log-probabilities; a row of NaN where no picture can be read."""
        ...

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        ...


@dataclass(frozen=True, slots=True)
class Guess:
    """One category, how likely it is, and the words that speak for it, strongest first."""

    path: str
    probability: float  # calibrated
    words: tuple[Contribution, ...] = ()


@dataclass(frozen=True, slots=True)
class CategorySuggestion:
    """What one listing looks like."""

    guesses: tuple[Guess, ...]  # at most top_k, best first; empty where nothing can be said
    review: bool  # the first is not sure enough: a person should look
    branch: str  # the deepest branch of the tree that is sure enough, itself included; "" if none
    voices: tuple[str, ...]  # those that spoke: ("text",), ("text", "image"), ("image",) or ()


class CategoryClassifier:
    """Suggests categories for listings, by whatever of words and pictures they have."""

    def __init__(
        self,
        labels: Sequence[str],
        *,
        texts: Sequence[TextModel],
        image: Callable[[], PictureModel] | None,
        ensemble: Ensemble,
        threshold: float | None,
        version: str = "",
    ) -> None:
        """Join the parts.

        Args:
            labels: category paths in the order of every text model's columns.
            texts: text models.
            image: opens the picture model when the first picture is to be seen.
            ensemble: fusions over the names of the text models and "image".
            threshold: the least probability that needs no look; None: everything needs one.
            version: of the model folder.
        """
        self.labels = list(labels)
        self.version = version
        self.threshold = threshold
        self.ensemble = ensemble
        self.tree = Tree(self.labels)
        self._texts = {model.name: model for model in texts}
        self._open_image = image

    @classmethod
    def load(cls, folder: Path, *, threads: int | None = None) -> Self:
        """Read a model of kind "category".

        Args:
            folder: the model folder.
            threads: at most so many for pictures; None: what the engine thinks best.

        Raises:
            ModelMissingError: there is no such folder.
            ModelDamagedError: a file is missing or is not as it was written.
            ModelVersionError: it is of another kind, or another version of faqdesk wrote it.
        """
        artifact = read_artifact(folder, KIND)
        config = artifact.config
        try:
            labels = list(config["labels"])
            image = _image_opener(folder / IMAGE, threads) if config["image"] else None
            return cls(
                labels,
                texts=[load_text_model(folder / name, name, labels) for name in config["texts"]],
                image=image,
                ensemble=Ensemble.load(folder, config["situations"]),
                threshold=config["threshold"],
                version=artifact.version,
            )
        except KeyError as error:
            raise ModelDamagedError(
                f"{folder}/config.json lacks {error}. Train it again: faqdesk train category"
            ) from error

    def config(self) -> dict[str, Any]:
        """What `load` must know; plain JSON."""
        return {
            "labels": self.labels,
            "texts": list(self._texts),
            "image": self.sees,
            "situations": self.ensemble.situations,
            "threshold": self.threshold,
        }

    def save(self, folder: Path) -> None:
        """Write the parts, each text model and the picture model into a folder of its own."""
        for name, model in self._texts.items():
            model.save(folder / name)
        if self.image is not None:
            self.image.save(folder / IMAGE)
        self.ensemble.save(folder)

    @cached_property
    def image(self) -> PictureModel | None:
        """The picture model; opened when it is first asked for."""
        return self._open_image() if self._open_image else None

    @property
    def sees(self) -> bool:
        """Whether pictures are looked at."""
        return self._open_image is not None

    def predict(
        self, listings: Sequence[Listing], *, top_k: int = 3, words: bool = False
    ) -> list[CategorySuggestion]:
        """Suggest categories, best first.

        Args:
            listings: any number; one without words and readable pictures gets no guess.
            top_k: how many guesses each.
            words: whether to say which words speak for each guess; takes much longer.

        Raises:
            ValueError: top_k is less than 1.
        """
        if top_k < 1:
            raise ValueError(f"top_k must be at least 1, got {top_k}.")
        if not listings:
            return []
        blended = self.blend(listings)
        silent = np.isnan(blended.probabilities[:, 0])
        known = np.where(silent[:, None], 0.0, blended.probabilities)
        order = _best(known, min(top_k, len(self.labels)))
        chances = np.take_along_axis(known, order, axis=1)
        review = silent | (
            True if self.threshold is None else chances[:, 0] < self.threshold - 1e-12
        )
        branches = (
            [""] * len(listings)
            if self.threshold is None
            else self.tree.deepest(known, self.threshold)
        )
        rows = zip(
            listings, order.tolist(), chances.tolist(), review.tolist(), branches,
            blended.voices, strict=True,
        )  # fmt: skip
        return [
            CategorySuggestion(
                self._guesses(listing, ids, values, words=words) if voices else (),
                look,
                branch,
                _told(voices),
            )
            for listing, ids, values, look, branch, voices in rows
        ]

    def blend(self, listings: Sequence[Listing]) -> Blended:
        """Probabilities of every category: the first half of `predict`."""
        told = [_words_there(listing) for listing in listings]
        scores: dict[str, Scores] = {}
        texts = [listing.text for listing in listings] if any(told) else []
        if texts:
            scores |= {name: model.log_scores(texts) for name, model in self._texts.items()}
        seen = [False] * len(listings)
        rows = [
            i for i, listing in enumerate(listings)
            if listing.pictures and self.sees and self.ensemble.hears(IMAGE, told[i])
        ]  # fmt: skip
        if rows:
            scores[IMAGE], seen = self._look(listings, rows)
        return self.ensemble.blend(scores, told=told, seen=seen)

    def _look(self, listings: Sequence[Listing], rows: list[int]) -> tuple[Scores, list[bool]]:
        """What the picture model says: (n, labels), and of which rows."""
        assert self.image is not None  # noqa: S101 - asked only where pictures are looked at
        found = self.image.log_scores([listings[i].pictures for i in rows])
        full = np.full((len(listings), len(self.labels)), np.nan, np.float32)
        full[rows] = spread(found, self.image.labels, self.labels)
        return full, (~np.isnan(full[:, 0])).tolist()

    def _guesses(
        self, listing: Listing, ids: Sequence[int], values: Sequence[float], *, words: bool
    ) -> tuple[Guess, ...]:
        labels = self.labels
        if not words:
            return tuple([Guess(labels[i], value) for i, value in zip(ids, values, strict=True)])
        return tuple(
            Guess(labels[i], value, self._say(listing.text, i))
            for i, value in zip(ids, values, strict=True)
        )

    def _say(self, text: str, label: int) -> tuple[Contribution, ...]:
        """The words of the first text model that can tell."""
        for model in self._texts.values():
            if text.strip() and (found := model.words(text, label)):
                return tuple(found)
        return ()


def spread(scores: Scores, have: Sequence[str], want: Sequence[str]) -> Scores:
    """Bring (n, labels) log-probabilities over some labels into the order of others.

    A label that the model never saw gets what an even guess would give it: no word for or against.
    """
    if list(have) == list(want):
        return scores
    place = {label: i for i, label in enumerate(have)}
    found = np.full((len(scores), len(want)), -np.log(len(want)), np.float32)
    both = [(i, place[label]) for i, label in enumerate(want) if label in place]
    found[:, [i for i, _ in both]] = scores[:, [j for _, j in both]]
    found[np.isnan(scores[:, 0])] = np.nan
    return found


def _words_there(listing: Listing) -> str:
    if listing.description.strip():
        return TEXT
    return TITLE if listing.title.strip() else ""


def _told(voices: tuple[str, ...]) -> tuple[str, ...]:
    spoke = {IMAGE if name == IMAGE else TEXT for name in voices}
    return tuple(name for name in _TOLD if name in spoke)


def _best(probabilities: Probabilities, count: int) -> npt.NDArray[np.int64]:
    """(n, count) labels, likeliest first, of equals the first."""
    if count < probabilities.shape[1]:
        some = np.sort(np.argpartition(-probabilities, count - 1, axis=1)[:, :count], axis=1)
    else:
        some = np.tile(np.arange(count), (len(probabilities), 1))
    chances = np.take_along_axis(probabilities, some, axis=1)
    order = np.argsort(-chances, axis=1, kind="stable")
    return np.asarray(np.take_along_axis(some, order, axis=1), dtype=np.int64)


def _image_opener(folder: Path, threads: int | None) -> Callable[[], PictureModel]:
    def read() -> PictureModel:
        from .image_model import ImageModel  # its engine is loaded with it

        return ImageModel.load(folder, threads=threads)

    return read
