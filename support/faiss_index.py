"""The embedded vector index: a read-only FAISS snapshot, an exact tail, minus tombstones.

The snapshot is memory-mapped, so that processes share it; what came after it is searched exactly.
The only file that imports FAISS.
"""

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import ModelDamagedError
from .vector_index import Ids, Vectors, checked_queries, checked_rows, in_sorted, mark

# Which engine, by the number of vectors: 10^5 vectors of 256 numbers, recall@10 and milliseconds a
# query on one core, bytes a vector, seconds of one core to build.
#   Flat 1.000, 7.6, 1024, 0.2; half floats 1.000, 4.4, 512, 0.1; bytes .989, 5.2, 256, 0.4
#   cells (1024) of bytes: .901 at 64 cells, 0.45, 275, 8; about 1.9 where they reach .97
#   graph of bytes: .970 at width 128, 0.55; .982 at 256, 1.2; 528, 39
# And 27,000 vectors of 576 numbers, on a busy core: half floats .999, 3.9, 1152, 0.1; bytes .984,
# 3.1, 576, 0.1; graph of bytes .980 at width 128, 0.5; .980 at 200, 0.8; 832, 10.
# Half floats are on the front until a scan takes as long as everything else, then the graph of
# bytes. Cells lose: a forum's inquiries do not fall into clumps.
EXACT_KIND = "SQfp16"
GRAPH_KIND = "HNSW32_SQ8"
EXACT_UP_TO = 8_000_000  # numbers, as 14,000 vectors of 576; a scan of so many takes 1 to 2 ms
SCANNED_UP_TO = 20_000  # allowed vectors of a graph that are scanned: it loses its way among few
GRAPH_BUILD_WIDTH = 100
GRAPH_SEARCH_WIDTH = 192  # at least; twice as many as are asked for
GRAPH_MOST_WIDTH = 1_000  # when few of those walked through are allowed

_limits = threading.Lock()
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
        self._chosen: list[_Choice] = []  # the last two: everything, and those with a label

    @classmethod
    def load(cls, folder: Path) -> "FaissIndex":
        """Open a snapshot, memory-mapped; its files' sums were looked at before.

        The engine takes a file at its word: one that was cut short ends the process.

        Raises:
            ModelDamagedError: the files do not fit each other.
        """
        faiss = _faiss()
        # One query is too small to share out: threads cost more than they save, and spin.
        faiss.omp_set_num_threads(1)
        try:
            ids = np.load(folder / _IDS, allow_pickle=False)
            base = _read(faiss, folder / _VECTORS)
        except (RuntimeError, OSError, ValueError, EOFError) as error:
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
        """Add vectors to the tail, as `VectorIndex.add`; the first array is kept, not copied."""
        ids, vectors = checked_rows(ids, vectors, dim=self.dim)
        self.remove(ids)
        self._tail_ids = np.concatenate([self._tail_ids, ids])
        self._tail = np.concatenate([self._tail, vectors]) if len(self._tail) else vectors

    def remove(self, ids: Ids) -> None:
        """Forget ids, as `VectorIndex.remove`."""
        if len(self._base_ids):
            wanted = np.unique(ids)
            at = np.minimum(np.searchsorted(self._base_ids, wanted), len(self._base_ids) - 1)
            places = at[self._base_ids[at] == wanted]
            if self._alive[places].any():
                self._alive[places] = False
                self._chosen = []
        keep = ~np.isin(self._tail_ids, ids)
        self._tail_ids, self._tail = self._tail_ids[keep], self._tail[keep]

    def search(
        self, vectors: Vectors, *, top_k: int, allow: Ids | None = None
    ) -> tuple[Ids, Vectors]:
        """Find the nearest, as `VectorIndex.search`."""
        vectors = checked_queries(vectors, top_k=top_k, dim=self.dim)
        base_ids, base_scores = self._search_base(vectors, top_k, allow)
        tail_ids, tail_scores = self._search_tail(vectors, top_k, allow)
        ids = np.concatenate([base_ids, tail_ids], axis=1)
        scores = np.concatenate([base_scores, tail_scores], axis=1)
        if ids.shape[1] < top_k:
            missing = ((0, 0), (0, top_k - ids.shape[1]))
            ids = np.pad(ids, missing, constant_values=-1)
            scores = np.pad(scores, missing, constant_values=-np.inf)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :top_k]
        return np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors of some ids, as `VectorIndex.vectors`."""
        found = np.full((len(ids), self.dim), np.nan, np.float32)
        if len(self._base_ids):
            at = np.minimum(np.searchsorted(self._base_ids, ids), len(self._base_ids) - 1)
            here = (self._base_ids[at] == ids) & self._alive[at]
            if here.any():
                found[here] = self._base.reconstruct_batch(at[here])
        if len(self._tail_ids):
            order = np.argsort(self._tail_ids)
            ordered = self._tail_ids[order]
            at = np.minimum(np.searchsorted(ordered, ids), len(ordered) - 1)
            here = ordered[at] == ids
            found[here] = self._tail[order[at[here]]]
        return found

    def snapshot(self, folder: Path) -> None:
        """Write base and tail, without what was removed, as one FAISS index."""
        faiss = _faiss()
        faiss.omp_set_num_threads(os.cpu_count() or 1)
        ids, vectors = self._everything()
        order = np.argsort(ids, kind="stable")
        index = _new_index(faiss, self.dim, len(ids))
        if (np.diff(ids) < 0).any():  # a million vectors are not copied where they are in order
            vectors = np.ascontiguousarray(vectors[order])
        if not index.is_trained:
            # Bytes need to know the range of each number; any vectors will do.
            index.train(vectors if len(vectors) else np.zeros((1, self.dim), np.float32))
        index.add(vectors)
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
        choice = self._choose(allow)
        if self._base is None or not choice.count:
            empty = np.empty((len(vectors), 0))
            return empty.astype(np.int64), empty.astype(np.float32)
        faiss = _faiss()
        base, top_k = self._base, min(top_k, choice.count)
        if choice.few is not None:
            scores, rows = choice.few.search(vectors, top_k)
            return self._base_ids[choice.places[rows]], scores
        # A selector only points to its bits: the choice must outlive the search.
        every = choice.count == len(self._base_ids)
        selector: Any = None if every else faiss.IDSelectorBitmap(choice.bits)
        if isinstance(base, faiss.IndexHNSW) and choice.count > SCANNED_UP_TO:
            # The graph is walked through those that are not wanted too: go further for as many.
            share = choice.count / len(self._base_ids)
            width = min(max(GRAPH_SEARCH_WIDTH, int(top_k / share)), GRAPH_MOST_WIDTH)
            parameters = faiss.SearchParametersHNSW(sel=selector, efSearch=max(width, 2 * top_k))
        elif isinstance(base, faiss.IndexHNSW) and every:
            width = max(GRAPH_SEARCH_WIDTH, 2 * top_k)
            parameters = faiss.SearchParametersHNSW(efSearch=width)
        else:
            base = base.storage if isinstance(base, faiss.IndexHNSW) else base
            parameters = faiss.SearchParameters(sel=selector)
        scores, places = base.search(vectors, top_k, params=parameters)
        found = places >= 0
        ids = np.where(found, self._base_ids[np.where(found, places, 0)], -1)
        return ids, np.where(found, scores, -np.inf).astype(np.float32)

    def _choose(self, allow: Ids | None) -> "_Choice":
        """Which positions may be found; kept while the same lists are asked for."""
        for choice in self._chosen:
            if choice.allow is allow:
                return choice
        wanted = self._alive
        if allow is not None:
            wanted = wanted & mark(self._base_ids, allow)
        places = np.flatnonzero(wanted)
        few = None
        if 0 < len(places) <= min(SCANNED_UP_TO, len(wanted) // 2):
            few = _pick(_faiss(), self._base, places)
        bits = np.packbits(wanted, bitorder="little")
        choice = _Choice(allow, bits, len(places), places if few else places[:0], few)
        self._chosen = [*self._chosen[-1:], choice]
        return choice

    def _search_tail(self, vectors: Vectors, top_k: int, allow: Ids | None) -> tuple[Ids, Vectors]:
        ids, tail = self._tail_ids, self._tail
        if allow is not None and len(ids):
            keep = in_sorted(ids, allow)
            ids, tail = ids[keep], tail[keep]
        scores = vectors @ tail.T
        if len(ids) <= top_k:
            return np.broadcast_to(ids, scores.shape), scores
        best = np.argpartition(-scores, top_k - 1, axis=1)[:, :top_k]
        best.sort(axis=1)  # so that the older of two equals comes first
        return ids[best], np.take_along_axis(scores, best, 1)


@dataclass(frozen=True, slots=True)
class _Choice:
    """The positions of the base that a search may find; where they are few, a copy of them."""

    allow: Ids | None
    bits: npt.NDArray[np.uint8]
    count: int
    places: npt.NDArray[np.intp]  # of the rows of `few`
    few: Any


def _pick(faiss: ModuleType, base: Any, places: npt.NDArray[np.intp]) -> Any:
    """An index of some vectors alone, in the same code; None where the engine has no such code.

    A scan that passes over the others reads a bit of each: of 16,000 among 100,000 it takes 1.4 ms,
    the copy 0.6, and to make it 2.
    """
    base = faiss.downcast_index(base.storage) if isinstance(base, faiss.IndexHNSW) else base
    if not isinstance(base, faiss.IndexScalarQuantizer):
        return None
    few = faiss.IndexScalarQuantizer(base.d, base.sq.qtype, base.metric_type)
    faiss.copy_array_to_vector(faiss.vector_to_array(base.sq.trained), few.sq.trained)
    few.is_trained = True
    codes = faiss.rev_swig_ptr(base.codes.data(), base.ntotal * base.code_size)
    few.add_sa_codes(codes.reshape(base.ntotal, base.code_size)[places])
    return few


def _read(faiss: ModuleType, path: Path) -> Any:
    """Open an index file; no list in it is longer than the file, whatever the file says."""
    size = path.stat().st_size
    with _limits:  # they are the process's, not the call's
        faiss.set_deserialization_vector_byte_limit(size)
        faiss.set_deserialization_loop_limit(size)
        return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)


def _new_index(faiss: ModuleType, dim: int, n: int) -> Any:
    kind = EXACT_KIND if n * dim <= EXACT_UP_TO else GRAPH_KIND
    index = faiss.index_factory(dim, kind, faiss.METRIC_INNER_PRODUCT)
    if kind == GRAPH_KIND:
        index.hnsw.efConstruction = GRAPH_BUILD_WIDTH
    return index


def _faiss() -> ModuleType:
    import faiss

    return faiss
