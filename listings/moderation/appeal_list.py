"""Appeals as a list: each with the decision that it is against and what it made wait again."""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from .appeals import SELECT, Appeal, appeal_of

APPEAL_STATES: Final = ("open", "settled")


@dataclass(frozen=True, slots=True)
class AppealRow:
    """An appeal in a list."""

    appeal: Appeal
    title: str
    label: str  # of the decision that it is against
    action: str
    reason: str
    made_by: str
    agent_id: int | None
    hidden: bool  # the listing, now
    reports: int  # that the decision closed, and the appeal made wait again
    signs: int


def listed(db: Database, *, state: str, limit: int, offset: int = 0) -> list[AppealRow]:
    """Open appeals, the oldest first; or settled ones, the last settled first."""
    is_open = state == "open"
    order = "a.at, a.id" if is_open else "a.settled_at DESC, a.id DESC"
    sql = f"""
        SELECT a.*, l.title, d.label, d.action, d.reason AS why, d.made_by, d.agent_id, c.hidden,
            (SELECT count(*) FROM moderation_reports WHERE closed_by = d.id) AS reports,
            (SELECT count(*) FROM moderation_signs WHERE closed_by = d.id) AS signs
        FROM ({SELECT}) a
        JOIN moderation_decisions d ON d.id = a.decision_id
        JOIN moderation_cases c ON c.id = d.case_id JOIN listings l ON l.id = c.listing_id
        WHERE (a.state = 'open') = ? ORDER BY {order} LIMIT ? OFFSET ?
    """  # noqa: S608 - only statements of ours are put in
    return [
        AppealRow(
            appeal=appeal_of(row),
            title=row["title"],
            label=row["label"],
            action=row["action"],
            reason=row["why"],
            made_by=row["made_by"],
            agent_id=row["agent_id"],
            hidden=bool(row["hidden"]),
            reports=row["reports"],
            signs=row["signs"],
        )
        for row in db.query(sql, [is_open, limit, offset])
    ]


def count_open(db: Database) -> int:
    """How many appeals wait."""
    sql = "SELECT count(*) FROM appeals WHERE state = 'open'"
    return int(db.conn.execute(sql).fetchone()[0])
