"""Near duplicates among texts: MinHash finds candidates, shared shingles decide.

Two texts are near when of the runs of four letters that either holds, at least `threshold` are in
both (Jaccard). Not all pairs are compared: signatures are cut into bands, and only texts that
agree on a whole band meet. Pure: texts in, pairs of their places out.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from .clean_text import folded

SHINGLE: Final = 4  # letters; two syllables of Korean with what stands around them
MIN_SHINGLES: Final = 12  # of a shorter text one letter more is a fifth of it: equal or not
MAX_LETTERS: Final = 2_000  # of one text; what comes after tells nothing new
BANDS: Final = 16
ROWS: Final = 4  # of 100 pairs that are .7 alike 99 meet, of those that are .3 alike 12
THRESHOLD: Final = 0.7
_MAX_LEADERS: Final = 32  # of one bucket that each text in it is compared with

Shingles = npt.NDArray[np.uint32]
Pair = tuple[int, int]

_random = np.random.default_rng(20210511)  # fixed: the same texts give the same pairs
_MULTIPLIERS = _random.integers(1, 2**63, size=BANDS * ROWS, dtype=np.uint64) * 2 + 1
_ADDENDS = _random.integers(0, 2**63, size=BANDS * ROWS, dtype=np.uint64)
_POWERS = np.array([1_000_003**power % 2**64 for power in range(SHINGLE)], dtype=np.uint64)


def shingles(text: str) -> Shingles:
    """The different runs of four letters of a text, as sorted numbers; blanks and signs apart."""
    letters = np.frombuffer(folded(text)[:MAX_LETTERS].encode("utf-32-le"), dtype=np.uint32)
    if letters.size < SHINGLE:
        return np.zeros(0, dtype=np.uint32)
    windows = np.lib.stride_tricks.sliding_window_view(letters.astype(np.uint64), SHINGLE)
    mixed = (windows * _POWERS).sum(axis=1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return np.unique((mixed >> np.uint64(32)).astype(np.uint32))


def jaccard(left: Shingles, right: Shingles) -> float:
    """The share of the shingles of either that both hold, in [0, 1]."""
    if not left.size or not right.size:
        return 0.0
    if min(left.size, right.size) < THRESHOLD / 2 * max(left.size, right.size):
        return min(left.size, right.size) / max(left.size, right.size)  # can be no more
    both = np.intersect1d(left, right, assume_unique=True).size
    return float(both / (left.size + right.size - both))


def signature(found: Shingles) -> npt.NDArray[np.uint32]:
    """The smallest of each of 64 hashes over a text's shingles: (64,) uint32."""
    hashes = found.astype(np.uint64)[None, :] * _MULTIPLIERS[:, None] + _ADDENDS[:, None]
    smallest: npt.NDArray[np.uint32] = (hashes >> np.uint64(32)).astype(np.uint32).min(axis=1)
    return smallest


def near_texts(
    texts: Sequence[str],
    *,
    threshold: float = THRESHOLD,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Pair]:
    """Find near duplicates.

    Args:
        texts: n texts.
        threshold: least Jaccard of a pair.
        progress: called with texts done and n.

    Returns:
        Pairs of places, the smaller first, sorted; enough of them to join every group, not all.
    """
    found: list[Shingles] = []
    places: list[int] = []
    signatures: list[npt.NDArray[np.uint32]] = []
    for place, text in enumerate(texts):
        one = shingles(text)
        if one.size >= MIN_SHINGLES:
            found.append(one)
            places.append(place)
            signatures.append(signature(one))
        if place % 1000 == 0:
            progress(place, len(texts))
    if not found:
        return []
    bands = np.stack(signatures).reshape(-1, BANDS, ROWS).astype(np.uint64)
    pairs: set[Pair] = set()
    for band in range(BANDS):
        keys = (bands[:, band] * _MULTIPLIERS[:ROWS]).sum(axis=1, dtype=np.uint64)
        for bucket in buckets(keys):
            for left, right in _met(bucket, found, threshold):
                pairs.add((places[left], places[right]))
    progress(len(texts), len(texts))
    return sorted(pairs)


def buckets(keys: npt.NDArray[np.uint64]) -> Iterator[npt.NDArray[np.int64]]:
    """The places of every key that is there more than once, each bucket in order."""
    order = np.argsort(keys, kind="stable")
    ends = np.flatnonzero(np.diff(keys[order])) + 1
    for bucket in np.split(order, ends):
        if bucket.size > 1:
            yield bucket


def _met(
    bucket: npt.NDArray[np.int64], found: list[Shingles], threshold: float
) -> Iterator[tuple[int, int]]:
    """Join each text of a bucket to the first before it that it is near to."""
    leaders: list[int] = []
    for place in bucket.tolist():
        for leader in leaders:
            if jaccard(found[leader], found[place]) >= threshold:
                yield leader, place
                break
        else:
            if len(leaders) < _MAX_LEADERS:
                leaders.append(place)
