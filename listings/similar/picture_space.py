"""Photos as vectors in which two photos of one thing are near: patches, colours, and a projection.

What typical patches a photo holds and where, beside its colours, is brought to few numbers in which
photos of one listing differ least. `train/picture_space.py` learns it from listings with several
photos; nothing is labelled by hand.
"""

from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from listings.image_patches import describe
from listings.patch_filters import Floats, PatchFilters, Scale
from listings.picture_batches import Pixels
from support.artifact import read_artifact
from support.errors import ModelDamagedError

KIND: Final = "similar"
SIDE: Final = 96  # of the squares that are described
_FILE: Final = "space.safetensors"
_CELLS: Final = 2  # colours are counted in so many by so many parts, and in all of it
_LEVELS: Final = 4  # of each of red, green and blue
COLOURS: Final = (_CELLS**2 + 1) * _LEVELS**3


class PictureSpace:
    """Brings photos to unit vectors.

    Args:
        filters: typical patches of each scale.
        projection: (dim, k) of patch descriptions, one scale after the other, then `COLOURS`.
        shift: (k,), what is taken off.
        version: changes whenever the vectors would.
    """

    def __init__(
        self,
        filters: Sequence[PatchFilters],
        projection: npt.NDArray[Any],
        shift: Floats,
        *,
        version: str = "",
    ) -> None:
        self.filters = tuple(filters)
        self._stored = projection
        self._projection = projection.astype(np.float32)
        self._shift = shift
        self.version = version

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return len(self._shift)

    def encode(self, pixels: Pixels) -> Floats:
        """(n, dim) float32, rows of length 1, of (n, side, side, 3) bytes."""
        if not len(pixels):
            return np.empty((0, self.dim), np.float32)
        vectors = look_at(self.filters, pixels) @ self._projection - self._shift
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        # One in the very middle of all photos is like no other more than another.
        vectors[lengths[:, 0] < 1e-9, 0] = 1
        return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        tensors: dict[str, npt.NDArray[Any]] = {
            "projection": self._stored,
            "shift": self._shift,
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
            tensors = load_file(folder / _FILE)
            filters = [
                PatchFilters(Scale(*scale), tensors[f"filters.{i}"], tensors[f"offsets.{i}"])
                for i, scale in enumerate(tensors["scales"].tolist())
            ]
            return cls(filters, tensors["projection"], tensors["shift"], version=artifact.version)
        except (OSError, KeyError, TypeError, SafetensorError) as error:
            raise ModelDamagedError(
                f"{folder / _FILE} cannot be read ({error}). Train it again: faqdesk train similar"
            ) from error


def look_at(filters: Sequence[PatchFilters], pixels: Pixels) -> Floats:
    """(n, dim): what patches are where, then what colours."""
    return np.concatenate([describe(filters, pixels), colours(pixels)], axis=1)


def colours(pixels: Pixels) -> Floats:
    """(n, COLOURS): the root of how much of each part, and of the whole, has each colour."""
    levels = (pixels // (256 // _LEVELS)).astype(np.int64)
    numbers = (levels[..., 0] * _LEVELS + levels[..., 1]) * _LEVELS + levels[..., 2]
    n, side = numbers.shape[:2]
    kinds, half = _LEVELS**3, side // _CELLS
    found = np.zeros((n, _CELLS**2, kinds), np.float32)
    rows = np.arange(n)[:, None]
    for part in range(_CELLS**2):
        top, left = divmod(part, _CELLS)
        cell = numbers[:, top * half : (top + 1) * half, left * half : (left + 1) * half]
        flat = (rows * kinds + cell.reshape(n, -1)).ravel()
        counts = np.bincount(flat, minlength=n * kinds).reshape(n, kinds)
        found[:, part] = counts / max(half * half, 1)
    whole = found.mean(axis=1, keepdims=True)
    every: Floats = np.sqrt(np.concatenate([whole, found], axis=1)).reshape(n, -1)
    return every
