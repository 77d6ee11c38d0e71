"""Finds typical colours among the pixels of photos: k-means in the space that eyes judge by."""

from typing import Final

import numpy as np

from listings.patch_filters import shrink
from listings.picture_batches import Pixels
from listings.similar.colour_words import SIDE, ColourWords, seen

from .image_store import Positions

WORDS: Final = 192
_PHOTOS: Final = 4_000  # to take pixels from
_EACH: Final = 25  # pixels of a photo
_ROUNDS: Final = 12  # of k-means
_BATCH: Final = 256


def find_colours(
    pixels: Pixels, allowed: Positions, *, random: np.random.Generator, count: int = WORDS
) -> ColourWords:
    """Typical colours.

    Args:
        pixels: (n, side, side, 3) bytes.
        allowed: positions of those to learn from.
        random: draws photos and pixels.
        count: how many; fewer where there are few colours.
    """
    from sklearn.cluster import KMeans

    photos = np.sort(random.permutation(allowed)[:_PHOTOS])
    some = []
    for start in range(0, len(photos), _BATCH):
        batch = shrink(pixels[photos[start : start + _BATCH]], SIDE)
        flat = batch.reshape(len(batch), -1, 3)
        places = random.integers(0, flat.shape[1], (len(batch), _EACH))
        some.append(np.take_along_axis(flat, places[:, :, None], axis=1).reshape(-1, 3))
    colours = np.concatenate(some)
    count = min(count, len(np.unique(colours, axis=0)))
    found = KMeans(
        count, init="random", n_init=1, max_iter=_ROUNDS, random_state=int(random.integers(2**31))
    ).fit(seen(colours))
    centres = np.asarray(found.cluster_centers_, np.float32)
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    reach = float(np.median(apart.min(axis=1))) if count > 1 else 1.0
    return ColourWords(centres, max(reach, 1.0))
