"""Listings into the desk's database: what a source gave, without HTML and personal data.

Sellers become a keyed hash. A listing is known by its source and its id there: collected again, it
changes only where the source did. Reading back is `listings.stored`'s work.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Final

from sqlite_utils import Database

from support import settings
from support.clock import now
from support.database import Row, write
from support.html import to_plain_text
from support.redact import Redactor
from support.seal import Seal
from support.text import fold_line

from .categories import add_paths
from .clean_price import parse_price
from .clean_text import text_key
from .pictures import StoredPicture
from .stored import PAGE, places

MAX_PICTURES: Final = 20  # of one listing
MAX_TITLE: Final = 1000  # characters
MAX_DESCRIPTION: Final = 50_000
GENERATED: Final = "row:"  # begins an id that was made up from what a row says


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """One listing as a source gives it, before anything is masked. Lives in memory only."""

    source: str
    external_id: str
    title: str
    description: str = ""
    price_text: str = ""
    currency: str = ""  # where the source says so; else read off the price
    seller: str = ""
    tree: str = ""  # the source's name where empty
    category: str = ""  # canonical
    brand: str = ""
    kind: str = ""
    url: str = ""
    posted_at: str = ""  # ISO 8601 in UTC; "": when it is stored
    seller_since: str = ""  # when the seller's account was opened, likewise; "": unknown
    pictures: tuple[str, ...] = ()  # addresses or names of files, in order


@dataclass(slots=True)
class Saved:
    """What a batch did to the database."""

    ids: list[int] = field(default_factory=list)  # one for each item, in order
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    masked: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Saved") -> None:
        """Count another batch in; its ids are not kept."""
        self.added += other.added
        self.changed += other.changed
        self.unchanged += other.unchanged
        for kind, count in other.masked.items():
            self.masked[kind] = self.masked.get(kind, 0) + count


_COLUMNS: Final = (
    "source", "external_id", "run_id", "title", "description", "price", "currency", "price_text",
    "seller", "tree", "category", "brand", "kind", "url", "posted_at", "seller_since",
    "collected_at", "updated_at", "revision", "revised_at",
    "text_key",
)  # fmt: skip
_INSERT: Final = (
    f"INSERT INTO listings ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
)
# What cleaning wrote, before it ran.
_BLANK: Final[Row] = {
    "collected_title": None,
    "collected_description": None,
    "removed": "",
    "duplicate_of": None,
    "duplicate_by": "",
}


class ListingStore:
    """Writes listings into one desk."""

    def __init__(self, db: Database, seal: Seal) -> None:
        """Take a desk's database and key; its numbers that are never masked are read here."""
        self._db = db
        self._seal = seal
        self._redactor = Redactor(settings.load(db).allow)

    def save(self, items: Sequence[Collected], *, run_id: int | None = None) -> Saved:
        """Add new listings and update known ones, all in one transaction.

        Args:
            items: of any sources; a source and id that comes twice is saved twice, the last stays.
            run_id: the collecting run they came in.
        """
        saved = Saved()
        masked = [self._row(item, saved.masked) for item in items]
        by_tree: dict[str, set[str]] = {}
        for row in masked:
            if row["category"]:
                by_tree.setdefault(row["tree"], set()).add(row["category"])
        with write(self._db):
            known = self._known(masked)
            for item, row in zip(items, masked, strict=True):
                origins = [self.origin(name) for name in item.pictures][:MAX_PICTURES]
                self._put(row, origins, known, run_id, saved)
            for tree, paths in by_tree.items():
                add_paths(self._db, tree, paths)
        return saved

    def masked(self, words: str) -> str:
        """Words about a listing, such as why a row was rejected, fit to be kept."""
        return self._redactor.redact(words).text

    def external_id(self, given: str) -> str:
        """How a listing's id where it comes from is remembered: as it is, unless it tells much."""
        if given.startswith(GENERATED) or self.masked(given) != given:
            # One made up from a row's words could be guessed back into them.
            return self._seal.fingerprint(given)
        return given

    def origin(self, name: str) -> str:
        """How a picture's address or file is remembered: as it is, unless it tells of a person."""
        plain = name.replace("\\", "/").removeprefix("./")
        return plain if self.masked(plain) == plain else GENERATED + self._seal.fingerprint(plain)

    def _masked(self, text: str, counts: dict[str, int]) -> str:
        redaction = self._redactor.redact(text)
        for kind, count in redaction.counts.items():
            counts[kind] = counts.get(kind, 0) + count
        return redaction.text

    def _row(self, item: Collected, masked: dict[str, int]) -> Row:
        def line(text: str) -> str:
            return self._masked(fold_line(to_plain_text(text).text), masked)

        price = parse_price(item.price_text, currency=item.currency)
        description = to_plain_text(item.description).text[:MAX_DESCRIPTION]
        return {
            "source": item.source,
            "external_id": self.external_id(item.external_id),
            "title": line(item.title)[:MAX_TITLE],
            "description": self._masked(description, masked),
            "price": price.amount,
            "currency": price.currency,
            "price_text": line(item.price_text)[:100],
            "seller": self._seal.customer(item.source, item.seller),
            "tree": item.tree or item.source,
            "category": self._masked(item.category, masked),
            "brand": line(item.brand),
            "kind": item.kind,
            "url": self._masked(item.url, masked),
            "posted_at": item.posted_at,
            "seller_since": item.seller_since,
        }

    def _known(self, batch: list[Row]) -> dict[tuple[str, str], tuple[Row, list[str]]]:
        """Those of a batch that are there already, each with its pictures' origins in order."""
        found: dict[tuple[str, str], tuple[Row, list[str]]] = {}
        by_id: dict[int, list[str]] = {}
        for source in {row["source"] for row in batch}:
            ids = json.dumps([row["external_id"] for row in batch if row["source"] == source])
            sql = """
                SELECT * FROM listings
                WHERE source = ? AND external_id IN (SELECT value FROM json_each(?))
            """
            for row in self._db.query(sql, [source, ids]):
                origins = by_id[row["id"]] = []
                found[source, row["external_id"]] = (row, origins)
        sql = """
            SELECT listing_id, origin FROM listing_pictures
            WHERE listing_id IN (SELECT value FROM json_each(?)) ORDER BY listing_id, position
        """
        for listing_id, origin in self._db.conn.execute(sql, (json.dumps(list(by_id)),)):
            by_id[listing_id].append(origin)
        return found

    def _put(
        self,
        row: Row,
        origins: list[str],
        known: dict[tuple[str, str], tuple[Row, list[str]]],
        run_id: int | None,
        saved: Saved,
    ) -> None:
        moment = now()
        key = (row["source"], row["external_id"])
        if key not in known:
            fresh = row | {
                "run_id": run_id, "collected_at": moment, "updated_at": moment, "revision": 1,
                "revised_at": moment, "text_key": text_key(row["title"], row["description"]),
            }  # fmt: skip
            # Not through sqlite-utils, which looks at the table's columns for every row.
            cursor = self._db.conn.execute(_INSERT, tuple(fresh[name] for name in _COLUMNS))
            listing_id = cursor.lastrowid or 0
            self._put_pictures(listing_id, origins, [])
            known[key] = (_BLANK | fresh | {"id": listing_id}, origins)
            saved.added += 1
            saved.ids.append(listing_id)
            return
        before, pictures = known[key]
        listing_id = before["id"]
        words = {
            name: before[f"collected_{name}"]
            for name in ("title", "description")
            if before[f"collected_{name}"] is not None
        }
        differs = {name for name, value in row.items() if (before | words)[name] != value}
        words_differ = bool(differs & {"title", "description"})
        if differs or pictures != origins:
            change = {name: row[name] for name in differs}
            if words_differ:
                # Cleaning starts over from the new words.
                change |= {name: row[name] for name in ("title", "description")} | _BLANK
                change["text_key"] = text_key(row["title"], row["description"])
            if words_differ or pictures != origins:
                change |= {"revision": before["revision"] + 1, "revised_at": moment}
            change["updated_at"] = moment
            self._db.table("listings").update(listing_id, change)
            known[key] = (before | change, origins)
        if pictures != origins:
            self._put_pictures(listing_id, origins, pictures)
            known[key] = (known[key][0], origins)
        saved.changed += bool(differs) or pictures != origins
        saved.unchanged += not differs and pictures == origins
        saved.ids.append(listing_id)

    def _put_pictures(self, listing_id: int, origins: list[str], before: list[str]) -> None:
        """Write a listing's pictures anew; what was fetched of them goes along."""
        kept: dict[str, Row] = {}
        if before:
            sql = "SELECT * FROM listing_pictures WHERE listing_id = ?"
            kept = {row["origin"]: row for row in self._db.query(sql, [listing_id])}
            self._db.execute("DELETE FROM listing_pictures WHERE listing_id = ?", [listing_id])
        for position, origin in enumerate(origins):
            row = kept.get(origin, {"origin": origin})
            row.pop("id", None)
            place = {"listing_id": listing_id, "position": position}
            self._db.table("listing_pictures").insert(row | place)


def set_picture(db: Database, picture_id: int, stored: StoredPicture | str) -> None:
    """Note what became of a picture: where it is stored, or why it is not.

    One that can be looked at only now is another revision of its listing.
    """
    if isinstance(stored, str):
        db.table("listing_pictures").update(picture_id, {"problem": stored[:500]})
        return
    row = {part.name: getattr(stored, part.name) for part in fields(stored)}
    with write(db):
        db.table("listing_pictures").update(picture_id, row | {"problem": ""})
        db.execute(
            "UPDATE listings SET revision = revision + 1, revised_at = ? "
            "WHERE id = (SELECT listing_id FROM listing_pictures WHERE id = ?)",
            [now(), picture_id],
        )


def wanted_pictures(db: Database, listing_ids: Sequence[int]) -> list[tuple[int, int, str]]:
    """Pictures of some listings that there is no file of: id, position, origin."""
    found: list[tuple[int, int, str]] = []
    for start in range(0, len(listing_ids), PAGE):
        ids = list(listing_ids[start : start + PAGE])
        sql = f"""
            SELECT id, position, origin FROM listing_pictures
            WHERE file = '' AND origin <> '' AND listing_id IN ({places(ids)})
            ORDER BY listing_id, position
        """  # noqa: S608 - only question marks are put in
        found += db.conn.execute(sql, ids).fetchall()
    return found
