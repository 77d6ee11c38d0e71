"""A vector index that others use too, one after the other, whichever is in place just now."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from support.vector_index import Ids, VectorIndex, Vectors


class SharedIndex:
    """Implements `support.vector_index.VectorIndex` over what `pick` names at each call.

    Args:
        pick: the index in use; a newer one may take its place.
        lock: held while it works.
    """

    def __init__(
        self, pick: Callable[[], VectorIndex], lock: AbstractContextManager[object]
    ) -> None:
        self._pick = pick
        self._lock = lock

    def __len__(self) -> int:
        with self._lock:
            return len(self._pick())

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, as `VectorIndex.add`."""
        with self._lock:
            self._pick().add(ids, vectors)

    def remove(self, ids: Ids) -> None:
        """Forget ids, as `VectorIndex.remove`."""
        with self._lock:
            self._pick().remove(ids)

    def search(
        self, vectors: Vectors, *, top_k: int, allow: Ids | None = None
    ) -> tuple[Ids, Vectors]:
        """Find the nearest, as `VectorIndex.search`."""
        with self._lock:
            return self._pick().search(vectors, top_k=top_k, allow=allow)

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors of some ids, as `VectorIndex.vectors`."""
        with self._lock:
            return self._pick().vectors(ids)

    def snapshot(self, folder: Path) -> None:
        """Write everything into an existing folder."""
        with self._lock:
            self._pick().snapshot(folder)
