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


def checked_rows(ids: Ids, vectors: Vectors, *, dim: int) -> tuple[Ids, Vectors]:
    """What `VectorIndex.add` was given, as engines want it: contiguous, int64 and float32.

    Raises:
        ValueError: there are not as many vectors as ids, another length than `dim`, an id that is
            negative or stands twice, or a number that is none or infinite.
    """
    ids = np.ascontiguousarray(ids, np.int64)
    vectors = np.ascontiguousarray(vectors, np.float32)
    if vectors.shape != (len(ids), dim):
        raise ValueError(
            f"{len(ids)} ids need vectors of shape ({len(ids)}, {dim}), got {vectors.shape}."
        )
    if len(ids) and (ids.min() < 0 or len(np.unique(ids)) != len(ids)):
        raise ValueError("Ids must be at least 0, and each may stand only once.")
    check_finite(vectors)
    return ids, vectors


def checked_queries(vectors: Vectors, *, top_k: int, dim: int) -> Vectors:
    """What `VectorIndex.search` was given, contiguous float32.

    Raises:
        ValueError: as `VectorIndex.search`.
    """
    vectors = np.ascontiguousarray(vectors, np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        raise ValueError(f"Queries must be (n, {dim}), got {vectors.shape}.")
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}.")
    check_finite(vectors)
    return vectors


def in_sorted(values: Ids, among: Ids) -> NDArray[np.bool_]:
    """Which values stand in a sorted array; much quicker than `isin` for many."""
    if not len(among):
        return np.zeros(values.shape, bool)
    at = np.minimum(np.searchsorted(among, values), len(among) - 1)
    return np.asarray(among[at] == values)


def mark(values: Ids, among: Ids) -> NDArray[np.bool_]:
    """As `in_sorted` for values that are sorted too: as quick as `among` is short."""
    found = np.zeros(len(values), bool)
    if len(values):
        at = np.minimum(np.searchsorted(values, among), len(values) - 1)
        found[at[values[at] == among]] = True
    return found


def with_more(among: Ids, ids: Ids) -> Ids:
    """A sorted array with some ids more, each once.

    Of a million and one: a few milliseconds, where `union1d` sorts them all anew for 500.
    """
    ids = np.unique(ids)
    ids = ids[~in_sorted(ids, among)]
    return np.insert(among, np.searchsorted(among, ids), ids)


def best_of(ids: Ids, scores: Vectors, *, top_k: int) -> tuple[Ids, Vectors]:
    """The best of what was found, as `VectorIndex.search` answers; what is no hit has the id -1.

    Args:
        ids: (n, m) int64.
        scores: (n, m) float32.
        top_k: how many each; of two equals the one that stands first comes first.
    """
    scores = np.where(ids < 0, -np.inf, scores).astype(np.float32)
    lacking = ((0, 0), (0, max(top_k - ids.shape[1], 0)))
    ids = np.pad(ids, lacking, constant_values=-1)
    scores = np.pad(scores, lacking, constant_values=-np.inf)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :top_k]
    return np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)
