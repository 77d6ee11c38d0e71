"""How moderation stands now: what waits longest, who reports, what the shadow would have done."""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from support.database import one, scalar

from .classes import HIDE, NORMAL, PASS
from .reporters import Record, records
from .sample import TRUTH

REPORTERS: Final = 20  # that are shown: those who report most


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for people."""

    open: int
    oldest: str | None  # since when the oldest waits; None where nothing does
    case_id: int | None
    listing_id: int | None


@dataclass(frozen=True, slots=True)
class Reporter:
    """One who reports."""

    reporter: str  # keyed hash
    reports: int
    last: str
    record: Record


@dataclass(frozen=True, slots=True)
class Beside:
    """What the shadow would have done with listings of one class, by people's word."""

    label: str
    n: int
    hidden: int
    review: int
    passed: int
    sampled: int  # of the n, drawn by chance
    sampled_hidden: int
    sampled_passed: int


def waiting(db: Database) -> Waiting:
    """How many cases are open, and which of them has waited longest."""
    row = one(
        db,
        "SELECT id, listing_id, opened_at FROM moderation_cases "
        "WHERE state = 'open' AND opened_at IS NOT NULL ORDER BY opened_at, id LIMIT 1",
    )
    count = scalar(db, "SELECT count(*) FROM moderation_cases WHERE state = 'open'")
    if row is None:
        return Waiting(count, None, None, None)
    return Waiting(count, row["opened_at"], row["id"], row["listing_id"])


def reporters(db: Database, *, limit: int = REPORTERS) -> list[Reporter]:
    """Those who report most, with what became of it."""
    sql = """
        SELECT reporter, count(*), max(at) FROM moderation_reports WHERE reporter <> ''
        GROUP BY reporter ORDER BY 2 DESC, 3 DESC, 1 LIMIT ?
    """
    rows = db.conn.execute(sql, (limit,)).fetchall()
    known = records(db, [row[0] for row in rows])
    return [Reporter(name, count, last, known[name]) for name, count, last in rows]


def reported(db: Database, reporter: str) -> bool:
    """Whether somebody has reported anything."""
    sql = "SELECT 1 FROM moderation_reports WHERE reporter = ? AND reporter <> '' LIMIT 1"
    return scalar(db, sql, [reporter]) is not None


def beside(db: Database, policy_id: int) -> list[Beside]:
    """What a policy would have done in the shadow, beside what people decided, normal first.

    Counted is each listing's last verdict of it on the words as they are now.
    """
    sql = f"""
        SELECT truth, count(*), sum(action = ?), sum(action NOT IN (?, ?)), sum(action = ?),
            sum(drawn), sum(drawn AND action = ?), sum(drawn AND action = ?)
        FROM (
            SELECT s.action, {TRUTH} AS truth, EXISTS (SELECT 1 FROM moderation_samples d
                WHERE d.listing_id = s.listing_id AND d.stream = 'all') AS drawn
            FROM moderation_verdicts s JOIN listings l ON l.id = s.listing_id
            WHERE s.policy_id = ? AND s.mode = 'shadow' AND s.revision = l.revision
            AND s.id = (SELECT max(last.id) FROM moderation_verdicts last
                WHERE last.listing_id = s.listing_id AND last.policy_id = s.policy_id
                AND last.mode = 'shadow')
        ) WHERE truth IS NOT NULL GROUP BY truth
    """  # noqa: S608 - only a statement of ours is put in
    values = (HIDE, HIDE, PASS, PASS, HIDE, PASS, policy_id)
    found = [Beside(*row) for row in db.conn.execute(sql, values)]
    return sorted(found, key=lambda row: (row.label != NORMAL, row.label))
