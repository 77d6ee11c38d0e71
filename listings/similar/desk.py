"""Similar listings of one desk: the index, kept up with every change, behind one door.

Every search first reads what changed since the last, so that a listing added in one process is
found in every other at once.
"""

import fcntl
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlite_utils import Database

from support import vector_engine
from support.artifact import Artifact, read_artifact, write_artifact
from support.errors import IndexServerError, InputError, ModelVersionError, NotFoundError
from support.faiss_index import built_by
from support.shard_runs import Spread
from support.vector_index import Ids, VectorIndex

from . import vectors
from .apart import kept_apart
from .collections import SharedListings, shared_listings
from .describe import Describer, Progress
from .index import WAYS, ListingIndex, Parts
from .likeness import Likeness
from .looks import Look, Match
from .shared import SharedIndex

KIND: Final = "similar-index"
AT_ONCE: Final = 2_000  # listings read into the index at once


def new_parts(describer: Describer) -> Parts:
    """Empty indexes in this process, as long as the describer's vectors."""
    space = describer.space
    return Parts.empty(describer.encoder.dim, space.dim if space else None)


class SimilarListings:
    """Finds a desk's listings that show one thing."""

    def __init__(
        self,
        describer: Describer,
        *,
        parts: Parts | None = None,
        likeness: Likeness | None = None,
        seq: int = 0,
        shared: SharedListings | None = None,
    ) -> None:
        """Take what describes listings, and indexes that hold all changes up to `seq`.

        `shared`: what a vector engine holds; searched instead as soon as it is there.
        """
        self.describer = describer
        self.likeness = likeness or Likeness()
        self._parts = parts or new_parts(describer)
        self._seq = seq
        self._shared = shared
        self._own_seq = seq  # up to where the vectors opened here go
        self._bare = False  # words and hashes are there up to `seq`, vectors are not
        self._lock = threading.Lock()

    @classmethod
    def load(
        cls, describer: Describer, folder: Path, *, likeness: Likeness | None = None
    ) -> "SimilarListings":
        """Open what `save` wrote.

        Raises:
            ModelError: it is missing, damaged, or of other models.
        """
        found = cls(describer, likeness=likeness, shared=shared_listings(describer))
        found._parts, found._seq, whole = _open(describer, folder)
        found._own_seq, found._bare = (found._seq if whole else 0), not whole
        return found

    def __len__(self) -> int:
        return len(self._parts.words)  # as many, and nobody elsewhere is asked

    @property
    def seq(self) -> int:
        """The last change that it has read."""
        return self._seq

    def refresh(self, db: Database) -> int:
        """Read what changed since the last look; returns how many listings."""
        with self._lock:
            return self._follow(db)

    @property
    def why_by_words(self) -> str:
        """Why only words and hashes are compared for now; '' where vectors are too."""
        return self._shared.why_away if self._shared else ""

    def sync(self, db: Database, *, progress: Progress) -> None:
        """Bring the vector engine up to date, where there is one.

        Raises:
            IndexServerError: it does not answer, or refuses.
        """
        if self._shared is not None:
            self._shared.sync(db, progress=progress)

    def save(
        self,
        db: Database,
        folder: Path,
        *,
        spread: Spread | None = None,
        progress: Progress = lambda done, total, message: None,
    ) -> Artifact:
        """Write the index as a model folder; it goes on being searched meanwhile.

        Args:
            db: the desk's database.
            folder: where; one that is there is replaced.
            spread: who builds the parts of a large one; None: this process.
            progress: told vectors done, all of them and what is done; may raise.
        """
        self.refresh(db)

        def files(inside: Path) -> None:
            with self._lock:
                self._parts.snapshot(inside, vectors=self._shared is None)

        # Read before: what changes while it is written is read again, which does no harm.
        config: dict[str, Any] = {
            "seq": self._seq,
            "text_version": self.describer.text_version,
            "picture_version": self.describer.picture_version,
        } | ({"engine": "milvus"} if self._shared else {})
        built = built_by(self._parts.text, self._parts.pictures, spread=spread, progress=progress)
        with _alone(folder), built:
            return write_artifact(
                folder, kind=KIND, config=config, files=files, metrics={"listings": len(self)}
            )

    def to_listing(self, db: Database, listing_id: int, **options: Any) -> list[Match]:
        """Listings like one of the desk's, best first; those said to differ are left out.

        Args:
            db: the desk's database.
            listing_id: which.
            **options: as for `like`.

        Raises:
            NotFoundError: there is no such listing, or cleaning left it out.
        """
        found = self.looks(db, [listing_id])
        if not found:
            raise NotFoundError(f"No listing {listing_id}, or cleaning left it out.")
        return self.like(db, found[0], **options)

    def to_text(self, db: Database, text: str, **options: Any) -> list[Match]:
        """Listings that are worded like a text, as `like`."""
        if not text.strip():
            raise InputError("Nothing to look for: give the words of a listing.")
        return self.like(db, self.describer.look(text), **options)

    def to_pictures(self, db: Database, paths: Sequence[Path], **options: Any) -> list[Match]:
        """Listings that show what some picture files show, as `like`.

        Raises:
            PictureError: a file cannot be read.
        """
        return self.like(db, self.describer.look(pictures=paths), **options)

    def like(
        self,
        db: Database,
        look: Look,
        *,
        top_k: int = 10,
        allow: Ids | None = None,
        ways: Sequence[str] = WAYS,
        at_least: float = 0.05,
        whole: bool = False,
    ) -> list[Match]:
        """Listings like one that is described, best first.

        While the vector engine is away, words and hashes alone are compared.

        Args:
            db: the desk's database.
            look: what is asked about.
            top_k: how many at most.
            allow: sorted listing ids to choose among; None: all.
            ways: how to look: text, picture, hash.
            at_least: the probability of a match.
            whole: refuse while the vector engine is away.

        Raises:
            InputError: there is no such way.
            IndexServerError: the vector engine is away, and the answer shall be whole.
        """
        if unknown := [way for way in ways if way not in WAYS]:
            raise InputError(f"No way {unknown[0]!r} to look. There are: {', '.join(WAYS)}.")
        apart: Iterable[int] = kept_apart(db, look.listing_id) if look.listing_id >= 0 else ()
        with self._lock:
            self._follow(db)
            index = self._index(db, self._parts)
            near = partial(
                index.near, look,
                top_k=top_k, allow=allow, apart=apart, ways=ways, at_least=at_least,
            )  # fmt: skip
            try:
                matches = near()
            except IndexServerError:
                if whole:
                    raise
                matches = near(vectors=False)
        # Reading is slow, and needs no index: others search meanwhile.
        return index.worded(look, matches)

    def looks(self, db: Database, listing_ids: Sequence[int]) -> list[Look]:
        """Listings as they are described; those that are gone are left out."""
        return vectors.looks(
            db,
            listing_ids,
            text_version=self.describer.text_version,
            picture_version=self.describer.picture_version,
        )

    def vector_indexes(self) -> list[tuple[str, VectorIndex, int]]:
        """The indexes of vectors, for others to use too: name, index, length of a vector."""
        found: list[tuple[str, VectorIndex, int]] = [
            ("text", SharedIndex(lambda: self._parts.text, self._lock), self.describer.encoder.dim)
        ]
        if self.describer.space is not None:
            pictures = SharedIndex(self._pictures, self._lock)
            found.append(("pictures", pictures, self.describer.space.dim))
        return found

    def _pictures(self) -> VectorIndex:
        assert self._parts.pictures is not None  # noqa: S101 - there is a space
        return self._parts.pictures

    def _index(self, db: Database, parts: Parts) -> ListingIndex:
        return ListingIndex(parts, lambda ids: vectors.texts(db, ids), likeness=self.likeness)

    def _follow(self, db: Database) -> int:
        """Read what changed, and take what the vector engine holds as soon as it is there."""
        self._seq, count = self._catch_up(db, self._parts, self._seq)
        if self._shared is not None:
            newer = self._shared.newer(db, self._parts, least=self._own_seq)
            if newer is not None:
                self._parts, self._bare = newer[0], self._bare and not self._shared.whole
                self._seq, _ = self._catch_up(db, self._parts, min(self._seq, newer[1]))
        if self._bare:  # no engine has the vectors: all of them are read, slower but whole
            self._bare, parts = False, self._parts
            if self._shared is not None:
                parts = self._shared.lacking(parts, new_parts(self.describer))
            self._seq, _ = self._catch_up(db, parts, 0)
        return count

    def _catch_up(self, db: Database, parts: Parts, seq: int) -> tuple[int, int]:
        newest, ids = vectors.changed_after(db, seq)
        if not len(ids):
            return seq, 0
        index = self._index(db, parts)
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            index.remove(some)
            index.add(self.looks(db, np.sort(some).tolist()))
        return newest, len(ids)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else replaces the folder in the block; the lock ends with its process."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _open(describer: Describer, folder: Path) -> tuple[Parts, int, bool]:
    """What `save` wrote: the parts, up to which change, and whether vectors are among them."""
    config = read_artifact(folder, KIND).config
    made = (config.get("text_version"), config.get("picture_version"))
    wanted = (describer.text_version, describer.picture_version)
    if made != wanted:
        raise ModelVersionError(
            f"The index in {folder} holds vectors of {made}, not of {wanted}. "
            f"Build it again: faqdesk similar index"
        )
    if vector_engine.embedded(config):
        return Parts.load(folder), int(config["seq"]), True
    return Parts.load(folder, without=new_parts(describer)), int(config["seq"]), False
