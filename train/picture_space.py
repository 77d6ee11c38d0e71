"""Learns the space in which photos of one listing are near each other and those of others are not.

Typical colours and patches are found among unlabelled photos, and each part is brought to the
directions of most spread; then those directions are kept along which photos differ much, and those
of one listing little (Fisher, 1936; with the inside spread drawn towards a sphere, for listings
have few photos).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.utils.extmath import randomized_svd

from listings.patch_filters import SCALES, Floats, PatchFilters
from listings.picture_batches import Pixels
from listings.similar.colour_words import ColourWords
from listings.similar.picture_space import PictureSpace
from support.errors import TooFewLabelsError

from .colour_words import WORDS, find_colours
from .image_store import Positions
from .patch_filters import FILTERS, find_filters
from .progress import Progress, silent

# Another photo of the ad among the first ten, on three validation parts of the training ads: by
# colours alone .55, by patches of the two larger sizes .47, by both .601, .595, .574. About the
# same at 128 numbers (.605, .603, .560 with the words of a wider cut); nothing more came of the
# smallest size of patches, words of coloured patches, a contrastive loss, or a layer more.
DIM: Final = 256
LEAST_PHOTOS: Final = 32
_SIZES: Final = SCALES[1:]
_SEEN: Final = 8_000  # photos that say which directions
_WIDE: Final = 400  # directions of most spread that each part keeps
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
    colours: int = WORDS,
    progress: Progress = silent,
) -> PictureSpace:
    """Learn from photos and which of them show one thing.

    Args:
        pixels: (n, side, side, 3) bytes.
        groups: n numbers, equal for photos of one listing, or of ads known to be one.
        seed: of what is drawn.
        dim: numbers a photo is brought to, at most.
        filters: typical patches of each scale.
        colours: typical colours.
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
    every = np.arange(len(pixels))
    words = find_colours(pixels, every, random=random, count=colours)
    found = find_filters(pixels, every, random=random, scales=_SIZES, count=filters)
    seen = _choose(np.asarray(groups), random)
    parts: list[ColourWords | PatchFilters] = [words, *found]
    kept = []
    for number, part in enumerate(parts):
        # One part after the other: all of them together would fill gigabytes.
        rows = np.empty((len(seen), part.dim), np.float32)
        for start in range(0, len(seen), _BATCH):
            some = seen[start : start + _BATCH]
            rows[start : start + len(some)] = part.describe(pixels[some])
            done = number * len(seen) + start + len(some)
            progress(done, len(parts) * len(seen), "looking at photos")
        kept.append(_reduce(rows, even=part is not words, seed=seed))
    inside = np.concatenate([one.rows for one in kept], axis=1)
    directions = _directions(inside.astype(np.float64), np.asarray(groups)[seen], dim)
    at = np.cumsum([0, *(one.rows.shape[1] for one in kept)])
    projection = np.concatenate(
        [one.axes @ directions[at[i] : at[i + 1]] for i, one in enumerate(kept)]
    )
    # Half floats hold it where its numbers are near one.
    projection /= max(float(np.abs(projection).max()), 1e-12)
    half = projection.astype(np.float16)
    mean = np.concatenate([one.mean for one in kept])
    shift = np.asarray(mean @ half.astype(np.float32), np.float32)
    return PictureSpace(found, words, half, shift)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one part says of the photos that were seen, in few numbers, and how these are made."""

    rows: Floats  # (n, k), each photo's squares adding up to one on average
    mean: Floats  # (dim,), taken off first
    axes: Floats  # (dim, k)


def _reduce(rows: Floats, *, even: bool, seed: int) -> _Part:
    """Directions of most spread; `even`: as if every number were spread alike. Changes `rows`."""
    mean = rows.mean(axis=0)
    rows -= mean
    scale = np.ones_like(mean)
    if even:
        spread = rows.std(axis=0)
        scale = 1 / (spread + 0.01 * spread.mean() + 1e-6)
        rows *= scale
    wide = min(_WIDE, len(rows) - 1, rows.shape[1])
    _, strength, found = randomized_svd(rows, wide, n_iter=2, random_state=int(seed))
    # Where all photos are one picture nothing is spread: a direction is kept all the same.
    axes = found[: max(int((strength > 1e-3 * max(float(strength[0]), 1e-6)).sum()), 1)].T
    reduced = rows @ axes
    size = max(float(np.sqrt((reduced**2).sum(axis=1).mean())), 1e-9)
    return _Part(reduced / size, mean, scale[:, None] * axes / size)


def _choose(groups: Positions, random: np.random.Generator) -> Positions:
    """Photos to learn from: those of listings with several first, then the others, in order."""
    _, which, counts = np.unique(groups, return_inverse=True, return_counts=True)
    order = random.permutation(len(groups))
    several = counts[which[order]] > 1
    chosen = np.concatenate([order[several], order[~several]])[:_SEEN]
    return np.asarray(np.sort(chosen), np.int64)


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
