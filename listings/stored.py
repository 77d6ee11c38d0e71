"""Listings as they are read back from the desk's database, a page at a time.

Writing them is `listings.store`'s work; which label each has, `listings.labels` knows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from support.database import Row, scalar
from support.errors import NotFoundError

from .listing import Listing

PAGE: Final = 500  # rows at a time; well below what SQLite binds in one statement


@dataclass(frozen=True, slots=True)
class StoredListing:
    """One listing with what the console shows beside its words."""

    id: int
    source: str
    external_id: str
    listing: Listing
    currency: str
    seller: str
    tree: str
    brand: str
    kind: str
    url: str
    collected_at: str
    updated_at: str
    removed: str
    group: int
    problems: tuple[str, ...]  # why pictures are missing


def load(db: Database, images: Path, ids: Sequence[int]) -> dict[int, Listing]:
    """Listings by id, in the order of `ids`; ids that are not there are left out."""
    return {stored.id: stored.listing for stored in stored_listings(db, images, ids)}


def get(db: Database, images: Path, listing_id: int) -> StoredListing:
    """One listing.

    Raises:
        NotFoundError: there is none.
    """
    for stored in stored_listings(db, images, [listing_id]):
        return stored
    raise NotFoundError(f"No listing {listing_id}.")


def stored_listings(db: Database, images: Path, ids: Sequence[int]) -> list[StoredListing]:
    """Listings with what is known of them, in the order of `ids`; unknown ids are left out."""
    found: dict[int, StoredListing] = {}
    for start in range(0, len(ids), PAGE):
        page = list(ids[start : start + PAGE])
        pictures: dict[int, list[Path]] = {}
        problems: dict[int, list[str]] = {}
        sql = f"""
            SELECT listing_id, file, problem FROM listing_pictures
            WHERE listing_id IN ({places(page)}) ORDER BY listing_id, position
        """  # noqa: S608 - only question marks are put in
        for listing_id, file, problem in db.conn.execute(sql, page):
            if file:
                pictures.setdefault(listing_id, []).append(images / file)
            if problem:
                problems.setdefault(listing_id, []).append(problem)
        sql = f"SELECT * FROM listings WHERE id IN ({places(page)})"  # noqa: S608 - likewise
        for row in db.query(sql, page):
            key = row["id"]
            found[key] = _stored(row, pictures.get(key, []), problems.get(key, []))
    return [found[key] for key in ids if key in found]


def pages(db: Database, *, removed: bool = False) -> Iterator[list[int]]:
    """The ids of all listings, a page at a time; those that cleaning left out only if asked."""
    last = 0
    sql = "SELECT id FROM listings WHERE id > ? AND (? OR removed = '') ORDER BY id LIMIT ?"
    while ids := [row[0] for row in db.conn.execute(sql, (last, int(removed), PAGE))]:
        yield ids
        last = ids[-1]


def summary(db: Database) -> dict[str, Any]:
    """What there is: listings by source, pictures, what cleaning left out, duplicates, labels."""
    by_source = db.query("SELECT source, count(*) AS n FROM listings GROUP BY source ORDER BY 1")
    out = db.query("SELECT removed, count(*) AS n FROM listings WHERE removed <> '' GROUP BY 1")
    count = "SELECT count(*) FROM "
    return {
        "listings": scalar(db, count + "listings"),
        "by_source": {row["source"]: row["n"] for row in by_source},
        "removed": {row["removed"]: row["n"] for row in out},
        "duplicates": scalar(db, count + "listings WHERE duplicate_of IS NOT NULL"),
        "pictures": scalar(db, count + "listing_pictures WHERE file <> ''"),
        "pictures_missing": scalar(db, count + "listing_pictures WHERE file = ''"),
        "hand_labels": scalar(db, count + "listing_labels WHERE undone_at IS NULL"),
    }


def places(ids: list[int]) -> str:
    """As many question marks as there are ids, to put into a statement."""
    return ", ".join("?" * len(ids))


def _stored(row: Row, pictures: list[Path], problems: list[str]) -> StoredListing:
    return StoredListing(
        id=row["id"],
        source=row["source"],
        external_id=row["external_id"],
        listing=Listing(
            title=row["title"],
            description=row["description"],
            pictures=tuple(pictures),
            price=row["price"],
            category=row["category"],
        ),
        currency=row["currency"],
        seller=row["seller"],
        tree=row["tree"],
        brand=row["brand"],
        kind=row["kind"],
        url=row["url"],
        collected_at=row["collected_at"],
        updated_at=row["updated_at"],
        removed=row["removed"],
        group=row["duplicate_of"] or row["id"],
        problems=tuple(problems),
    )
