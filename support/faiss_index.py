"""The embedded vector index: a read-only FAISS snapshot, an exact tail, minus tombstones.

The snapshot is memory-mapped, so that processes share it; what came after it is searched exactly.
The only file that imports FAISS.
"""

import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from .errors import ModelDamagedError
from .vector_index import Ids, Vectors

FLAT_UP_TO = 100_000  # vectors; exact search is quick enough below
EXACT_UP_TO = 20_000  # allowed vectors of a graph index that are compared one by one
FEW = 4  # below one vector in so many, a flat index is given a list instead of a bitmap
HNSW_LINKS = 32
HNSW_EF_CONSTRUCTION = 100
HNSW_EF_SEARCH = 96

_VECTORS, _IDS = "vectors.faiss", "ids.npy"


class FaissIndex:
    """Implements `support.vector_index.VectorIndex`."""

    def __init__(self, dim: int) -> None:
        """Start empty, for vectors of `dim` numbers."""
        self.dim = dim
        self._base: Any = None  # a FAISS index whose position i holds the vector of _base_ids[i]
        self._base_ids: Ids = np.empty(0, np.int64)  # sorted
        self._alive = np.empty(0, bool)  # per position of the base
        self._tail_ids: Ids = np.empty(0, np.int64)
        self._tail: Vectors = np.empty((0, dim), np.float32)

    @classmethod
    def load(cls, folder: Path) -> "FaissIndex":
        """Open a snapshot, memory-mapped.

        Raises:
            ModelDamagedError: the files do not fit each other.
        """
        faiss = _faiss()
        # One query is too small to share out: threads cost more than they save, and spin.
        faiss.omp_set_num_threads(1)
        ids = np.load(folder / _IDS, allow_pickle=False)
        try:
            base = faiss.read_index(str(folder / _VECTORS), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise ModelDamagedError(
                f"The index in {folder} is damaged. Build it again: faqdesk index"
            ) from error
        if base.ntotal != len(ids):
            raise ModelDamagedError(
                f"The index in {folder} holds {base.ntotal} vectors for {len(ids)} ids. "
                f"Build it again: faqdesk index"
            )
        index = cls(base.d)
        index._base, index._base_ids, index._alive = base, ids, np.ones(len(ids), bool)
        return index

    def __len__(self) -> int:
        return int(self._alive.sum()) + len(self._tail_ids)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors to the tail, as `VectorIndex.add`."""
        ids = np.ascontiguousarray(ids, np.int64)
        vectors = np.ascontiguousarray(vectors, np.float32)
        if vectors.shape != (len(ids), self.dim):
            raise ValueError(
                f"{len(ids)} ids need vectors of shape ({len(ids)}, {self.dim}), "
                f"got {vectors.shape}."
            )
        if len(ids) and (ids.min() < 0 or len(np.unique(ids)) != len(ids)):
            raise ValueError("Ids must be at least 0, and each may stand only once.")
        self.remove(ids)
        self._tail_ids = np.concatenate([self._tail_ids, ids])
        self._tail = np.concatenate([self._tail, vectors])

    def remove(self, ids: Ids) -> None:
        """Forget ids, as `VectorIndex.remove`."""
        self._alive[np.isin(self._base_ids, ids)] = False
        keep = ~np.isin(self._tail_ids, ids)
        self._tail_ids, self._tail = self._tail_ids[keep], self._tail[keep]

    def search(
        self, vectors: Vectors, *, top_k: int, allow: Ids | None = None
    ) -> tuple[Ids, Vectors]:
        """Find the nearest, as `VectorIndex.search`."""
        vectors = np.ascontiguousarray(vectors, np.float32)
        if vectors.ndim != 2 or vectors.shape[1] != self.dim:
            raise ValueError(f"Queries must be (n, {self.dim}), got {vectors.shape}.")
        if top_k < 1:
            raise ValueError(f"top_k must be at least 1, got {top_k}.")
        base_ids, base_scores = self._search_base(vectors, top_k, allow)
        tail_ids, tail_scores = self._search_tail(vectors, allow)
        ids = np.concatenate([base_ids, tail_ids], axis=1)
        scores = np.concatenate([base_scores, tail_scores], axis=1)
        if ids.shape[1] < top_k:
            missing = ((0, 0), (0, top_k - ids.shape[1]))
            ids = np.pad(ids, missing, constant_values=-1)
            scores = np.pad(scores, missing, constant_values=-np.inf)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :top_k]
        return np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)

    def snapshot(self, folder: Path) -> None:
        """Write base and tail, without what was removed, as one FAISS index."""
        faiss = _faiss()
        faiss.omp_set_num_threads(os.cpu_count() or 1)
        ids, vectors = self._everything()
        order = np.argsort(ids)
        index = _new_index(faiss, self.dim, len(ids))
        index.add(np.ascontiguousarray(vectors[order]))
        faiss.write_index(index, str(folder / _VECTORS))
        np.save(folder / _IDS, ids[order], allow_pickle=False)

    def _everything(self) -> tuple[Ids, Vectors]:
        positions = np.flatnonzero(self._alive)
        if self._base is None or not len(positions):
            return self._tail_ids, self._tail
        kept = self._base.reconstruct_batch(positions)
        ids = np.concatenate([self._base_ids[positions], self._tail_ids])
        return ids, np.concatenate([kept, self._tail])

    def _search_base(self, vectors: Vectors, top_k: int, allow: Ids | None) -> tuple[Ids, Vectors]:
        wanted = self._alive
        if allow is not None:
            wanted = wanted & _in_sorted(self._base_ids, allow)
        if self._base is None or not wanted.any():
            empty = np.empty((len(vectors), 0))
            return empty.astype(np.int64), empty.astype(np.float32)
        faiss = _faiss()
        positions = np.flatnonzero(wanted)
        graph = isinstance(self._base, faiss.IndexHNSW)
        # A selector only points to its array: these must outlive the search. A flat index walks a
        # list of positions, but looks up every vector in a bitmap.
        bits = np.packbits(wanted, bitorder="little")
        selector: Any = None
        if graph and len(positions) <= EXACT_UP_TO:
            return self._search_exactly(vectors, top_k, positions)
        if not graph and len(positions) < len(wanted) / FEW:
            selector = faiss.IDSelectorArray(positions)
        elif len(positions) < len(wanted):
            selector = faiss.IDSelectorBitmap(bits)
        top_k = min(top_k, len(positions))
        if graph:
            parameters = faiss.SearchParametersHNSW(
                sel=selector, efSearch=max(HNSW_EF_SEARCH, 2 * top_k)
            )
        else:
            parameters = faiss.SearchParameters(sel=selector)
        scores, places = self._base.search(vectors, top_k, params=parameters)
        found = places >= 0
        ids = np.where(found, self._base_ids[np.where(found, places, 0)], -1)
        return ids, np.where(found, scores, -np.inf).astype(np.float32)

    def _search_exactly(self, vectors: Vectors, top_k: int, positions: Ids) -> tuple[Ids, Vectors]:
        """Compare with some vectors of the base one by one: a graph loses its way among few."""
        some = self._base.reconstruct_batch(positions)
        scores = vectors @ some.T
        order = np.argsort(-scores, axis=1, kind="stable")[:, :top_k]
        return self._base_ids[positions][order], np.take_along_axis(scores, order, 1)

    def _search_tail(self, vectors: Vectors, allow: Ids | None) -> tuple[Ids, Vectors]:
        ids, tail = self._tail_ids, self._tail
        if allow is not None and len(ids):
            keep = _in_sorted(ids, allow)
            ids, tail = ids[keep], tail[keep]
        return np.broadcast_to(ids, (len(vectors), len(ids))), vectors @ tail.T


def _in_sorted(values: Ids, among: Ids) -> np.ndarray:
    """Which values stand in a sorted array; much quicker than `isin` for many."""
    if not len(among):
        return np.zeros(len(values), bool)
    at = np.minimum(np.searchsorted(among, values), len(among) - 1)
    return np.asarray(among[at] == values)


def _new_index(faiss: ModuleType, dim: int, n: int) -> Any:
    if n <= FLAT_UP_TO:
        return faiss.IndexFlatIP(dim)
    index = faiss.IndexHNSWFlat(dim, HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = HNSW_EF_CONSTRUCTION
    return index


def _faiss() -> ModuleType:
    import faiss

    return faiss
