"""Sellers who may not sell for now, and why."""

from sqlite_utils import Database

from support.clock import now

# A suspension stands until its time is over, somebody lifts it, or the decision that it rests on
# no longer hides: a decision may have been replaced by another, and that by another.
_STANDING = """
    SELECT s.seller, s.reason FROM sanctions s
    WHERE s.kind = 'suspension' AND s.lifted_at IS NULL AND (s.until IS NULL OR s.until > ?)
    AND (s.decision_id IS NULL OR EXISTS (
        WITH RECURSIVE chain(id, next) AS (
            SELECT d.id, d.replaced_by FROM moderation_decisions d WHERE d.id = s.decision_id
            UNION ALL
            SELECT later.id, later.replaced_by FROM moderation_decisions later
            JOIN chain ON later.id = chain.next
        )
        SELECT 1 FROM chain JOIN moderation_decisions d ON d.id = chain.id
        WHERE chain.next IS NULL AND d.undone_at IS NULL AND d.action = 'hide'
    )) ORDER BY s.id
"""


def sanctioned_sellers(db: Database) -> dict[str, str]:
    """Suspended sellers, keyed hashes, and the reason of the latest suspension."""
    return dict(db.conn.execute(_STANDING, [now()]).fetchall())
