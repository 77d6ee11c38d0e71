"""How often those who report were right, and how much their reports count for it.

Only people's decisions tell: a report that the machine settled proves nothing about the reporter,
or the machine would learn from itself whom to believe. Nor does one on what was hidden already:
whoever reports what anybody can see to be decided would be right at no risk.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import now
from support.database import scalar, write
from support.errors import InputError

from .classes import NORMAL
from .masking import typed

REMEMBERED: Final = 100  # of each reporter's reports, the last that people decided on

# The decision that counts for one: itself, or the last that took its place.
COUNTS: Final = """(
    WITH RECURSIVE chain(id, next) AS (
        SELECT start.id, start.replaced_by FROM moderation_decisions start WHERE start.id = {of}
        UNION ALL
        SELECT later.id, later.replaced_by FROM moderation_decisions later
        JOIN chain ON later.id = chain.next
    ) SELECT id FROM chain WHERE next IS NULL
)"""


@dataclass(frozen=True, slots=True)
class Record:
    """What became of somebody's reports."""

    right: int
    wrong: int
    muted: bool = False

    @property
    def weight(self) -> float:
        """How much a report of theirs counts, in [0, 1]: .5 of a new one, 0 of a muted one."""
        return 0.0 if self.muted else (self.right + 1) / (self.right + self.wrong + 2)


def records(db: Database, reporters: Iterable[str]) -> dict[str, Record]:
    """The records of some reporters; the unknown one, "", counts for nothing."""
    sql = f"""
        SELECT d.label <> ? AS right FROM moderation_reports r
        JOIN moderation_decisions d ON d.id = {COUNTS.format(of="r.closed_by")}
        WHERE r.reporter = ? AND r.reporter <> '' AND r.closed_by IS NOT NULL AND r.late = 0
        AND d.made_by <> 'policy'
        AND NOT EXISTS (
            SELECT 1 FROM appeals a WHERE a.decision_id = r.closed_by AND a.state = 'open'
        )
        ORDER BY r.id DESC LIMIT ?
    """  # noqa: S608 - only a statement of ours is put in
    muted = "SELECT 1 FROM reporters WHERE reporter = ? AND muted_until > ?"
    found: dict[str, Record] = {}
    for reporter in set(reporters):
        if not reporter:
            found[reporter] = Record(0, 0, muted=True)
            continue
        right = [row[0] for row in db.conn.execute(sql, (NORMAL, reporter, REMEMBERED))]
        is_muted = scalar(db, muted, [reporter, now()]) is not None
        found[reporter] = Record(sum(right), len(right) - sum(right), muted=is_muted)
    return found


def mute(db: Database, actor: Actor, reporter: str, *, until: str | None, reason: str) -> None:
    """Let a reporter's reports count for nothing until then; None: they count again.

    Args:
        db: the desk's database.
        actor: who acts.
        reporter: keyed hash.
        until: a moment, or None.
        reason: why; masked.

    Raises:
        InputError: there is no reason, or no reporter.
    """
    reason = typed(db, reason)
    if not reporter or not reason:
        raise InputError("Name the reporter, and say why in a few words.")
    row = {
        "reporter": reporter,
        "muted_until": until,
        "reason": reason,
        "changed_by": actor.name,
        "changed_at": now(),
    }
    with write(db):
        db.table("reporters").upsert(row, pk="reporter")
        detail = {"until": until, "reason": reason}
        record(db, actor, "reporter.muted", f"reporter:{reporter}", detail=detail)
