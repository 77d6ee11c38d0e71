"""Inviting people: a link that lets whoever holds it choose a password, once, for some days.

Such a link also gives somebody who forgot theirs a new password. Nothing is mailed: the link is
shown to who makes it, and the database keeps its hash alone.
"""

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Final

from sqlite_utils import Database

from . import agents
from .agents import Agent
from .audit import Actor, record
from .clock import ago, now
from .database import Row, insert, one, write
from .errors import ConflictError, InputError, NotFoundError, PermissionDeniedError

DAYS: Final = 7
RESET_DAYS: Final = 1  # how long a link for a new password is good for


class NotOpenError(NotFoundError):
    """A link is worth nothing: `state` is accepted, revoked, expired, or unknown."""

    def __init__(self, state: str) -> None:
        """Take the state."""
        super().__init__("This invitation is not good any more. Ask for a new one.")
        self.state = state


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody who was asked to join; `state` is open, accepted, revoked or expired.

    `login` is empty where they choose it. `agent_id` is who they became; while it is open, whose
    new password it is for.
    """

    id: int
    login: str
    name: str
    role: str
    created_by: str
    created_at: str
    expires_at: str
    accepted_at: str | None
    agent_id: int | None
    state: str

    @property
    def resets(self) -> bool:
        """Whether it gives somebody who is there already a new password."""
        return self.state == "open" and self.agent_id is not None


def invite(
    db: Database, actor: Actor, *, login: str = "", name: str, role: str, days: int = DAYS
) -> tuple[Invitation, str]:
    """Invite a person; an open invitation of the same login is revoked.

    Args:
        db: the desk's database.
        actor: who invites.
        login: theirs to be; empty: they choose it. Somebody who is known without a password may be
            invited by it.
        name: as colleagues will see it.
        role: one of `agents.ROLES`.
        days: how long the link is good for.

    Returns:
        The invitation, and the token for its link, which is not kept.

    Raises:
        InputError: role, login, name or days will not do.
        ConflictError: the login belongs to somebody who signs in already, or is shut out.
    """
    agents.check(login=login or "x", role=role)
    if not 1 <= days <= 90:
        raise InputError(f"An invitation is good for 1 to 90 days, not {days}.")
    if not (login or name.strip()):
        raise InputError("Say whom it is for: a name, or a login.")
    with write(db):
        row = one(db, "SELECT password_hash, active FROM agents WHERE login = ?", [login])
        if row and not row["active"]:
            raise ConflictError(f"{login!r} is shut out. Let them in again first.")
        if row and row["password_hash"]:
            raise ConflictError(f"{login!r} signs in already. Give them a new password instead.")
        fresh = {"login": login, "name": name.strip() or login, "role": role}
        key, token = _make(db, actor, fresh, days=days)
        record(db, actor, "agent.invited", f"invitation:{key}", detail={"role": role})
    return get(db, key), token


def let_reset(
    db: Database, actor: Actor, agent_id: int, *, days: int = RESET_DAYS
) -> tuple[Invitation, str]:
    """Make a link for a new password of somebody; the old one is good until it is used.

    Returns:
        The invitation, and the token for its link, which is not kept.

    Raises:
        NotFoundError: there is no such agent.
        PermissionDeniedError: they are shut out.
    """
    with write(db):
        agent = agents.get(db, agent_id)
        if not agent.active:
            raise PermissionDeniedError(f"{agent.login!r} is shut out. Let them in again first.")
        fresh = {"login": agent.login, "name": agent.name, "role": agent.role, "agent_id": agent_id}
        key, token = _make(db, actor, fresh, days=days)
        detail = {"invitation": key}
        record(db, actor, "agent.password_link", f"agent:{agent_id}", detail=detail)
    return get(db, key), token


def _make(db: Database, actor: Actor, fresh: Row, *, days: int) -> tuple[int, str]:
    """Store an invitation in place of an open one of the same login; its id and its token."""
    token = secrets.token_urlsafe(32)
    db.execute(
        "UPDATE invitations SET revoked_at = ? "
        "WHERE login = ? AND login <> '' AND accepted_at IS NULL AND revoked_at IS NULL",
        [now(), fresh["login"]],
    )
    kept = {
        "token_hash": _hash(token),
        "created_by": actor.name,
        "created_at": now(),
        "expires_at": ago(days=-days),
    }
    return insert(db, "invitations", fresh | kept), token


def get(db: Database, invitation_id: int) -> Invitation:
    """Find an invitation.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, "SELECT * FROM invitations WHERE id = ?", [invitation_id])
    if row is None:
        raise NotFoundError(f"No invitation {invitation_id}.")
    return _invitation(row)


def find(db: Database, token: str) -> Invitation:
    """The open invitation of a link.

    Raises:
        NotOpenError: it is none, or was used, revoked, or too old.
    """
    row = one(db, "SELECT * FROM invitations WHERE token_hash = ?", [_hash(token)])
    found = _invitation(row) if row else None
    if found is None or found.state != "open":
        raise NotOpenError(found.state if found else "unknown")
    if found.resets and not agents.get(db, found.agent_id or 0).active:
        raise NotOpenError("revoked")
    return found


def accept(
    db: Database, token: str, *, password: str, login: str = "", name: str = "", address: str = ""
) -> Agent:
    """Become an agent by a link, or give oneself a new password.

    Args:
        db: the desk's database.
        token: of the link.
        password: the new one.
        login: where the invitation leaves it open.
        name: another than the invitation's; empty: that one.
        address: where they are.

    Raises:
        NotOpenError: the invitation is not open.
        InputError: login or password will not do.
        ConflictError: the login is taken.
    """
    with write(db):
        invitation = find(db, token)
        actor = Actor(f"invitation:{invitation.id}", address)
        if invitation.resets:
            agent = agents.set_password(db, actor, invitation.login, password)
        else:
            fresh = replace(
                invitation, login=invitation.login or login, name=name.strip() or invitation.name
            )
            agent = _join(db, actor, fresh, password, chosen=not invitation.login)
        change = {"accepted_at": now(), "agent_id": agent.id, "revoked_at": None}
        db.table("invitations").update(invitation.id, change)
        if not invitation.resets:
            detail = {"invitation": invitation.id, "role": agent.role}
            record(db, actor, "agent.joined", f"agent:{agent.id}", detail=detail)
    return agent


def _join(db: Database, actor: Actor, of: Invitation, password: str, *, chosen: bool) -> Agent:
    """Add somebody, or let in who is known already; not by a login that they chose themselves."""
    known = one(db, "SELECT * FROM agents WHERE login = ?", [of.login])
    if known is None:
        return agents.add(db, actor, login=of.login, name=of.name, role=of.role, password=password)
    if chosen or known["password_hash"]:
        raise ConflictError(f"The login {of.login!r} is taken. Choose another.")
    agents.set_password(db, actor, of.login, password)
    return agents.change(db, actor, known["id"], name=of.name, role=of.role)


def revoke(db: Database, actor: Actor, invitation_id: int) -> None:
    """Make a link worth nothing.

    Raises:
        NotFoundError: there is no such invitation.
        ConflictError: it is not open.
    """
    with write(db):
        found = get(db, invitation_id)
        if found.state != "open":
            raise ConflictError(f"Invitation {invitation_id} is {found.state} already.")
        db.table("invitations").update(invitation_id, {"revoked_at": now()})
        record(db, actor, "agent.invitation_revoked", f"invitation:{invitation_id}")


def listed(db: Database) -> list[Invitation]:
    """Every invitation, newest first."""
    return [_invitation(row) for row in db.query("SELECT * FROM invitations ORDER BY id DESC")]


def _invitation(row: Row) -> Invitation:
    state = "open"
    if row["accepted_at"]:
        state = "accepted"
    elif row["revoked_at"]:
        state = "revoked"
    elif row["expires_at"] <= now():
        state = "expired"
    names = (
        *("id", "login", "name", "role", "created_by", "created_at", "expires_at"),
        *("accepted_at", "agent_id"),
    )
    return Invitation(**{name: row[name] for name in names}, state=state)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
