"""Near duplicates among pictures: perceptual hashes that differ in few of their 64 bits.

Hashes that differ in at most d bits agree on one of d + 1 stretches of bits: only those meet, so
that a hundred thousand pictures are not compared pair by pair. Pure: hashes in, pairs out.
"""

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from .clean_near import Pair, buckets

DISTANCE: Final = 6  # bits; a photo scaled, compressed or brightened differs in 0 to 6
STOCK: Final = 20  # differently named listings that share a picture: a maker's photo, or "no photo"
_FLAT: Final = 8  # a hash of so few or so many set bits is of a plain colour, whatever the picture

Hashes = npt.NDArray[np.uint64]


def to_hashes(written: list[str]) -> Hashes:
    """Read hashes of 16 hexadecimal digits: (n,) uint64."""
    return np.array([int(word, 16) for word in written], dtype=np.uint64)


def tells(hashes: Hashes) -> npt.NDArray[np.bool_]:
    """Which hashes are of a picture with something on it: (n,) bool."""
    bits = np.bitwise_count(hashes)
    telling: npt.NDArray[np.bool_] = (bits >= _FLAT) & (bits <= 64 - _FLAT)
    return telling


def near_pictures(hashes: Hashes, *, distance: int = DISTANCE) -> list[Pair]:
    """Find pictures that are nearly the same.

    Args:
        hashes: (n,) perceptual hashes; those of plain colours are passed over.
        distance: bits in which two may differ at most, from 0 to 15.

    Returns:
        Pairs of places, the smaller first, sorted; equal hashes are joined to their first.
    """
    if not 0 <= distance <= 15:
        raise ValueError(f"distance must lie in [0, 15], got {distance}.")
    usable = np.flatnonzero(tells(hashes))
    pairs: set[Pair] = set()
    for bucket in buckets(hashes[usable]):
        same = usable[bucket].tolist()
        pairs.update((same[0], place) for place in same[1:])
    # From here on each hash once, at its first place.
    unique, first = np.unique(hashes[usable], return_index=True)
    places = usable[first]
    edges = np.linspace(0, 64, distance + 2).astype(int)
    for low, high in pairwise(edges):
        stretch = (unique >> np.uint64(low)) & np.uint64((1 << int(high - low)) - 1)
        for bucket in buckets(stretch):
            for at, place in enumerate(bucket[:-1].tolist()):
                rest = bucket[at + 1 :]
                near = rest[np.bitwise_count(unique[rest] ^ unique[place]) <= distance]
                pairs.update(
                    (min(places[place], other), max(places[place], other))
                    for other in places[near].tolist()
                )
    return sorted((int(left), int(right)) for left, right in pairs)
