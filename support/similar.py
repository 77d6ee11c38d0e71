"""Past answers to similar inquiries: encoder, index and database behind one door.

The index is a snapshot; every search first reads what was answered or removed since, so that an
answer sent in one process is found in every other at once.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from sqlite_utils import Database

from . import embeddings
from .artifact import read_artifact
from .database import scalar
from .encoder import SentenceEncoder
from .faiss_index import FaissIndex
from .inquiries import PastAnswer, labels, past_answers
from .vector_index import Ids, VectorIndex, Vectors

Neighbours = list[tuple[tuple[str, ...], float]]  # labels and cosine similarity, best first


class SimilarInquiries:
    """Finds answered inquiries by the likeness of their text."""

    def __init__(
        self,
        encoder: SentenceEncoder,
        index: VectorIndex | None = None,
        *,
        seq: int = 0,
        tombstone: int = 0,
    ) -> None:
        """Take an encoder and the snapshot of its vectors up to `seq` and `tombstone`."""
        self.encoder = encoder
        self._index: VectorIndex = FaissIndex(encoder.dim) if index is None else index
        self._seq = seq
        self._tombstone = tombstone
        self._labelled: Ids = np.empty(0, np.int64)
        self._last_label = -1
        self._lock = threading.Lock()

    @classmethod
    def load(cls, encoder: SentenceEncoder, folder: Path) -> "SimilarInquiries":
        """Open a snapshot that `train.index` wrote.

        Raises:
            ModelError: it is missing, damaged, or of another encoder.
        """
        artifact = read_artifact(folder, "index")
        index = FaissIndex.load(folder)
        return cls(
            encoder,
            index,
            seq=int(artifact.config["embedding_seq"]),
            tombstone=int(artifact.config["tombstone_seq"]),
        )

    def similar(
        self, db: Database, text: str, *, top_k: int = 5, without: int | None = None
    ) -> list[PastAnswer]:
        """Past answers to inquiries like `text`, best first.

        Args:
            db: the desk's database.
            text: what a customer asked.
            top_k: how many at most.
            without: an inquiry that shall not find itself.

        Raises:
            EmptyTextError: the text is blank.
        """
        return self.similar_by_vector(db, self.encoder.encode([text]), top_k=top_k, without=without)

    def similar_by_vector(
        self, db: Database, vector: Vectors, *, top_k: int = 5, without: int | None = None
    ) -> list[PastAnswer]:
        """As `similar`, for a text that is encoded already: (1, dim) float32."""
        # One more than asked for, in case the inquiry finds itself.
        ids, scores = self._search(db, vector, top_k + 1)
        wanted = [
            (int(item), float(score))
            for item, score in zip(ids[0], scores[0], strict=True)
            if item >= 0 and item != without
        ][:top_k]
        found = past_answers(db, [item for item, _ in wanted])
        return [replace(found[item], score=score) for item, score in wanted if item in found]

    def neighbours(
        self, db: Database, vector: Vectors, *, top_k: int, without: int | None = None
    ) -> Neighbours:
        """The labels of the nearest labelled inquiries, for the classifier's neighbour voice."""
        with self._lock:
            self._refresh_labelled(db)
            allow = self._labelled
        if not len(allow):
            return []
        ids, scores = self._search(db, vector, top_k + 1, allow=allow)
        near = [
            (int(item), float(score))
            for item, score in zip(ids[0], scores[0], strict=True)
            if item >= 0 and item != without
        ][:top_k]
        slugs = labels(db, [item for item, _ in near])
        return [(slugs[item], score) for item, score in near if item in slugs]

    def remember(self, db: Database, inquiry_ids: Sequence[int]) -> None:
        """Encode answered inquiries, so that every process finds them at its next search."""
        ids = [int(inquiry_id) for inquiry_id in inquiry_ids]
        vectors = self.encoder.encode(embeddings.texts(db, ids))
        embeddings.save(db, self.encoder.version, ids, vectors)

    def __len__(self) -> int:
        """How many inquiries can be found."""
        return len(self._index)

    def _search(
        self, db: Database, vectors: Vectors, top_k: int, *, allow: Ids | None = None
    ) -> tuple[Ids, Vectors]:
        with self._lock:
            self._refresh(db)
            return self._index.search(vectors, top_k=top_k, allow=allow)

    def _refresh(self, db: Database) -> None:
        # Removals first: an inquiry that was removed and answered anew is in the newer vectors.
        self._tombstone, gone = embeddings.removed_after(db, self._tombstone)
        if len(gone):
            self._index.remove(gone)
        self._seq, ids, vectors = embeddings.after(db, self.encoder.version, self._seq)
        if len(ids):
            self._index.add(ids, vectors)

    def _refresh_labelled(self, db: Database) -> None:
        last = scalar(db, "SELECT max(id) FROM labels") or 0
        if last != self._last_label:
            rows = db.conn.execute("SELECT DISTINCT inquiry_id FROM labels ORDER BY inquiry_id")
            self._labelled = np.array([row[0] for row in rows], np.int64)
            self._last_label = last
