"""How a process searches a collection of a vector engine: with patience, and with what is newer.

An engine that is away costs a page a moment once, then nothing for a while: whoever searches is
told at once and goes by words. What desk.db holds beyond the collection lies over it in this
process, so that an answer sent in one process is found in every other at once.
"""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Final, TypeVar

from sqlite_utils import Database

from . import vector_collections
from .errors import IndexServerError
from .milvus_index import MilvusIndex, MilvusPlace
from .overlay_index import OverlayIndex
from .vector_collections import Kind
from .vector_index import Ids, Vectors

SECONDS: Final = 2.0  # that a search waits for the engine
PAUSE: Final = 15.0  # seconds for which an engine that was away is not asked again
# Newer vectors kept in this process, though the collection holds them by now: it is asked for as
# many more. Of 18,000 that were all kept here too, a search took 3.7 s instead of 0.2.
TAIL: Final = 2_000

T = TypeVar("T")


class Patience:
    """One engine, as one process knows it: asked, or left alone for a while."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        """Take a clock, seconds."""
        self._why = ""  # why it did not answer when it was asked last
        self._again_at = 0.0
        self._clock = clock

    @property
    def why(self) -> str:
        """Why it is away; '' where it is not, or nobody asked for so long that it may be back."""
        return self._why if self._clock() < self._again_at else ""

    def ask(self, work: Callable[[], T]) -> T:
        """What the engine answers.

        Raises:
            IndexServerError: it did not, now or a moment ago.
        """
        if why := self.why:
            raise IndexServerError(why)
        try:
            found = work()
        except IndexServerError as error:
            self._why, self._again_at = str(error), self._clock() + PAUSE
            raise
        self._why = ""
        return found


@cache
def patience(uri: str) -> Patience:
    """The one of an engine: inquiries and listings wait for it once."""
    return Patience()


class CollectionIndex:
    """A collection that is only searched; implements `support.vector_index.VectorIndex`.

    Opened when it is first asked, and anew after it failed or in a process that was forked.
    """

    def __init__(self, place: MilvusPlace, name: str, *, dim: int) -> None:
        """Take where it lies; nobody is asked yet."""
        self.dim = dim
        self._place = place
        self._name = name
        self._patience = patience(place.uri)
        self._open: tuple[int, MilvusIndex] | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._ask(len)

    def search(
        self, vectors: Vectors, *, top_k: int, allow: Ids | None = None
    ) -> tuple[Ids, Vectors]:
        """Find the nearest, as `VectorIndex.search`.

        Raises:
            IndexServerError: the engine is away.
        """
        return self._ask(lambda index: index.search(vectors, top_k=top_k, allow=allow))

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors of some ids, as `VectorIndex.vectors`.

        Raises:
            IndexServerError: the engine is away.
        """
        return self._ask(lambda index: index.vectors(ids))

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Refused: who searches writes nothing."""
        raise TypeError(f"{self._name} is only searched here; `vector_sync` writes it.")

    def remove(self, ids: Ids) -> None:
        """Refused, as `add`."""
        raise TypeError(f"{self._name} is only searched here; `vector_sync` writes it.")

    def snapshot(self, folder: Path) -> None:
        """Write everything into an existing folder, as the engine's index does."""
        self._ask(lambda index: index.snapshot(folder))

    def _ask(self, work: Callable[[MilvusIndex], T]) -> T:
        try:
            return self._patience.ask(lambda: self._asked(work))
        except IndexServerError:
            self._open = None
            raise

    def _asked(self, work: Callable[[MilvusIndex], T]) -> T:
        index = self._opened()
        try:
            with index.within(SECONDS):
                return work(index)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            # What was asked was looked at before: it is the answer that cannot be read.
            raise IndexServerError(
                f"Milvus at {self._place.uri} answers what cannot be ({error}). Is it one?"
            ) from error

    def _opened(self) -> MilvusIndex:
        with self._lock:
            if self._open is None or self._open[0] != os.getpid():
                index = MilvusIndex(
                    self._place, self._name, dim=self.dim, create=False, timeout=SECONDS
                )
                self._open = (os.getpid(), index)
            return self._open[1]


@dataclass(frozen=True, slots=True)
class Opened:
    """A collection with nothing over it yet, and from where on desk.db is to be read."""

    index: OverlayIndex
    seq: int
    tombstone: int


class SharedVectors:
    """Follows what desk.db says of one kind and model: which collection, and how far it goes."""

    def __init__(self, place: MilvusPlace, kind: Kind, version: str, *, dim: int) -> None:
        """Take whose vectors; nothing is read yet."""
        self.place = place
        self._kind = kind
        self._version = version
        self._dim = dim
        self._name = ""
        self._from = 0
        self._base: CollectionIndex | None = None

    @property
    def opened(self) -> bool:
        """Whether a collection was given out."""
        return bool(self._name)

    @property
    def why_away(self) -> str:
        """Why the engine is away, as far as this process knows; '' where it is not."""
        return patience(self.place.uri).why

    def newer(self, db: Database, *, least: int = 0) -> Opened | None:
        """A collection to search instead of what is searched now; None: go on with that.

        Args:
            db: the desk's database.
            least: what is searched now holds more than a collection that does not go so far.
        """
        at = vector_collections.used(db, self.place.uri, self._kind, self._version)
        if at is None or at.synced_at is None or (not self._name and at.seq < least):
            return None  # not whole yet, or not as far as what is searched now
        if at.name == self._name and at.seq - self._from <= TAIL:
            return None
        if self._base is None or at.name != self._name:
            self._base = CollectionIndex(self.place, at.name, dim=at.dim)
        self._name, self._from = at.name, at.seq
        return Opened(OverlayIndex(self._base, at.dim), at.seq, at.tombstone)
