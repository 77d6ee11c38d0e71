"""Sessions live in the database, so that ending one ends it everywhere; so does sign-in throttling.

The cookie holds a random token, the database its hash: who reads the database cannot sign in.
"""

import hashlib
import secrets

from sqlite_utils import Database

from support import agents
from support.agents import Agent
from support.audit import Actor, record
from support.clock import ago, now
from support.database import one, scalar, write
from support.errors import NotFoundError, PermissionDeniedError
from support.seal import Seal

LIFETIME_HOURS = 12  # without a click
TOUCH_MINUTES = 5  # how often a click is written down
ATTEMPTS = 10  # failures in the window, for one login or one address ...
WINDOW_MINUTES = 15  # ... before both wait


class TooManyAttemptsError(PermissionDeniedError):
    """Sign-in failed too often; `retry_after` is in seconds."""

    retry_after = WINDOW_MINUTES * 60


def sign_in(
    db: Database, seal: Seal, *, login: str, password: str, address: str, user_agent: str
) -> tuple[Agent, str] | None:
    """Check a login and start a session.

    Attempts are counted under a keyed hash: people type their password where the login goes.

    Returns:
        The person and the session's token; None where login and password do not fit.

    Raises:
        TooManyAttemptsError: this login or address failed too often lately.
    """
    login = login[:64]
    counted = seal.customer("login", login.lower())
    edge = ago(minutes=WINDOW_MINUTES)
    with write(db):
        db.execute("DELETE FROM sign_in_attempts WHERE at < ?", [ago(days=1)])
        db.execute("DELETE FROM sessions WHERE expires_at < ?", [now()])
        for column, value in (("login", counted), ("address", address)):
            sql = f"SELECT count(*) FROM sign_in_attempts WHERE {column} = ? AND at > ?"  # noqa: S608
            if scalar(db, sql, [value, edge]) >= ATTEMPTS:
                raise TooManyAttemptsError(
                    f"Too many failed sign-ins. Wait {WINDOW_MINUTES} minutes and try again."
                )
        # Counted before the password is looked at: many at once get no more attempts than one.
        db.table("sign_in_attempts").insert({"login": counted, "address": address, "at": now()})
    agent = agents.authenticate(db, login, password)
    actor = Actor(agent.actor_name if agent else "nobody", address)
    with write(db):
        if agent is None:
            record(db, actor, "sign_in.failed", "desk")
            return None
        db.execute("DELETE FROM sign_in_attempts WHERE login = ?", [counted])
        token = secrets.token_urlsafe(32)
        db.table("sessions").insert(
            {
                "token_hash": _hash(token),
                "agent_id": agent.id,
                "created_at": now(),
                "last_seen_at": now(),
                "expires_at": _expiry(),
                "address": address,
                "user_agent": user_agent[:200],
            }
        )
        record(db, actor, "sign_in.done", f"agent:{agent.id}")
    return agent, token


def find(db: Database, token: str) -> Agent | None:
    """Whose session this token is; None when it ended or its owner was disabled."""
    row = one(db, "SELECT * FROM sessions WHERE token_hash = ?", [_hash(token)])
    if row is None or row["expires_at"] < now():
        return None
    try:
        agent = agents.get(db, row["agent_id"])
    except NotFoundError:
        return None
    if row["last_seen_at"] < ago(minutes=TOUCH_MINUTES):
        with write(db):
            db.table("sessions").update(
                row["token_hash"], {"last_seen_at": now(), "expires_at": _expiry()}
            )
    return agent if agent.active else None


def sign_out(db: Database, token: str, actor: Actor) -> None:
    """End a session."""
    with write(db):
        db.execute("DELETE FROM sessions WHERE token_hash = ?", [_hash(token)])
        record(db, actor, "sign_out.done", actor.name)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _expiry() -> str:
    return ago(hours=-LIFETIME_HOURS)
