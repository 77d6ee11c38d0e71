"""Texts compared three ways by the index that serves: by meaning, by words, and by both."""

from collections.abc import Sequence

import numpy as np

from support.encoder import SentenceEncoder
from support.errors import EmptyTextError
from support.faiss_index import FaissIndex
from support.hybrid import CANDIDATES, Hits, HybridIndex, mix_for
from support.lexical_index import LexicalIndex
from support.vector_index import Vectors

WAYS = ("dense", "lexical", "hybrid")
_AT_ONCE = 256


def encode(encoder: SentenceEncoder, texts: Sequence[str]) -> Vectors:
    """As `SentenceEncoder.encode`, but zeros for a text that holds nothing an encoder reads."""
    found = np.zeros((len(texts), encoder.dim), np.float32)
    for start in range(0, len(texts), _AT_ONCE):
        part = list(texts[start : start + _AT_ONCE])
        try:
            found[start : start + len(part)] = encoder.encode(part)
        except EmptyTextError:
            for place, text in enumerate(part, start=start):
                try:
                    found[place] = encoder.encode([text])[0]
                except EmptyTextError:
                    continue
    return found


class Corpus:
    """Texts by place, to be searched each way."""

    def __init__(
        self, encoder: SentenceEncoder, texts: Sequence[str], *, mix: float | None = None
    ) -> None:
        """Index texts; `mix` overrides the encoder's share in the fused score."""
        self._encoder = encoder
        own = mix_for(encoder) if mix is None else mix
        self._index = HybridIndex(FaissIndex(encoder.dim), LexicalIndex(), mix=own)
        self._index.add(np.arange(len(texts)), encode(encoder, texts), texts)

    def search(self, texts: Sequence[str], *, top_k: int) -> dict[str, list[list[int]]]:
        """For each way, the places of the best for each text, best first."""
        found: dict[str, list[list[int]]] = {way: [] for way in WAYS}
        for start in range(0, len(texts), _AT_ONCE):
            part = texts[start : start + _AT_ONCE]
            vectors = encode(self._encoder, part)
            # The best of both, and all of them: each way's own best are among them.
            for hits in self._index.search(vectors, part, top_k=2 * max(CANDIDATES, top_k)):
                for way, scores in zip(WAYS, (hits.dense, hits.lexical, hits.scores), strict=True):
                    order = np.lexsort((hits.ids, -scores))[:top_k]
                    found[way].append(hits.ids[order].tolist())
        return found

    def compare(self, text: str, place: int) -> dict[str, float]:
        """How alike a text is to the one at a place, each way."""
        vector = encode(self._encoder, [text])[0]
        hits: Hits = self._index.compare(vector, text, np.array([place]))
        scores = (hits.dense[0], hits.lexical[0], hits.scores[0])
        return dict(zip(WAYS, map(float, scores), strict=True))
