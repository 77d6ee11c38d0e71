"""What a picture looks like, in numbers: how much of each typical patch is where.

Every patch is compared with some hundreds of typical ones that were found among unlabelled photos
(Coates, Lee and Ng, 2011, "An analysis of single-layer networks in unsupervised feature
learning"), at several sizes of the picture: small ones show what it is as a whole, large ones what
it is made of. `train/patch_filters.py` finds typical patches.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from .picture_batches import Pixels

Floats = npt.NDArray[np.float32]
ENOUGH: Final = 0.5  # a likeness below it counts as none
_CONTRAST: Final = 10 / 255**2  # keeps even patches, which are but noise, from being blown up
_AT_ONCE: Final = 32  # pictures: more would leave the processor's caches


@dataclass(frozen=True, slots=True)
class Scale:
    """A size at which pictures are looked at; all but `cells` in pixels."""

    side: int  # of the pictures that patches are cut from
    patch: int  # the side of a patch
    stride: int  # from one patch to the next
    cells: int  # a picture is so many by so many of them

    @property
    def grid(self) -> int:
        """Patches a row."""
        return (self.side - self.patch) // self.stride + 1


# Right of 13 kinds of goods by photos alone: .369 by the second alone, .384 by all three.
SCALES: Final = (Scale(24, 6, 1, 2), Scale(48, 6, 2, 3), Scale(96, 8, 4, 3))
SIDE: Final = max(scale.side for scale in SCALES)  # larger pictures show nothing more


@dataclass(frozen=True, slots=True)
class PatchFilters:
    """Typical patches of one scale."""

    scale: Scale
    weights: Floats  # (filters, 3 * patch * patch), whitening included
    offsets: Floats  # (filters,)

    @property
    def dim(self) -> int:
        """How many numbers describe a picture."""
        return 2 * self.scale.cells**2 * len(self.weights)

    def describe(self, pixels: Pixels) -> Floats:
        """(n, dim) of (n, side, side, 3) bytes, of any side: what is where."""
        found = np.empty((len(pixels), self.dim), np.float32)
        for start in range(0, len(pixels), _AT_ONCE):
            some = shrink(pixels[start : start + _AT_ONCE], self.scale.side)
            found[start : start + len(some)] = self._describe(some)
        return found

    def _describe(self, pixels: Pixels) -> Floats:
        grid, cells = self.scale.grid, self.scale.cells
        likeness = normalize(cut(pixels, self.scale)) @ self.weights.T
        likeness -= self.offsets
        likeness = likeness.reshape(len(pixels), grid, grid, -1)
        edges = np.arange(cells) * grid // cells
        sizes = np.diff([*edges, grid]).astype(np.float32)
        area = (sizes[:, None] * sizes)[None, :, :, None]
        found = []
        for sign in (1, -1):
            over = np.maximum(sign * likeness - ENOUGH, 0)
            pooled = np.add.reduceat(np.add.reduceat(over, edges, axis=1), edges, axis=2)
            found.append(np.sqrt(pooled / area).reshape(len(pixels), -1))
        return np.concatenate(found, axis=1)


def shrink(pixels: Pixels, side: int) -> Pixels:
    """(n, side, side, 3) of (n, any, any, 3)."""
    if pixels.shape[1] == side:
        return pixels
    small = [Image.fromarray(one).resize((side, side), Image.Resampling.BILINEAR) for one in pixels]
    return np.stack([np.asarray(one) for one in small]) if small else pixels[:, :side, :side]


def cut(pixels: Pixels, scale: Scale) -> Floats:
    """(n * grid * grid, 3 * patch * patch) patches of (n, side, side, 3), from 0 to 1."""
    patch, stride = scale.patch, scale.stride
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (patch, patch), axis=(1, 2))
    flat = windows[:, ::stride, ::stride].reshape(-1, patch * patch * 3).astype(np.float32)
    flat /= 255
    return flat


def normalize(patches: Floats) -> Floats:
    """Take out light and contrast, in place."""
    patches -= patches.mean(axis=1, keepdims=True)
    spread = np.einsum("ij,ij->i", patches, patches) / patches.shape[1]
    patches /= np.sqrt(spread + np.float32(_CONTRAST))[:, None]
    return patches
