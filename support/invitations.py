"""Inviting people: a link that lets whoever holds it choose a password, once, for some days.

Nothing is mailed: the link is shown to who invites, and the database keeps its hash alone.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from . import agents
from .agents import Agent
from .audit import Actor, record
from .clock import ago, now
from .database import Row, insert, one, write
from .errors import ConflictError, InputError, NotFoundError

DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody who was asked to join; `state` is open, accepted, revoked or expired."""

    id: int
    login: str
    name: str
    role: str
    created_by: str
    created_at: str
    expires_at: str
    state: str


def invite(
    db: Database, actor: Actor, *, login: str, name: str, role: str, days: int = DAYS
) -> tuple[Invitation, str]:
    """Invite a person; an open invitation of the same login is revoked.

    Args:
        db: the desk's database.
        actor: who invites.
        login: theirs to be; somebody who is known without a password may be invited by it.
        name: as colleagues will see it.
        role: one of `agents.ROLES`.
        days: how long the link is good for.

    Returns:
        The invitation, and the token for its link, which is not kept.

    Raises:
        InputError: role, login or days will not do.
        ConflictError: the login belongs to somebody who signs in already.
    """
    agents.check(login=login, role=role)
    if not 1 <= days <= 90:
        raise InputError(f"An invitation is good for 1 to 90 days, not {days}.")
    token = secrets.token_urlsafe(32)
    with write(db):
        row = one(db, "SELECT password_hash FROM agents WHERE login = ?", [login])
        if row and row["password_hash"]:
            raise ConflictError(f"{login!r} signs in already. Give them a new password instead.")
        db.execute(
            "UPDATE invitations SET revoked_at = ? "
            "WHERE login = ? AND accepted_at IS NULL AND revoked_at IS NULL",
            [now(), login],
        )
        fresh = {
            "token_hash": _hash(token),
            "login": login,
            "name": name or login,
            "role": role,
            "created_by": actor.name,
            "created_at": now(),
            "expires_at": ago(days=-days),
        }
        key = insert(db, "invitations", fresh)
        record(db, actor, "agent.invited", f"invitation:{key}", detail={"role": role})
    return get(db, key), token


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
        NotFoundError: it is none, or was used, revoked, or too old.
    """
    row = one(db, "SELECT * FROM invitations WHERE token_hash = ?", [_hash(token)])
    found = _invitation(row) if row else None
    if found is None or found.state != "open":
        raise NotFoundError("This invitation is not good any more. Ask for a new one.")
    return found


def accept(db: Database, token: str, *, password: str, address: str = "") -> Agent:
    """Become an agent by a link.

    Raises:
        NotFoundError: the invitation is not open.
        InputError: the password is too short.
        ConflictError: the login was taken meanwhile.
    """
    with write(db):
        invitation = find(db, token)
        known = one(db, "SELECT * FROM agents WHERE login = ?", [invitation.login])
        actor = Actor(f"invitation:{invitation.id}", address)
        if known is None:
            agent = agents.add(
                db,
                actor,
                login=invitation.login,
                name=invitation.name,
                role=invitation.role,
                password=password,
            )
        elif known["password_hash"]:
            raise ConflictError(f"The login {invitation.login!r} was taken meanwhile.")
        else:
            agents.set_password(db, actor, invitation.login, password)
            agents.change(db, actor, known["id"], name=invitation.name, role=invitation.role)
            agent = agents.get(db, known["id"])
        change = {"accepted_at": now(), "agent_id": agent.id}
        db.table("invitations").update(invitation.id, change)
        detail = {"invitation": invitation.id}
        record(db, actor, "agent.joined", f"agent:{agent.id}", detail=detail)
    return agent


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
    names = ("id", "login", "name", "role", "created_by", "created_at", "expires_at")
    return Invitation(**{name: row[name] for name in names}, state=state)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
