"""Policies as stored, and which of them judges: live, in the shadow, or none.

A policy is never changed; each is a version. One at most is live, one at most in the shadow beside
it. What is asked of a policy before it may act stands here, so that no door goes around it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import now
from support.database import Row, insert, one, scalar, write
from support.errors import ConflictError, InputError, NotFoundError

from .masking import typed
from .policy import Policy

MODES: Final = ("off", "shadow", "live")


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """One version, with what its thresholds rest on."""

    id: int
    version: str
    policy: Policy
    evidence: dict[str, Any]
    note: str
    created_by: str
    created_at: str
    mode: str


@dataclass(frozen=True, slots=True)
class ModeChange:
    """Who put which policy in which mode."""

    version: str
    mode: str
    reason: str
    actor: str
    at: str


# A policy's mode is that of the last row that names it.
_MODE: Final = """
    coalesce((SELECT mode FROM moderation_modes m WHERE m.policy_id = p.id
        ORDER BY m.id DESC LIMIT 1), 'off')
"""
_SELECT: Final = f"SELECT p.*, {_MODE} AS mode FROM moderation_policies p"  # noqa: S608


def store(
    db: Database,
    actor: Actor,
    policy: Policy,
    *,
    evidence: Mapping[str, Any] | None = None,
    note: str = "",
) -> StoredPolicy:
    """Keep a policy as a new version; it judges nothing yet.

    Args:
        db: the desk's database.
        actor: who made it.
        policy: the policy.
        evidence: as `policy_thresholds.Chosen.evidence` gives it, or {"measured": ...} of
            `policy_evidence.Measured.as_dict` for thresholds that a person set.
        note: what it is for; masked.
    """
    note = typed(db, note)
    content = json.dumps(policy.as_dict(), ensure_ascii=False, sort_keys=True)
    mark = hashlib.sha256(content.encode()).hexdigest()[:8]
    with write(db):
        number = scalar(db, "SELECT coalesce(max(id), 0) + 1 FROM moderation_policies")
        row = {
            "id": number,
            "version": f"p{number}-{mark}",
            "model": policy.model,
            "content": content,
            "evidence": json.dumps(evidence or {}, ensure_ascii=False),
            "note": note,
            "created_by": actor.name,
            "created_at": now(),
        }
        insert(db, "moderation_policies", row)
        record(db, actor, "policy.stored", f"policy:{row['version']}", detail={"note": note})
    return get(db, number)


def get(db: Database, policy_id: int) -> StoredPolicy:
    """One policy.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, f"{_SELECT} WHERE p.id = ?", [policy_id])
    if row is None:
        raise NotFoundError(f"No policy {policy_id}.")
    return _stored(row)


def find(db: Database, name: str) -> StoredPolicy:
    """A policy by its version, its number (`p3`), or the mode that it is in (`live`, `shadow`).

    Raises:
        NotFoundError: there is none.
    """
    if name in MODES[1:]:
        found = in_mode(db, name)
        if found is None:
            raise NotFoundError(f"No policy is in the mode {name!r}. See: faqdesk policy list")
        return found
    sql = f"{_SELECT} WHERE p.version = ? OR 'p' || p.id = ?"
    row = one(db, sql, [name, name])
    if row is None:
        raise NotFoundError(f"No policy {name!r}. See: faqdesk policy list")
    return _stored(row)


def policies(db: Database) -> list[StoredPolicy]:
    """All versions, the newest first."""
    return [_stored(row) for row in db.query(f"{_SELECT} ORDER BY p.id DESC")]


def in_mode(db: Database, mode: str) -> StoredPolicy | None:
    """The policy that is live or in the shadow; None where none is."""
    sql = f"""
        {_SELECT} WHERE p.id = (SELECT policy_id FROM moderation_modes m WHERE m.mode = ?
            ORDER BY m.id DESC LIMIT 1)
    """  # noqa: S608 - only a statement of ours is put in
    row = one(db, sql, [mode])
    return _stored(row) if row is not None and row["mode"] == mode else None


def set_mode(
    db: Database, actor: Actor, policy_id: int, mode: str, *, reason: str = ""
) -> StoredPolicy:
    """Put a policy in a mode; the one that was in it before is off.

    Raises:
        NotFoundError: there is no such policy.
        InputError: there is no such mode.
        ConflictError: it may not act: a bound is not proven, or it was not backtested.
    """
    if mode not in MODES:
        raise InputError(f"No mode {mode!r}. There are: {', '.join(MODES)}.")
    with write(db):
        found = get(db, policy_id)
        if found.mode == mode:
            return found
        if mode == "live":
            _check_live(db, found)
        before = in_mode(db, mode) if mode != "off" else None
        if before is not None:
            _move(db, actor, before, "off", f"{found.version}: {mode}")
        _move(db, actor, found, mode, reason)
    return get(db, policy_id)


def mode_changes(db: Database, *, limit: int = 100) -> list[ModeChange]:
    """What was put in which mode, the last first."""
    sql = """
        SELECT p.version, m.mode, m.reason, m.actor, m.at FROM moderation_modes m
        JOIN moderation_policies p ON p.id = m.policy_id ORDER BY m.id DESC LIMIT ?
    """
    return [ModeChange(**row) for row in db.query(sql, [limit])]


def _move(db: Database, actor: Actor, found: StoredPolicy, mode: str, reason: str) -> None:
    reason = typed(db, reason)
    row = {
        "policy_id": found.id,
        "mode": mode,
        "reason": reason,
        "actor": actor.name,
        "at": now(),
    }
    insert(db, "moderation_modes", row)
    detail = {"from": found.mode, "to": mode, "reason": reason}
    record(db, actor, "policy.mode", f"policy:{found.version}", detail=detail, policy=found.version)


def _check_live(db: Database, found: StoredPolicy) -> None:
    """Refuse a policy that would hide without proof, or that nobody tried on past decisions."""
    thresholds = found.policy.thresholds.values()
    measured = found.evidence.get("measured", {})
    if any(t.hide is not None for t in thresholds) and not measured.get("may_hide"):
        missing = measured.get("normals_missing")
        wanting = (
            f"{missing} more unselected normal listings are missing, or stricter thresholds"
            if missing
            else "too few of what it hides are surely problems, or nobody knows their share"
        )
        raise ConflictError(
            f"{found.version} hides, but its bounds are not proven: {wanting}. Let it run in the "
            f"shadow, with a random sample."
        )
    settle = found.evidence.get("settle", {}).get("threshold")
    if any(t.settle is not None and t.settle != settle for t in thresholds):
        raise ConflictError(
            f"{found.version} settles reports at thresholds that nothing proves. Choose them by "
            f"past decisions, or leave settling out."
        )
    if found.policy.hides and not scalar(
        db,
        "SELECT count(*) FROM moderation_backtests WHERE policy_id = ? AND model = ?",
        [found.id, found.policy.model],
    ):
        raise ConflictError(
            f"{found.version} was not tried on past decisions with the model {found.policy.model}. "
            f"Backtest it first."
        )


def _stored(row: Row) -> StoredPolicy:
    return StoredPolicy(
        id=row["id"],
        version=row["version"],
        policy=Policy.from_dict(json.loads(row["content"])),
        evidence=json.loads(row["evidence"]),
        note=row["note"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        mode=row["mode"],
    )
