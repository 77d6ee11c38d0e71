"""A listing's pictures as a few numbers: colours and edges, and where they are.

Nothing is learned here, so the network alone says what the numbers mean. Several pictures of a
listing are averaged.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from listings.picture_batches import Pixels, read_batches

Floats = npt.NDArray[np.float32]
SIDE: Final = 32  # pixels
_CELLS: Final = 4  # a picture is four by four of them
_DIRECTIONS: Final = 6  # of edges
DIM: Final = _CELLS * _CELLS * (3 + _DIRECTIONS)


def sketch(pictures: Sequence[Sequence[Path]], *, threads: int = 2) -> tuple[Floats, Floats]:
    """Look at the pictures of listings.

    Args:
        pictures: of each listing any number of files.
        threads: that decode.

    Returns:
        (n, DIM) numbers, 0 where no picture can be read, and (n,) 1 where one could, else 0.
    """
    paths = [path for some in pictures for path in some]
    owner = np.repeat(np.arange(len(pictures)), [len(some) for some in pictures])
    total = np.zeros((len(pictures), DIM), np.float32)
    count = np.zeros(len(pictures), np.float32)
    if paths:
        for batch in read_batches(paths, side=SIDE, threads=threads):
            owners = owner[batch.positions]
            np.add.at(total, owners, describe(batch.pixels))
            np.add.at(count, owners, 1)
    seen = count > 0
    total[seen] /= count[seen, None]
    return total, seen.astype(np.float32)


def describe(pixels: Pixels) -> Floats:
    """(n, DIM) of (n, SIDE, SIDE, 3) bytes: mean colours and edges of each cell."""
    colours = pixels.astype(np.float32) / 255
    grey = colours.mean(axis=3)
    down = np.zeros_like(grey)
    across = np.zeros_like(grey)
    down[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    across[:, :, 1:-1] = grey[:, :, 2:] - grey[:, :, :-2]
    strength = np.hypot(down, across)
    # An edge's two sides are one direction.
    angle = np.mod(np.arctan2(down, across), np.pi) / np.pi * _DIRECTIONS
    number = np.minimum(angle.astype(np.int64), _DIRECTIONS - 1)
    edges = strength[..., None] * (number[..., None] == np.arange(_DIRECTIONS))
    both = np.concatenate([colours - np.float32(0.5), edges], axis=3)
    size = SIDE // _CELLS
    cells = both.reshape(len(pixels), _CELLS, size, _CELLS, size, both.shape[3]).mean(axis=(2, 4))
    return np.asarray(cells.reshape(len(pixels), DIM), np.float32)
