"""What is known already of a listing's likeness to others, without a search: links and alerts."""

import json
from dataclasses import dataclass

from sqlite_utils import Database

from support.database import Row, scalar

from .looks import Reason, turned


@dataclass(frozen=True, slots=True)
class Alike:
    """Another listing that is like this one, and why that was noticed."""

    listing_id: int
    title: str
    seller: str  # keyed hash
    hidden: bool
    kind: str  # link, or an alert's: sanctioned, repeat, accounts, catalogue
    probability: float
    reasons: tuple[Reason, ...]
    confirmed: bool  # by a person


def alike(db: Database, listing_id: int, *, limit: int = 6) -> list[Alike]:
    """The listings that links and alerts name, the likeliest first; each once.

    Pairs that somebody said are not the same are left out, and alerts that were dismissed.
    """
    sql = """
        WITH found AS (
            SELECT other_id AS id, 'link' AS kind, probability, reasons, confirmed, 0 AS turned
            FROM listing_links WHERE first_id = :id
            UNION ALL
            SELECT first_id, 'link', probability, reasons, confirmed, 1
            FROM listing_links WHERE other_id = :id
            UNION ALL
            SELECT other_id, kind, probability, reasons, state = 'confirmed', 0
            FROM watch_alerts
            WHERE listing_id = :id AND other_id IS NOT NULL AND state <> 'dismissed'
        )
        SELECT f.*, l.title, l.seller, coalesce(c.hidden, 0) AS hidden FROM found f
        JOIN listings l ON l.id = f.id LEFT JOIN moderation_cases c ON c.listing_id = f.id
        WHERE NOT EXISTS (SELECT 1 FROM listing_apart a WHERE a.undone_at IS NULL
            AND a.first_id = min(f.id, :id) AND a.other_id = max(f.id, :id))
        ORDER BY f.kind = 'link', f.probability DESC, f.id LIMIT :most
    """
    found: dict[int, Alike] = {}
    for row in db.query(sql, {"id": listing_id, "most": 3 * limit}):
        # An alert says more than the link that it came with.
        found.setdefault(row["id"], _alike(row))
    ranked = sorted(found.values(), key=lambda one: -one.probability)
    return ranked[:limit]


def linked_of(db: Database, seller: str) -> int | None:
    """A seller's newest listing that is linked to another: its group is theirs; None: none is."""
    sql = """
        SELECT max(l.id) FROM listings l WHERE l.seller = ? AND l.seller <> '' AND (
            EXISTS (SELECT 1 FROM listing_links k WHERE k.first_id = l.id)
            OR EXISTS (SELECT 1 FROM listing_links k WHERE k.other_id = l.id))
    """
    found = scalar(db, sql, [seller])
    return None if found is None else int(found)


def _alike(row: Row) -> Alike:
    reasons = [
        Reason(**part | {"words": tuple(part["words"])}) for part in json.loads(row["reasons"])
    ]
    return Alike(
        listing_id=row["id"],
        title=row["title"],
        seller=row["seller"],
        hidden=bool(row["hidden"]),
        kind=row["kind"],
        probability=row["probability"],
        # A link's first picture is of the listing with the lower number.
        reasons=tuple(turned(reason) if row["turned"] else reason for reason in reasons),
        confirmed=bool(row["confirmed"]),
    )
