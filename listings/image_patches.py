"""Categories from small patches of a picture: quick to learn from few photos, numpy alone.

Every patch is compared with some hundreds of typical ones that were found among unlabelled photos
(Coates, Lee and Ng, 2011, "An analysis of single-layer networks in unsupervised feature
learning"); how much of each is where in the picture is what the picture looks like. A kernel over
that says the category: a picture is compared with some of those that were learned from.
`train/image_patches.py` learns both.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from PIL import Image
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from support.blend import log_normalize
from support.errors import ModelDamagedError

from .picture_batches import Pixels

Floats = npt.NDArray[np.float32]
SIDE: Final = 48  # of the pictures that patches are cut from, in pixels
PATCH: Final = 6  # the side of a patch
STRIDE: Final = 2  # from one patch to the next
CELLS: Final = 3  # a picture is three by three cells
ENOUGH: Final = 0.5  # a likeness below it counts as none
_FILE: Final = "patches.safetensors"
_CONTRAST: Final = 10 / 255**2  # keeps even patches, which are but noise, from being blown up
_AT_ONCE: Final = 32  # pictures: more would leave the processor's caches


@dataclass(frozen=True, slots=True)
class PatchFilters:
    """Typical patches."""

    weights: Floats  # (filters, 3 * PATCH * PATCH), whitening included
    offsets: Floats  # (filters,)

    @property
    def dim(self) -> int:
        """How many numbers describe a picture."""
        return 2 * CELLS * CELLS * len(self.weights)

    def describe(self, pixels: Pixels) -> Floats:
        """(n, dim) of (n, side, side, 3) bytes: what is where."""
        found = np.empty((len(pixels), self.dim), np.float32)
        for start in range(0, len(pixels), _AT_ONCE):
            some = pixels[start : start + _AT_ONCE]
            found[start : start + len(some)] = self._describe(shrink(some))
        return found

    def _describe(self, pixels: Pixels) -> Floats:
        patches, grid = cut(pixels)
        likeness = normalize(patches) @ self.weights.T
        likeness -= self.offsets
        likeness = likeness.reshape(len(pixels), grid, grid, -1)
        edges = np.arange(CELLS) * grid // CELLS
        sizes = np.diff([*edges, grid]).astype(np.float32)
        area = (sizes[:, None] * sizes)[None, :, :, None]
        cells = []
        for sign in (1, -1):
            over = np.maximum(sign * likeness - ENOUGH, 0)
            pooled = np.add.reduceat(np.add.reduceat(over, edges, axis=1), edges, axis=2)
            cells.append(np.sqrt(pooled / area).reshape(len(pixels), -1))
        return np.concatenate(cells, axis=1)


class PatchVoice:
    """Says of squares of bytes how likely each label is.

    Args:
        filters: typical patches.
        tensors: `projection` (dim, k) and `shift` (k,) bring a description to k numbers,
            `anchors` (m, k) are pictures to compare with, `width` (1,) is how far likeness
            reaches, `answers` (m, labels) what each anchor says, `slope` (1,) makes
            probabilities of it.
    """

    name = "patches"
    side = None  # squares of any side are made smaller

    def __init__(self, filters: PatchFilters, tensors: dict[str, npt.NDArray[Any]]) -> None:
        self.filters = filters
        self._stored = tensors
        self._tensors = {name: value.astype(np.float32) for name, value in tensors.items()}

    def log_scores(self, pixels: Pixels) -> Floats:
        """(n, labels) log-probabilities of (n, side, side, 3) bytes, of any side."""
        return self.judge(self.filters.describe(pixels))

    def judge(self, descriptions: Floats) -> Floats:
        """(n, labels) log-probabilities of (n, dim) descriptions."""
        own = self._tensors
        near = kernel(
            descriptions @ own["projection"] - own["shift"], own["anchors"], own["width"].item()
        )
        return log_normalize(near @ own["answers"] * own["slope"]).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        filters = {"filters": self.filters.weights, "offsets": self.filters.offsets}
        every = {**filters, **self._stored}
        save_file({name: np.ascontiguousarray(v) for name, v in every.items()}, folder / _FILE)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            ModelDamagedError: the file cannot be read.
        """
        try:
            tensors = load_file(folder / _FILE)
            filters = PatchFilters(tensors.pop("filters"), tensors.pop("offsets"))
        except (OSError, KeyError, SafetensorError) as error:
            raise ModelDamagedError(
                f"{folder / _FILE} cannot be read ({error}). Train it again: faqdesk train category"
            ) from error
        return cls(filters, tensors)


def shrink(pixels: Pixels) -> Pixels:
    """(n, SIDE, SIDE, 3) of (n, side, side, 3)."""
    if pixels.shape[1] == SIDE:
        return pixels
    small = [Image.fromarray(one).resize((SIDE, SIDE), Image.Resampling.BILINEAR) for one in pixels]
    return np.stack([np.asarray(one) for one in small]) if small else pixels[:, :SIDE, :SIDE]


def cut(pixels: Pixels) -> tuple[Floats, int]:
    """(n * grid * grid, 3 * PATCH * PATCH) patches from 0 to 1, and how many a row."""
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (PATCH, PATCH), axis=(1, 2))
    windows = windows[:, ::STRIDE, ::STRIDE]
    flat = windows.reshape(-1, PATCH * PATCH * 3).astype(np.float32)
    flat /= 255
    return flat, windows.shape[1]


def normalize(patches: Floats) -> Floats:
    """Take out light and contrast, in place."""
    patches -= patches.mean(axis=1, keepdims=True)
    spread = np.einsum("ij,ij->i", patches, patches) / patches.shape[1]
    patches /= np.sqrt(spread + np.float32(_CONTRAST))[:, None]
    return patches


def kernel(some: Floats, others: Floats, width: float) -> Floats:
    """(n, m) likeness of each of (n, k) to each of (m, k), from 0 to 1 for the same."""
    apart = (some * some).sum(axis=1)[:, None] + (others * others).sum(axis=1)
    apart -= 2 * (some @ others.T)
    return np.asarray(np.exp(apart / -width), np.float32)
