"""The past inquiries nearest to each text, while training and judging: exactly, in memory."""

from collections.abc import Sequence

import numpy as np

from support.encoder import SentenceEncoder
from support.neighbour_voice import Neighbour

from .examples import Example


def nearest(
    encoder: SentenceEncoder, texts: Sequence[str], past: Sequence[Example], *, top_k: int
) -> list[list[Neighbour]]:
    """For each text its nearest past inquiries, exactly, as (labels, cosine score), best first."""
    if not past or not texts:
        return [[] for _ in texts]
    corpus = encoder.encode([example.text for example in past])
    found: list[list[Neighbour]] = []
    for start in range(0, len(texts), 256):
        scores = encoder.encode(texts[start : start + 256]) @ corpus.T
        for row in scores:
            best = np.argsort(-row, kind="stable")[:top_k]
            found.append([(past[i].labels, float(row[i])) for i in best.tolist()])
    return found
