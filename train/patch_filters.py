"""Finds typical patches among photos: spherical k-means over whitened ones."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from listings.patch_filters import SCALES, Floats, PatchFilters, Scale, cut, normalize, shrink
from listings.picture_batches import Pixels

from .image_store import Positions

FILTERS: Final = 400
_PHOTOS: Final = 2_000  # to take patches from
_EACH: Final = 60  # patches of a photo
_ROUNDS: Final = 12  # of k-means
_FLAT: Final = 0.1  # directions of less spread than this are noise: not blown up
_BATCH: Final = 256


def find_filters(
    pixels: Pixels,
    allowed: Positions,
    *,
    random: np.random.Generator,
    scales: Sequence[Scale] = SCALES,
    count: int = FILTERS,
) -> list[PatchFilters]:
    """Typical patches of each scale.

    Args:
        pixels: (n, side, side, 3) bytes.
        allowed: positions of those to learn from.
        random: draws photos and patches.
        scales: sizes to look at.
        count: how many a scale; fewer where there are few patches.
    """
    photos = np.sort(random.permutation(allowed)[:_PHOTOS])
    return [_find(pixels, photos, scale, count, random) for scale in scales]


def _find(
    pixels: Pixels, photos: Positions, scale: Scale, count: int, random: np.random.Generator
) -> PatchFilters:
    some = []
    places_in_all = scale.grid**2
    for start in range(0, len(photos), _BATCH):
        batch = shrink(pixels[photos[start : start + _BATCH]], scale.side)
        every = cut(batch, scale).reshape(len(batch), places_in_all, -1)
        places = random.integers(0, places_in_all, (len(batch), _EACH))
        some.append(np.take_along_axis(every, places[:, :, None], axis=1))
    patches = normalize(np.concatenate(some).reshape(-1, 3 * scale.patch**2))
    mean = patches.mean(axis=0)
    patches -= mean
    spread, axes = np.linalg.eigh(np.cov(patches.T))
    whiten = ((axes / np.sqrt(spread + _FLAT)) @ axes.T).astype(np.float32)
    centres = _k_means(patches @ whiten, count, random)
    weights = centres @ whiten
    return PatchFilters(scale, weights, weights @ mean)


def _k_means(rows: Floats, count: int, random: np.random.Generator) -> Floats:
    """(count, dim) directions of length 1."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    usable = rows[length[:, 0] > 1e-6]
    if not len(usable):  # every photo is of one even colour
        return np.eye(min(count, rows.shape[1]), rows.shape[1], dtype=np.float32)
    unit = usable / np.linalg.norm(usable, axis=1, keepdims=True)
    centres = unit[random.permutation(len(unit))[:count]].copy()
    for _ in range(_ROUNDS):
        nearest = (unit @ centres.T).argmax(axis=1)
        order = np.argsort(nearest, kind="stable")
        present, first = np.unique(nearest[order], return_index=True)
        sums = np.add.reduceat(usable[order], first, axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        good = lengths[:, 0] > 1e-6
        centres[present[good]] = sums[good] / lengths[good]
    return np.asarray(centres, np.float32)
