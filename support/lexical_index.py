"""Inquiries by the rare words they share: cosine of TF-IDF, cut to each text's rarest terms.

A read-only snapshot, memory-mapped, and newer blocks beside it, minus what was removed: as the
vectors are kept. A search reads the postings of the text's own terms alone. Knows nothing of
vectors and databases.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .errors import ModelDamagedError
from .lexical_segment import Segment, Weights
from .lexical_terms import Counts, Terms, terms_of
from .vector_index import Ids, mark

MOST_KEPT: Final = 256  # terms kept of a past inquiry, the rarest
MOST_ASKED: Final = 64  # terms of a text that is searched for, the rarest
MOST_READ: Final = 60_000  # postings read for candidates; all of the rarest term's, if it has more
MOST_BLOCKS: Final = 8  # newer blocks; more are joined
FEW: Final = 32  # texts; fewer say nothing of rarity
_LEAST_RARITY: Final = 1e-3  # of a term in every text: it says nearly nothing, yet is not nothing
_FILE: Final = "lexical.json"


@dataclass(frozen=True, slots=True)
class Weighted:
    """A text as the index compares it: its rarest terms, and weights whose squares sum to 1.

    A text that is searched for keeps fewer than one that is kept, so a long one is not wholly like
    itself.
    """

    terms: Terms
    weights: Weights


class LexicalIndex:
    """Finds and compares texts by their words."""

    def __init__(self) -> None:
        """Start empty; rarity is learned from the first texts added, when they are not few."""
        self._blocks: list[Segment] = []
        self._alive: list[NDArray[np.bool_]] = []
        self._saved = 0  # of the blocks, how many are on disk
        self._known: Terms = np.empty(0, np.uint32)  # sorted; terms whose rarity is known
        self._rarity: Weights = np.empty(0, np.float32)
        self._rarest = 1.0  # the rarity of a term never seen
        # What was read for the last text: per block the sums by place, the places that are not
        # zero, and the terms that were not read, with begin and end of their postings.
        self._asked: Weighted | None = None
        self._sums: list[Weights] = []
        self._touched: list[NDArray[np.int64]] = []
        self._unread: list[list[tuple[np.int64, np.int64, np.float32]]] = []
        self._allowed: tuple[Ids | None, list[NDArray[np.bool_]]] = (None, [])

    @classmethod
    def load(cls, folder: Path) -> "LexicalIndex":
        """Open a snapshot, memory-mapped.

        Raises:
            ModelDamagedError: a file is missing or does not fit the others.
        """
        index = cls()
        try:
            config = json.loads((folder / _FILE).read_text(encoding="utf-8"))
            block = Segment.load(folder)
            index._known = block.terms
            index._rarity = np.load(
                folder / "lexical-rarity.npy", mmap_mode="r", allow_pickle=False
            ).view(np.ndarray)
            index._rarest = float(config["rarest"])
        except (OSError, ValueError, KeyError) as error:
            raise ModelDamagedError(
                f"The words of the index in {folder} cannot be read ({error}). "
                f"Build it again: faqdesk index"
            ) from error
        if len(index._rarity) != len(block.terms) or len(block.starts) != len(block.terms) + 1:
            raise ModelDamagedError(
                f"The words of the index in {folder} do not fit each other. "
                f"Build it again: faqdesk index"
            )
        index._append(block)
        index._saved = 1
        return index

    def __len__(self) -> int:
        return sum(int(alive.sum()) for alive in self._alive)

    def add(self, ids: Ids, texts: Sequence[str]) -> None:
        """Add texts; an id that is there already is replaced.

        Args:
            ids: (n,) int64, each once.
            texts: n texts; one without a word is found by nothing.

        Raises:
            ValueError: the counts disagree.
        """
        if len(ids) != len(texts):
            raise ValueError(f"{len(ids)} ids need as many texts, got {len(texts)}.")
        if not len(ids):
            return
        self.remove(ids)
        read = [terms_of(text) for text in texts]
        if not len(self._known) and len(read) >= FEW:
            self._learn([terms for terms, _ in read])
        rows = [self._weigh(terms, counts, MOST_KEPT) for terms, counts in read]
        block = Segment.build(np.asarray(ids, np.int64), [(r.terms, r.weights) for r in rows])
        self._append(block)
        if len(self._blocks) - self._saved > MOST_BLOCKS:
            self._join_newer()

    def remove(self, ids: Ids) -> None:
        """Forget ids; unknown ones are passed over."""
        ids = np.unique(ids)
        for block, alive in zip(self._blocks, self._alive, strict=True):
            if len(block):
                at = np.minimum(np.searchsorted(block.ids, ids), len(block) - 1)
                places = at[block.ids[at] == ids]
                if alive[places].any():
                    alive[places] = False
                    self._allowed = (None, [])

    def weigh(self, text: str) -> Weighted:
        """A text as this index looks for it."""
        return self._weigh(*terms_of(text), MOST_ASKED)

    def search(
        self, asked: Weighted, *, top_k: int, allow: Ids | None = None
    ) -> tuple[Ids, Weights]:
        """Find those that share the rarest terms.

        Args:
            asked: from `weigh`.
            top_k: how many at most.
            allow: sorted ids to choose among; None: all.

        Returns:
            (n,) ids and their cosine similarities in (0, 1], best first. Candidates are chosen by
            as many of the rarest terms as `MOST_READ` postings hold, and scored by all.
        """
        ids, places = self._find(asked, top_k, allow)
        scores = self._score_all(asked, places)
        order = np.lexsort((ids, -scores))[:top_k]
        return ids[order], scores[order]

    def find(self, asked: Weighted, *, top_k: int, allow: Ids | None = None) -> Ids:
        """The ids that `search` finds, in no order: where no more were read, no score is needed."""
        ids, places = self._find(asked, top_k, allow)
        if len(ids) > top_k:
            scores = self._score_all(asked, places)
            ids = ids[np.lexsort((ids, -scores))[:top_k]]
        return ids

    def score(self, asked: Weighted, ids: Ids) -> Weights:
        """(n,) cosine similarities of some ids in [0, 1]; 0 where one is unknown or removed."""
        self._read(asked)
        found = np.zeros(len(ids), np.float32)
        for number, (block, alive) in enumerate(zip(self._blocks, self._alive, strict=True)):
            if not len(block):
                continue
            at = np.minimum(np.searchsorted(block.ids, ids), len(block) - 1)
            here = (block.ids[at] == ids) & alive[at]
            found[here] = self._score(number, asked, at[here])
        return found

    def snapshot(self, folder: Path) -> None:
        """Write everything that was not removed into an existing folder, as one block.

        Rarity stays as it was learned, from all terms of the first texts that were not few. It is
        written for the terms that some text keeps; any other counts as never seen from then on.
        """
        block = (
            Segment.join(self._blocks, self._alive)
            if self._blocks
            else Segment.build(np.empty(0, np.int64), [])
        )
        block.save(folder)
        at = np.minimum(np.searchsorted(self._known, block.terms), max(len(self._known) - 1, 0))
        rarity = np.full(len(block.terms), self._rarest, np.float32)
        if len(self._known):
            rarity = np.where(self._known[at] == block.terms, self._rarity[at], rarity)
        np.save(folder / "lexical-rarity.npy", rarity.astype(np.float32), allow_pickle=False)
        (folder / _FILE).write_text(json.dumps({"rarest": self._rarest}), encoding="utf-8")

    def _learn(self, texts: Sequence[Terms]) -> None:
        self._known, counts = np.unique(np.concatenate(texts), return_counts=True)
        self._rarity = np.log((1 + len(texts)) / (1 + counts)).astype(np.float32) + _LEAST_RARITY
        self._rarest = float(np.log(1 + len(texts)) + _LEAST_RARITY)

    def _weigh(self, terms: Terms, counts: Counts, most: int) -> Weighted:
        rarity = np.full(len(terms), self._rarest, np.float32)
        if len(self._known) and len(terms):
            at = np.minimum(np.searchsorted(self._known, terms), len(self._known) - 1)
            rarity = np.where(self._known[at] == terms, self._rarity[at], rarity)
        if len(terms) > most:
            kept = np.sort(np.argsort(-rarity, kind="stable")[:most])
            terms, counts, rarity = terms[kept], counts[kept], rarity[kept]
        weights = (1 + np.log(counts)) * rarity
        length = np.sqrt(float(weights @ weights))
        return Weighted(terms, (weights / max(length, 1e-9)).astype(np.float32))

    def _read(self, asked: Weighted) -> None:
        """Sum up the postings of the rarest terms; kept until something else is asked for.

        A search that is repeated with another `allow`, and the scores of what the vectors found,
        cost no second reading.
        """
        if self._asked is asked:
            return
        self._asked = None
        for number, block in enumerate(self._blocks):
            sums = self._sums[number]
            sums[self._touched[number]] = 0
            begins, ends = block.where(asked.terms)
            seen: list[NDArray[np.int64]] = []
            unread: list[int] = []
            read = 0
            for term in np.argsort(ends - begins, kind="stable").tolist():
                begin, end = int(begins[term]), int(ends[term])
                read += end - begin
                if begin == end:
                    continue
                if seen and read > MOST_READ:
                    unread.append(term)
                    continue
                held, weights = block.read(begin, end)
                before = sums[held]
                seen.append(held[before == 0])
                sums[held] = before + weights * asked.weights[term]
            self._touched[number] = np.concatenate(seen) if seen else np.empty(0, np.int64)
            self._unread[number] = [(begins[t], ends[t], asked.weights[t]) for t in unread]
        self._asked = asked

    def _find(
        self, asked: Weighted, top_k: int, allow: Ids | None
    ) -> tuple[Ids, list[NDArray[np.int64]]]:
        """Ids of each block's candidates, one block after the other, and their places."""
        self._read(asked)
        places = [self._candidates(number, top_k, allow) for number in range(len(self._blocks))]
        ids = [block.ids[found] for block, found in zip(self._blocks, places, strict=True)]
        return np.concatenate([np.empty(0, np.int64), *ids]), places

    def _score_all(self, asked: Weighted, places: Sequence[NDArray[np.int64]]) -> Weights:
        scores = [self._score(number, asked, found) for number, found in enumerate(places)]
        return np.concatenate([np.empty(0, np.float32), *scores])

    def _candidates(self, number: int, top_k: int, allow: Ids | None) -> NDArray[np.int64]:
        """Places of a block with the greatest sums over the terms read."""
        places = self._touched[number]
        places = places[self._allow(number, allow)[places]]
        if len(places) > top_k:
            sums = self._sums[number][places]
            places = places[np.argpartition(-sums, top_k - 1)[:top_k]]
        return places

    def _score(self, number: int, asked: Weighted, places: NDArray[np.int64]) -> Weights:
        """Sums over all terms, those too frequent to be read for candidates among them."""
        found = self._sums[number][places]
        for begin, end, weight in self._unread[number]:
            found += weight * self._blocks[number].weigh(int(begin), int(end), places)
        return np.minimum(found, 1)

    def _allow(self, number: int, allow: Ids | None) -> NDArray[np.bool_]:
        """Which places of a block may be found; kept while the same list is asked for."""
        if allow is None:
            return self._alive[number]
        if self._allowed[0] is not allow:
            pairs = zip(self._blocks, self._alive, strict=True)
            self._allowed = (allow, [alive & mark(block.ids, allow) for block, alive in pairs])
        return self._allowed[1][number]

    def _append(self, block: Segment) -> None:
        self._blocks.append(block)
        self._alive.append(np.ones(len(block), bool))
        self._sums.append(np.zeros(len(block), np.float32))
        self._touched.append(np.empty(0, np.int64))
        self._unread.append([])
        self._asked, self._allowed = None, (None, [])

    def _join_newer(self) -> None:
        newer = Segment.join(self._blocks[self._saved :], self._alive[self._saved :])
        del self._blocks[self._saved :], self._alive[self._saved :], self._sums[self._saved :]
        del self._touched[self._saved :], self._unread[self._saved :]
        self._append(newer)
