"""FAQs that say something like a text: shown before another one is made of it."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlite_utils import Database

from . import faqs
from .encoder import SentenceEncoder
from .errors import EmptyTextError
from .vector_index import Vectors

LEAST: Final = 0.2  # cosine below which nobody would call two texts alike
CLOSE: Final = 0.7  # from which on they may be one: look before another is made
_KEPT: Final = 20_000  # texts whose vectors are kept: a title is asked about at each key

_vectors: dict[tuple[str, str], Vectors] = {}


@dataclass(frozen=True, slots=True)
class NearFaq:
    """An FAQ, and how like the text it is: cosine, in [-1, 1]."""

    faq: faqs.Faq
    likeness: float


def near_faqs(
    db: Database,
    encoder: SentenceEncoder,
    text: str,
    *,
    top_k: int = 5,
    without: str = "",
) -> list[NearFaq]:
    """Active FAQs whose title or whole text is like a text, the likest first.

    Args:
        db: the desk's database.
        encoder: the one in force.
        text: a draft title, or what customers ask.
        top_k: how many at most.
        without: an FAQ that shall not find itself.
    """
    known = [faq for faq in faqs.listed(db) if faq.slug != without and faq.title.strip()]
    if not known or not text.strip():
        return []
    wanted = _encode(encoder, [text])[0]
    titles = _remembered(encoder, [faq.title for faq in known])
    whole = _remembered(encoder, [faq.learning_text for faq in known])
    likeness = np.maximum(titles @ wanted, whole @ wanted)
    order = np.argsort(-likeness, kind="stable")[:top_k]
    return [
        NearFaq(known[place], float(likeness[place]))
        for place in order.tolist()
        if likeness[place] >= LEAST
    ]


def _remembered(encoder: SentenceEncoder, texts: list[str]) -> Vectors:
    """As `_encode`, of texts that are asked for again and again."""
    kept = {text: _vectors.get((encoder.version, text)) for text in texts}
    found = {text: vector for text, vector in kept.items() if vector is not None}
    fresh = [text for text in kept if text not in found]
    if fresh:
        if len(_vectors) + len(fresh) > _KEPT:
            _vectors.clear()
        found |= dict(zip(fresh, _encode(encoder, fresh), strict=True))
        _vectors.update({(encoder.version, text): found[text] for text in fresh})
    return np.stack([found[text] for text in texts])


def _encode(encoder: SentenceEncoder, texts: list[str]) -> Vectors:
    """(n, dim); nothing but 0 where a text holds nothing that an encoder reads."""
    try:
        return encoder.encode(texts)
    except EmptyTextError:
        found = np.zeros((len(texts), encoder.dim), np.float32)
        for place, text in enumerate(texts):
            with suppress(EmptyTextError):
                found[place] = encoder.encode([text])[0]
        return found
