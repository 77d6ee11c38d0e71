"""Makes vectors of listings' words and pictures; killed half way, the next run does the rest."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from sqlite_utils import Database
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from listings.picture_batches import read_batches, read_square
from listings.pictures import open_picture, perceptual_hash
from listings.stored import PAGE, places
from support.encoder import SentenceEncoder
from support.errors import EmptyTextError
from support.vector_index import Vectors

from . import vectors
from .looks import Look, PictureLook
from .picture_space import SIDE, PictureSpace

BATCH: Final = 256  # listings described and stored at once: what a killed run does again at most
MAX_TEXT: Final = 1_500  # characters of a listing that are read

Progress = Callable[[int, int, str], None]
Shown = tuple[int, int, str]  # a picture: listing, position, file


class Describer:
    """Describes listings with an encoder of words and, where there is one, a space of pictures."""

    def __init__(self, encoder: SentenceEncoder, space: PictureSpace | None = None) -> None:
        """Take what describes words, and what describes pictures."""
        self.encoder = encoder
        self.space = space

    @property
    def text_version(self) -> str:
        """Whose vectors of words."""
        return self.encoder.version

    @property
    def picture_version(self) -> str:
        """Whose vectors of pictures; '' where nothing describes them."""
        return self.space.version if self.space else ""

    def look(self, text: str = "", pictures: Sequence[Path] = (), *, listing_id: int = -1) -> Look:
        """Something to ask about, of the desk or not.

        Raises:
            PictureError: a picture cannot be read.
        """
        shown = []
        for position, path in enumerate(pictures):
            vector = None
            if self.space is not None:
                vector = self.space.encode(read_square(path, SIDE)[None])[0]
            phash = int(perceptual_hash(open_picture(path)), 16)
            shown.append(PictureLook(position, vector, phash))
        return Look(listing_id, text, self._encode(text), tuple(shown))

    def describe_missing(self, db: Database, images: Path, *, progress: Progress) -> int:
        """Describe every listing that these models have not seen.

        Args:
            db: the desk's database.
            images: the folder of pictures.
            progress: told listings done, all of them and what is done; may raise.

        Returns:
            How many were described, a listing's words and its pictures each counted.
        """
        done = self._missing_texts(db, progress)
        return done + self._missing_pictures(db, images, progress)

    def _missing_texts(self, db: Database, progress: Progress) -> int:
        todo = vectors.missing(db, vectors.TEXT, self.text_version)
        for start in range(0, len(todo), BATCH):
            ids = todo[start : start + BATCH]
            as_of = vectors.last_change(db)
            described = self.describe_texts(ids, vectors.texts(db, ids))
            vectors.save(db, vectors.TEXT, self.text_version, described, as_of=as_of)
            progress(start + len(ids), len(todo), "words of listings")
        return len(todo)

    def describe_texts(self, ids: Sequence[int], texts: Sequence[str]) -> list[vectors.Described]:
        """The vectors of some listings' words; none of one that holds nothing an encoder reads."""
        nothing = np.empty((0, self.encoder.dim), np.float32)
        told = [self._encode(text) for text in texts]
        return [
            (key, (), nothing if vector is None else vector[None])
            for key, vector in zip(ids, told, strict=True)
        ]

    def _missing_pictures(self, db: Database, images: Path, progress: Progress) -> int:
        if self.space is None:
            return 0
        todo = vectors.missing(db, vectors.PICTURE, self.picture_version)
        for start in range(0, len(todo), BATCH):
            ids = todo[start : start + BATCH]
            as_of = vectors.last_change(db)
            described = describe_pictures(self.space, images, ids, shown(db, ids))
            vectors.save(db, vectors.PICTURE, self.picture_version, described, as_of=as_of)
            progress(start + len(ids), len(todo), "pictures of listings")
        return len(todo)

    def _encode(self, text: str) -> Vectors | None:
        """The vector of a text, (dim,); None where it holds nothing an encoder reads."""
        if not text.strip():
            return None
        try:
            vector: Vectors = self.encoder.encode([text[:MAX_TEXT]])[0]
        except EmptyTextError:
            return None
        return vector


def shown(db: Database, ids: Sequence[int]) -> list[Shown]:
    """The pictures of some listings, by listing and position."""
    rows: list[Shown] = []
    for start in range(0, len(ids), PAGE):
        page = list(ids[start : start + PAGE])
        sql = f"""
            SELECT listing_id, position, file FROM listing_pictures
            WHERE file <> '' AND listing_id IN ({places(page)}) ORDER BY listing_id, position
        """  # noqa: S608 - only question marks are put in
        rows += db.conn.execute(sql, page).fetchall()
    return rows


def describe_pictures(
    space: PictureSpace, images: Path, ids: Sequence[int], rows: Sequence[Shown]
) -> list[vectors.Described]:
    """The vectors of some listings' pictures; which are looked at together can show in them.

    Args:
        space: what describes pictures.
        images: the folder of pictures.
        ids: the listings.
        rows: their pictures, as `shown` gives them.
    """
    found: dict[int, list[tuple[int, Vectors]]] = {key: [] for key in ids}
    # A file that cannot be read is left out: the listing's other pictures still speak.
    for batch in read_batches([images / file for _, _, file in rows], side=SIDE):
        with threadpool_limits(1):  # sums in another order differ in their last digit
            encoded = space.encode(batch.pixels)
        for place, vector in zip(batch.positions.tolist(), encoded, strict=True):
            key, position, _ = rows[place]
            found[key].append((position, vector))
    nothing = np.empty((0, space.dim), np.float32)
    return [
        (
            key,
            [position for position, _ in seen],
            np.stack([vector for _, vector in seen]) if seen else nothing,
        )
        for key, seen in found.items()
    ]
