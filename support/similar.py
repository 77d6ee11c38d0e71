"""Past answers to similar inquiries: encoder, index and database behind one door.

The index is a snapshot; every search first reads what was answered or removed since, so that an
answer sent in one process is found in every other at once.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from sqlite_utils import Database

from . import embeddings, settings, vector_engine
from .artifact import read_artifact
from .encoder import SentenceEncoder
from .errors import IndexServerError
from .faiss_index import FaissIndex
from .folding import fold
from .hybrid import Hits, HybridIndex, mix_for
from .inquiries import PastAnswer, labels, past_answers
from .lexical_index import LexicalIndex
from .shared_vectors import SharedVectors
from .vector_index import Ids, VectorIndex, Vectors, with_more

Neighbours = list[tuple[tuple[str, ...], float]]  # labels and fused score, best first
# Characters of a text that are looked for. On the forum's validation part the share of five was
# .267 with 1,500 and .268 with all, the first .296 and .294; of texts beyond 800 .190 and .187.
READ = 1_500
FETCHED = 6  # times as many as asked for, so that enough are left when those alike are folded


@dataclass(frozen=True, slots=True)
class LookBack:
    """What the past says to one text.

    `vector` is the text's, (1, dim) float32; `neighbours` is None where nobody asked for them, and
    `near` are the inquiries that they come from, in the same order. `away` says why it was looked
    for in another way than the desk is set up for; '' where it was not. `by_words` says why only
    words were compared, of which no neighbours are told; '' where vectors were too.
    """

    vector: Vectors
    similar: list[PastAnswer]
    neighbours: Neighbours | None
    near: tuple[int, ...] = ()
    away: str = ""
    by_words: str = ""


class PastInquiries(Protocol):
    """What finds past answers: an index of this process, or a server that is asked."""

    encoder: SentenceEncoder

    def similar(
        self, db: Database, text: str, *, top_k: int = 5, without: int | None = None
    ) -> list[PastAnswer]:
        """As `SimilarInquiries.similar`."""

    def look_back(
        self,
        db: Database,
        text: str,
        *,
        top_k: int = 5,
        neighbours_k: int | None = None,
        without: int | None = None,
    ) -> LookBack:
        """As `SimilarInquiries.look_back`."""

    def remember(self, db: Database, inquiry_ids: Sequence[int]) -> None:
        """As `SimilarInquiries.remember`."""


class SimilarInquiries:
    """Finds answered inquiries by the likeness of their text."""

    def __init__(
        self,
        encoder: SentenceEncoder,
        index: VectorIndex | None = None,
        words: LexicalIndex | None = None,
        *,
        mix: float | None = None,
        seq: int = 0,
        tombstone: int = 0,
        shared: SharedVectors | None = None,
    ) -> None:
        """Take an encoder and the snapshots made with it, up to `seq` and `tombstone`.

        `mix` is the share of meaning in a score; without it, the encoder's own. `shared` are the
        encoder's vectors in a vector engine; without an `index`, they are searched as soon as they
        are there, and until then what desk.db holds, in memory.
        """
        self.encoder = encoder
        self._index = HybridIndex(
            FaissIndex(encoder.dim) if index is None else index,
            LexicalIndex() if words is None else words,
            mix=mix_for(encoder) if mix is None else mix,
        )
        self._seq = seq
        self._tombstone = tombstone
        self._shared = shared
        self._own_seq = 0 if index is None else seq
        self._bare = index is None and words is not None  # words alone were given up to `seq`
        self._labelled: Ids = np.empty(0, np.int64)
        self._last_label: tuple[object, ...] | None = None  # the newest label read
        self._lock = threading.Lock()

    @classmethod
    def load(cls, encoder: SentenceEncoder, folder: Path) -> "SimilarInquiries":
        """Open a snapshot that `train.index` wrote.

        Raises:
            ModelError: it is missing, damaged, or of another encoder.
        """
        artifact = read_artifact(folder, "index")
        # An index from before words were indexed: by meaning alone, as then.
        by_words = "mix" in artifact.config
        return cls(
            encoder,
            FaissIndex.load(folder) if vector_engine.embedded(artifact.config) else None,
            LexicalIndex.load(folder) if by_words else None,
            mix=float(artifact.config["mix"]) if by_words else 1.0,
            seq=int(artifact.config["embedding_seq"]),
            tombstone=int(artifact.config["tombstone_seq"]),
            shared=shared_vectors(encoder),
        )

    def similar(
        self, db: Database, text: str, *, top_k: int = 5, without: int | None = None
    ) -> list[PastAnswer]:
        """Past answers to inquiries like `text`, best first; those alike stand as one.

        Args:
            db: the desk's database.
            text: what a customer asked.
            top_k: how many at most.
            without: an inquiry that shall not find itself.

        Raises:
            EmptyTextError: the text is blank.
        """
        return self.look_back(db, text, top_k=top_k, without=without).similar

    def look_back(
        self,
        db: Database,
        text: str,
        *,
        top_k: int = 5,
        neighbours_k: int | None = None,
        without: int | None = None,
        vector: Vectors | None = None,
    ) -> LookBack:
        """Similar past answers, and the labels of the nearest labelled inquiries.

        Args:
            db: the desk's database.
            text: what a customer asked; its first `READ` characters are looked for.
            top_k: similar past answers at most.
            neighbours_k: labelled inquiries at most, for the classifier's neighbour voice; None:
                it does not listen.
            without: an inquiry that shall not find itself.
            vector: (1, dim) float32 of the text by this encoder, where it is known already.

        Raises:
            EmptyTextError: the text is blank.
            ValueError: the vector has another length, or a number that is none or infinite.
        """
        text = text[:READ]
        vector = self.encoder.encode([text]) if vector is None else vector
        near, by_words = self._search(db, vector, text, FETCHED * top_k, without)
        found = past_answers(db, near.ids.tolist())
        past = [
            replace(found[item], score=score)
            for item, score in zip(near.ids.tolist(), near.scores.tolist(), strict=True)
            if item in found
        ]
        ids = np.array([item.inquiry_id for item in past], np.int64)
        vectors = self._vectors(ids)
        half_life = settings.load(db).answer_half_life_days
        similar = fold(past, vectors, top_k=top_k, half_life_days=half_life)
        if neighbours_k is None or by_words:
            return LookBack(vector, similar, None, by_words=by_words)
        with self._lock:
            self._refresh_labelled(db)
            allow = self._labelled
        if not len(allow):
            return LookBack(vector, similar, [])
        near, by_words = self._search(db, vector, text, neighbours_k, without, allow=allow)
        if by_words:
            return LookBack(vector, similar, None, by_words=by_words)
        slugs = labels(db, near.ids.tolist())
        pairs = zip(near.ids.tolist(), near.scores.tolist(), strict=True)
        heard = [(item, score) for item, score in pairs if item in slugs]
        return LookBack(
            vector,
            similar,
            [(slugs[item], score) for item, score in heard],
            tuple(item for item, _ in heard),
        )

    def remember(self, db: Database, inquiry_ids: Sequence[int]) -> None:
        """Encode answered inquiries, so that every process finds them at its next search."""
        remember(db, self.encoder, inquiry_ids)

    @contextmanager
    def fresh(self, db: Database) -> Iterator[VectorIndex]:
        """The vectors brought up to date, while nobody else searches or changes them."""
        with self._lock:
            self._refresh(db)
            yield self._index.vectors

    def __len__(self) -> int:
        """How many inquiries can be found."""
        if self._shared is not None and self._shared.opened:
            return len(self._index.words)  # as many, and nobody elsewhere is asked
        return len(self._index)

    @property
    def as_set(self) -> bool:
        """Whether it searches the vector engine that is set now."""
        return (self._shared.place if self._shared else None) == vector_engine.place()

    @property
    def why_by_words(self) -> str:
        """Why only words are compared for now; '' where vectors are too."""
        return self._shared.why_away if self._shared is not None and self._shared.opened else ""

    def _search(
        self,
        db: Database,
        vector: Vectors,
        text: str,
        top_k: int,
        without: int | None,
        *,
        allow: Ids | None = None,
    ) -> tuple[Hits, str]:
        """What is found, and why it was by words alone, if so."""
        why = ""
        # One more than asked for, in case the inquiry finds itself.
        with self._lock:
            self._refresh(db)
            try:
                hits = self._index.search(vector, [text], top_k=top_k + 1, allow=allow)[0]
            except IndexServerError as error:
                why = str(error)
                hits = self._index.search_words(text, top_k=top_k + 1, allow=allow)
        keep = np.flatnonzero(hits.ids != (-1 if without is None else without))[:top_k]
        return hits.at(keep), why

    def _vectors(self, ids: Ids) -> Vectors:
        """The vectors of some inquiries; where nobody has them, all alike: words decide then."""
        with self._lock:
            try:
                return self._index.vectors.vectors(ids)
            except IndexServerError:
                return np.ones((len(ids), 1), np.float32)

    def _refresh(self, db: Database) -> None:
        self._read(db)
        if self._shared is not None:
            opened = self._shared.newer(db, least=self._own_seq)
            if opened is not None:
                self._index = HybridIndex(opened.index, self._index.words, mix=self._index.mix)
                self._seq = min(self._seq, opened.seq)
                self._tombstone = min(self._tombstone, opened.tombstone)
                self._bare = False
                self._read(db)
        if self._bare:
            # No engine has the vectors: all of them are read as a tail, slower but whole.
            self._bare = False
            _, ids, vectors = embeddings.after(db, self.encoder.version, 0)
            if len(ids):
                self._index.vectors.add(ids, vectors)

    def _read(self, db: Database) -> None:
        # Removals first: an inquiry that was removed and answered anew is in the newer vectors.
        self._tombstone, gone = embeddings.removed_after(db, self._tombstone)
        if len(gone):
            self._index.remove(gone)
        self._seq, ids, vectors = embeddings.after(db, self.encoder.version, self._seq)
        if len(ids):
            self._index.add(ids, vectors, embeddings.texts(db, ids.tolist()))

    def _refresh_labelled(self, db: Database) -> None:
        sql = "SELECT id, inquiry_id, slug, at FROM labels "
        last = db.conn.execute(sql + "ORDER BY id DESC LIMIT 1").fetchone()
        if last is None or last == self._last_label:
            return
        read = -1 if self._last_label is None else self._last_label[0]
        if db.conn.execute(sql + "WHERE id = ?", [read]).fetchone() != self._last_label:
            # It was taken away, and its number may have been given out again.
            read, self._labelled = -1, np.empty(0, np.int64)
        # Only what is new: one whose label was taken away is passed over when labels are read.
        sql = "SELECT DISTINCT inquiry_id FROM labels WHERE id > ? AND id <= ?"
        newer = [row[0] for row in db.conn.execute(sql, [read, last[0]])]
        self._labelled = with_more(self._labelled, np.array(newer, np.int64))
        self._last_label = last


def shared_vectors(encoder: SentenceEncoder) -> SharedVectors | None:
    """An encoder's vectors in the vector engine; None where the setting names none.

    Raises:
        SettingError: it cannot be used.
    """
    place = vector_engine.place()
    if place is None:
        return None
    return SharedVectors(place, "inquiries", encoder.version, dim=encoder.dim)


def remember(db: Database, encoder: SentenceEncoder, inquiry_ids: Sequence[int]) -> None:
    """Encode answered inquiries, so that every process finds them at its next search."""
    ids = [int(inquiry_id) for inquiry_id in inquiry_ids]
    embeddings.save(db, encoder.version, ids, encoder.encode(embeddings.texts(db, ids)))
