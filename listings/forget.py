"""Forgets listings of a source for good: rows, pictures, labels and decisions made on them.

For sources whose terms say how long their data may be kept, and for what was collected by mistake.
"""

from pathlib import Path
from typing import Final

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import ago, now
from support.database import write
from support.errors import InputError, NotFoundError

from .moderation.sanctions import forget_fallen

BATCH: Final = 500  # listings a transaction

# In this order: what points at a row goes before the row.
_STEPS: Final = (
    # Left out for one that goes: in again, until cleaning looks at them next.
    "UPDATE listings SET duplicate_of = NULL, duplicate_by = '', "
    "removed = CASE removed WHEN 'duplicate' THEN '' ELSE removed END WHERE duplicate_of IN {ids}",
    "DELETE FROM listing_labels WHERE listing_id IN {ids}",
    "DELETE FROM review_decisions WHERE item_id IN "
    "(SELECT id FROM review_items WHERE listing_id IN {ids})",
    "DELETE FROM review_items WHERE listing_id IN {ids}",
    "DELETE FROM listing_pictures WHERE listing_id IN {ids}",
    "DELETE FROM listings WHERE id IN {ids}",
)


def forget_listings(
    db: Database, images: Path, source: str, *, days: float | None = None, actor: Actor
) -> tuple[int, int]:
    """Forget the listings of a source.

    Args:
        db: the desk's database.
        images: the folder of pictures; a file that no other listing shows goes too.
        source: whose listings.
        days: only those that were collected longer ago than so many days.
        actor: who forgets.

    Returns:
        How many listings and how many files of pictures are gone.

    Raises:
        NotFoundError: the source has no listings at all.
        InputError: days are below 0.
    """
    if days is not None and days < 0:
        raise InputError(f"days must be 0 or more, got {days}.")
    known = [row["source"] for row in db.query("SELECT DISTINCT source FROM listings ORDER BY 1")]
    if source not in known:
        raise NotFoundError(f"No listings of {source!r}. There are: {', '.join(known) or 'none'}.")
    before = now() if days is None else ago(days=days)
    sql = "SELECT id FROM listings WHERE source = ? AND collected_at <= ? ORDER BY id LIMIT ?"
    listings = files = 0
    while ids := [row[0] for row in db.conn.execute(sql, (source, before, BATCH))]:
        places = f"({', '.join('?' * len(ids))})"
        with write(db):
            shown = f"SELECT DISTINCT file FROM listing_pictures WHERE listing_id IN {places}"  # noqa: S608
            orphans = {row[0] for row in db.conn.execute(shown, ids)} - {""}
            forget_fallen(db, ids)
            for step in _STEPS:
                db.conn.execute(step.format(ids=places), ids)
            orphans = {file for file in orphans if not _shown(db, file)}
        # After the rows: a file without a row is litter, a row without its file a broken listing.
        for file in orphans:
            (images / file).unlink(missing_ok=True)
        listings, files = listings + len(ids), files + len(orphans)
    with write(db):
        detail = {"source": source, "before": before, "listings": listings, "pictures": files}
        record(db, actor, "listings.forgotten", "listings", detail=detail)
    return listings, files


def _shown(db: Database, file: str) -> bool:
    sql = "SELECT 1 FROM listing_pictures WHERE sha256 = ? LIMIT 1"
    return db.conn.execute(sql, (Path(file).stem,)).fetchone() is not None
