"""Appeals: whom a decision wrongs can say so, and somebody else looks again.

An appeal opens exactly what its decision closed: the same reports and signs wait again, none else.
The decision stands meanwhile. Upheld, they are closed by it as before; overturned, another decision
takes its place, with all that follows; both can be taken back.
"""

from dataclasses import dataclass

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import now
from support.database import Row, insert, one, scalar, write
from support.errors import ConflictError, InputError, NotFoundError, PermissionDeniedError

from .case_queue import check_claim
from .cases import get as get_case
from .cases import masked, settle, standing
from .decisions import New, action_for, make

SIDES = ("seller", "reporter")
MAX_WORDS = 2000  # characters


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal."""

    id: int
    case_id: int
    listing_id: int
    decision_id: int
    by: str
    words: str
    state: str
    at: str
    settled_at: str | None
    settled_by: int | None
    reason: str


SELECT = """
    SELECT a.*, d.case_id, c.listing_id FROM appeals a
    JOIN moderation_decisions d ON d.id = a.decision_id
    JOIN moderation_cases c ON c.id = d.case_id
"""


def get(db: Database, appeal_id: int) -> Appeal:
    """One appeal.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, f"{SELECT} WHERE a.id = ?", [appeal_id])
    if row is None:
        raise NotFoundError(f"No appeal {appeal_id}.")
    return appeal_of(row)


def appeals(
    db: Database, *, state: str = "open", limit: int = 100, offset: int = 0
) -> list[Appeal]:
    """Appeals in a state, the oldest first."""
    sql = f"{SELECT} WHERE a.state = ? ORDER BY a.at, a.id LIMIT ? OFFSET ?"
    return [appeal_of(row) for row in db.query(sql, [state, limit, offset])]


def of_case(db: Database, case_id: int) -> list[Appeal]:
    """The appeals on a case, the oldest first."""
    return [appeal_of(row) for row in db.query(f"{SELECT} WHERE c.id = ? ORDER BY a.id", [case_id])]


def file(db: Database, actor: Actor, decision_id: int, *, by: str, words: str = "") -> Appeal:
    """Appeal against a decision.

    Args:
        db: the desk's database.
        actor: through whom it came.
        decision_id: the decision; the one in force on its case.
        by: seller or reporter.
        words: what they say; masked.

    Raises:
        InputError: there is no such side.
        NotFoundError: there is no such decision.
        ConflictError: it is not in force, or was appealed against before.
    """
    if by not in SIDES:
        raise InputError(f"An appeal is by {' or '.join(SIDES)}, got {by!r}.")
    with write(db):
        decision = one(db, "SELECT * FROM moderation_decisions WHERE id = ?", [decision_id])
        if decision is None:
            raise NotFoundError(f"No decision {decision_id}.")
        last = standing(db, decision["case_id"])
        if last is None or last["id"] != decision_id:
            raise ConflictError("This decision is not in force any more.")
        known = scalar(db, "SELECT state FROM appeals WHERE decision_id = ?", [decision_id])
        if known is not None:
            raise ConflictError(f"There was an appeal against this decision already: {known}.")
        row = {
            "decision_id": decision_id,
            "by": by,
            "words": masked(db, words)[:MAX_WORDS],
            "at": now(),
        }
        appeal_id = insert(db, "appeals", row)
        settle(db, decision["case_id"])
        found = get(db, appeal_id)
        detail = {"appeal": appeal_id, "decision": decision_id, "by": by}
        record(db, actor, "appeal.filed", f"listing:{found.listing_id}", detail=detail)
    return found


def uphold(db: Database, actor: Actor, agent_id: int, appeal_id: int, *, reason: str) -> None:
    """Let the decision stand.

    Raises:
        NotFoundError: there is no such appeal.
        InputError: there is no reason.
        ConflictError: it is settled, or somebody else has the case on the screen.
        PermissionDeniedError: it is against one's own decision, and others could look.
    """
    words = masked(db, reason)
    if not words:
        raise InputError("Say why the decision stands: whoever appealed will ask.")
    with write(db):
        found = _check(db, agent_id, appeal_id)
        change = {"settled_at": now(), "settled_by": agent_id, "reason": words}
        db.table("appeals").update(appeal_id, change | {"state": "upheld"})
        settle(db, found.case_id)
        _record(db, actor, found, "appeal.upheld", words)


def overturn(
    db: Database, actor: Actor, agent_id: int, appeal_id: int, *, label: str, reason: str
) -> int:
    """Put another decision in the place of the one that is appealed against.

    Args:
        db: the desk's database.
        actor: who acts.
        agent_id: the same person, as an id.
        appeal_id: the appeal.
        label: what the listing was found to be after all.
        reason: why; masked.

    Returns:
        The new decision's id. Taking that back makes the appeal wait again.

    Raises:
        NotFoundError: there is no such appeal.
        InputError: there is no reason, or it would be the same decision.
        ConflictError: it is settled, or somebody else has the case on the screen.
        PermissionDeniedError: it is against one's own decision, and others could look.
    """
    with write(db):
        found = _check(db, agent_id, appeal_id)
        sql = "SELECT * FROM moderation_decisions WHERE id = ?"
        decision = one(db, sql, [found.decision_id])
        if decision and (decision["label"], decision["action"]) == (label, action_for(label)):
            raise InputError("This is the same decision. Uphold it instead.")
        new = New(
            made_by="person",
            agent_id=agent_id,
            label=label,
            action=action_for(label),
            reason=reason,
            appeal_id=appeal_id,
        )
        # Settled before the decision is made: a case on which an appeal waits stays open.
        change = {"settled_at": now(), "settled_by": agent_id, "reason": masked(db, reason)}
        db.table("appeals").update(appeal_id, change | {"state": "overturned"})
        decision_id = make(db, actor, get_case(db, found.case_id), new)
        _record(db, actor, found, "appeal.overturned", reason)
    return decision_id


def reopen(db: Database, actor: Actor, appeal_id: int) -> None:
    """Take an upholding back: the appeal waits again.

    Raises:
        NotFoundError: there is no such appeal.
        ConflictError: it was not upheld, or another decision was made since.
    """
    with write(db):
        found = get(db, appeal_id)
        if found.state == "overturned":
            raise ConflictError("This appeal was overturned. Take the decision back instead.")
        if found.state == "open":
            raise ConflictError("This appeal waits already.")
        last = standing(db, found.case_id)
        if last is None or last["id"] != found.decision_id:
            raise ConflictError("Another decision was made since. Take that one back first.")
        waiting = {"state": "open", "settled_at": None, "settled_by": None, "reason": ""}
        db.table("appeals").update(appeal_id, waiting)
        settle(db, found.case_id)
        _record(db, actor, found, "appeal.reopened", "")


def _check(db: Database, agent_id: int, appeal_id: int) -> Appeal:
    """An appeal that this person may settle."""
    found = get(db, appeal_id)
    if found.state != "open":
        raise ConflictError(f"This appeal is settled: {found.state}.")
    check_claim(db, agent_id, found.case_id)
    if is_own(db, agent_id, found):
        raise PermissionDeniedError("This was your own decision: let somebody else look at it.")
    return found


def is_own(db: Database, agent_id: int, found: Appeal) -> bool:
    """Whether it is against a person's own decision, and somebody else could look at it."""
    sql = "SELECT agent_id FROM moderation_decisions WHERE id = ?"
    others = """
        SELECT 1 FROM agents WHERE active = 1 AND password_hash IS NOT NULL AND id <> ?
        AND role IN ('moderator', 'lead', 'admin') LIMIT 1
    """
    own = scalar(db, sql, [found.decision_id]) == agent_id
    return own and scalar(db, others, [agent_id]) is not None


def _record(db: Database, actor: Actor, found: Appeal, action: str, words: str) -> None:
    detail = {"appeal": found.id, "decision": found.decision_id, "reason": masked(db, words)}
    record(db, actor, action, f"listing:{found.listing_id}", detail=detail)


def appeal_of(row: Row) -> Appeal:
    """An appeal as its row says."""
    return Appeal(
        id=row["id"],
        case_id=row["case_id"],
        listing_id=row["listing_id"],
        decision_id=row["decision_id"],
        by=row["by"],
        words=row["words"],
        state=row["state"],
        at=row["at"],
        settled_at=row["settled_at"],
        settled_by=row["settled_by"],
        reason=row["reason"],
    )
