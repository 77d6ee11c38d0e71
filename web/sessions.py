"""Sessions live in the database, so that ending one ends it everywhere.

The cookie holds a random token, the database its hash: who reads the database cannot sign in.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlite_utils import Database

from support import agents, second_factor
from support.agents import Agent
from support.audit import Actor, record
from support.clock import ago, from_iso, iso, now
from support.database import one, scalar, write, write_if_free
from support.errors import NotFoundError, PermissionDeniedError, WorkspaceError
from support.seal import Seal

from . import attempts

LIFETIME_HOURS = 12  # without a click ...
MOST_DAYS = 7  # ... and however often one clicks
TOUCH_MINUTES = 5  # how often a click is written down
HALF_MINUTES = 5  # between the password and the code
KEY = 16  # digits of a token's hash that name a session to its owner


class SecondFactorError(PermissionDeniedError):
    """Login and password fit; the code of the second factor is missing, or `wrong`.

    `half` is sealed, and stands for the password when the code comes.
    """

    def __init__(self, words: str, *, wrong: bool, half: str = "") -> None:
        """Take the words for the person who signs in."""
        super().__init__(words)
        self.wrong = wrong
        self.half = half


class HalfExpiredError(PermissionDeniedError):
    """The password was typed too long ago, or has changed since: it is asked for again."""


def sign_in(
    db: Database,
    seal: Seal,
    *,
    login: str,
    password: str,
    address: str,
    user_agent: str,
    browser: str = "",
    code: str = "",
) -> tuple[Agent, str] | None:
    """Check a login and start a session.

    Attempts are counted under a keyed hash: people type their password where the login goes.
    `browser` is what it is known as at this login, where it is (`known_browsers`). `code` is that
    of the second factor, or a recovery code, where the person has one.

    Returns:
        The person and the session's token; None where login and password do not fit.

    Raises:
        TooManyAttemptsError: this address failed too often lately, or this login from anywhere, or
            too many of its codes were wrong.
        SecondFactorError: login and password fit, and the code is missing or wrong.
    """
    login = login[:64]
    attempt = attempts.count(db, seal, login, address, browser=browser)
    agent = agents.authenticate(db, login, password)
    actor = Actor(agent.actor_name if agent else "nobody", address)
    if agent is None:
        with write(db):
            record(db, actor, "sign_in.failed", "desk")
        return None
    if second_factor.state(db, agent.id).on:
        attempts.take_back(db, attempt)
        _ask_for_code(db, seal, agent, actor, code)
    return agent, begin(db, seal, agent, actor, user_agent, browser=browser)


def sign_in_by_code(
    db: Database,
    seal: Seal,
    *,
    half: str,
    code: str,
    address: str,
    user_agent: str,
    known: Callable[[str], str] = lambda login: "",
) -> tuple[Agent, str]:
    """Go on where `sign_in` asked for the code; `known` tells the `browser` of a login.

    Returns:
        The person and the session's token.

    Raises:
        HalfExpiredError: sign in anew.
        TooManyAttemptsError: too many codes of this login were wrong lately.
        SecondFactorError: the code is missing or wrong.
    """
    agent = _whose_half(db, seal, half)
    actor = Actor(agent.actor_name, address)
    if second_factor.state(db, agent.id).on:
        _ask_for_code(db, seal, agent, actor, code)
    return agent, begin(db, seal, agent, actor, user_agent, browser=known(agent.login))


def check_password(db: Database, seal: Seal, agent: Agent, password: str, address: str) -> bool:
    """Whether somebody who is signed in knows their password.

    Raises:
        TooManyAttemptsError: they failed too often lately.
    """
    attempts.count_password(db, seal, agent.login)
    if agents.authenticate(db, agent.login, password) is None:
        actor = Actor(agent.actor_name, address)
        with write(db):
            record(db, actor, "agent.password_refused", f"agent:{agent.id}")
        return False
    with write(db):
        attempts.forgive(db, seal, agent.login, address)
    return True


def begin(
    db: Database, seal: Seal, agent: Agent, actor: Actor, user_agent: str, *, browser: str = ""
) -> str:
    """Start a session; returns its token."""
    token = secrets.token_urlsafe(32)
    with write(db):
        attempts.forgive(db, seal, agent.login, actor.address, browser=browser)
        db.table("sessions").insert(
            {
                "token_hash": _hash(token),
                "agent_id": agent.id,
                "created_at": now(),
                "last_seen_at": now(),
                "expires_at": _expiry(now()),
                "address": actor.address,
                "user_agent": user_agent[:200],
            }
        )
        record(db, actor, "sign_in.done", f"agent:{agent.id}")
    return token


def _ask_for_code(db: Database, seal: Seal, agent: Agent, actor: Actor, code: str) -> None:
    if not code.strip():
        half = _half(db, seal, agent)
        raise SecondFactorError("Type the code that your phone shows.", wrong=False, half=half)
    attempts.count_code(db, seal, agent.login)
    if not second_factor.check(db, seal, agent.id, code):
        with write(db):
            record(db, actor, "sign_in.failed", "desk", detail={"second_factor": True})
        half = _half(db, seal, agent)
        words = "The code does not fit. Wait for the next one."
        raise SecondFactorError(words, wrong=True, half=half)


def _half(db: Database, seal: Seal, agent: Agent) -> str:
    """What stands for a password that fitted, until it changes or some minutes have passed."""
    said = {"agent": agent.id, "until": ago(minutes=-HALF_MINUTES), "of": _password_mark(db, agent)}
    return base64.urlsafe_b64encode(seal.close_up(json.dumps(said))).decode()


def _whose_half(db: Database, seal: Seal, half: str) -> Agent:
    try:
        said = json.loads(seal.open_up(base64.urlsafe_b64decode(half)))
        agent = agents.get(db, said["agent"])
        good = agent.active and said["until"] > now() and said["of"] == _password_mark(db, agent)
    except (WorkspaceError, NotFoundError, ValueError, KeyError, TypeError):
        good = False
    if not good:
        raise HalfExpiredError("That took too long. Sign in again.")
    return agent


def _password_mark(db: Database, agent: Agent) -> str:
    """Changes with the password."""
    sql = "SELECT password_hash FROM agents WHERE id = ?"
    return _hash(scalar(db, sql, [agent.id]) or "")[:16]


def find(db: Database, token: str) -> Agent | None:
    """Whose session this token is; None when it ended or its owner was disabled."""
    row = one(db, "SELECT * FROM sessions WHERE token_hash = ?", [_hash(token)])
    if row is None or row["expires_at"] < now():
        return None
    if row["last_seen_at"] > ago(minutes=-TOUCH_MINUTES):
        return None  # the clock went back since: nobody knows for how long it was left alone
    try:
        agent = agents.get(db, row["agent_id"])
    except NotFoundError:
        return None
    if row["last_seen_at"] < ago(minutes=TOUCH_MINUTES):
        sql = "UPDATE sessions SET last_seen_at = ?, expires_at = ? WHERE token_hash = ?"
        seen = [now(), _expiry(row["created_at"]), row["token_hash"]]
        write_if_free(db, sql, seen)  # a page is read while others write, too
    return agent if agent.active else None


def replace(db: Database, token: str) -> None:
    """End the session that a browser has while another begins in it."""
    with write(db):
        db.execute("DELETE FROM sessions WHERE token_hash = ?", [_hash(token)])


def sign_out(db: Database, token: str, actor: Actor) -> None:
    """End a session."""
    with write(db):
        db.execute("DELETE FROM sessions WHERE token_hash = ?", [_hash(token)])
        record(db, actor, "sign_out.done", actor.name)


@dataclass(frozen=True, slots=True)
class Session:
    """Where a person is signed in; `current` is the one that asks, `key` names it for `end`."""

    key: str
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
            row["token_hash"][:KEY],
            row["created_at"],
            row["last_seen_at"],
            row["address"],
            row["user_agent"],
            row["token_hash"] == current,
        )
        for row in db.query(sql, [agent_id, now()])
    ]


def end(db: Database, agent_id: int, key: str, actor: Actor) -> None:
    """End one of a person's sessions, by its key.

    Raises:
        NotFoundError: it has ended already.
    """
    with write(db):
        sql = "DELETE FROM sessions WHERE agent_id = ? AND substr(token_hash, 1, ?) = ?"
        if not db.execute(sql, [agent_id, KEY, key]).rowcount:
            raise NotFoundError("This session has ended already.")
        record(db, actor, "sign_out.done", f"agent:{agent_id}")


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


def _expiry(begun: str) -> str:
    """Until when a session lasts that is used now."""
    return min(ago(hours=-LIFETIME_HOURS), iso(from_iso(begun) + timedelta(days=MOST_DAYS)))
