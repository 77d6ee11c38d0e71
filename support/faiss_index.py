"""The embedded vector index: a read-only FAISS snapshot, an exact tail, minus tombstones.

The snapshot is memory-mapped, so that processes share it; what came after it is searched exactly. A
large one consists of parts of `faiss_parts.ROWS` vectors in the order of their ids.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from .errors import ModelDamagedError
from .faiss_part import Choice, Part, Places
from .faiss_parts import Building, building, files_of, write_parts
from .shard_runs import Progress, Spread
from .vector_index import Ids, VectorIndex, Vectors, checked_queries, checked_rows, in_sorted, mark

# Of one choice, over all parts: a copy of so many is held in memory for each of the last two.
COPIED_UP_TO: Final = 100_000

_IDS: Final = "ids.npy"


class FaissIndex:
    """Implements `support.vector_index.VectorIndex`."""

    def __init__(self, dim: int) -> None:
        """Start empty, for vectors of `dim` numbers."""
        self.dim = dim
        self.building: Building | None = None  # who builds a snapshot; None: this process
        self._parts: list[Part] = []
        self._starts = np.empty(0, np.int64)  # of the parts: positions in all of them
        self._base_ids: Ids = np.empty(0, np.int64)  # sorted, of each position
        self._alive = np.empty(0, bool)  # likewise
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
        try:
            ids = np.load(folder / _IDS, allow_pickle=False)
            parts = [Part.load(path) for path in files_of(folder)]
        except (RuntimeError, OSError, ValueError, EOFError) as error:
            raise ModelDamagedError(
                f"The index in {folder} is damaged. Build it again: faqdesk index"
            ) from error
        ends = np.cumsum([part.count for part in parts])
        if ends[-1] != len(ids) or len({part.dim for part in parts}) > 1:
            raise ModelDamagedError(
                f"The index in {folder} holds {ends[-1]} vectors for {len(ids)} ids. "
                f"Build it again: faqdesk index"
            )
        index = cls(parts[0].dim)
        index._parts, index._starts = parts, ends - [part.count for part in parts]
        index._base_ids, index._alive = ids, np.ones(len(ids), bool)
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
                found[here] = self._kept(at[here])
        if len(self._tail_ids):
            order = np.argsort(self._tail_ids)
            ordered = self._tail_ids[order]
            at = np.minimum(np.searchsorted(ordered, ids), len(ordered) - 1)
            here = ordered[at] == ids
            found[here] = self._tail[order[at[here]]]
        return found

    def ids(self) -> Ids:
        """(n,) every id, sorted."""
        return np.sort(np.concatenate([self._base_ids[self._alive], self._tail_ids]))

    def snapshot(self, folder: Path) -> None:
        """Write base and tail, without what was removed."""
        ids, vectors = self._everything()
        order = np.argsort(ids, kind="stable")
        if (np.diff(ids) < 0).any():  # a million vectors are not copied where they are in order
            vectors = np.ascontiguousarray(vectors[order])
        write_parts(vectors, folder, self.building)
        np.save(folder / _IDS, ids[order], allow_pickle=False)

    def _everything(self) -> tuple[Ids, Vectors]:
        positions = np.flatnonzero(self._alive)
        if not len(positions):
            return self._tail_ids, self._tail
        ids = np.concatenate([self._base_ids[positions], self._tail_ids])
        return ids, np.concatenate([self._kept(positions), self._tail])

    def _kept(self, positions: Places) -> Vectors:
        """The vectors at some positions of the base."""
        found = np.empty((len(positions), self.dim), np.float32)
        owners = np.searchsorted(self._starts, positions, side="right") - 1
        for number in np.unique(owners).tolist():
            own = owners == number
            found[own] = self._parts[number].vectors(positions[own] - self._starts[number])
        return found

    def _search_base(self, vectors: Vectors, top_k: int, allow: Ids | None) -> tuple[Ids, Vectors]:
        ids: list[Ids] = [np.empty((len(vectors), 0), np.int64)]
        scores: list[Vectors] = [np.empty((len(vectors), 0), np.float32)]
        chosen = self._choose(allow).parts
        for part, start, choice in zip(self._parts, self._starts, chosen, strict=True):
            if choice.count:
                places, near = part.search(
                    vectors, top_k=top_k, choice=choice, parts=len(self._parts)
                )
                found = places >= 0
                ids.append(np.where(found, self._base_ids[start + np.where(found, places, 0)], -1))
                scores.append(near)
        return np.concatenate(ids, axis=1), np.concatenate(scores, axis=1)

    def _choose(self, allow: Ids | None) -> "_Choice":
        """Which positions may be found; kept while the same lists are asked for."""
        for choice in self._chosen:
            if choice.allow is allow:
                return choice
        wanted = self._alive
        if allow is not None:
            wanted = wanted & mark(self._base_ids, allow)
        copies = bool(np.count_nonzero(wanted) <= COPIED_UP_TO)
        parts = tuple(
            part.choose(wanted[start : start + part.count], copies=copies)
            for part, start in zip(self._parts, self._starts, strict=True)
        )
        choice = _Choice(allow, parts)
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


@contextmanager
def built_by(
    *indexes: VectorIndex | None, spread: Spread | None, progress: Progress
) -> Iterator[None]:
    """Have large snapshots of some indexes built by an engine, in the block.

    A build that is killed goes on: the parts that are done are kept until the block ends.

    Args:
        *indexes: those of this class; others build as they do.
        spread: who builds, and where parts are kept meanwhile; None: this process, keeping none.
        progress: told vectors done, all of them and what is done; may raise.
    """
    own = [index for index in indexes if isinstance(index, FaissIndex)]
    if spread is None or not own:
        yield
        return
    with building(spread, progress) as how:
        try:
            for index in own:
                index.building = how
            yield
        finally:
            for index in own:
                index.building = None


@dataclass(frozen=True, slots=True)
class _Choice:
    """The positions of each part that a search may find."""

    allow: Ids | None
    parts: tuple[Choice, ...]
