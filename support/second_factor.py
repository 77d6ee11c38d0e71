"""A second factor: codes that change every half minute (TOTP), and recovery codes for a lost phone.

The shared secret is sealed, recovery codes are kept as keyed hashes. It counts from the moment a
code was typed that fits, so that nobody locks themselves out with a wrong clock. No code counts
twice.
"""

import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Final

import pyotp
from pyotp.exceptions import OTPVerificationError
from sqlite_utils import Database

from . import agents, settings
from .agents import Agent
from .audit import Actor, record
from .clock import now
from .database import one, scalar, write
from .errors import ConflictError, InputError
from .seal import Seal

WINDOW: Final = 1  # steps of half a minute that a phone's clock may be early or late
RECOVERY_CODES: Final = 10
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read as something else
_FORM: Final = re.compile(r"[^a-z0-9]")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an agent needs to set up their phone, once: the secret and its address for a QR code."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class State:
    """Whether an agent has a second factor, since when, and how many recovery codes are left."""

    on: bool
    since: str
    recovery_left: int


def state(db: Database, agent_id: int) -> State:
    """What an agent has."""
    row = one(db, "SELECT confirmed_at FROM second_factors WHERE agent_id = ?", [agent_id])
    sql = "SELECT count(*) FROM recovery_codes WHERE agent_id = ? AND used_at IS NULL"
    since = (row["confirmed_at"] if row else None) or ""
    return State(bool(since), since, int(scalar(db, sql, [agent_id])) if since else 0)


def begin(db: Database, seal: Seal, agent_id: int) -> Enrolment:
    """Make a secret for an agent's phone; it counts once `confirm` saw a code of it.

    Raises:
        NotFoundError: there is no such agent.
        ConflictError: they have a second factor already.
    """
    agent = agents.get(db, agent_id)
    secret = pyotp.random_base32()
    with write(db):
        if state(db, agent_id).on:
            raise ConflictError("There is a second factor already. Switch it off first.")
        row = {"agent_id": agent_id, "sealed": seal.close_up(secret), "created_at": now()}
        db.table("second_factors").upsert(
            row | {"confirmed_at": None, "last_step": 0}, pk="agent_id"
        )
    return _enrolment(db, agent, secret)


def begun(db: Database, seal: Seal, agent_id: int) -> Enrolment | None:
    """What `begin` made and no code has confirmed yet, to be shown again; None: nothing."""
    row = one(db, "SELECT * FROM second_factors WHERE agent_id = ?", [agent_id])
    if row is None or row["confirmed_at"]:
        return None
    return _enrolment(db, agents.get(db, agent_id), seal.open_up(row["sealed"]))


def _enrolment(db: Database, agent: Agent, secret: str) -> Enrolment:
    issuer = settings.load(db).desk_name
    uri = pyotp.TOTP(secret).provisioning_uri(name=agent.login, issuer_name=issuer)
    return Enrolment(secret, uri)


def confirm(
    db: Database, seal: Seal, actor: Actor, agent_id: int, code: str, *, at: float | None = None
) -> tuple[str, ...]:
    """Switch the second factor on, as a code fits.

    Args:
        db: the desk's database.
        seal: the desk's key.
        actor: who does it.
        agent_id: whose it is.
        code: six digits from the phone.
        at: the present as a Unix time; None: the clock's.

    Returns:
        Recovery codes, to be shown this once.

    Raises:
        InputError: the code does not fit.
        ConflictError: nothing was begun, or it is on already.
    """
    with write(db):
        row = one(db, "SELECT * FROM second_factors WHERE agent_id = ?", [agent_id])
        if row is None or row["confirmed_at"]:
            raise ConflictError("No second factor is being set up. Begin anew.")
        step = _step(seal.open_up(row["sealed"]), code, after=0, at=at)
        if step is None:
            raise InputError(
                "The code does not fit. Look at the phone's clock, then type a new one."
            )
        change = {"confirmed_at": now(), "last_step": step}
        db.table("second_factors").update(agent_id, change)
        codes = _new_codes(db, seal, agent_id)
        record(db, actor, "agent.second_factor_on", f"agent:{agent_id}")
    return codes


def check(db: Database, seal: Seal, agent_id: int, code: str, *, at: float | None = None) -> bool:
    """Whether a code from the phone, or a recovery code, lets an agent in; each does it once."""
    with write(db):
        row = one(db, "SELECT * FROM second_factors WHERE agent_id = ?", [agent_id])
        if row is None or not row["confirmed_at"]:
            return False
        step = _step(seal.open_up(row["sealed"]), code, after=row["last_step"], at=at)
        if step is not None:
            db.table("second_factors").update(agent_id, {"last_step": step})
            return True
        used = db.execute(
            "UPDATE recovery_codes SET used_at = ? "
            "WHERE agent_id = ? AND code_hash = ? AND used_at IS NULL",
            [now(), agent_id, _hash(seal, agent_id, code)],
        ).rowcount
        if used:
            record(db, Actor(f"agent:{agent_id}"), "agent.recovery_code_used", f"agent:{agent_id}")
    return bool(used)


def renew_codes(db: Database, seal: Seal, actor: Actor, agent_id: int) -> tuple[str, ...]:
    """New recovery codes; the old ones are worth nothing any more.

    Raises:
        ConflictError: there is no second factor.
    """
    with write(db):
        if not state(db, agent_id).on:
            raise ConflictError("Recovery codes belong to a second factor. Set it up first.")
        codes = _new_codes(db, seal, agent_id)
        record(db, actor, "agent.recovery_codes_renewed", f"agent:{agent_id}")
    return codes


def switch_off(db: Database, actor: Actor, agent_id: int) -> bool:
    """Do without: by the agent, or by an admin for somebody who lost everything.

    Returns:
        Whether there was one.
    """
    with write(db):
        was_on = state(db, agent_id).on
        db.execute("DELETE FROM second_factors WHERE agent_id = ?", [agent_id])
        db.execute("DELETE FROM recovery_codes WHERE agent_id = ?", [agent_id])
        if was_on:
            record(db, actor, "agent.second_factor_off", f"agent:{agent_id}")
    return was_on


def _step(secret: str, code: str, *, after: int, at: float | None) -> int | None:
    """The time step that a code is of; None where it fits none that is newer than `after`."""
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    moment = time.time() if at is None else at
    try:
        step: int = pyotp.TOTP(secret).verify_and_get_timecode(
            digits, for_time=moment, valid_window=WINDOW
        )
    except OTPVerificationError:
        return None
    return step if step > after else None


def _new_codes(db: Database, seal: Seal, agent_id: int) -> tuple[str, ...]:
    db.execute("DELETE FROM recovery_codes WHERE agent_id = ?", [agent_id])
    codes = tuple(
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))
        for _ in range(RECOVERY_CODES)
    )
    db.table("recovery_codes").insert_all(
        {"agent_id": agent_id, "code_hash": _hash(seal, agent_id, code)} for code in codes
    )
    return codes


def _hash(seal: Seal, agent_id: int, code: str) -> str:
    return seal.fingerprint(f"recovery\0{agent_id}\0{_FORM.sub('', code.lower())}")
