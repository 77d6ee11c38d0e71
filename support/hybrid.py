"""One ranking out of two: how near texts are in meaning, and which rare words they share.

Each finds its best; all of them are then scored by both, exactly, and ordered by one score. Knows
nothing of databases; the same code serves and prepares training.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .encoder import SentenceEncoder
from .lexical_index import LexicalIndex, Weighted
from .vector_index import Ids, VectorIndex, Vectors

CANDIDATES: Final = 100  # of each kind, at least
# How much of the score words leave to meaning where the encoder names no share of its own; 1: all
# of it. Words count by the root of their cosine, for a long text's is small even where it is the
# right one, and only in what meaning leaves open: two short paraphrases need no word in common. A
# weighted mean of both cosines was worse than the better of the two on one set or another,
# whatever its weight; docs/quality.md has the figures.
MIX: Final = 0.25
_OPEN: Final = 1.5  # how fast words lose their say as texts come near in meaning


def mix_for(encoder: SentenceEncoder) -> float:
    """How much of the score is left to an encoder's cosine: its own share, where it names one."""
    own = getattr(encoder, "mix", None)
    return MIX if own is None else float(own)


def fuse(dense: Vectors, lexical: Vectors, *, mix: float = MIX) -> Vectors:
    """One score of two cosines: what is alike in meaning, and of the rest what words make good.

    Args:
        dense: (n,) cosines of vectors in [-1, 1].
        lexical: (n,) cosines of weighted words in [0, 1].
        mix: what words leave to meaning, in [0, 1].

    Returns:
        (n,) float32 in [-1, 1]; NaN where either is.
    """
    left = np.clip(1 - dense, 0, 1) ** _OPEN
    words = np.sqrt(np.maximum(lexical, 0))
    return np.asarray(dense + (1 - mix) * words * left, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Hits:
    """What one search found, best first.

    `ids` (n,) int64; `scores` and `dense` (n,) float32 in [-1, 1], `lexical` in [0, 1].
    """

    ids: Ids
    scores: Vectors
    dense: Vectors
    lexical: Vectors

    def at(self, places: NDArray[np.intp]) -> "Hits":
        """Those at some places, in that order."""
        return Hits(self.ids[places], self.scores[places], self.dense[places], self.lexical[places])


class HybridIndex:
    """A vector index and a lexical one over the same inquiries."""

    def __init__(self, vectors: VectorIndex, words: LexicalIndex, *, mix: float = MIX) -> None:
        """Take both, and what words leave to meaning, in [0, 1]."""
        if not 0 <= mix <= 1:
            raise ValueError(f"mix must lie in [0, 1], got {mix}.")
        self.vectors = vectors
        self.words = words
        self.mix = mix
        self._asked: tuple[str, Weighted] | None = None

    def __len__(self) -> int:
        return len(self.vectors)

    def add(self, ids: Ids, vectors: Vectors, texts: Sequence[str]) -> None:
        """Add inquiries; an id that is there already is replaced.

        Args:
            ids: (n,) int64, each once.
            vectors: (n, dim) float32, rows of length 1.
            texts: n texts.
        """
        self.vectors.add(ids, vectors)
        self.words.add(ids, texts)
        self._asked = None  # rarity may have been learned

    def remove(self, ids: Ids) -> None:
        """Forget ids; unknown ones are passed over."""
        self.vectors.remove(ids)
        self.words.remove(ids)

    def search(
        self,
        vectors: Vectors,
        texts: Sequence[str],
        *,
        top_k: int,
        allow: Ids | None = None,
    ) -> list[Hits]:
        """For each text the best, by both.

        Args:
            vectors: (n, dim) float32, of the texts.
            texts: n texts.
            top_k: how many each, at most.
            allow: sorted ids to choose among; None: all.
        """
        wanted = max(CANDIDATES, 2 * top_k)
        near, _ = self.vectors.search(vectors, top_k=wanted, allow=allow)
        found = []
        for vector, text, row in zip(vectors, texts, near, strict=True):
            asked = self._weigh(text)
            shared = self.words.find(asked, top_k=wanted, allow=allow)
            ids = np.union1d(row[row >= 0], shared)
            hits = self._compare(vector, asked, ids)
            # Found by words alone: removed from the vectors meanwhile.
            known = np.flatnonzero(np.isfinite(hits.dense))
            order = known[np.lexsort((ids[known], -hits.scores[known]))][:top_k]
            found.append(hits.at(order))
        return found

    def search_words(self, text: str, *, top_k: int, allow: Ids | None = None) -> Hits:
        """The best by words alone, for when nobody can ask the vectors; `dense` is 0.

        As `search` for one text; scores are those of texts whose meaning has nothing in common.
        """
        asked = self._weigh(text)
        ids = self.words.find(asked, top_k=max(CANDIDATES, 2 * top_k), allow=allow)
        lexical = self.words.score(asked, ids)
        dense = np.zeros(len(ids), np.float32)
        hits = Hits(ids, fuse(dense, lexical, mix=self.mix), dense, lexical)
        return hits.at(np.lexsort((ids, -hits.scores))[:top_k])

    def compare(self, vector: Vectors, text: str, ids: Ids) -> Hits:
        """Score some inquiries, in the order given; NaN where one is unknown.

        Args:
            vector: (dim,) float32, of the text.
            text: what to compare them with.
            ids: (n,) int64.
        """
        return self._compare(vector, self._weigh(text), ids)

    def _weigh(self, text: str) -> Weighted:
        """As `LexicalIndex.weigh`; asked twice in a row for one text, it reads it once."""
        if self._asked is None or self._asked[0] != text:
            self._asked = (text, self.words.weigh(text))
        return self._asked[1]

    def _compare(self, vector: Vectors, asked: Weighted, ids: Ids) -> Hits:
        dense = self.vectors.vectors(ids) @ vector
        lexical = self.words.score(asked, ids)
        return Hits(ids, fuse(dense, lexical, mix=self.mix), dense, lexical)

    def snapshot(self, folder: Path) -> None:
        """Write both into an existing folder."""
        self.vectors.snapshot(folder)
        self.words.snapshot(folder)
