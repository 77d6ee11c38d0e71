"""Vectors in Milvus: a server, or a file of the embedded milvus-lite; one collection an index.

Implements `support.vector_index.VectorIndex`: what is written is read by the next search, and what
is written twice stands once. The truth lies in `desk.db`: a collection that is lost is built again.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import numpy as np

from .faiss_index import FaissIndex
from .milvus_collection import ID, TIMEOUT, VECTOR, MilvusCollection, MilvusPlace
from .vector_index import Ids, Vectors, best_of, checked_queries, checked_rows, in_sorted

__all__ = ["MilvusIndex", "MilvusPlace"]

Progress = Callable[[int, int, str], None]

GRAPH_SEARCH_WIDTH: Final = 192  # at least; twice as many as are asked for
GRAPH_MOST_WIDTH: Final = 32_768  # the server takes no more
# The ids of so few are fetched and scored here. A server answered `id in [...]` of 10 ids with 4 of
# them: what it has not built a graph of yet, it looks for in a few cells of a rough index. To fetch
# 1,000 of 256 numbers takes 13 ms, the expression 7.
FETCHED_UP_TO: Final = 1_000
MOST_HITS: Final = 16_384  # of a query, and rows of a page: the server gives no more
BUILDING: Final = 600.0  # seconds that are waited for the engine's index
# Seconds more until it searches by an index that it calls finished: of 100,000 vectors it found .90
# of the ten nearest just then, and all of them between one and five seconds later.
TAKEN_OVER: Final = 6.0
_PART: Final = 8 << 20  # bytes of vectors that travel at once; a message may have 64 MiB
_TOLD: Final = 500_000  # hits of one answer


class MilvusIndex:
    """One collection; implements `support.vector_index.VectorIndex`."""

    def __init__(
        self,
        place: MilvusPlace,
        collection: str,
        *,
        dim: int,
        create: bool = True,
        timeout: float = TIMEOUT,
    ) -> None:
        """Open a collection, and make it where it is missing if `create`.

        Raises:
            SettingError: the name is none.
            IndexServerError: the engine is away, too slow (more than `timeout` seconds a call), or
                refuses; there is no such collection (`missing`); or it is another program's, or
                holds vectors of another length.
        """
        self.dim = dim
        self._collection = MilvusCollection(
            place, collection, dim=dim, create=create, timeout=timeout
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._collection.close()

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """All that this thread asks in the block together takes no longer.

        Raises:
            IndexServerError: it does; told by what was asked.
        """
        return self._collection.within(seconds)

    def drop(self) -> None:
        """Delete the collection and all that is in it; one that is gone is passed over."""
        self._collection.ask("drop_collection")

    def __len__(self) -> int:
        return self._count("Strong")

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, as `VectorIndex.add`; many go in parts.

        Killed half way, some parts are there and none is there twice: add them all again.
        """
        # Looked at before the first part leaves: all are added, or none for being wrong.
        ids, vectors = checked_rows(ids, vectors, dim=self.dim)
        for part in self._parts(len(ids)):
            rows = [
                {ID: item, VECTOR: vector}
                for item, vector in zip(ids[part].tolist(), vectors[part], strict=True)
            ]
            self._collection.write("upsert", data=rows)
        if len(ids):
            self._collection.settle(int(ids[-1]))

    def remove(self, ids: Ids) -> None:
        """Forget ids, as `VectorIndex.remove`."""
        ids = np.unique(np.asarray(ids, np.int64))
        for part in self._parts(len(ids)):
            self._collection.write("delete", ids=ids[part].tolist())
        if len(ids):
            self._collection.settle(int(ids[-1]))

    def search(
        self, vectors: Vectors, *, top_k: int, allow: Ids | None = None
    ) -> tuple[Ids, Vectors]:
        """Find the nearest, as `VectorIndex.search`."""
        vectors = checked_queries(vectors, top_k=top_k, dim=self.dim)
        if not len(vectors) or (allow is not None and not len(allow)):
            return _nothing(len(vectors), top_k)
        if allow is not None and len(allow) <= FETCHED_UP_TO:
            return self._among(vectors, top_k, allow)
        # With a choice, more than are asked for: enough of them may be allowed.
        limit = top_k if allow is None else 4 * top_k + 64
        while limit <= MOST_HITS:
            ids, scores = self._nearest(vectors, limit)
            found = ids if allow is None else np.where(in_sorted(ids, allow), ids, -1)
            fewest = int((found >= 0).sum(axis=1).min())
            if fewest >= top_k:
                return best_of(found, scores, top_k=top_k)
            if (ids[:, -1] < 0).any():  # it has no more, or found no more of what it has
                if int((ids >= 0).sum(axis=1).min()) >= self._count("Session"):
                    return best_of(found, scores, top_k=top_k)
                break
            if limit == MOST_HITS:
                break
            limit = min(max(2 * limit, int(1.5 * top_k * limit / max(fewest, 1))), MOST_HITS)
        if allow is None or len(allow) > self._count("Session"):
            return self._scan(vectors, top_k, allow)
        return self._among(vectors, top_k, allow)

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors of some ids, as `VectorIndex.vectors`."""
        ids = np.asarray(ids, np.int64)
        found = np.full((len(ids), self.dim), np.nan, np.float32)
        for part in self._parts(len(ids)):
            wanted, places = np.unique(ids[part], return_inverse=True)
            rows = self._collection.ask(
                "get", ids=wanted.tolist(), output_fields=[ID, VECTOR], consistency_level="Session"
            )
            if rows:
                here, vectors = _columns(rows)
                got = np.full((len(wanted), self.dim), np.nan, np.float32)
                got[np.searchsorted(wanted, here)] = vectors
                found[part] = got[places]
        return found

    def snapshot(self, folder: Path) -> None:
        """Write everything into an existing folder, from where `FaissIndex.load` reads it."""
        pages = list(self._pages())
        index = FaissIndex(self.dim)
        if pages:
            index.add(
                np.concatenate([ids for ids, _ in pages]),
                np.concatenate([vectors for _, vectors in pages]),
            )
        index.snapshot(folder)

    def restore(self, folder: Path, *, progress: Progress) -> None:
        """Hold what a snapshot holds, and nothing else; killed half way, begin again.

        As for `FaissIndex.load`, the sums of its files were looked at before.

        Raises:
            ModelDamagedError: the snapshot is.
            ValueError: its vectors have another length.
        """
        index = FaissIndex.load(folder)
        wanted, done = index.ids(), 0
        for part in self._parts(len(wanted)):
            ids = wanted[part]
            self.add(ids, index.vectors(ids))
            done += len(ids)
            progress(done, len(wanted), "restoring vectors")
        for ids, _ in self._pages():
            self.remove(ids[~in_sorted(ids, wanted)])
        self.build()

    def build(self, *, patience: float = BUILDING) -> None:
        """Have the engine index what was added, and wait; until then it searches a rough index.

        Args:
            patience: seconds to wait; then it goes on by itself.
        """
        self._collection.ask("flush", timeout=patience)
        until = time.monotonic() + patience
        while time.monotonic() < until and not self._collection.embedded:
            index = self._collection.ask("describe_index", index_name=VECTOR) or {}
            if not index.get("pending_index_rows") and index.get("state", "Finished") == "Finished":
                time.sleep(TAKEN_OVER)
                return
            time.sleep(0.5)

    def _count(self, consistency: str) -> int:
        found = self._collection.ask(
            "query", filter="", output_fields=["count(*)"], consistency_level=consistency
        )
        return int(found[0]["count(*)"])

    def _nearest(self, vectors: Vectors, limit: int) -> tuple[Ids, Vectors]:
        """What the engine finds: (n, limit) ids, -1 where fewer, and scores."""
        width = min(max(GRAPH_SEARCH_WIDTH, 2 * limit), GRAPH_MOST_WIDTH)
        ids, scores = _nothing(len(vectors), limit)
        rows = max(min(_TOLD // limit, _PART // (4 * self.dim)), 1)
        for start in range(0, len(vectors), rows):
            found = self._collection.ask(
                "search", data=list(vectors[start : start + rows]), limit=limit,
                anns_field=VECTOR, output_fields=[ID], search_params={"params": {"ef": width}},
                consistency_level="Session",
            )  # fmt: skip
            for row, hits in enumerate(found, start):
                ids[row, : len(hits)] = hits.ids
                scores[row, : len(hits)] = hits.distances
        return ids, scores

    def _among(self, vectors: Vectors, top_k: int, allow: Ids) -> tuple[Ids, Vectors]:
        """The nearest of some ids, exactly: their vectors are fetched."""
        parts = (allow[part] for part in self._parts(len(allow)))
        return _exact(((ids, self.vectors(ids)) for ids in parts), vectors, top_k)

    def _scan(self, vectors: Vectors, top_k: int, allow: Ids | None) -> tuple[Ids, Vectors]:
        """The nearest, exactly: everything is fetched. For what the engine cannot be asked for."""
        return _exact(self._pages(), vectors, top_k, allow)

    def _pages(self) -> Iterator[tuple[Ids, Vectors]]:
        """Everything, by and by."""
        return (_columns(page) for page in self._collection.pages(self._rows))

    def _parts(self, n: int) -> Iterator[slice]:
        return (slice(start, start + self._rows) for start in range(0, n, self._rows))

    @property
    def _rows(self) -> int:
        """How many travel at once."""
        return max(min(_PART // (4 * self.dim), MOST_HITS), 1)


def _columns(rows: list[dict[str, Any]]) -> tuple[Ids, Vectors]:
    """Rows of the engine as (n,) ids and (n, dim) vectors, in the order of the ids."""
    ids = np.array([row[ID] for row in rows], np.int64)
    vectors = np.array([row[VECTOR] for row in rows], np.float32)
    order = np.argsort(ids)
    return ids[order], vectors[order]


def _nothing(n: int, k: int) -> tuple[Ids, Vectors]:
    return np.full((n, k), -1, np.int64), np.full((n, k), -np.inf, np.float32)


def _exact(
    parts: Iterable[tuple[Ids, Vectors]], queries: Vectors, top_k: int, allow: Ids | None = None
) -> tuple[Ids, Vectors]:
    """The nearest of what comes by and by; unknown vectors are NaN."""
    best, best_scores = _nothing(len(queries), 0)
    for ids, vectors in parts:
        keep = ~np.isnan(vectors[:, 0])
        if allow is not None:
            keep &= in_sorted(ids, allow)
        ids, scores = ids[keep], queries @ vectors[keep].T
        best, best_scores = best_of(
            np.concatenate([best, np.broadcast_to(ids, scores.shape)], axis=1),
            np.concatenate([best_scores, scores], axis=1),
            top_k=top_k,
        )
    return best_of(best, best_scores, top_k=top_k)
