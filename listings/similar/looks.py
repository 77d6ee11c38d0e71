"""A listing as the index of similar ones keeps it, and what it says of two that are alike."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from support.vector_index import Ids, Vectors

PER_LISTING: Final = 32  # numbers set aside for the pictures of each listing, 20 at most


def picture_id(listing_id: int, position: int) -> int:
    """The id of a listing's picture in every index of pictures.

    Raises:
        ValueError: the position cannot be.
    """
    if not 0 <= position < PER_LISTING:
        raise ValueError(f"A picture's position must lie in [0, {PER_LISTING}), got {position}.")
    return listing_id * PER_LISTING + position


def of_picture(key: int) -> tuple[int, int]:
    """The listing, and the position in it, of a picture's id."""
    return divmod(key, PER_LISTING)


def pictures_of(listing_ids: Ids) -> Ids:
    """Every id that pictures of some sorted listings may have, sorted."""
    places: Ids = np.arange(PER_LISTING, dtype=np.int64)
    every: Ids = (listing_ids[:, None] * PER_LISTING + places).ravel()
    return every


@dataclass(frozen=True, slots=True)
class PictureLook:
    """One picture: its vector of length 1, and its hash; either may be missing."""

    position: int
    vector: Vectors | None = None  # (dim,) float32
    phash: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """One listing: its words, their vector of length 1, and its pictures."""

    listing_id: int  # -1: none of the desk's, only asked about
    text: str = ""
    vector: Vectors | None = None  # (dim,) float32; None where there are no words
    pictures: tuple[PictureLook, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two listings look alike, by one way of looking.

    `score` is in [-1, 1]: of texts the weighted mean of words, codes and meaning, of pictures the
    cosine, of hashes the share of bits that agree. `probability` is what it says alone.
    """

    by: str  # text, picture or hash
    score: float
    probability: float
    picture: int | None = None  # position in the listing asked about; text: None
    other_picture: int | None = None  # position in the listing found
    bits: int | None = None  # that differ, of a hash
    words: tuple[str, ...] = ()  # that both texts hold


@dataclass(frozen=True, slots=True)
class Match:
    """A listing that may show the same thing; `probability` is of all reasons together."""

    listing_id: int
    probability: float
    reasons: tuple[Reason, ...]  # the strongest first


def turned(reason: Reason) -> Reason:
    """A reason as of the other listing: whose picture is whose changes places."""
    return replace(reason, picture=reason.other_picture, other_picture=reason.picture)
