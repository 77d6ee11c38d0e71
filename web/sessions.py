"""Sessions live in the database, so that ending one ends it everywhere; so does sign-in throttling.

The cookie holds a random token, the database its hash: who reads the database cannot sign in.
"""

import hashlib
import secrets
from dataclasses import dataclass

from sqlite_utils import Database

from support import agents, second_factor
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


class SecondFactorError(PermissionDeniedError):
    """Login and password fit; the code of the second factor is missing, or `wrong`."""

    def __init__(self, words: str, *, wrong: bool) -> None:
        """Take the words for the person who signs in."""
        super().__init__(words)
        self.wrong = wrong


class TooManyAttemptsError(PermissionDeniedError):
    """Sign-in failed too often; `retry_after` is in seconds."""

    retry_after = WINDOW_MINUTES * 60


def sign_in(
    db: Database,
    seal: Seal,
    *,
    login: str,
    password: str,
    address: str,
    user_agent: str,
    code: str = "",
) -> tuple[Agent, str] | None:
    """Check a login and start a session.

    Attempts are counted under a keyed hash: people type their password where the login goes.
    `code` is that of the second factor, or a recovery code, where the person has one.

    Returns:
        The person and the session's token; None where login and password do not fit.

    Raises:
        TooManyAttemptsError: this login or address failed too often lately.
        SecondFactorError: login and password fit, and the code is missing or wrong.
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
    if agent is not None and second_factor.state(db, agent.id).on:
        _ask_for_code(db, seal, agent, actor, code)
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


def _ask_for_code(db: Database, seal: Seal, agent: Agent, actor: Actor, code: str) -> None:
    if not code.strip():
        raise SecondFactorError("Type the code that your phone shows.", wrong=False)
    if not second_factor.check(db, seal, agent.id, code):
        with write(db):
            record(db, actor, "sign_in.failed", "desk", detail={"second_factor": True})
        raise SecondFactorError("The code does not fit. Wait for the next one.", wrong=True)


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


@dataclass(frozen=True, slots=True)
class Session:
    """Where a person is signed in; `current` is the one that asks."""

    created_at: str
    last_seen_at: str
    address: str
    user_agent: str
    current: bool


def listed(db: Database, agent_id: int, token: str = "") -> list[Session]:
    """Where a person is signed in, the last seen first."""
    sql = "SELECT * FROM sessions WHERE agent_id = ? AND expires_at >= ? ORDER BY last_seen_at DESC"
    current = _hash(token)
    return [
        Session(
            row["created_at"],
            row["last_seen_at"],
            row["address"],
            row["user_agent"],
            row["token_hash"] == current,
        )
        for row in db.query(sql, [agent_id, now()])
    ]


def sign_out_everywhere(db: Database, agent_id: int, actor: Actor, *, but: str = "") -> int:
    """End a person's sessions, all or all but the one whose token is given; returns how many."""
    with write(db):
        sql = "DELETE FROM sessions WHERE agent_id = ? AND token_hash <> ?"
        count = int(db.execute(sql, [agent_id, _hash(but)]).rowcount)
        detail = {"n": count}
        record(db, actor, "sign_out.everywhere", f"agent:{agent_id}", detail=detail)
    return count


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _expiry() -> str:
    return ago(hours=-LIFETIME_HOURS)
