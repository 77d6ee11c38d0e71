"""Decisions on cases: what a listing was found to be, whether it is hidden, and taking that back.

A decision closes all that waits on its case, and what follows from it (visible or hidden, strikes,
sanctions, reporters' records) is read off the decisions that stand. Taking one back therefore
restores exactly what was before it, and only the last one of a case can be taken back. The machine
decides through `make` too, under rules of its own in `policy_act`.
"""

import sqlite3
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import now
from support.database import Row, insert, one, scalar, write
from support.errors import ConflictError, InputError, NotFoundError

from .case_queue import check_claim
from .cases import Case, get, masked, open_appeal, settle, standing
from .classes import CLASSES, HIDE, LEGAL, NORMAL, PASS
from .sanctions import strike

MAX_REASON: Final = 1000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A decision to be made."""

    made_by: str  # person, policy or import
    label: str
    action: str
    reason: str
    agent_id: int | None = None
    verdict_id: int | None = None
    policy_id: int | None = None
    policy: str = ""  # its version, for the audit trail
    model: str = ""
    release: str = ""
    threshold: float | None = None
    appeal_id: int | None = None
    together: str = ""
    drawn: bool = False  # of an import: chance chose the listing, not a report
    strikes: bool = True
    at: str | None = None  # of an import; else now


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back at once, and what had to stay."""

    cases: tuple[int, ...]
    kept: tuple[int, ...]  # decisions that a later one, or an appeal, stands on


def decide(
    db: Database,
    actor: Actor,
    agent_id: int,
    case_id: int,
    *,
    label: str,
    reason: str,
    action: str = "",
    together: str = "",
) -> int:
    """Decide on an open case.

    Args:
        db: the desk's database.
        actor: who acts.
        agent_id: the same person, as an id.
        case_id: the case.
        label: what the listing was found to be.
        reason: why, in a few words; masked.
        action: hide or pass; without it a normal listing passes and any other is hidden.
        together: equal for decisions made at once, which are undone at once.

    Returns:
        The decision's id.

    Raises:
        NotFoundError: there is no such case.
        InputError: there is no reason or no such class, or the action does not fit the class.
        ConflictError: it is closed by now, somebody else has it on the screen, or an appeal waits.
    """
    with write(db):
        case = check_claim(db, agent_id, case_id)
        if case.state != "open":
            raise ConflictError("This case is closed: somebody was first. Take the next one.")
        if open_appeal(db, case_id) is not None:
            raise ConflictError("An appeal waits on this case. Uphold it or overturn the decision.")
        new = New(
            made_by="person",
            agent_id=agent_id,
            label=label,
            action=action or action_for(label),
            reason=reason,
            together=together,
        )
        return make(db, actor, case, new)


def action_for(label: str) -> str:
    """What follows from a class where a person says no more: a normal listing stays visible."""
    return PASS if label == NORMAL else HIDE


def make(db: Database, actor: Actor, case: Case, new: New) -> int:
    """Write a decision down, with all that follows. The caller has checked that it may be made.

    Raises:
        InputError: there is no reason or no such class, or the action does not fit the class.
        ConflictError: somebody decided on the same round just before.
    """
    reason = masked(db, new.reason)[:MAX_REASON]
    if not reason:
        raise InputError("Say why in a few words: sellers and appeals will ask.")
    if new.action not in (HIDE, PASS):
        raise InputError(f"A decision hides or passes, got {new.action!r}.")
    if new.label not in CLASSES:
        raise InputError(f"No class {new.label!r}. There are: {', '.join(CLASSES)}.")
    if new.label == NORMAL and new.action == HIDE:
        raise InputError(f"A listing that is {new.label!r} is not hidden. Name another class.")
    with write(db):
        before = standing(db, case.id)
        row: Row = {
            "case_id": case.id,
            "previous": before["id"] if before else 0,
            "made_by": new.made_by,
            "agent_id": new.agent_id,
            "actor": actor.name,
            "label": new.label,
            "action": new.action,
            "reason": reason,
            "verdict_id": new.verdict_id,
            "policy_id": new.policy_id,
            "model": new.model,
            "threshold": new.threshold,
            "appeal_id": new.appeal_id,
            "drawn": int(new.drawn),
            "together": new.together,
            "revision": _revision(db, case),
            "at": new.at or now(),
        }
        try:
            decision_id = insert(db, "moderation_decisions", row)
        except sqlite3.IntegrityError as error:
            raise ConflictError(f"This decision is not allowed here ({error}).") from error
        _close(db, case, decision_id, made_by=new.made_by, at=row["at"])
        if before is not None and (new.appeal_id or before["revision"] == row["revision"]):
            db.table("moderation_decisions").update(before["id"], {"replaced_by": decision_id})
        if new.action == HIDE and new.strikes:
            strike(db, case.listing_id, decision_id, label=new.label, at=row["at"])
        settle(db, case.id, decision_id=decision_id)
        detail = {
            "case": case.id,
            "decision": decision_id,
            "label": new.label,
            "action": new.action,
            "made_by": new.made_by,
            "reason": reason,
        }
        record(
            db, actor, "moderation.decided", f"listing:{case.listing_id}", detail=detail,
            release=new.release or new.model, threshold=new.threshold, policy=new.policy,
        )  # fmt: skip
    return decision_id


def undo(db: Database, actor: Actor, decision_id: int) -> Case:
    """Take a decision back: all is as it was before it.

    Raises:
        NotFoundError: there is no such decision.
        ConflictError: it was taken back before, or a later decision or an appeal stands on it.
    """
    with write(db):
        row = one(db, "SELECT * FROM moderation_decisions WHERE id = ?", [decision_id])
        if row is None:
            raise NotFoundError(f"No decision {decision_id}.")
        if row["undone_at"] is not None:
            raise ConflictError("This decision was taken back already.")
        last = standing(db, row["case_id"])
        if last is None or last["id"] != decision_id:
            raise ConflictError("A later decision stands on this one. Take that one back first.")
        # Of an upheld one too: it was settled for this decision, and would speak of nothing.
        if scalar(db, "SELECT 1 FROM appeals WHERE decision_id = ?", [decision_id]) is not None:
            raise ConflictError("There is an appeal against this decision. Settle it instead.")
        change = {"undone_at": now(), "undone_by": actor.name}
        db.table("moderation_decisions").update(decision_id, change)
        for table in ("moderation_reports", "moderation_signs"):
            db.execute(f"UPDATE {table} SET closed_by = NULL WHERE closed_by = ?", [decision_id])  # noqa: S608
        db.execute(
            "UPDATE moderation_decisions SET replaced_by = NULL WHERE replaced_by = ?",
            [decision_id],
        )
        if row["appeal_id"] is not None:
            waiting = {"state": "open", "settled_at": None, "settled_by": None, "reason": ""}
            db.table("appeals").update(row["appeal_id"], waiting)
        settle(db, row["case_id"], decision_id=decision_id, undone=True)
        case = get(db, row["case_id"])
        detail = {"case": case.id, "decision": decision_id}
        record(db, actor, "moderation.undone", f"listing:{case.listing_id}", detail=detail)
    return case


def undo_last(db: Database, actor: Actor, agent_id: int) -> Undone | None:
    """Take a person's last decision back, or the last ones that were made at once.

    Returns:
        What was taken back; None where nothing stands. Of many, those on which something later
        stands are kept, and named.

    Raises:
        ConflictError: the last one is kept.
    """
    with write(db):
        last = one(
            db,
            "SELECT id, together, case_id FROM moderation_decisions "
            "WHERE agent_id = ? AND undone_at IS NULL ORDER BY id DESC LIMIT 1",
            [agent_id],
        )
        if last is None:
            return None
        if not last["together"]:
            return Undone((undo(db, actor, last["id"]).id,), ())
        sql = (
            "SELECT id FROM moderation_decisions WHERE together = ? AND agent_id = ? "
            "AND undone_at IS NULL ORDER BY id DESC"
        )
        done, kept = [], []
        for (decision_id,) in db.conn.execute(sql, (last["together"], agent_id)).fetchall():
            try:
                done.append(undo(db, actor, decision_id).id)
            except ConflictError:
                kept.append(decision_id)
        if not done:
            raise ConflictError("Later decisions stand on all of these. Take those back first.")
    return Undone(tuple(done), tuple(kept))


def _close(db: Database, case: Case, decision_id: int, *, made_by: str, at: str) -> None:
    """Close what a decision settles: of a person all that waits.

    The machine's leaves what asks people to look: samples, matches, wishes. One taken over from
    elsewhere closes reports that came before it; of those for lawyers only what is from there too.
    """
    reports_too, signs_too = {
        "person": ("", ""),
        "policy": ("", "AND kind = 'verdict'"),
        "import": (f"AND at <= :at AND (label <> '{LEGAL}' OR external_id IS NOT NULL)", "AND 0"),
    }[made_by]
    values = {"decision": decision_id, "case": case.id, "at": at}
    for table, which in (("moderation_reports", reports_too), ("moderation_signs", signs_too)):
        sql = f"""
            UPDATE {table} SET closed_by = :decision
            WHERE case_id = :case AND closed_by IS NULL {which}
        """  # noqa: S608 - only words of ours are put in
        db.execute(sql, values)


def _revision(db: Database, case: Case) -> int:
    """The revision that the case's listing is in."""
    return int(scalar(db, "SELECT revision FROM listings WHERE id = ?", [case.listing_id]))
