"""Perceptual hashes, searched by how many of their 64 bits differ.

All of them are compared: a million take some milliseconds. Hashes of plain colours say nothing and
are neither kept nor looked for.
"""

from pathlib import Path
from typing import Final

import numpy as np

from listings.clean_pictures import DISTANCE, Hashes, tells
from support.errors import ModelDamagedError
from support.vector_index import Ids, in_sorted

BITS: Final = 64
MOST_NEWER: Final = 4096  # newer hashes; more are sorted in
_FILE: Final = "hashes.npy"


class HashIndex:
    """Hashes under ids; removed and replaced as vectors are."""

    def __init__(self) -> None:
        """Start empty."""
        self._ids: Ids = np.empty(0, np.int64)  # sorted
        self._hashes: Hashes = np.empty(0, np.uint64)
        self._newer: dict[int, int] = {}

    @classmethod
    def load(cls, folder: Path) -> "HashIndex":
        """Read what `snapshot` wrote.

        Raises:
            ModelDamagedError: the file is missing or is not what was written.
        """
        index = cls()
        try:
            rows = np.load(folder / _FILE, allow_pickle=False)
            index._ids, index._hashes = rows[0].view(np.int64), rows[1]
        except (OSError, ValueError, IndexError) as error:
            raise ModelDamagedError(
                f"The picture hashes in {folder} cannot be read ({error}). "
                f"Build them again: faqdesk similar index"
            ) from error
        return index

    def __len__(self) -> int:
        return len(self._ids) + len(self._newer)

    def add(self, ids: Ids, hashes: Hashes) -> None:
        """Add hashes; an id that is there already is replaced.

        Args:
            ids: (n,) int64, each once.
            hashes: (n,) uint64.

        Raises:
            ValueError: the counts disagree.
        """
        if len(ids) != len(hashes):
            raise ValueError(f"{len(ids)} ids need as many hashes, got {len(hashes)}.")
        self.remove(ids)
        keep = tells(hashes)
        self._newer.update(zip(ids[keep].tolist(), hashes[keep].tolist(), strict=True))
        if len(self._newer) > MOST_NEWER:
            self._sort_in()

    def remove(self, ids: Ids) -> None:
        """Forget ids; unknown ones are passed over."""
        for key in ids.tolist():
            self._newer.pop(key, None)
        gone = in_sorted(self._ids, np.unique(ids)) if len(ids) else np.zeros(len(self._ids), bool)
        if gone.any():
            self._ids, self._hashes = self._ids[~gone], self._hashes[~gone]

    def near(
        self, asked: int, *, distance: int = DISTANCE, allow: Ids | None = None
    ) -> list[tuple[int, int]]:
        """Ids whose hash differs in few bits, and in how many; the nearest first.

        Args:
            asked: a hash.
            distance: bits that may differ at most.
            allow: sorted ids to choose among; None: all.
        """
        if not tells(np.array([asked], np.uint64))[0]:
            return []
        if self._newer:
            self._sort_in()
        apart = np.bitwise_count(self._hashes ^ np.uint64(asked))
        places = np.flatnonzero(apart <= distance)
        if allow is not None:
            places = places[in_sorted(self._ids[places], allow)]
        order = places[np.argsort(apart[places], kind="stable")]
        return list(zip(self._ids[order].tolist(), apart[order].tolist(), strict=True))

    def snapshot(self, folder: Path) -> None:
        """Write everything into an existing folder."""
        self._sort_in()
        rows = np.stack([self._ids.view(np.uint64), self._hashes])
        np.save(folder / _FILE, rows, allow_pickle=False)

    def _sort_in(self) -> None:
        ids = np.concatenate([self._ids, np.fromiter(self._newer, np.int64, len(self._newer))])
        newer = np.fromiter(self._newer.values(), np.uint64, len(self._newer))
        order = np.argsort(ids, kind="stable")
        self._ids = ids[order]
        self._hashes = np.concatenate([self._hashes, newer])[order]
        self._newer = {}
