"""Listings and sellers by the ids that people write in a mail: the marketplace's own."""

from sqlite_utils import Database

from support.database import scalar
from support.seal import Seal

MOST = 20  # as many of the same id, of different sources, as are told


def sources(db: Database) -> list[str]:
    """Where listings are from; found by the index, without a look at each listing."""
    sql = """
        WITH RECURSIVE found(source) AS (
            SELECT min(source) FROM listings
            UNION
            SELECT (SELECT min(source) FROM listings WHERE source > found.source) FROM found
            WHERE found.source IS NOT NULL
        ) SELECT source FROM found WHERE source IS NOT NULL
    """
    return [row[0] for row in db.conn.execute(sql)]


def listings_named(db: Database, text: str) -> list[int]:
    """Listings by an id: of their source, or with it (`market:17`); else by the desk's number."""
    wanted = text.strip()
    found = [
        row[0]
        for source in sources(db)
        for name in {wanted, wanted.removeprefix(f"{source}:")}
        for row in db.conn.execute(
            "SELECT id FROM listings WHERE source = ? AND external_id = ?", (source, name)
        )
    ]
    number = wanted.removeprefix("#")
    if not found and number.isascii() and number.isdigit() and len(number) < 19:
        sql = "SELECT id FROM listings WHERE id = ?"
        found = [row[0] for row in db.conn.execute(sql, (int(number),))]
    return sorted(found)[:MOST]


def seller_named(db: Database, seal: Seal, text: str) -> str | None:
    """A seller by their id or name at a source, or by the beginning of their hash; None: nobody."""
    wanted = text.strip()
    for source in sources(db):
        hashed = seal.customer(source, wanted)
        if hashed and scalar(db, "SELECT 1 FROM listings WHERE seller = ?", [hashed]):
            return hashed
    if len(wanted) < 8 or not wanted.isalnum():
        return None
    sql = "SELECT seller FROM listings WHERE seller >= ? AND seller < ? LIMIT 1"
    found = scalar(db, sql, [wanted, wanted + "~"])
    return None if found is None else str(found)
