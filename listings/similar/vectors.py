"""Vectors of listings in the desk's database, and what changed since an index looked last."""

import json
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from sqlite_utils import Database

from listings.listing import Listing
from listings.stored import PAGE, places
from support.database import scalar, write
from support.vector_index import Ids, Vectors

from .looks import Look, PictureLook

TEXT: Final = "text"
PICTURE: Final = "picture"
Described = tuple[int, Sequence[int], Vectors]  # listing, positions of its pictures, (n, dim)

# One that cleaning left out for being worded as another is what is looked for here.
SHOWN: Final = "removed IN ('', 'duplicate')"
_MISSING: Final = {
    TEXT: "SELECT id FROM listings AS l WHERE {shown} AND NOT EXISTS {there} ORDER BY id",
    PICTURE: """
        SELECT id FROM listings AS l WHERE {shown} AND NOT EXISTS {there} AND EXISTS
            (SELECT 1 FROM listing_pictures WHERE listing_id = l.id AND file <> '') ORDER BY id
    """,
}
_THERE: Final = (
    "(SELECT 1 FROM listing_vectors WHERE listing_id = l.id AND kind = ? AND version = ?)"
)


def missing(db: Database, kind: str, version: str) -> list[int]:
    """Listings that a model has not described yet, oldest first; those left out are passed over."""
    sql = _MISSING[kind].format(shown=SHOWN, there=_THERE)
    return [row[0] for row in db.conn.execute(sql, (kind, version))]


def last_change(db: Database) -> int:
    """The newest change's seq; 0 before the first."""
    return int(scalar(db, "SELECT max(seq) FROM listing_changes") or 0)


def save(
    db: Database, kind: str, version: str, described: Iterable[Described], *, as_of: int
) -> None:
    """Store vectors, replacing older ones, and tell every index; all in one transaction.

    Args:
        db: the desk's database.
        kind: text or picture.
        version: of the model that made them.
        described: what it made.
        as_of: `last_change` before the listings were read. One that changed since, or went, is
            passed over: what was read of it is no longer true.
    """
    unchanged = (
        "SELECT 1 FROM listings AS l WHERE id = ? AND NOT EXISTS "
        "(SELECT 1 FROM listing_changes WHERE listing_id = l.id AND seq > ?)"
    )
    with write(db):
        for listing_id, positions, vectors in described:
            if scalar(db, unchanged, [listing_id, as_of]) is None:
                continue
            row = (
                listing_id, kind, version, json.dumps(list(positions)),
                np.asarray(vectors, "<f4").tobytes(),
            )  # fmt: skip
            db.conn.execute(
                "INSERT OR REPLACE INTO listing_vectors (listing_id, kind, version, positions, "
                "vectors) VALUES (?, ?, ?, ?, ?)",
                row,
            )
            db.conn.execute("DELETE FROM listing_changes WHERE listing_id = ?", [listing_id])
            db.conn.execute("INSERT INTO listing_changes (listing_id) VALUES (?)", [listing_id])


def count_versions(db: Database, kind: str, *, keep: str) -> int:
    """How many rows of a kind other models made."""
    sql = "SELECT count(*) FROM listing_vectors WHERE kind = ? AND version <> ?"
    return int(scalar(db, sql, [kind, keep]) or 0)


def drop_versions(db: Database, kind: str, *, keep: str) -> int:
    """Forget what other models made of a kind; returns how many rows went."""
    with write(db):
        cursor = db.conn.execute(
            "DELETE FROM listing_vectors WHERE kind = ? AND version <> ?", [kind, keep]
        )
    return cursor.rowcount


def changed_after(db: Database, seq: int) -> tuple[int, Ids]:
    """Listings added, changed, described or removed after `seq`: the newest seq, and their ids."""
    rows = db.conn.execute(
        "SELECT seq, listing_id FROM listing_changes WHERE seq > ? ORDER BY seq", [seq]
    ).fetchall()
    if not rows:
        return seq, np.empty(0, np.int64)
    return int(rows[-1][0]), np.array([row[1] for row in rows], np.int64)


def texts(db: Database, listing_ids: Sequence[int]) -> list[str]:
    """The words of listings, in the order asked for; '' of one that is gone."""
    found: dict[int, str] = {}
    for start in range(0, len(listing_ids), PAGE):
        page = list(listing_ids[start : start + PAGE])
        sql = f"SELECT id, title, description FROM listings WHERE id IN ({places(page)})"  # noqa: S608
        found |= {key: Listing(title, more).text for key, title, more in db.conn.execute(sql, page)}
    return [found.get(key, "") for key in listing_ids]


def looks(
    db: Database, listing_ids: Sequence[int], *, text_version: str, picture_version: str
) -> list[Look]:
    """Listings as an index keeps them, as far as they are described; those left out are not there.

    Args:
        db: the desk's database.
        listing_ids: which; unknown ids are passed over.
        text_version: whose vectors of words.
        picture_version: whose vectors of pictures; hashes come in any case.
    """
    found: list[Look] = []
    for start in range(0, len(listing_ids), PAGE):
        found += _page(db, list(listing_ids[start : start + PAGE]), text_version, picture_version)
    return found


def _page(db: Database, ids: list[int], text_version: str, picture_version: str) -> list[Look]:
    marks = places(ids)
    vectors: dict[int, dict[str, dict[int, Vectors]]] = {}
    sql = f"""
        SELECT listing_id, kind, positions, vectors FROM listing_vectors
        WHERE listing_id IN ({marks}) AND version = CASE kind WHEN 'text' THEN ? ELSE ? END
    """  # noqa: S608 - only question marks are put in
    for key, kind, written, blob in db.conn.execute(sql, [*ids, text_version, picture_version]):
        positions = json.loads(written) or [0]
        if blob:
            rows = np.frombuffer(blob, "<f4").reshape(len(positions), -1)
            by_kind = vectors.setdefault(key, {})
            by_kind[kind] = dict(zip(positions, rows, strict=True))
    hashes: dict[int, dict[int, int]] = {}
    sql = f"""
        SELECT listing_id, position, phash FROM listing_pictures
        WHERE listing_id IN ({marks}) AND file <> '' ORDER BY listing_id, position
    """  # noqa: S608 - likewise
    for key, position, phash in db.conn.execute(sql, ids):
        hashes.setdefault(key, {})[position] = int(phash, 16) if phash else -1
    sql = f"SELECT id, title, description FROM listings WHERE {SHOWN} AND id IN ({marks})"  # noqa: S608
    found = []
    for key, title, description in db.conn.execute(sql, ids):
        own = vectors.get(key, {})
        seen = own.get(PICTURE, {})
        pictures = tuple(
            PictureLook(position, seen.get(position), phash if phash >= 0 else None)
            for position, phash in hashes.get(key, {}).items()
        )
        words = own.get(TEXT, {}).get(0)
        found.append(Look(key, Listing(title, description).text, words, pictures))
    return found
