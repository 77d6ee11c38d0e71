"""What a listing's pictures say about its category.

A model has one voice or several (a network, a classifier over patches); their log-probabilities
are added with weights learned on held-out listings, and several pictures of a listing are
averaged. Trained by `train/image.py`. Serving imports neither torch nor scikit-learn.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from support.blend import log_normalize
from support.errors import ModelDamagedError

from .image_net import ImageNet
from .image_patches import PatchVoice
from .patch_filters import SIDE
from .picture_batches import Broken, Pixels, read_batches

Scores = npt.NDArray[np.float32]
_FILE: Final = "image.json"
_BATCH: Final = 32  # pictures: more make nothing quicker on two cores


class PictureVoice(Protocol):
    """Says of single pictures how likely each label is."""

    name: str

    @property
    def side(self) -> int | None:
        """Of the squares that it reads; None: of any."""

    def log_scores(self, pixels: Pixels) -> Scores:
        """(n, labels) log-probabilities of (n, side, side, 3) bytes."""
        ...

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        ...


@dataclass(frozen=True, slots=True)
class Looked:
    """What the pictures of some listings say."""

    log_scores: Scores  # (n, labels); a row of NaN where no picture could be read
    broken: tuple[Broken, ...]  # pictures that could not be read, in the order they were asked for


class ImageModel:
    """Says how likely each category is, from pictures alone.

    Args:
        name: what it was trained as, such as "mobilenet_v2" or "patches+mobilenet_v2".
        labels: category paths, in the order of the columns.
        voices: at least one, of which at most one needs squares of a certain side.
        weights: of each voice, none below 0.
        threads: that decode.
    """

    def __init__(
        self,
        name: str,
        labels: Sequence[str],
        voices: Sequence[PictureVoice],
        weights: Sequence[float],
        *,
        threads: int | None = None,
    ) -> None:
        self.name = name
        self.labels = list(labels)
        self.voices = tuple(voices)
        self.weights = tuple(weights)
        self.broken: tuple[Broken, ...] = ()  # of the last `log_scores`
        self._threads = threads or 2

    @property
    def side(self) -> int:
        """Of the squares that pictures are brought to, in pixels."""
        return next((voice.side for voice in self.voices if voice.side), SIDE)

    def log_scores(self, pictures: Sequence[Sequence[Path]]) -> Scores:
        """(n, labels) log-probabilities; a row of NaN where no picture can be read.

        What could not be read is in `broken` until the next call.

        Args:
            pictures: of each listing any number of files.
        """
        looked = self.look(pictures)
        self.broken = looked.broken
        return looked.log_scores

    def look(self, pictures: Sequence[Sequence[Path]]) -> Looked:
        """As `log_scores`, with what could not be read beside; may be called by many at once."""
        paths = [path for some in pictures for path in some]
        owner = np.repeat(np.arange(len(pictures)), [len(some) for some in pictures])
        total = np.zeros((len(pictures), len(self.labels)))
        count = np.zeros(len(pictures))
        broken: list[Broken] = []
        batches = read_batches(paths, side=self.side, batch_size=_BATCH, threads=self._threads)
        for batch in batches:
            broken += batch.broken
            if len(batch.pixels):
                owners = owner[batch.positions]
                np.add.at(total, owners, self.judge(batch.pixels))
                np.add.at(count, owners, 1)
        seen = count > 0
        total[~seen] = np.nan
        total[seen] = log_normalize(total[seen] / count[seen, None])
        return Looked(total.astype(np.float32), tuple(broken))

    def judge(self, pixels: Pixels) -> Scores:
        """(n, labels) log-probabilities of single pictures, (n, side, side, 3) bytes."""
        told = [voice.log_scores(pixels) for voice in self.voices]
        return mix(told, self.weights)

    def save(self, folder: Path) -> None:
        """Write it into a folder, which is made where it is not there."""
        folder.mkdir(parents=True, exist_ok=True)
        for voice in self.voices:
            voice.save(folder)
        content = {
            "name": self.name,
            "labels": self.labels,
            "voices": [voice.name for voice in self.voices],
            "weights": list(self.weights),
        }
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        (folder / _FILE).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, *, threads: int | None = None) -> Self:
        """Read what `save` wrote.

        Args:
            folder: where it was saved.
            threads: at most so many compute and decode; None: as many as there are cores, two.

        Raises:
            ModelDamagedError: a file is missing or cannot be read.
        """
        try:
            content = json.loads((folder / _FILE).read_text(encoding="utf-8"))
            voices = [_load_voice(folder, name, threads) for name in content["voices"]]
            return cls(
                content["name"], content["labels"], voices, content["weights"], threads=threads
            )
        except (OSError, ValueError, KeyError) as error:
            raise ModelDamagedError(
                f"The picture model in {folder} cannot be read ({error}). "
                f"Train it again: faqdesk train category"
            ) from error


def mix(told: Sequence[Scores], weights: Sequence[float]) -> Scores:
    """(n, labels) log-probabilities: the weighted sum of those of several voices."""
    total = sum(
        weight * scores.astype(np.float64) for weight, scores in zip(weights, told, strict=True)
    )
    return log_normalize(np.asarray(total)).astype(np.float32)


def _load_voice(folder: Path, name: str, threads: int | None) -> PictureVoice:
    if name == PatchVoice.name:
        return PatchVoice.load(folder)
    if name == ImageNet.name:
        return ImageNet.load(folder, threads=threads)
    raise ValueError(f"no voice is called {name!r}")
