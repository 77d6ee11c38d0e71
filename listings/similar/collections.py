"""The vectors of listings in a vector engine: what is sent there, and how a process searches them.

Words and pictures have a collection each; both follow the changes of listings by their `seq`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlite_utils import Database

from support import vector_engine
from support.database import scalar
from support.milvus_index import MilvusPlace
from support.shared_vectors import SharedVectors
from support.vector_collections import Collection, Kind
from support.vector_index import Ids, Vectors
from support.vector_sync import BATCH, Page, Source, sync

from . import vectors
from .describe import Describer
from .index import Parts
from .looks import Look, picture_id, pictures_of

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class ListingSource:
    """Listings as one model described them; implements `support.vector_sync.Source`.

    `kind` says what of them: their words, or their pictures.
    """

    kind: Kind
    version: str
    dim: int

    def left(self, db: Database, seq: int) -> int:
        """How many listings changed after `seq`."""
        return int(scalar(db, "SELECT count(*) FROM listing_changes WHERE seq > ?", [seq]))

    def page(self, db: Database, at: Collection, *, new_up_to: int) -> Page | None:
        """The next of them: what each has now goes in, what it had else goes out."""
        sql = "SELECT seq, listing_id FROM listing_changes WHERE seq > ? ORDER BY seq LIMIT ?"
        rows = db.conn.execute(sql, [at.seq, BATCH]).fetchall()
        if not rows:
            return None
        listing_ids = sorted(row[1] for row in rows)
        again = np.array(sorted(row[1] for row in rows if row[0] > new_up_to), np.int64)
        version = {"text_version": "", "picture_version": ""}
        version["text_version" if self.kind == "listing_texts" else "picture_version"] = (
            self.version
        )
        looks = vectors.looks(db, listing_ids, **version)
        ids, found = self._of(looks)
        had = again if self.kind == "listing_texts" else pictures_of(again)
        gone: Ids = np.setdiff1d(had, ids)
        return Page(rows[-1][0], at.tombstone, gone, ids, found, len(rows))

    def _of(self, looks: list[Look]) -> tuple[Ids, Vectors]:
        if self.kind == "listing_texts":
            pairs = [(look.listing_id, look.vector) for look in looks]
        else:
            pairs = [
                (picture_id(look.listing_id, picture.position), picture.vector)
                for look in looks
                for picture in look.pictures
            ]
        kept = [(key, vector) for key, vector in pairs if vector is not None]
        if not kept:
            return np.empty(0, np.int64), np.empty((0, self.dim), np.float32)
        return np.array([key for key, _ in kept], np.int64), np.stack([v for _, v in kept])


class SharedListings:
    """What a vector engine holds of the listings that a describer describes."""

    def __init__(self, place: MilvusPlace, describer: Describer) -> None:
        """Take the engine and whose vectors; nobody is asked yet."""
        self._place = place
        self._sources: list[Source] = [
            ListingSource("listing_texts", describer.text_version, describer.encoder.dim)
        ]
        if describer.space is not None:
            space = describer.space
            self._sources.append(ListingSource("listing_pictures", space.version, space.dim))
        self._followed = [
            SharedVectors(place, source.kind, source.version, dim=source.dim)
            for source in self._sources
        ]

    @property
    def opened(self) -> bool:
        """Whether any of it is searched."""
        return any(followed.opened for followed in self._followed)

    @property
    def whole(self) -> bool:
        """Whether all of it is searched."""
        return all(followed.opened for followed in self._followed)

    def lacking(self, parts: Parts, empty: Parts) -> Parts:
        """Parts to fill with what the engine does not hold yet; what it holds goes into `empty`."""
        names = ("text", "pictures")
        opened = {
            name: getattr(empty, name)
            for name, followed in zip(names, self._followed, strict=False)
            if followed.opened
        }
        return replace(parts, **opened)

    @property
    def why_away(self) -> str:
        """Why the engine is away; '' where it is not, or is not asked."""
        return self._followed[0].why_away if self.opened else ""

    def newer(self, db: Database, parts: Parts, *, least: int) -> tuple[Parts, int] | None:
        """Parts to search instead, and the change up to which they hold all; None: go on."""
        seqs: list[int] = []
        for followed in self._followed:
            opened = followed.newer(db, least=least)
            if opened is not None:
                seqs.append(opened.seq)
                where: dict[str, Any] = {"text": opened.index}
                if followed is not self._followed[0]:
                    where = {"pictures": opened.index}
                parts = replace(parts, **where)
        return (parts, min(seqs)) if seqs else None

    def sync(self, db: Database, *, progress: Progress) -> None:
        """Bring the engine up to date.

        Raises:
            IndexServerError: it does not answer, or refuses; the worker goes on once it does.
        """
        for source in self._sources:
            sync(db, self._place, source, progress=progress)


def shared_listings(describer: Describer) -> SharedListings | None:
    """What the vector engine holds; None where the setting names none.

    Raises:
        SettingError: it cannot be used.
    """
    place = vector_engine.place()
    return None if place is None else SharedListings(place, describer)
