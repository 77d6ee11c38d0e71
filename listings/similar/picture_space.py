"""Photos as vectors in which two photos of one thing are near: colours, patches, and a projection.

What typical colours and patches a photo holds and where is brought to few numbers in which photos
of one listing differ least. `train/picture_space.py` learns it from listings with several photos;
nothing is labelled by hand.
"""

from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import save_file

from listings.patch_filters import Floats, PatchFilters, Scale
from listings.picture_batches import Pixels
from support.artifact import read_artifact
from support.errors import ModelDamagedError
from support.mapped import mapped

from .colour_words import ColourWords

KIND: Final = "similar"
SIDE: Final = 96  # of the squares that are described
_FILE: Final = "space.safetensors"


class PictureSpace:
    """Brings photos to unit vectors.

    Args:
        filters: typical patches of each scale.
        colours: typical colours.
        projection: (dim, k) of colours, then of patches, one scale after the other.
        shift: (k,), what is taken off.
        version: changes whenever the vectors would.
    """

    def __init__(
        self,
        filters: Sequence[PatchFilters],
        colours: ColourWords,
        projection: npt.NDArray[Any],
        shift: Floats,
        *,
        version: str = "",
    ) -> None:
        self.filters = tuple(filters)
        self.colours = colours
        self._stored = projection
        self._projection = projection.astype(np.float32)
        self._shift = shift
        self.version = version

    @property
    def parts(self) -> list[ColourWords | PatchFilters]:
        """What describes photos, in the order of the projection's rows."""
        return [self.colours, *self.filters]

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return len(self._shift)

    def encode(self, pixels: Pixels) -> Floats:
        """(n, dim) float32, rows of length 1, of (n, side, side, 3) bytes."""
        if not len(pixels):
            return np.empty((0, self.dim), np.float32)
        vectors = -np.tile(self._shift, (len(pixels), 1))
        at = 0
        for part in self.parts:
            vectors += part.describe(pixels) @ self._projection[at : at + part.dim]
            at += part.dim
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        # One in the very middle of all photos is like no other more than another.
        middle = lengths[:, 0] < 1e-9
        vectors[middle, 0] = 1
        lengths[middle] = 1
        return np.asarray(vectors / lengths, np.float32)

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        tensors: dict[str, npt.NDArray[Any]] = {
            "projection": self._stored,
            "shift": self._shift,
            "colours": self.colours.centres,
            "reach": np.array([self.colours.reach], np.float32),
            "scales": np.array([astuple(one.scale) for one in self.filters], np.int32),
        }
        for number, one in enumerate(self.filters):
            tensors |= {f"filters.{number}": one.weights, f"offsets.{number}": one.offsets}
        save_file({name: np.ascontiguousarray(v) for name, v in tensors.items()}, folder / _FILE)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open a model folder.

        Raises:
            ModelError: it is missing, damaged, or of another kind.
        """
        artifact = read_artifact(folder, KIND)
        try:
            tensors = mapped(folder / _FILE)
            filters = [
                PatchFilters(Scale(*scale), tensors[f"filters.{i}"], tensors[f"offsets.{i}"])
                for i, scale in enumerate(tensors["scales"].tolist())
            ]
            return cls(
                filters,
                ColourWords(tensors["colours"], float(tensors["reach"][0])),
                tensors["projection"],
                tensors["shift"],
                version=artifact.version,
            )
        except (OSError, KeyError, TypeError, SafetensorError) as error:
            raise ModelDamagedError(
                f"{folder / _FILE} cannot be read ({error}). Train it again: faqdesk train similar"
            ) from error
