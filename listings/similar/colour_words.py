"""Which colours a photo holds, and where, as shares of some hundred typical ones.

Colours are compared as eyes tell them apart (CIE Lab, 1976) and each pixel is shared out among the
typical ones nearest to it, so that a little more light moves the shares a little. Two photos of one
thing have the room, the table and the light in common: of all that was tried, this tells most.
`train/colour_words.py` finds typical colours.
"""

from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from listings.patch_filters import Floats, shrink
from listings.picture_batches import Pixels

PARTS: Final = 7  # the whole, four quarters, the middle and what is around it
SIDE: Final = 48  # of the picture whose pixels are counted
_SHARED: Final = 4  # typical colours that one pixel is shared out among
_BITS: Final = 5  # of each of red, green and blue: 8 of 256 steps are one
_MIDDLE: Final = 0.6  # of the sides
_WEIGHTS: Final = np.array([0.6, 1.0, 1.0], np.float32)  # light counts less than hue
_TO_XYZ: Final = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32
)
_WHITE: Final = np.array([0.9505, 1.0, 1.089], np.float32)
_AT_ONCE: Final = 64  # pictures


class ColourWords:
    """Typical colours, and how far each reaches.

    Args:
        centres: (k, 3) as `seen` gives.
        reach: how far one is from the next, about.
    """

    def __init__(self, centres: Floats, reach: float) -> None:
        self.centres = centres
        self.reach = reach

    @property
    def dim(self) -> int:
        """How many numbers describe a picture."""
        return PARTS * len(self.centres)

    def describe(self, pixels: Pixels) -> Floats:
        """(n, dim) of (n, side, side, 3) bytes: the root of each share, part after part."""
        found = np.empty((len(pixels), self.dim), np.float32)
        for start in range(0, len(pixels), _AT_ONCE):
            some = shrink(pixels[start : start + _AT_ONCE], SIDE)
            found[start : start + len(some)] = self._describe(some)
        return found

    def _describe(self, pixels: Pixels) -> Floats:
        which, shares = self._table
        levels = (pixels >> (8 - _BITS)).astype(np.int64)
        numbers = (levels[..., 0] << 2 * _BITS) | (levels[..., 1] << _BITS) | levels[..., 2]
        n, side = numbers.shape[:2]
        kinds = len(self.centres)
        words, weights = which[numbers], shares[numbers]  # (n, side, side, shared)
        counted = []
        for part in _parts(side):
            many = int(part.max()) + 1
            keys = (np.arange(n)[:, None, None] * many + part)[..., None] * kinds + words
            sums = np.bincount(keys.ravel(), weights.ravel(), minlength=n * many * kinds)
            area = np.bincount(part.ravel(), minlength=many)[None, :, None]
            counted.append(sums.reshape(n, many, kinds) / area)
        quarters, ring = counted
        every = np.concatenate([quarters.mean(axis=1, keepdims=True), quarters, ring], axis=1)
        return np.asarray(np.sqrt(every), np.float32).reshape(n, -1)

    @cached_property
    def _table(self) -> tuple[npt.NDArray[np.int64], Floats]:
        """(colours, shared) which typical colours are nearest to each, and the share of each."""
        steps = np.arange(1 << _BITS, dtype=np.uint8) * (256 >> _BITS) + (128 >> _BITS)
        grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
        colours = seen(grid.reshape(-1, 3))
        apart = (colours**2).sum(axis=1)[:, None] + (self.centres**2).sum(axis=1)
        apart -= 2 * colours @ self.centres.T
        shared = min(_SHARED, len(self.centres))
        which = np.argsort(apart, axis=1, kind="stable")[:, :shared]
        near = np.take_along_axis(apart, which, axis=1)
        weights = np.exp(-(near - near[:, :1]) / (2 * self.reach**2))
        weights /= weights.sum(axis=1, keepdims=True)
        return which.astype(np.int64), weights.astype(np.float32)


def seen(colours: Pixels) -> Floats:
    """(n, 3) Lab, light weighed less, of (n, 3) red, green and blue bytes."""
    share = colours.astype(np.float32) / 255
    linear = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
    light = linear @ _TO_XYZ.T / _WHITE
    x, y, z = np.where(light > 0.008856, np.cbrt(light), 7.787 * light + 16 / 116).T
    lab = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
    return np.asarray(lab * _WEIGHTS, np.float32)


def _parts(side: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(side, side) each: which quarter a pixel is in; 0 in the middle, 1 around it."""
    place = np.arange(side)
    half = (place >= side // 2).astype(np.int64)
    off = np.abs(place / max(side - 1, 1) * 2 - 1)
    around = np.maximum(off[:, None], off[None, :]) >= _MIDDLE
    return half[:, None] * 2 + half[None, :], around.astype(np.int64)
