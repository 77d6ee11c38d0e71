"""Who has which inquiry in hand, so that two people never answer the same one.

A claim lasts a few minutes and is renewed by whoever has the inquiry on the screen; one that is
kept stays in that agent's own queue until it is given back, answered or taken over.
"""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from .audit import Actor, record
from .clock import ago, now
from .database import one, write
from .errors import ConflictError, NotFoundError

HOLD_MINUTES: Final = 10  # how long a claim keeps others away without a sign of life


class HeldError(ConflictError):
    """Somebody else has the inquiry in hand; `holder` is their name."""

    def __init__(self, words: str, *, holder: str) -> None:
        """Take the words for the person who asked."""
        super().__init__(words)
        self.holder = holder


@dataclass(frozen=True, slots=True)
class Hold:
    """Who has an inquiry; `until` is None where it is kept in their own queue."""

    agent_id: int
    name: str
    until: str | None


def holder(db: Database, inquiry_id: int) -> Hold | None:
    """Who has an inquiry in hand; None where nobody does, or a claim ran out.

    Raises:
        NotFoundError: there is no such inquiry.
    """
    sql = """
        SELECT i.held_by, i.held_until, a.name FROM inquiries i
        LEFT JOIN agents a ON a.id = i.held_by WHERE i.id = ?
    """
    row = one(db, sql, [inquiry_id])
    if row is None:
        raise NotFoundError(f"No inquiry {inquiry_id}.")
    if row["held_by"] is None or (row["held_until"] or "9999") <= now():
        return None
    return Hold(row["held_by"], row["name"], row["held_until"])


def claim(db: Database, agent_id: int, inquiry_id: int) -> Hold:
    """Keep an inquiry from others for `HOLD_MINUTES`; again renews it.

    One that is in the agent's own queue stays there without an end.

    Raises:
        NotFoundError: there is no such inquiry.
        HeldError: somebody else has it.
        ConflictError: it is not open any more.
    """
    with write(db):
        held = check(db, agent_id, inquiry_id)
        _check_open(db, inquiry_id)
        if held is None or held.until is not None:
            _hold(db, inquiry_id, agent_id, ago(minutes=-HOLD_MINUTES))
    found = holder(db, inquiry_id)
    assert found is not None  # noqa: S101 - it was held just now
    return found


def keep(db: Database, actor: Actor, inquiry_id: int, agent_id: int, *, take: bool = False) -> Hold:
    """Put an inquiry into an agent's own queue: one's own, or a colleague's to hand it over.

    Args:
        db: the desk's database.
        actor: who does it.
        inquiry_id: an open inquiry.
        agent_id: whose queue.
        take: from whoever has it; for those who give out the work.

    Raises:
        NotFoundError: there is no such inquiry, or no such agent.
        HeldError: neither who gives nor who gets has it, but somebody else.
        ConflictError: it is not open, or the agent is shut out.
    """
    with write(db):
        held = holder(db, inquiry_id)
        theirs = held and held.agent_id != agent_id and actor.name != f"agent:{held.agent_id}"
        if held and theirs and not take:
            raise _held(inquiry_id, held)
        _check_open(db, inquiry_id)
        _check_agent(db, agent_id)
        _hold(db, inquiry_id, agent_id, None)
        detail = {"agent": agent_id} | ({"from": held.agent_id} if held and theirs else {})
        record(db, actor, "inquiry.kept", f"inquiry:{inquiry_id}", detail=detail)
    found = holder(db, inquiry_id)
    assert found is not None  # noqa: S101
    return found


def take_over(db: Database, actor: Actor, inquiry_id: int, agent_id: int) -> Hold:
    """Claim an inquiry from whoever has it: they went home, or asked for it.

    Raises:
        NotFoundError: there is no such inquiry.
        ConflictError: it is not open any more.
    """
    with write(db):
        before = holder(db, inquiry_id)
        _check_open(db, inquiry_id)
        _hold(db, inquiry_id, agent_id, ago(minutes=-HOLD_MINUTES))
        if before and before.agent_id != agent_id:
            detail = {"agent": agent_id, "from": before.agent_id}
            record(db, actor, "inquiry.taken_over", f"inquiry:{inquiry_id}", detail=detail)
    found = holder(db, inquiry_id)
    assert found is not None  # noqa: S101
    return found


def let_go(
    db: Database,
    agent_id: int,
    inquiry_id: int,
    *,
    until: str | None = None,
    keeping: bool = False,
) -> bool:
    """Give back what an agent has; False where they do not have it (any more).

    Args:
        db: the desk's database.
        agent_id: who has it.
        inquiry_id: an inquiry.
        until: as the claim ran when a page saw it last; where it was renewed since, by another
            window of theirs, or kept, it stays.
        keeping: let go a claim alone, nothing from their own queue.
    """
    sql = "UPDATE inquiries SET held_by = NULL, held_until = NULL WHERE id = ? AND held_by = ?"
    values: list[object] = [inquiry_id, agent_id]
    if until is not None:
        sql += " AND held_until = ?"
        values.append(until)
    if keeping:
        sql += " AND held_until IS NOT NULL"
    with write(db):
        return bool(db.execute(sql, values).rowcount)


def let_go_all(db: Database, actor: Actor, agent_id: int) -> int:
    """Give back everything an agent has, as when they are shut out; returns how many."""
    with write(db):
        sql = "UPDATE inquiries SET held_by = NULL, held_until = NULL WHERE held_by = ?"
        count = int(db.execute(sql, [agent_id]).rowcount)
        if count:
            record(db, actor, "inquiry.given_back", f"agent:{agent_id}", detail={"n": count})
    return count


def check(db: Database, agent_id: int, inquiry_id: int) -> Hold | None:
    """The hold on an inquiry that an agent may work on.

    Raises:
        NotFoundError: there is no such inquiry.
        HeldError: somebody else has it.
    """
    held = holder(db, inquiry_id)
    if held is not None and held.agent_id != agent_id:
        raise _held(inquiry_id, held)
    return held


def _hold(db: Database, inquiry_id: int, agent_id: int, until: str | None) -> None:
    sql = "UPDATE inquiries SET held_by = ?, held_until = ? WHERE id = ?"
    db.execute(sql, [agent_id, until, inquiry_id])


def _held(inquiry_id: int, held: Hold) -> HeldError:
    return HeldError(
        f"{held.name} has inquiry {inquiry_id} in hand. Take the next one, or take it over.",
        holder=held.name,
    )


def _check_open(db: Database, inquiry_id: int) -> None:
    row = one(db, "SELECT status, joined_to FROM inquiries WHERE id = ?", [inquiry_id])
    if row is None:
        raise NotFoundError(f"No inquiry {inquiry_id}.")
    if row["joined_to"] is not None:
        raise ConflictError(f"Inquiry {inquiry_id} is answered with inquiry {row['joined_to']}.")
    if row["status"] != "open":
        raise ConflictError(f"Inquiry {inquiry_id} is {row['status']} already.")


def _check_agent(db: Database, agent_id: int) -> None:
    row = one(db, "SELECT active, role FROM agents WHERE id = ?", [agent_id])
    if row is None:
        raise NotFoundError(f"No agent {agent_id}.")
    if not row["active"] or row["role"] not in ("agent", "lead", "admin"):
        raise ConflictError(f"Agent {agent_id} does not answer inquiries. Choose somebody else.")
