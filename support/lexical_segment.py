"""One block of the lexical index: for each term the inquiries that hold it, and how much it weighs.

Arrays alone, so that a block on disk is memory-mapped and shared between processes. A posting takes
five bytes: the place of an inquiry, and one of 256 weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .lexical_terms import Terms
from .vector_index import Ids

Weights = NDArray[np.float32]
_PARTS: Final = ("ids", "terms", "starts", "places", "weights")
_LEAST: Final = 0.01  # weights are shares of a length of 1; the ladder's steps differ by 1.8 %
_LADDER: Final = np.geomspace(_LEAST, 1.0, 256).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Segment:
    """Inquiries by place, and postings by term.

    `ids` (n,) int64 sorted; `terms` (t,) uint32 sorted; the postings of term i are
    `places[starts[i]:starts[i + 1]]`, sorted, with `weights` as steps of a ladder.
    """

    ids: Ids
    terms: Terms
    starts: NDArray[np.int64]
    places: NDArray[np.int32]
    weights: NDArray[np.uint8]

    @classmethod
    def build(cls, ids: Ids, rows: Sequence[tuple[Terms, Weights]]) -> "Segment":
        """Turn inquiries with their weighted terms around.

        Args:
            ids: (n,) int64, each once.
            rows: for each its terms and their weights, in (0, 1].
        """
        order = np.argsort(ids, kind="stable")
        lengths = np.array([len(rows[row][0]) for row in order], np.int64)
        places = np.repeat(np.arange(len(order), dtype=np.int32), lengths)
        if not len(places):
            empty = np.empty(0, np.uint32), np.zeros(1, np.int64), places, np.empty(0, np.uint8)
            return cls(np.asarray(ids)[order], *empty)
        terms = np.concatenate([rows[row][0] for row in order])
        weights = _steps(np.concatenate([rows[row][1] for row in order]))
        by_term = np.argsort(terms, kind="stable")
        known, starts = np.unique(terms[by_term], return_index=True)
        return cls(
            np.asarray(ids, np.int64)[order],
            known,
            np.append(starts, len(terms)).astype(np.int64),
            places[by_term],
            weights[by_term],
        )

    @classmethod
    def join(cls, segments: Sequence["Segment"], alive: Sequence[NDArray[np.bool_]]) -> "Segment":
        """Make one of several, without the places that are not alive; an id stands in one alone."""
        ids = np.concatenate([s.ids[a] for s, a in zip(segments, alive, strict=True)])
        order = np.argsort(ids, kind="stable")
        rank = np.empty(len(ids), np.int32)
        rank[order] = np.arange(len(ids), dtype=np.int32)
        terms, places, weights, before = [], [], [], 0
        for segment, living in zip(segments, alive, strict=True):
            kept = living[segment.places]
            moved = np.cumsum(living) - 1 + before
            terms.append(np.repeat(segment.terms, np.diff(segment.starts))[kept])
            places.append(rank[moved[segment.places[kept]]])
            weights.append(segment.weights[kept])
            before += int(living.sum())
        all_terms, all_places = np.concatenate(terms), np.concatenate(places)
        by_term = np.lexsort((all_places, all_terms))
        known, starts = np.unique(all_terms[by_term], return_index=True)
        return cls(
            ids[order],
            known,
            np.append(starts, len(all_terms)).astype(np.int64),
            all_places[by_term],
            np.concatenate(weights)[by_term],
        )

    @classmethod
    def load(cls, folder: Path) -> "Segment":
        """Open what `save` wrote, memory-mapped.

        Raises:
            OSError, ValueError: a file is missing or is no array.
        """
        parts = [np.load(_file(folder, part), mmap_mode="r", allow_pickle=False) for part in _PARTS]
        # A memory map costs a microsecond more at every touch: as plain arrays over the same pages.
        return cls(*(part.view(np.ndarray) for part in parts))

    def save(self, folder: Path) -> None:
        """Write one file a part."""
        for part in _PARTS:
            np.save(_file(folder, part), getattr(self, part), allow_pickle=False)

    def __len__(self) -> int:
        """How many inquiries stand in it, removed ones too."""
        return len(self.ids)

    def where(self, terms: Terms) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Begin and end of each term's postings; both 0 where it is unknown."""
        if not len(self.terms):
            return np.zeros(len(terms), np.int64), np.zeros(len(terms), np.int64)
        at = np.minimum(np.searchsorted(self.terms, terms), len(self.terms) - 1)
        known = self.terms[at] == terms
        return np.where(known, self.starts[at], 0), np.where(known, self.starts[at + 1], 0)

    def read(self, begin: int, end: int) -> tuple[NDArray[np.int64], Weights]:
        """The places and weights of one term."""
        # Widened once: numpy would do it again each time they pick from an array.
        return self.places[begin:end].astype(np.int64), _LADDER[self.weights[begin:end]]

    def weigh(self, begin: int, end: int, places: NDArray[np.int64]) -> Weights:
        """The weights of one term at some places; 0 where it does not occur."""
        if begin == end:
            return np.zeros(len(places), np.float32)
        among = self.places[begin:end]
        at = np.minimum(np.searchsorted(among, places.astype(np.int32)), end - begin - 1)
        return np.where(among[at] == places, _LADDER[self.weights[begin + at]], np.float32(0))


def _steps(weights: Weights) -> NDArray[np.uint8]:
    """The nearest step of the ladder."""
    share = np.log(np.maximum(weights, _LEAST) / _LEAST) / np.log(1 / _LEAST)
    steps: NDArray[np.uint8] = np.rint(255 * np.minimum(share, 1)).astype(np.uint8)
    return steps


def _file(folder: Path, part: str) -> Path:
    return folder / f"lexical-{part}.npy"
