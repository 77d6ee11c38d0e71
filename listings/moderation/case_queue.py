"""The queue of cases: what waits for people, in which order, and who has what on the screen."""

from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import ago, now
from support.database import one, scalar, write
from support.errors import ConflictError

from ..stored import places
from .cases import APPEALED, Case, add_sign, case_of, ensure, get, masked

CLAIM_MINUTES: Final = 10  # how long a case that somebody has on the screen is kept from others


@dataclass(frozen=True, slots=True)
class Cases:
    """Which part of the queue is worked on; empty fields leave it whole."""

    label: str = ""  # that the last verdict or a waiting report speaks of
    kind: str = ""  # report, appeal, or a sign's: verdict, sample, watch, person
    without: tuple[int, ...] = ()  # cases that the person put off for now

    def where(self) -> tuple[str, list[Any]]:
        """The conditions as SQL over `moderation_cases c`, and their values."""
        parts, values = [""], list[Any]()
        if self.label:
            parts.append(
                "(? = (SELECT label FROM moderation_verdicts v WHERE v.listing_id = c.listing_id "
                "ORDER BY v.id DESC LIMIT 1) OR EXISTS (SELECT 1 FROM moderation_reports r "
                "WHERE r.case_id = c.id AND r.closed_by IS NULL AND r.label = ?))"
            )
            values += [self.label, self.label]
        if self.kind == "report":
            parts.append(
                "EXISTS (SELECT 1 FROM moderation_reports r "
                "WHERE r.case_id = c.id AND r.closed_by IS NULL)"
            )
        elif self.kind == "appeal":
            # Few of many: found from the appeals, not asked of each case.
            parts.append(f"c.id IN ({APPEALED.replace('a.id', 'd.case_id', 1)})")
        elif self.kind:
            parts.append(
                "EXISTS (SELECT 1 FROM moderation_signs s "
                "WHERE s.case_id = c.id AND s.closed_by IS NULL AND s.kind = ?)"
            )
            values.append(self.kind)
        if self.without:
            parts.append(f"c.id NOT IN ({places(list(self.without))})")
            values += self.without
        return " AND ".join(parts), values


# Open, and not on somebody else's screen.
_WAITING: Final = """
    FROM moderation_cases c WHERE c.state = 'open'
    AND (c.claimed_by IS NULL OR c.claimed_by = ? OR c.claimed_at < ?)
"""


def waiting(
    db: Database, agent_id: int, cases: Cases | None = None, *, limit: int, offset: int = 0
) -> list[Case]:
    """The cases that wait for a person: legal ones first, then appeals, then by weight."""
    where, values = (cases or Cases()).where()
    sql = f"SELECT c.* {_WAITING} {where} ORDER BY c.priority DESC, c.id LIMIT ? OFFSET ?"
    return [case_of(row) for row in db.query(sql, [*_mine(agent_id), *values, limit, offset])]


def count(
    db: Database, agent_id: int, cases: Cases | None = None, *, most: int | None = None
) -> int:
    """How many cases wait for a person: to be told before many are decided at once.

    Args:
        db: the desk's database.
        agent_id: the person.
        cases: which part of the queue.
        most: stop counting there; a long queue is then told as "more than".
    """
    where, values = (cases or Cases()).where()
    sql = f"SELECT count(*) FROM (SELECT 1 {_WAITING} {where} LIMIT ?)"  # noqa: S608 - conditions of ours
    limit = -1 if most is None else most
    return int(scalar(db, sql, [*_mine(agent_id), *values, limit]))


def held(db: Database, agent_id: int, cases: Cases | None = None) -> Case | None:
    """What a person has on the screen, where it still waits and is of that part of the queue."""
    where, values = (cases or Cases()).where()
    sql = f"SELECT c.* {_WAITING} AND c.claimed_by = ? {where} LIMIT 1"
    row = one(db, sql, [*_mine(agent_id), agent_id, *values])
    return None if row is None else case_of(row)


def claim_next(db: Database, agent_id: int, cases: Cases | None = None) -> Case | None:
    """The next case for a person, kept from others for a while; None where none waits."""
    with write(db):
        found = next(iter(waiting(db, agent_id, cases, limit=1)), None)
        return claim(db, agent_id, found.id) if found else None


def claim(db: Database, agent_id: int, case_id: int) -> Case:
    """Keep a case from others for a while; what the person had before is let go.

    Raises:
        NotFoundError: there is no such case.
        ConflictError: somebody else has it on the screen.
    """
    with write(db):
        check_claim(db, agent_id, case_id)
        release(db, agent_id)
        db.execute(
            "UPDATE moderation_cases SET claimed_by = ?, claimed_at = ? WHERE id = ?",
            [agent_id, now(), case_id],
        )
    return get(db, case_id)


def release(db: Database, agent_id: int) -> None:
    """Let go what a person has on the screen."""
    with write(db):
        db.execute(
            "UPDATE moderation_cases SET claimed_by = NULL, claimed_at = NULL WHERE claimed_by = ?",
            [agent_id],
        )


def open_for(db: Database, actor: Actor, listing_id: int, *, note: str = "") -> Case:
    """Open a listing's case because a person wants to decide on it.

    Raises:
        NotFoundError: there is no such listing.
    """
    with write(db):
        case = ensure(db, listing_id)
        add_sign(db, case.id, "person", note=masked(db, note), weight=1.0)
        record(db, actor, "moderation.opened", f"listing:{listing_id}", detail={"case": case.id})
    return get(db, case.id)


def held_by_others(db: Database, agent_id: int, case_ids: list[int]) -> set[int]:
    """Those of some cases that somebody else has on the screen."""
    sql = f"""
        SELECT id FROM moderation_cases WHERE claimed_by <> ? AND claimed_at >= ?
        AND id IN ({places(case_ids)})
    """  # noqa: S608 - only question marks are put in
    return {row[0] for row in db.conn.execute(sql, [*_mine(agent_id), *case_ids])}


def check_claim(db: Database, agent_id: int, case_id: int) -> Case:
    """A case that a person may work on.

    Raises:
        NotFoundError: there is no such case.
        ConflictError: somebody else has it on the screen.
    """
    found = get(db, case_id)
    sql = f"SELECT 1 {_WAITING} AND c.id = ?"
    held = found.claimed_by is not None and found.claimed_by != agent_id
    if held and scalar(db, sql, [*_mine(agent_id), case_id]) is None:
        raise ConflictError("Somebody else has this case on the screen. Take the next one.")
    return found


def _mine(agent_id: int) -> list[Any]:
    return [agent_id, ago(minutes=CLAIM_MINUTES)]
