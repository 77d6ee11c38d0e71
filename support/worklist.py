"""The open inquiries as an agent works through them: free ones, their own queue, snoozed ones.

Reads, and claims the next; oldest first throughout.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlite_utils import Database

from . import holding
from .clock import now
from .database import Row, one, write
from .errors import InputError
from .holding import Hold
from .inquiries import PAGE, SNIPPET
from .text import fold_line

Scope = Literal["free", "mine", "all", "snoozed", "undelivered"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)

_AWAKE = "(i.snoozed_until IS NULL OR i.snoozed_until <= :now)"
_HELD = "(i.held_by IS NOT NULL AND (i.held_until IS NULL OR i.held_until > :now))"
_UNDELIVERED = "(SELECT inquiry_id FROM outbox WHERE state = 'failed' AND given_up = 0)"
_WHERE: Final[dict[Scope, str]] = {
    # Nobody else's: what the agent has on the screen stays in the list while they look at it.
    "free": f"{_AWAKE} AND (NOT {_HELD} OR i.held_by = :agent)",
    # Kept or handed over; what is only on the screen comes and goes with it.
    "mine": f"{_AWAKE} AND i.held_by = :agent AND i.held_until IS NULL",
    "all": _AWAKE,
    "snoozed": "i.snoozed_until > :now",
    # Answered, as somebody thought: the answer did not go out.
    "undelivered": f"i.id IN {_UNDELIVERED}",
}
_OPEN = "i.status = 'open' AND i.joined_to IS NULL"


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One line of the inbox. `held` is who has it in hand, `snoozed_until` a moment to come.

    `messages`: how many the customer wrote, in it and in those joined to it; `undelivered`: it
    was answered, and the answer did not go out.
    """

    id: int
    subject: str
    snippet: str
    channel: str
    language: str
    category: str
    tags: tuple[str, ...]
    messages: int
    opened_at: str
    held: Hold | None
    snoozed_until: str | None
    undelivered: bool


def waiting(
    db: Database,
    agent_id: int,
    *,
    scope: Scope = "free",
    tag: str = "",
    after: tuple[str, int] | None = None,
    limit: int = PAGE,
) -> list[WorkRow]:
    """A page of open inquiries, oldest first.

    Args:
        db: the desk's database.
        agent_id: who asks.
        scope: those free to take, the agent's own queue, all that are awake, the snoozed ones, or
            those whose answer was not delivered.
        tag: only those with this tag.
        after: (opened_at, id) of the last row of the page before.
        limit: rows.

    Raises:
        InputError: there is no such scope.
    """
    where = _where(scope)
    values: dict[str, Any] = {"now": now(), "agent": agent_id, "limit": limit}
    if tag:
        where += (
            " AND EXISTS (SELECT 1 FROM inquiry_tags t WHERE t.tag = :tag AND t.inquiry_id = i.id)"
        )
        values["tag"] = tag
    if after:
        where += " AND (i.opened_at, i.id) > (:at, :id)"
        values |= {"at": after[0], "id": after[1]}
    # `where` holds fixed words alone.
    sql = f"""
        SELECT i.*, a.name AS holder, i.id IN {_UNDELIVERED} AS undelivered,
            (SELECT count(*) FROM messages m WHERE m.role = 'customer'
                AND m.inquiry_id IN (SELECT j.id FROM inquiries j WHERE j.joined_to = i.id
                                     UNION ALL SELECT i.id)) AS messages
        FROM inquiries i LEFT JOIN agents a ON a.id = i.held_by
        WHERE {_OPEN} AND {where} ORDER BY i.opened_at, i.id LIMIT :limit
    """  # noqa: S608
    return [_row(row, values["now"]) for row in db.query(sql, values)]


def counts(db: Database, agent_id: int) -> dict[Scope, int]:
    """How many inquiries there are in each scope."""
    sums = ", ".join(f'coalesce(sum({_WHERE[scope]}), 0) AS "{scope}"' for scope in SCOPES)
    sql = f"SELECT {sums} FROM inquiries i WHERE {_OPEN}"  # noqa: S608 - fixed words
    row = one(db, sql, {"now": now(), "agent": agent_id}) or {}
    return {scope: int(row[scope]) for scope in SCOPES}


def beside(
    db: Database, agent_id: int, inquiry_id: int, *, scope: Scope = "free"
) -> tuple[int | None, int | None]:
    """The inquiries before and after one in a scope, oldest first; it need not be in it."""
    where, found = _where(scope), []
    for compare, order in (("<", "DESC"), (">", "ASC")):
        sql = f"""
            SELECT i.id FROM inquiries i WHERE {_OPEN} AND {where} AND (i.opened_at, i.id) {compare}
                (SELECT opened_at, id FROM inquiries WHERE id = :id)
            ORDER BY i.opened_at {order}, i.id {order} LIMIT 1
        """  # noqa: S608 - fixed words
        row = one(db, sql, {"now": now(), "agent": agent_id, "id": inquiry_id})
        found.append(row["id"] if row else None)
    return found[0], found[1]


def tags(
    db: Database, agent_id: int, *, scope: Scope = "free", limit: int = 12
) -> list[tuple[str, int]]:
    """The tags of a scope's inquiries, each with how many there are; the commonest first."""
    sql = f"""
        SELECT t.tag, count(*) AS n FROM inquiries i JOIN inquiry_tags t ON t.inquiry_id = i.id
        WHERE {_OPEN} AND {_where(scope)} GROUP BY t.tag ORDER BY n DESC, t.tag LIMIT :limit
    """  # noqa: S608 - fixed words
    values = {"now": now(), "agent": agent_id, "limit": limit}
    return [(row["tag"], row["n"]) for row in db.query(sql, values)]


def in_hands(db: Database) -> dict[int, Hold]:
    """Who has which open inquiry: as many as people have in hand, however long the inbox is."""
    sql = """
        SELECT i.id, i.held_by, i.held_until, a.name FROM inquiries i
        JOIN agents a ON a.id = i.held_by
        WHERE i.held_by IS NOT NULL AND (i.held_until IS NULL OR i.held_until > ?)
            AND i.status = 'open'
    """
    rows = db.query(sql, [now()])
    return {row["id"]: Hold(row["held_by"], row["name"], row["held_until"]) for row in rows}


def still_open(db: Database, inquiry_ids: Iterable[int]) -> set[int]:
    """Which of some inquiries still wait for an answer of their own."""
    sql = """
        SELECT id FROM inquiries WHERE id IN (SELECT value FROM json_each(?))
            AND status = 'open' AND joined_to IS NULL
    """
    wanted = json.dumps([int(inquiry_id) for inquiry_id in inquiry_ids])
    return {row["id"] for row in db.query(sql, [wanted])}


def claim_next(db: Database, agent_id: int, *, without: int | None = None) -> int | None:
    """Claim what comes next: the agent's own queue, then the longest waiting that nobody has.

    Args:
        db: the desk's database.
        agent_id: who asks.
        without: an inquiry that they leave for now; what stands behind it comes next, and the
            first ones again only after the last.

    Returns:
        Its id; None where none waits.
    """
    with write(db):
        for where, edge in _going_on(db, agent_id, without):
            found = _first(db, agent_id, where, edge)
            if found is not None and found != without:
                holding.claim(db, agent_id, found)
                return found
    return None


_FRESH: Final = f"{_WHERE['free']} AND NOT (i.held_by IS :agent AND i.held_until IS NULL)"


def _going_on(
    db: Database, agent_id: int, without: int | None
) -> tuple[tuple[str, int | None], ...]:
    """Where to look, in turn, and behind which inquiry."""
    held = None if without is None else holding.holder(db, without)
    if without is None:
        return (_WHERE["mine"], None), (_FRESH, None)
    if held is not None and held.agent_id == agent_id and held.until is None:
        return (_WHERE["mine"], without), (_FRESH, None), (_WHERE["mine"], None)
    return (_FRESH, without), (_WHERE["mine"], None), (_FRESH, None)


def _first(db: Database, agent_id: int, where: str, behind: int | None) -> int | None:
    if behind is not None:
        where += (
            " AND (i.opened_at, i.id) > (SELECT opened_at, id FROM inquiries WHERE id = :behind)"
        )
    sql = f"""
        SELECT i.id FROM inquiries i WHERE {_OPEN} AND {where} ORDER BY i.opened_at, i.id LIMIT 1
    """  # noqa: S608 - fixed words
    row = one(db, sql, {"now": now(), "agent": agent_id, "behind": behind})
    return int(row["id"]) if row else None


def _where(scope: str) -> str:
    if scope not in _WHERE:
        raise InputError(f"No scope {scope!r}. There are: {', '.join(SCOPES)}.")
    return _WHERE[scope]


def _row(row: Row, present: str) -> WorkRow:
    held = row["held_by"] is not None and (row["held_until"] or "9999") > present
    snoozed = row["snoozed_until"]
    return WorkRow(
        id=row["id"],
        subject=row["subject"],
        snippet=fold_line(row["text"])[:SNIPPET],
        channel=row["channel"],
        language=row["language"],
        category=row["category"],
        tags=tuple(json.loads(row["tags"])),
        messages=row["messages"],
        opened_at=row["opened_at"],
        held=Hold(row["held_by"], row["holder"], row["held_until"]) if held else None,
        snoozed_until=snoozed if snoozed and snoozed > present else None,
        undelivered=bool(row["undelivered"]),
    )
