"""How much waits, by kind and by class, for the filters of the queue."""

from typing import Final

from sqlite_utils import Database

from .cases import APPEALED
from .classes import NORMAL

MOST_LABELLED: Final = 5_000  # open cases up to which classes are counted: it takes a look at each


def by_kind(db: Database) -> dict[str, int]:
    """How many cases hold a waiting report, an appeal or a sign of each kind."""
    signs = """
        SELECT kind, count(DISTINCT case_id) FROM moderation_signs
        WHERE closed_by IS NULL GROUP BY kind
    """
    reported = "SELECT count(DISTINCT case_id) FROM moderation_reports WHERE closed_by IS NULL"
    appealed = f"SELECT count(*) FROM ({APPEALED})"  # noqa: S608 - a statement of ours
    found = {"report": reported, "appeal": appealed}
    counted = {kind: int(db.conn.execute(sql).fetchone()[0]) for kind, sql in found.items()}
    return {kind: n for kind, n in counted.items() if n} | dict(db.conn.execute(signs).fetchall())


def by_label(db: Database) -> dict[str, int]:
    """How many open cases speak of each class, as the queue is filtered; {} of a long queue."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM moderation_cases WHERE state = 'open' LIMIT ?)"
    if db.conn.execute(sql, [MOST_LABELLED + 1]).fetchone()[0] > MOST_LABELLED:
        return {}
    sql = """
        SELECT label, count(*) FROM (
            SELECT c.id, (SELECT label FROM moderation_verdicts v
                WHERE v.listing_id = c.listing_id ORDER BY v.id DESC LIMIT 1) AS label
            FROM moderation_cases c WHERE c.state = 'open'
            UNION
            SELECT c.id, r.label FROM moderation_cases c
            JOIN moderation_reports r ON r.case_id = c.id
            WHERE c.state = 'open' AND r.closed_by IS NULL
        ) WHERE label IS NOT NULL AND label NOT IN ('', ?) GROUP BY label
    """
    return dict(db.conn.execute(sql, [NORMAL]).fetchall())


def decided_by(db: Database, agent_id: int, *, since: str) -> int:
    """How many decisions of a person stand that they made since a moment."""
    sql = """
        SELECT count(*) FROM moderation_decisions
        WHERE agent_id = ? AND undone_at IS NULL AND at >= ?
    """
    return int(db.conn.execute(sql, [agent_id, since]).fetchone()[0])
