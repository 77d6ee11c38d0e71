"""Brings a collection of a vector engine up to date with desk.db, batch after batch.

How far it goes is noted in desk.db after each batch that the engine acknowledged. Killed, the next
run goes on there; a batch sent twice changes nothing. One run of a kind at a time, under a lock
that ends with its process.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Protocol

from sqlite_utils import Database

from . import embeddings, vector_collections
from .database import scalar
from .errors import IndexServerError
from .milvus_index import MilvusIndex, MilvusPlace
from .vector_collections import Collection, Kind
from .vector_index import Ids, Vectors

BATCH: Final = 5_000  # vectors, or listings, sent between two notes of how far it got
SECONDS: Final = 60.0  # that the engine may take over one call of a sync
BUILT: Final = 1_000  # vectors sent at once, from which the engine is waited for to index them
PROMPT: Final = 5.0  # and over one that somebody waits for
_LOCK: Final = "vectors.{kind}.lock"

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Page:
    """What changed in desk.db after a position: what to take out first, what to put in then.

    `gone` (m,) ids; `ids` (n,) and `vectors` (n, dim) float32; `seq` and `tombstone` are where the
    next page begins; `rows` of desk.db were read.
    """

    seq: int
    tombstone: int
    gone: Ids
    ids: Ids
    vectors: Vectors
    rows: int


class Source(Protocol):
    """The vectors of one kind and model in desk.db."""

    @property
    def kind(self) -> Kind:
        """Of what."""

    @property
    def version(self) -> str:
        """Of which model."""

    @property
    def dim(self) -> int:
        """Numbers a vector."""

    def left(self, db: Database, seq: int) -> int:
        """How many rows came after a position."""

    def page(self, db: Database, at: Collection, *, new_up_to: int) -> Page | None:
        """What comes next after a collection's position; None: nothing.

        `new_up_to`: what stands up to this position was never sent, so nothing of it need go.
        """


@dataclass(frozen=True, slots=True)
class Inquiries:
    """Past inquiries as one encoder encoded them; implements `Source`."""

    version: str
    dim: int
    kind: Kind = "inquiries"

    def left(self, db: Database, seq: int) -> int:
        """How many came after `seq`."""
        sql = "SELECT count(*) FROM embeddings WHERE encoder_version = ? AND seq > ?"
        return int(scalar(db, sql, [self.version, seq]))

    def page(self, db: Database, at: Collection, *, new_up_to: int) -> Page | None:
        """The next of them, and those removed since."""
        tombstone, gone = embeddings.removed_after(db, at.tombstone)
        seq, ids, vectors = embeddings.after(db, self.version, at.seq, most=BATCH)
        if tombstone == at.tombstone and seq == at.seq:
            return None
        return Page(seq, tombstone, gone, ids, vectors, len(ids))


def sync(
    db: Database,
    place: MilvusPlace,
    source: Source,
    *,
    wait: bool = True,
    anew: bool = False,
    progress: Progress = lambda done, total, message: None,
) -> Collection | None:
    """Bring the collection of a source up to date, making it where there is none.

    One that does not hold what it was noted to hold (emptied, lost, written by others) is built
    anew under another name: who searches the old one follows.

    Args:
        db: the desk's database.
        place: the engine.
        source: whose vectors.
        wait: for another run to end; without, that one is left to it.
        anew: build it under another name, however good the one that is there.
        progress: told rows done, all of them and a message; may raise.

    Returns:
        The collection as it is now; None where another run is at work.

    Raises:
        IndexServerError: the engine does not answer, or refuses; what was sent is noted.
    """
    with _alone(db, source.kind, wait=wait) as ours:
        if not ours:
            return None
        found = vector_collections.used(db, place.uri, source.kind, source.version)
        found = None if anew else found
        at = found or _make(db, place, source)
        index = MilvusIndex(place, at.name, dim=at.dim, timeout=SECONDS)
        held = len(index)
        if not _fits(at, held):
            at = _make(db, place, source)
            index, held = MilvusIndex(place, at.name, dim=at.dim, timeout=SECONDS), 0
        _send(db, at, source, index, empty=not held, progress=progress)
        if source.left(db, at.seq) >= BUILT:
            progress(0, 1, "waiting for the engine's index")
            index.build()
        vector_collections.settle(db, at.name, count=len(index))
        return vector_collections.used(db, place.uri, source.kind, source.version)


def take_out(db: Database, place: MilvusPlace, found: Collection) -> bool:
    """Take what was removed out of a collection of inquiries, and send nothing.

    Returns:
        Whether it is done; False where another run is at work, which does it too.

    Raises:
        IndexServerError: the engine does not answer, or refuses.
    """
    with _alone(db, found.kind, wait=False) as ours:
        at = vector_collections.used(db, found.engine, found.kind, found.version)
        if not ours or at is None:
            return False
        tombstone, gone = embeddings.removed_after(db, at.tombstone)
        index = MilvusIndex(place, at.name, dim=at.dim, create=False, timeout=PROMPT)
        vector_collections.begin(db, at.name)
        with index.within(PROMPT):
            index.remove(gone)
        vector_collections.advance(db, at.name, seq=at.seq, tombstone=tombstone)
        return True


def _send(
    db: Database,
    at: Collection,
    source: Source,
    index: MilvusIndex,
    *,
    empty: bool,
    progress: Progress,
) -> None:
    done, total = 0, source.left(db, at.seq)
    new_up_to = _newest(db, source) if empty and not at.seq else 0
    while page := _read(db, source, at, new_up_to):
        vector_collections.begin(db, at.name)
        # First what goes: what was removed and came back is among the vectors.
        if len(page.gone):
            index.remove(page.gone)
        if len(page.ids):
            index.add(page.ids, page.vectors)
        vector_collections.advance(db, at.name, seq=page.seq, tombstone=page.tombstone)
        at = replace(at, seq=page.seq, tombstone=page.tombstone)
        done += page.rows
        progress(done, max(done, total), "sending vectors to the engine")


def _read(db: Database, source: Source, at: Collection, new_up_to: int) -> Page | None:
    """The next page, as of one moment: what comes back after it was removed has a later place."""
    db.conn.execute("BEGIN")
    try:
        return source.page(db, at, new_up_to=new_up_to)
    finally:
        db.conn.rollback()


def _make(db: Database, place: MilvusPlace, source: Source) -> Collection:
    return vector_collections.make(
        db, place.uri, source.kind, source.version,
        dim=source.dim, tombstone=embeddings.last_tombstone(db),
    )  # fmt: skip


def _fits(at: Collection, held: int) -> bool:
    """Whether a collection holds what it was noted to hold, as far as can be told."""
    if at.count is not None:
        return held == at.count
    return bool(held) or not at.seq  # killed in a batch: some of it may be there


def _newest(db: Database, source: Source) -> int:
    table = "embeddings" if source.kind == "inquiries" else "listing_changes"
    return int(scalar(db, "SELECT seq FROM sqlite_sequence WHERE name = ?", [table]) or 0)


@contextmanager
def _alone(db: Database, kind: Kind, *, wait: bool) -> Iterator[bool]:
    """No other run on this desk is at work with a kind in the block; whether that is so."""
    path = vector_collections.path_of(db)
    if path is None:
        yield True
        return
    with path.with_name(_LOCK.format(kind=kind)).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def drop_due(db: Database, place: MilvusPlace, *, wait: bool = True) -> int:
    """Drop the collections that shall go; returns how many.

    One stays as long as another is being filled in its place: it is searched until then.

    Args:
        db: the desk's database.
        place: the engine.
        wait: for another run to end; without, what that one is at work with is left for later.

    Raises:
        IndexServerError: the engine does not answer.
    """
    gone = 0
    for found in vector_collections.listed(db):
        if found.state != "dropping" or found.engine != place.uri:
            continue
        # Alone: whoever fills it would make it again, under a name that nobody knows.
        with _alone(db, found.kind, wait=wait) as ours:
            after = vector_collections.used(db, place.uri, found.kind, found.version)
            if not ours or (after is not None and after.synced_at is None):
                continue
            try:
                MilvusIndex(place, found.name, dim=found.dim, create=False, timeout=SECONDS).drop()
            except IndexServerError as error:
                if not error.missing:
                    raise
            vector_collections.dropped(db, found.name)
            gone += 1
    return gone
