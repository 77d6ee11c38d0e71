"""The past inquiries nearest to each text, while training and judging: exactly, in memory.

By the index that serves, so that a score means the same in both.
"""

from collections.abc import Sequence

import numpy as np

from support.encoder import SentenceEncoder
from support.faiss_index import FaissIndex
from support.hybrid import HybridIndex, mix_for
from support.lexical_index import LexicalIndex
from support.neighbour_voice import Neighbour
from support.similar import READ

from .examples import Example

_AT_ONCE = 256  # texts searched for together


def nearest(
    encoder: SentenceEncoder, texts: Sequence[str], past: Sequence[Example], *, top_k: int
) -> list[list[Neighbour]]:
    """For each text its nearest past inquiries as (labels, fused score in [-1, 1]), best first."""
    if not past or not texts:
        return [[] for _ in texts]
    known = [example.text for example in past]
    index = HybridIndex(FaissIndex(encoder.dim), LexicalIndex(), mix=mix_for(encoder))
    index.add(np.arange(len(past)), encoder.encode(known), known)
    found: list[list[Neighbour]] = []
    for start in range(0, len(texts), _AT_ONCE):
        asked = [text[:READ] for text in texts[start : start + _AT_ONCE]]
        for hits in index.search(encoder.encode(asked), asked, top_k=top_k):
            pairs = zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)
            found.append([(past[place].labels, score) for place, score in pairs])
    return found
