"""Listings like another: by words, by pictures and by perceptual hashes, each on its own, then one.

Any vector index will do, on this machine or behind gRPC. Knows nothing of databases: texts are read
through a function, and which pairs are known to differ, a function says.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from listings.clean_pictures import DISTANCE, STOCK
from support.faiss_index import FaissIndex
from support.lexical_index import LexicalIndex, Weighted
from support.vector_index import Ids, VectorIndex, Vectors

from .hashes import BITS, HashIndex
from .likeness import Likeness, together
from .looks import (
    PER_LISTING,
    Look,
    Match,
    Reason,
    of_picture,
    picture_id,
    pictures_of,
)
from .words import codes, codes_alike, same_letters, shared_words

WAYS: Final = ("text", "picture", "hash")
CANDIDATES: Final = 60  # of each way, at least
LEAST: Final = 0.05  # a reason of less probability is none
COPY: Final = 0.98  # the cosine from which two pictures are one
_TEXT, _PICTURES, _WORDS, _HASHES = "text", "pictures", "words", "hashes"

ReadTexts = Callable[[Sequence[int]], list[str]]


@dataclass(slots=True)
class Parts:
    """The indexes that belong together; `pictures` is None where nothing describes pictures."""

    text: VectorIndex
    words: LexicalIndex
    hashes: HashIndex
    pictures: VectorIndex | None = None

    @classmethod
    def empty(cls, text_dim: int, picture_dim: int | None = None) -> "Parts":
        """New ones, in this process."""
        pictures = None if picture_dim is None else FaissIndex(picture_dim)
        return cls(FaissIndex(text_dim), LexicalIndex(), HashIndex(), pictures)

    @classmethod
    def load(cls, folder: Path, *, without: "Parts | None" = None) -> "Parts":
        """Open what `snapshot` wrote, memory-mapped.

        Args:
            folder: where it was written.
            without: it was written without vectors; theirs are taken from these.

        Raises:
            ModelDamagedError: a file is missing or does not fit the others.
        """
        pictures = folder / _PICTURES
        if without is not None:
            words, hashes = LexicalIndex.load(folder / _WORDS), HashIndex.load(folder / _HASHES)
            return replace(without, words=words, hashes=hashes)
        return cls(
            FaissIndex.load(folder / _TEXT),
            LexicalIndex.load(folder / _WORDS),
            HashIndex.load(folder / _HASHES),
            FaissIndex.load(pictures) if pictures.exists() else None,
        )

    def snapshot(self, folder: Path, *, vectors: bool = True) -> None:
        """Write all of them into an existing folder; `vectors`: theirs too."""
        parts: dict[str, VectorIndex | LexicalIndex | HashIndex | None] = {
            _WORDS: self.words, _HASHES: self.hashes
        }  # fmt: skip
        parts |= {_TEXT: self.text, _PICTURES: self.pictures} if vectors else {}
        for name, part in parts.items():
            if part is not None:
                (folder / name).mkdir()
                part.snapshot(folder / name)


class ListingIndex:
    """Finds listings that show one thing."""

    def __init__(
        self, parts: Parts, read_texts: ReadTexts, *, likeness: Likeness | None = None
    ) -> None:
        """Take the indexes, and what reads the texts of some listings in order."""
        self.parts = parts
        self.likeness = likeness or Likeness()
        self._read = read_texts

    def __len__(self) -> int:
        return len(self.parts.words)  # as many, and nobody elsewhere is asked

    def add(self, looks: Sequence[Look]) -> None:
        """Add listings; one that is there already is replaced, all of its pictures too.

        Raises:
            ValueError: a listing stands twice, or a vector has another length.
        """
        ids = np.array([look.listing_id for look in looks], np.int64)
        if len(np.unique(ids)) != len(ids) or (ids < 0).any():
            raise ValueError("Listings must have ids of at least 0, and each may stand only once.")
        self.remove(ids)
        told = [look for look in looks if look.vector is not None]
        if told:
            kept = np.array([look.listing_id for look in told], np.int64)
            vectors = np.stack([look.vector for look in told if look.vector is not None])
            self.parts.text.add(kept, vectors)
            self.parts.words.add(kept, [look.text for look in told])
        seen = [
            (picture_id(look.listing_id, p.position), p) for look in looks for p in look.pictures
        ]
        shown = [(key, p.vector) for key, p in seen if p.vector is not None]
        if self.parts.pictures is not None and shown:
            keys = np.array([key for key, _ in shown], np.int64)
            self.parts.pictures.add(keys, np.stack([vector for _, vector in shown]))
        hashed = [(key, p.phash) for key, p in seen if p.phash is not None]
        self.parts.hashes.add(
            np.array([key for key, _ in hashed], np.int64),
            np.array([phash for _, phash in hashed], np.uint64),
        )

    def remove(self, listing_ids: Ids) -> None:
        """Forget listings; unknown ones are passed over."""
        if not len(listing_ids):
            return
        self.parts.text.remove(listing_ids)
        self.parts.words.remove(listing_ids)
        keys = pictures_of(np.unique(listing_ids))
        self.parts.hashes.remove(keys)
        if self.parts.pictures is not None:
            self.parts.pictures.remove(keys)

    def similar(self, look: Look, **options: Any) -> list[Match]:
        """Find listings like one, as `near`, with the words that both hold."""
        return self.worded(look, self.near(look, **options))

    def near(
        self,
        look: Look,
        *,
        top_k: int = 10,
        allow: Ids | None = None,
        apart: Iterable[int] = (),
        ways: Sequence[str] = WAYS,
        at_least: float = LEAST,
        vectors: bool = True,
    ) -> list[Match]:
        """Find listings like one, best first, without the words; it does not find itself.

        Args:
            look: what is asked about; of the desk or not.
            top_k: how many at most.
            allow: sorted listing ids to choose among; None: all.
            apart: listings that somebody said are not the same.
            ways: how to look: text, picture, hash.
            at_least: the probability of a match.
            vectors: False: by words and hashes alone, for when nobody can ask the vectors.
        """
        found: dict[int, list[Reason]] = {}
        passed = {look.listing_id, *apart}
        if "text" in ways:
            self._by_text(look, found, passed, top_k, allow, vectors)
        keys = None if allow is None else pictures_of(allow)
        if "picture" in ways and vectors:
            self._by_picture(look, found, passed, top_k, keys)
        if "hash" in ways:
            self._by_hash(look, found, passed, keys)
        matches = [_match(listing_id, reasons) for listing_id, reasons in found.items()]
        matches = [match for match in matches if match.probability >= at_least]
        matches.sort(key=lambda match: (-match.probability, match.listing_id))
        return matches[:top_k]

    def worded(self, look: Look, matches: Sequence[Match]) -> list[Match]:
        """Matches with the words that both texts hold; the indexes are not asked."""
        keys = [m.listing_id for m in matches if any(r.by == "text" for r in m.reasons)]
        texts = dict(zip(keys, self._read(keys), strict=True))
        found: list[Match] = []
        for match in matches:
            if match.listing_id in texts:
                words = shared_words(look.text, texts[match.listing_id])
                reasons = (replace(r, words=words) if r.by == "text" else r for r in match.reasons)
                match = replace(match, reasons=tuple(reasons))
            found.append(match)
        return found

    def _by_text(
        self,
        look: Look,
        found: dict[int, list[Reason]],
        passed: set[int],
        top_k: int,
        allow: Ids | None,
        vectors: bool,
    ) -> None:
        if look.vector is None or not len(self.parts.words):
            return
        wanted = max(CANDIDATES, 2 * top_k) + len(passed)
        near: Ids = np.empty((1, 0), np.int64)
        if vectors:
            near, _ = self.parts.text.search(look.vector[None], top_k=wanted, allow=allow)
        asked = self.parts.words.weigh(look.text)
        # Codes alone too: among two hundred of one make they are what tells them apart.
        named = " ".join(sorted(codes(look.text)))
        by_words = [self.parts.words.find(asked, top_k=wanted, allow=allow)]
        if named:
            rare = self.parts.words.weigh(named)
            by_words.append(self.parts.words.find(rare, top_k=wanted, allow=allow))
        every = np.unique(np.concatenate([near[0][near[0] >= 0], *by_words]))
        ids = every[~np.isin(every, list(passed))]
        reasons = self._texts(look, asked, ids, vectors)
        for key, reason in zip(ids.tolist(), reasons, strict=True):
            if reason is not None and reason.probability >= LEAST:
                found.setdefault(key, []).append(reason)

    def _texts(self, look: Look, asked: Weighted, ids: Ids, vectors: bool) -> list[Reason | None]:
        """What the words of some listings say; None where one is not in the index any more."""
        vector: Vectors = np.asarray(look.vector)
        meaning: Vectors = np.zeros(len(ids), np.float32)
        if vectors:
            meaning = self.parts.text.vectors(ids) @ vector
        lexical = self.parts.words.score(asked, ids)
        own = codes(look.text)
        found: list[Reason | None] = []
        texts = self._read(ids.tolist())
        for text, near, shared in zip(texts, meaning.tolist(), lexical.tolist(), strict=True):
            if not np.isfinite(near):
                found.append(None)
                continue
            # Written together or apart, codes differ: 2인용쇼파 and 2인용 쇼파.
            if same_letters(look.text, text):
                score = 1.0
            else:
                score = self.likeness.text_score(
                    words=shared, codes=codes_alike(own, codes(text)), meaning=near
                )
            probability = self.likeness.text(score)
            found.append(Reason("text", score, probability))
        return found

    def _by_picture(
        self,
        look: Look,
        found: dict[int, list[Reason]],
        passed: set[int],
        top_k: int,
        keys: Ids | None,
    ) -> None:
        shown = [(p.position, p.vector) for p in look.pictures if p.vector is not None]
        if self.parts.pictures is None or not shown:
            return
        # A listing may hold many pictures that are near: more are fetched than are wanted.
        wanted = 3 * max(CANDIDATES, top_k)
        vectors = np.stack([vector for _, vector in shown])
        near, scores = self.parts.pictures.search(vectors, top_k=wanted, allow=keys)
        best: dict[int, Reason] = {}
        for (position, _), row, values in zip(shown, near.tolist(), scores.tolist(), strict=True):
            copies = {key // PER_LISTING for key, s in zip(row, values, strict=True) if s >= COPY}
            if len(copies) > STOCK:
                continue  # as of hashes: everybody shows it
            for key, score in zip(row, values, strict=True):
                listing_id, other = of_picture(key)
                if key < 0 or listing_id in passed:
                    continue
                if listing_id not in best or score > best[listing_id].score:
                    probability = self.likeness.picture(score)
                    best[listing_id] = Reason("picture", score, probability, position, other)
        _keep(best, found)

    def _by_hash(
        self, look: Look, found: dict[int, list[Reason]], passed: set[int], keys: Ids | None
    ) -> None:
        best: dict[int, Reason] = {}
        for picture in look.pictures:
            if picture.phash is None:
                continue
            near = self.parts.hashes.near(picture.phash, distance=DISTANCE, allow=keys)
            hits = [(*of_picture(key), bits) for key, bits in near]
            if len(Counter(listing_id for listing_id, _, _ in hits)) > STOCK:
                continue  # a maker's photo, or "no photo": it stands for no one seller's thing
            for listing_id, other, bits in hits:
                score = 1 - bits / BITS
                if listing_id in passed:
                    continue
                if listing_id not in best or score > best[listing_id].score:
                    probability = self.likeness.hash_(score)
                    own = picture.position
                    best[listing_id] = Reason("hash", score, probability, own, other, bits)
        _keep(best, found)


def _keep(best: dict[int, Reason], found: dict[int, list[Reason]]) -> None:
    for listing_id, reason in best.items():
        if reason.probability >= LEAST:
            found.setdefault(listing_id, []).append(reason)


def _match(listing_id: int, reasons: list[Reason]) -> Match:
    # A hash and a vector look at one picture: of the two the surer counts.
    seen = max((r.probability for r in reasons if r.by != "text"), default=0.0)
    read = max((r.probability for r in reasons if r.by == "text"), default=0.0)
    ordered = tuple(sorted(reasons, key=lambda reason: -reason.probability))
    return Match(listing_id, together((seen, read)), ordered)
