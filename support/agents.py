"""The people of the desk: agents, leads, moderators, labellers, admins. Knows no session."""

import re
import secrets
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from sqlite_utils import Database

from .audit import Actor, record
from .clock import now
from .database import Row, insert, one, write
from .errors import ConflictError, InputError, NotFoundError

ROLES = ("agent", "lead", "moderator", "labeller", "admin")
MIN_PASSWORD = 10  # characters
LANGUAGES = ("ko", "en")

_hasher = PasswordHasher()
# Verified against when there is no such agent, so that both answers take the same time.
_NOBODY = _hasher.hash(secrets.token_hex(16))
_LOGIN = re.compile(r"[\w.@+-]{1,64}")


@dataclass(frozen=True, slots=True)
class Agent:
    """One person who can sign in."""

    id: int
    login: str
    name: str
    role: str
    active: bool
    language: str

    @property
    def actor_name(self) -> str:
        """How the audit trail names this person."""
        return f"agent:{self.id}"


def add(
    db: Database, actor: Actor, *, login: str, name: str, role: str, password: str | None = None
) -> Agent:
    """Add a person; without a password they cannot sign in.

    Raises:
        InputError: the role, login or password will not do.
        ConflictError: the login is taken.
    """
    check(login=login, role=role)
    with write(db):
        if one(db, "SELECT id FROM agents WHERE login = ?", [login]):
            raise ConflictError(f"The login {login!r} is taken. Choose another.")
        row = {
            "login": login,
            "name": name or login,
            "role": role,
            "password_hash": _hash(password) if password is not None else None,
            "created_at": now(),
        }
        agent_id = insert(db, "agents", row)
        record(db, actor, "agent.added", f"agent:{agent_id}", detail={"role": role})
    return get(db, agent_id)


def check(*, login: str, role: str) -> None:
    """Refuse a role that there is not, and a login that will not do.

    Raises:
        InputError: one of them is.
    """
    if role not in ROLES:
        raise InputError(f"No role {role!r}. There are: {', '.join(ROLES)}.")
    if not _LOGIN.fullmatch(login):
        raise InputError(f"A login is 1 to 64 letters, digits and . @ + - _, got {login!r}.")


def get(db: Database, agent_id: int) -> Agent:
    """Find a person by id.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, "SELECT * FROM agents WHERE id = ?", [agent_id])
    if row is None:
        raise NotFoundError(f"No agent {agent_id}.")
    return _agent(row)


def listed(db: Database) -> list[Agent]:
    """Everybody, by name."""
    return [_agent(row) for row in db.query("SELECT * FROM agents ORDER BY name")]


def authenticate(db: Database, login: str, password: str) -> Agent | None:
    """The active person with this login and password, or None; takes as long either way."""
    row = one(db, "SELECT * FROM agents WHERE login = ? AND active = 1", [login])
    stored = row["password_hash"] if row else None
    try:
        _hasher.verify(stored or _NOBODY, password)
    except Argon2Error:
        return None
    return _agent(row) if row and stored else None


def set_password(db: Database, actor: Actor, login: str, password: str) -> Agent:
    """Give a person a new password and end their sessions.

    Raises:
        NotFoundError: there is no such login.
        InputError: the password is too short.
    """
    hashed = _hash(password)
    with write(db):
        row = one(db, "SELECT * FROM agents WHERE login = ?", [login])
        if row is None:
            raise NotFoundError(f"No agent with the login {login!r}.")
        db.table("agents").update(row["id"], {"password_hash": hashed})
        db.execute("DELETE FROM sessions WHERE agent_id = ?", [row["id"]])
        _revoke(db, "agent_id", row["id"])
        record(db, actor, "agent.password_set", f"agent:{row['id']}")
    return _agent(row)


def change(
    db: Database, actor: Actor, agent_id: int, *, name: str | None = None, role: str | None = None
) -> Agent:
    """Give a person another name or role; what is None stays.

    Raises:
        NotFoundError: there is no such agent.
        InputError: there is no such role.
        ConflictError: nobody else is an admin.
    """
    with write(db):
        before = get(db, agent_id)
        check(login=before.login, role=role or before.role)
        if role is not None and role != before.role:
            _keep_an_admin(db, before)
            if before.role == "admin":
                _revoke(db, "created_by", before.actor_name)
        row = {"name": name or before.name, "role": role or before.role}
        db.table("agents").update(agent_id, row)
        if row["role"] not in ("agent", "lead", "admin"):
            # Who answers no more keeps nothing from those who do.
            db.execute(
                "UPDATE inquiries SET held_by = NULL, held_until = NULL WHERE held_by = ?",
                [agent_id],
            )
        if (before.name, before.role) != (row["name"], row["role"]):
            # Who somebody was called stays out of what is never deleted.
            detail: dict[str, str | bool] = {"renamed": True} if before.name != row["name"] else {}
            if before.role != row["role"]:
                detail |= {"before": before.role, "value": row["role"]}
            record(db, actor, "agent.changed", f"agent:{agent_id}", detail=detail)
    return get(db, agent_id)


def _keep_an_admin(db: Database, agent: Agent) -> None:
    """Refuse to leave a desk without anybody who can let others in."""
    sql = (
        "SELECT 1 FROM agents WHERE role = 'admin' AND active = 1 AND password_hash IS NOT NULL "
        "AND id <> ? LIMIT 1"
    )
    if agent.role == "admin" and agent.active and one(db, sql, [agent.id]) is None:
        raise ConflictError(f"{agent.login!r} is the last admin. Make somebody else one first.")


def set_active(db: Database, actor: Actor, agent_id: int, *, active: bool) -> None:
    """Let a person in again, or shut them out, end their sessions and free what they held.

    Raises:
        NotFoundError: there is no such agent.
        ConflictError: nobody else is an admin.
    """
    with write(db):
        agent = get(db, agent_id)
        if not active:
            _keep_an_admin(db, agent)
            db.execute(
                "UPDATE inquiries SET held_by = NULL, held_until = NULL WHERE held_by = ?",
                [agent_id],
            )
        db.table("agents").update(agent_id, {"active": int(active)})
        if not active:
            db.execute("DELETE FROM sessions WHERE agent_id = ?", [agent_id])
            _revoke(db, "created_by", agent.actor_name)
        record(db, actor, "agent.enabled" if active else "agent.disabled", f"agent:{agent_id}")


def _revoke(db: Database, column: str, value: int | str) -> None:
    """Make open links worth nothing: those that somebody made, or those for their new password."""
    sql = f"""
        UPDATE invitations SET revoked_at = ?
        WHERE {column} = ? AND accepted_at IS NULL AND revoked_at IS NULL
    """  # noqa: S608 - a fixed word alone is put in
    db.execute(sql, [now(), value])


def set_language(db: Database, agent_id: int, language: str) -> None:
    """Remember in which language a person reads the console."""
    if language not in LANGUAGES:
        raise InputError(f"No language {language!r}. There are: {', '.join(LANGUAGES)}.")
    with write(db):
        db.table("agents").update(agent_id, {"language": language})


def _hash(password: str) -> str:
    if len(password) < MIN_PASSWORD:
        raise InputError(f"A password has at least {MIN_PASSWORD} characters, got {len(password)}.")
    return _hasher.hash(password)


def _agent(row: Row) -> Agent:
    return Agent(
        id=row["id"],
        login=row["login"],
        name=row["name"],
        role=row["role"],
        active=bool(row["active"]),
        language=row["language"],
    )
