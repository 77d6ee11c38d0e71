"""Learns the space in which photos of one listing are near each other and those of others are not.

Typical patches are found among unlabelled photos; then the directions are kept along which photos
differ much, and those of one listing little (Fisher, 1936; with the inside spread drawn towards a
sphere, for listings have few photos).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.utils.extmath import randomized_svd

from listings.patch_filters import Floats, PatchFilters
from listings.picture_batches import Pixels
from listings.similar.picture_space import COLOURS, PictureSpace, look_at
from support.errors import TooFewLabelsError

from .image_store import Positions
from .patch_filters import FILTERS, find_filters
from .progress import Progress, silent

DIM: Final = 128
LEAST_PHOTOS: Final = 32
_SEEN: Final = 4_000  # photos that say which directions
_WIDE: Final = 512  # directions of most spread, among which is chosen
_DRAWN: Final = 0.3  # of the inside spread towards a sphere
_BATCH: Final = 64
Exact = npt.NDArray[np.float64]


def fit_space(
    pixels: Pixels,
    groups: Sequence[int],
    *,
    seed: int = 0,
    dim: int = DIM,
    filters: int = FILTERS,
    progress: Progress = silent,
) -> PictureSpace:
    """Learn from photos and which of them show one thing.

    Args:
        pixels: (n, side, side, 3) bytes.
        groups: n numbers, equal for photos of one listing, or of ads known to be one.
        seed: of what is drawn.
        dim: numbers a photo is brought to, at most.
        filters: typical patches of each scale.
        progress: told photos done, photos in all and a message; may raise.

    Raises:
        TooFewLabelsError: there are too few photos to learn from.
    """
    if len(pixels) < LEAST_PHOTOS:
        raise TooFewLabelsError(
            f"{len(pixels)} photos are too few to learn what they look like; {LEAST_PHOTOS} are "
            f"the least. Collect listings with pictures first."
        )
    random = np.random.default_rng(seed)
    found = find_filters(pixels, np.arange(len(pixels)), random=random, count=filters)
    seen = _choose(np.asarray(groups), random)
    rows = _describe(found, pixels, seen, progress)
    mean = rows.mean(axis=0)
    scale = _scale(rows.std(axis=0), [one.dim for one in found])
    rows -= mean
    rows *= scale
    wide = min(_WIDE, len(seen) - 1, rows.shape[1])
    _, strength, axes = randomized_svd(rows, wide, n_iter=2, random_state=int(seed))
    axes = axes[strength > 1e-3 * max(float(strength[0]), 1e-6)].T
    inside = (rows @ axes).astype(np.float64)
    directions = _directions(inside, np.asarray(groups)[seen], dim)
    projection = scale[:, None] * (axes @ directions)
    # Half floats hold it where its numbers are near one.
    projection /= max(float(np.abs(projection).max()), 1e-12)
    kept = projection.astype(np.float16)
    shift = np.asarray(mean @ kept.astype(np.float32), np.float32)
    return PictureSpace(found, kept, shift)


def _choose(groups: Positions, random: np.random.Generator) -> Positions:
    """Photos to learn from: those of listings with several first, then the others, in order."""
    _, which, counts = np.unique(groups, return_inverse=True, return_counts=True)
    order = random.permutation(len(groups))
    several = counts[which[order]] > 1
    chosen = np.concatenate([order[several], order[~several]])[:_SEEN]
    return np.asarray(np.sort(chosen), np.int64)


def _describe(
    filters: Sequence[PatchFilters], pixels: Pixels, seen: Positions, progress: Progress
) -> Floats:
    width = sum(one.dim for one in filters) + COLOURS
    rows = np.empty((len(seen), width), np.float32)
    for start in range(0, len(seen), _BATCH):
        some = seen[start : start + _BATCH]
        rows[start : start + len(some)] = look_at(filters, pixels[some])
        progress(start + len(some), len(seen), "looking at photos")
    return rows


def _scale(spread: Floats, dims: Sequence[int]) -> Floats:
    """What makes the numbers of one scale alike, and each scale and the colours weigh the same."""
    parts = []
    for part in np.split(spread, np.cumsum(dims)):
        one = 1 / (part + 0.01 * part.mean() + 1e-6)
        parts.append(one / max(float(np.linalg.norm(part * one)), 1e-6))
    return np.concatenate(parts).astype(np.float32)


def _directions(rows: Exact, groups: Positions, dim: int) -> Floats:
    """(k, dim) directions of much spread, each as wide as photos of one listing lie apart."""
    _, which, counts = np.unique(groups, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), rows.shape[1]))
    np.add.at(sums, which, rows)
    several = counts[which] > 1
    apart = (rows - (sums / counts[:, None])[which])[several]
    freedom = max(int(several.sum() - (counts > 1).sum()), 1)
    spread = rows.T @ rows / max(len(rows) - 1, 1)
    # No listing has two photos: all directions are drawn to one width, gently.
    within = apart.T @ apart / freedom if len(apart) else spread
    sphere = np.trace(within) / len(within)
    within = (1 - _DRAWN) * within + _DRAWN * sphere * np.eye(len(within))
    widths, turned = np.linalg.eigh(within)
    whiten = turned / np.sqrt(np.maximum(widths, 1e-12))
    strength, chosen = np.linalg.eigh(whiten.T @ spread @ whiten)
    best = np.argsort(-strength)[:dim]
    return np.asarray(whiten @ chosen[:, best], np.float32)
