"""Histograms of oriented gradients (Dalal and Triggs, 2005), and of colours: to measure against."""

from typing import Final

import numpy as np

from listings.patch_filters import Floats
from listings.picture_batches import Pixels

_BINS: Final = 9  # of half a turn
_CELL: Final = 16  # pixels a side
_MOST: Final = 0.2  # of one number in a block, before it is brought to length 1 again
_AT_ONCE: Final = 256
_LEVELS: Final = 8  # of each of red, green and blue


def hog(pixels: Pixels) -> Floats:
    """(n, dim) unit vectors of (n, side, side, 3) bytes."""
    parts = [_hog(pixels[start : start + _AT_ONCE]) for start in range(0, len(pixels), _AT_ONCE)]
    return np.concatenate(parts)


def hog_and_colours(pixels: Pixels, *, root: bool) -> Floats:
    """As `hog`, with how much of the photo has each colour beside, or the root of it."""
    levels = (pixels // (256 // _LEVELS)).astype(np.int64)
    numbers = (levels[..., 0] * _LEVELS + levels[..., 1]) * _LEVELS + levels[..., 2]
    flat = numbers.reshape(len(pixels), -1)
    shares = np.stack([np.bincount(row, minlength=_LEVELS**3) / len(row) for row in flat])
    if root:
        shares = np.sqrt(shares)
    shares /= np.linalg.norm(shares, axis=1, keepdims=True)
    rows = np.concatenate([shares, (0.5 if root else 1.0) * hog(pixels)], axis=1)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _hog(pixels: Pixels) -> Floats:
    grey = pixels.astype(np.float32).mean(axis=3)
    down, across = np.gradient(grey, axis=(1, 2))
    strength = np.hypot(down, across)
    turn = np.arctan2(down, across) % np.pi / np.pi * _BINS
    lower = np.floor(turn).astype(np.int64)
    share = turn - lower
    n, side = grey.shape[:2]
    cells = side // _CELL
    place = np.minimum(np.arange(side) // _CELL, cells - 1)
    cell = (np.arange(n)[:, None, None] * cells + place[:, None]) * cells + place[None, :]
    counts = np.zeros(n * cells * cells * _BINS)
    for which, weight in ((lower, 1 - share), (lower + 1, share)):
        keys = cell * _BINS + which % _BINS
        counts += np.bincount(keys.ravel(), (strength * weight).ravel(), minlength=len(counts))
    grid = counts.reshape(n, cells, cells, _BINS)
    corners = [grid[:, i : cells - 1 + i, j : cells - 1 + j] for i in (0, 1) for j in (0, 1)]
    blocks = np.concatenate(corners, axis=-1)
    blocks = np.minimum(blocks / (np.linalg.norm(blocks, axis=-1, keepdims=True) + 1e-6), _MOST)
    blocks /= np.linalg.norm(blocks, axis=-1, keepdims=True) + 1e-6
    rows = blocks.reshape(n, -1)
    return np.asarray(rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9), np.float32)
