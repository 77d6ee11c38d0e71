"""Listings side by side, as every page shows them: pictures, words in common, who sells, why."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import current_app, url_for
from sqlite_utils import Database

from listings.moderation.sanctions import Sanction, sanctions
from listings.similar.looks import Reason
from listings.stored import PAGE, places
from support.database import Row, scalar
from support.text import fold_line

from . import similar_words
from .listing_words import price

WORDS_SHOWN: Final = 280  # letters of a description beside a title
_JOINED: Final = re.compile(r"(?<=\d)(?=[^\W\d_])")  # 64gb may stand as 64 GB
_LATIN: Final = re.compile(r"[a-z0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Side:
    """One listing as it stands beside another."""

    id: int
    title: str
    more: str  # the beginning of its description
    price: str  # as people read it; '' where unknown
    seller: str  # keyed hash; '' where unknown
    at: str  # when it was posted, or collected
    hidden: bool  # by a decision in force
    pictures: Mapping[int, str]  # position: hash of its content

    @property
    def first(self) -> str:
        """The hash of its first picture; '' where it has none."""
        return next(iter(self.pictures.values()), "")


@dataclass(frozen=True, slots=True)
class Why:
    """Why two listings look alike, for a page."""

    probability: float
    likeness: str
    phrases: tuple[str, ...]
    words: tuple[str, ...]  # that both hold
    pictures: tuple[tuple[int, int], ...]  # positions: of the first, of the other


@dataclass(frozen=True, slots=True)
class Account:
    """A seller, and what they have to answer for."""

    seller: str
    sanctions: tuple[Sanction, ...]  # the newest first

    @property
    def name(self) -> str:
        """How people tell them apart: sellers' own names are not kept."""
        return self.seller[:8]

    @property
    def suspended(self) -> bool:
        """Whether they may not sell just now."""
        return any(one.active and one.kind == "suspension" for one in self.sanctions)

    @property
    def warned(self) -> bool:
        """Whether they were warned, and are not suspended."""
        return not self.suspended and any(one.active for one in self.sanctions)

    @property
    def address(self) -> str:
        """Their page."""
        return _address("sellers_page.one", seller=self.seller)


def sides(db: Database, listing_ids: Iterable[int]) -> dict[int, Side]:
    """Listings by id; those that are gone are left out."""
    ids = sorted(set(listing_ids))
    found: dict[int, Side] = {}
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        pictures: dict[int, dict[int, str]] = {}
        sql = f"""
            SELECT listing_id, position, sha256 FROM listing_pictures
            WHERE file <> '' AND listing_id IN ({places(page)}) ORDER BY listing_id, position
        """  # noqa: S608 - only question marks are put in
        for key, position, sha256 in db.conn.execute(sql, page):
            pictures.setdefault(key, {})[position] = sha256
        sql = f"""
            SELECT l.id, l.title, substr(l.description, 1, {2 * WORDS_SHOWN}) AS description,
                l.price, l.currency, l.seller, coalesce(c.hidden, 0) AS hidden,
                coalesce(nullif(l.posted_at, ''), l.collected_at) AS at
            FROM listings AS l LEFT JOIN moderation_cases AS c ON c.listing_id = l.id
            WHERE l.id IN ({places(page)})
        """  # noqa: S608 - likewise
        for row in db.query(sql, page):
            found[row["id"]] = _side(row, pictures.get(row["id"], {}))
    return found


def described(db: Database) -> bool:
    """Whether the desk has read any of its listings, so that they can be compared."""
    return scalar(db, "SELECT 1 FROM listing_vectors LIMIT 1") is not None


def why(probability: float, reasons: Sequence[Reason]) -> Why:
    """What speaks for two listings being one thing."""
    pairs = [
        (reason.picture, reason.other_picture)
        for reason in reasons
        if reason.picture is not None and reason.other_picture is not None
    ]
    return Why(
        probability=probability,
        likeness=similar_words.likeness(probability),
        phrases=tuple(similar_words.told(reasons)),
        words=tuple(dict.fromkeys(word for reason in reasons for word in reason.words)),
        pictures=tuple(dict.fromkeys(pairs)),
    )


def accounts(db: Database, sellers: Iterable[str]) -> dict[str, Account]:
    """Sellers by keyed hash; '' is left out."""
    return {
        seller: Account(seller, tuple(sanctions(db, seller)))
        for seller in dict.fromkeys(sellers)
        if seller
    }


def marked(text: str, words: Sequence[str]) -> list[tuple[str, bool]]:
    """A text in pieces, each with whether it is one of some words; joined they are the text."""
    if not words or not text:
        return [(text, False)] if text else []
    longest = sorted(words, key=len, reverse=True)
    pattern = re.compile("|".join(_pattern(word) for word in longest), re.IGNORECASE)
    pieces: list[tuple[str, bool]] = []
    last = 0
    for match in pattern.finditer(text):
        if match.start() > last:
            pieces.append((text[last : match.start()], False))
        pieces.append((match.group(), True))
        last = match.end()
    if last < len(text):
        pieces.append((text[last:], False))
    return pieces


def listing_address(listing_id: int) -> str:
    """The page of a listing's whole story; without one, what is like it."""
    found = _address("moderation_page.listing", listing_id=listing_id)
    return found or url_for("similar_page.show", listing=listing_id)


def _address(endpoint: str, **values: object) -> str:
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""  # type: ignore[arg-type]


def _pattern(word: str) -> str:
    spaced = " ?".join(re.escape(part) for part in _JOINED.split(word))
    # A short Latin word inside a longer one is another word; Korean hangs endings on its nouns.
    return rf"(?<![^\W_]){spaced}(?![^\W_])" if _LATIN.fullmatch(word) else spaced


def _side(row: Row, pictures: Mapping[int, str]) -> Side:
    more = fold_line(row["description"])
    return Side(
        id=row["id"],
        title=row["title"],
        more=more if len(more) <= WORDS_SHOWN else more[: WORDS_SHOWN - 1].rstrip() + "…",
        price="" if row["price"] is None else price(row["price"], row["currency"]),
        seller=row["seller"],
        at=row["at"],
        hidden=bool(row["hidden"]),
        pictures=pictures,
    )
