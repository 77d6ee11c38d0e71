"""What is new in this process, exactly, over an index that all share and this process only reads.

Vectors that were added here lie in a tail, ids that were removed here are masked, and the base is
asked for as many more as that hides. So an answer is found here at once, whoever brings the base up
to date, and whenever: an id that stands in both counts once, with the tail's vector.
"""

import threading
from pathlib import Path
from typing import Final

import numpy as np

from . import scratch
from .faiss_index import FaissIndex
from .vector_index import (
    Ids,
    VectorIndex,
    Vectors,
    best_of,
    checked_queries,
    checked_rows,
    in_sorted,
)

_PART: Final = 10_000  # hidden ids that the base is asked for at once


class OverlayIndex:
    """Implements `support.vector_index.VectorIndex`; many threads may use it."""

    def __init__(self, base: VectorIndex, dim: int) -> None:
        """Lay an empty tail over a base, whose vectors have `dim` numbers."""
        self.base = base
        self.dim = dim
        self._tail = FaissIndex(dim)  # without a snapshot: all of it is searched exactly
        self._removed: Ids = np.empty(0, np.int64)  # sorted
        self._hidden: Ids = np.empty(0, np.int64)  # what is not to be found in the base, sorted
        self._lock = threading.Lock()  # of these three; the base is asked without it

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors to the tail, as `VectorIndex.add`; the base is left alone."""
        ids, vectors = checked_rows(ids, vectors, dim=self.dim)
        with self._lock:
            self._tail.add(ids, vectors)
            self._hide()

    def remove(self, ids: Ids) -> None:
        """Forget ids, as `VectorIndex.remove`; the base is left alone."""
        with self._lock:
            self._tail.remove(ids)
            self._removed = np.union1d(self._removed, np.asarray(ids, np.int64))
            self._hide()

    def search(
        self, vectors: Vectors, *, top_k: int, allow: Ids | None = None
    ) -> tuple[Ids, Vectors]:
        """Find the nearest, as `VectorIndex.search`."""
        vectors = checked_queries(vectors, top_k=top_k, dim=self.dim)
        # First what is here: what the base takes over in between is then found twice, not nowhere.
        with self._lock:
            ids, scores = self._tail.search(vectors, top_k=top_k, allow=allow)
            hidden = self._hidden
        base_ids, base_scores = self._search_base(vectors, top_k, allow, hidden)
        return best_of(
            np.concatenate([base_ids, ids], axis=1),
            np.concatenate([base_scores, scores], axis=1),
            top_k=top_k,
        )

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors of some ids, as `VectorIndex.vectors`."""
        ids = np.asarray(ids, np.int64)
        with self._lock:
            found = self._tail.vectors(ids)
            hidden = self._hidden
        others = ~in_sorted(ids, hidden)
        if others.any():
            found[others] = self.base.vectors(ids[others])
        return found

    def snapshot(self, folder: Path) -> None:
        """Write base and tail, without what was removed, as one FAISS index."""
        with self._lock:
            ids = self._tail.ids()
            tail, hidden = self._tail.vectors(ids), self._hidden
        with scratch.scratch("overlay") as below:
            self.base.snapshot(below)
            whole = FaissIndex.load(below)
            whole.remove(hidden)
            whole.add(ids, tail)
            whole.snapshot(folder)

    def __len__(self) -> int:
        """How many vectors there are; the base is asked which of those hidden it holds."""
        with self._lock:
            here, hidden = len(self._tail), self._hidden
        covered = 0
        for start in range(0, len(hidden), _PART):
            found = self.base.vectors(hidden[start : start + _PART])
            covered += int((~np.isnan(found[:, 0])).sum())
        return len(self.base) - covered + here

    def _hide(self) -> None:
        self._hidden = np.union1d(self._removed, self._tail.ids())

    def _search_base(
        self, vectors: Vectors, top_k: int, allow: Ids | None, hidden: Ids
    ) -> tuple[Ids, Vectors]:
        # A few more than are asked for: mostly nothing of what is hidden is near.
        limit = top_k + min(len(hidden), top_k)
        while True:
            ids, scores = self.base.search(vectors, top_k=limit, allow=allow)
            seen = np.where(in_sorted(ids, hidden), -1, ids)
            enough = (seen >= 0).sum(axis=1) >= top_k
            most = top_k + len(hidden)  # as many are enough, whatever is hidden
            if (enough | (ids[:, -1] < 0)).all() or limit >= most:  # or the base has no more
                return seen, scores
            limit = min(2 * limit, most)
