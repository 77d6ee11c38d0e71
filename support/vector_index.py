"""What every vector index promises, whichever engine is behind it. Knows nothing of text."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]


class VectorIndex(Protocol):
    """Nearest neighbours by inner product over vectors of length 1."""

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors; an id that is there already is replaced.

        Args:
            ids: (n,) int64, at least 0, each once.
            vectors: (n, dim) float32, each row of length 1.

        Raises:
            ValueError: counts or dimensions disagree, an id is negative or stands twice, or a
                number is none (NaN) or infinite.
        """

    def remove(self, ids: Ids) -> None:
        """Forget ids; unknown ones are passed over."""

    def search(
        self, vectors: Vectors, *, top_k: int, allow: Ids | None = None
    ) -> tuple[Ids, Vectors]:
        """Find the nearest.

        Args:
            vectors: (n, dim) float32.
            top_k: how many each.
            allow: sorted ids to choose among; None: all.

        Returns:
            (n, top_k) ids, best first, -1 where there are fewer; (n, top_k) cosine similarities,
            -inf there.

        Raises:
            ValueError: dimensions disagree, top_k is below 1, or a number is none or infinite.
        """

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors of some ids, as exactly as the index keeps them.

        Args:
            ids: (n,) int64.

        Returns:
            (n, dim) float32; a row of NaN where an id is unknown.
        """

    def snapshot(self, folder: Path) -> None:
        """Write everything into an existing folder, from where `load` reads it."""

    def __len__(self) -> int:
        """How many vectors there are."""


def check_finite(vectors: Vectors) -> None:
    """Refuse vectors that are near to nothing, or to everything.

    Raises:
        ValueError: a number is none (NaN) or infinite.
    """
    with np.errstate(invalid="ignore"):
        whole = np.isfinite(vectors.sum(dtype=np.float64))  # of a million, no copy is made
    if not whole:
        raise ValueError("Vectors must hold finite numbers; one of them is NaN or infinite.")


def in_sorted(values: Ids, among: Ids) -> NDArray[np.bool_]:
    """Which values stand in a sorted array; much quicker than `isin` for many."""
    if not len(among):
        return np.zeros(len(values), bool)
    at = np.minimum(np.searchsorted(among, values), len(among) - 1)
    return np.asarray(among[at] == values)


def mark(values: Ids, among: Ids) -> NDArray[np.bool_]:
    """As `in_sorted` for values that are sorted too: as quick as `among` is short."""
    found = np.zeros(len(values), bool)
    if len(values):
        at = np.minimum(np.searchsorted(values, among), len(values) - 1)
        found[at[values[at] == among]] = True
    return found
