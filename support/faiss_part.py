"""One file of a snapshot: some vectors in FAISS, built by one thread, searched memory-mapped.

The same vectors give the same bytes, wherever and whenever they are built; so parts of a large
snapshot can be built in any order, by any process. Knows nothing of ids. The only file that imports
FAISS.
"""

import hashlib
import math
import threading
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .vector_index import Vectors

Places = npt.NDArray[np.int64]  # positions in a part
Wanted = npt.NDArray[np.bool_]

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
# At least, however many parts are asked. Of 100 parts of 10^7 vectors in clusters of fifty, each
# holds one of the ten nearest or none. What one of 100,000 holds of a query's cluster was found, by
# width: 20 .66 in .13 ms, 40 .83 in .22, 61 .92 in .31, 96 .98 in .44, 136 .99 in .59. With 20 all
# 100 together found .74 of the ten nearest.
GRAPH_PART_WIDTH = 96

_limits = threading.Lock()


@dataclass(frozen=True, slots=True)
class Choice:
    """The positions of a part that a search may find; where they are few, a copy of them."""

    bits: npt.NDArray[np.uint8]
    count: int
    places: npt.NDArray[np.intp]  # of the rows of `few`
    few: Any


class Part:
    """Some vectors, each at its position."""

    def __init__(self, index: Any) -> None:
        """Take what FAISS read."""
        self._index = index
        self.count = int(index.ntotal)
        self.dim = int(index.d)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Open a file, memory-mapped; its sum was looked at before.

        The engine takes a file at its word: one that was cut short ends the process.

        Raises:
            RuntimeError: it is no file of FAISS's.
            OSError: it cannot be read.
        """
        faiss = _faiss()
        # One query is too small to share out: threads cost more than they save, and spin.
        faiss.omp_set_num_threads(1)
        return cls(_read(faiss, path))

    def search(
        self, vectors: Vectors, *, top_k: int, choice: Choice, parts: int = 1
    ) -> tuple[Places, Vectors]:
        """Find the nearest of a choice that holds any.

        Args:
            vectors: (n, dim) float32.
            top_k: how many each, at most.
            choice: as `choose` made it; must be kept meanwhile.
            parts: how many of the same size are asked for one answer.

        Returns:
            (n, k) positions, best first, -1 where there are fewer; (n, k) scores, -inf there; k is
            `top_k`, or the choice's size where that is less.
        """
        faiss, index, top_k = _faiss(), self._index, min(top_k, choice.count)
        if choice.few is not None:
            scores, rows = choice.few.search(vectors, top_k)
            return choice.places[rows], scores
        # A selector only points to its bits: the choice must outlive the search.
        every = choice.count == self.count
        selector: Any = None if every else faiss.IDSelectorBitmap(choice.bits)
        if isinstance(index, faiss.IndexHNSW) and (every or choice.count > SCANNED_UP_TO):
            # The graph is walked through those that are not wanted too: go further for as many.
            # Each of several parts holds a share of what is wanted, in a graph that is smaller.
            share = choice.count / self.count
            width = max(GRAPH_SEARCH_WIDTH, min(top_k / share, GRAPH_MOST_WIDTH), 2 * top_k)
            width = max(math.ceil(width / math.sqrt(parts)), GRAPH_PART_WIDTH, top_k)
            parameters = faiss.SearchParametersHNSW(sel=selector, efSearch=width)
        else:
            index = index.storage if isinstance(index, faiss.IndexHNSW) else index
            parameters = faiss.SearchParameters(sel=selector)
        scores, places = index.search(vectors, top_k, params=parameters)
        return places, np.where(places >= 0, scores, -np.inf).astype(np.float32)

    def choose(self, wanted: Wanted, *, copies: bool = True) -> Choice:
        """What a search may find.

        Args:
            wanted: (count,) marks.
            copies: whether few may be copied, to be scanned the quicker.
        """
        places = np.flatnonzero(wanted)
        few = None
        if copies and 0 < len(places) <= min(SCANNED_UP_TO, len(wanted) // 2):
            few = _pick(_faiss(), self._index, places)
        bits = np.packbits(wanted, bitorder="little")
        return Choice(bits, len(places), places if few else places[:0], few)

    def vectors(self, places: Places) -> Vectors:
        """(n, dim) float32, the vectors at some positions as they are kept."""
        found: Vectors = self._index.reconstruct_batch(places)
        return found


def kind_of(vectors: Vectors) -> str:
    """What is built of (n, dim) vectors: those that are scanned quickly need no graph."""
    return EXACT_KIND if vectors.size <= EXACT_UP_TO else GRAPH_KIND


def build(vectors: Vectors, path: Path, *, kind: str) -> None:
    """Write a part.

    Args:
        vectors: (n, dim) float32, contiguous.
        path: the file; not whole until this returns.
        kind: as `kind_of` says.
    """
    faiss = _faiss()
    faiss.omp_set_num_threads(1)  # several would link the graph in the order they happen to run
    count, dim = vectors.shape
    index = faiss.index_factory(dim, kind, faiss.METRIC_INNER_PRODUCT)
    if isinstance(index, faiss.IndexHNSW):
        index.hnsw.efConstruction = GRAPH_BUILD_WIDTH
    if not index.is_trained:
        # Bytes need to know the range of each number; any vectors will do.
        index.train(vectors if count else np.zeros((1, dim), np.float32))
    index.add(vectors)
    faiss.write_index(index, str(path))


def recipe(vectors: Vectors, *, kind: str) -> str:
    """SHA-256 over all that decides what `build` writes of (n, dim) contiguous vectors."""
    how = f"{_faiss().__version__} {kind} {GRAPH_BUILD_WIDTH} {vectors.shape}"
    digest = hashlib.sha256(how.encode())
    digest.update(vectors.reshape(-1).data)
    return digest.hexdigest()


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


def _faiss() -> ModuleType:
    import faiss

    return faiss
