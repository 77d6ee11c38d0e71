"""How often one may try to get in; counted in the database, so that every worker knows.

Logins are counted under a keyed hash: people type their password where the login goes.
"""

from sqlite_utils import Database

from support.clock import ago, now
from support.database import scalar, write
from support.errors import PermissionDeniedError
from support.seal import Seal

ATTEMPTS = 10  # failures in the window, from one address ...
AT_ALL = (
    100  # ... or for one login from anywhere: so many that nobody locks another out cheaply ...
)
WINDOW_MINUTES = 15  # ... before it waits


class TooManyAttemptsError(PermissionDeniedError):
    """It failed too often; `retry_after` is in seconds."""

    retry_after = WINDOW_MINUTES * 60


def count(db: Database, seal: Seal, login: str, address: str) -> None:
    """Note that somebody tries to sign in, before the password is looked at.

    So many at once get no more attempts than one after the other.

    Raises:
        TooManyAttemptsError: this address failed too often lately, or this login from anywhere.
    """
    counted = _counted(seal, login)
    with write(db):
        db.execute("DELETE FROM sign_in_attempts WHERE at < ?", [ago(days=1)])
        db.execute("DELETE FROM sessions WHERE expires_at < ?", [now()])
        _refuse(db, "login", counted, most=AT_ALL)
        _refuse(db, "address", address)
        db.table("sign_in_attempts").insert({"login": counted, "address": address, "at": now()})


def count_code(db: Database, seal: Seal, login: str) -> None:
    """Note that somebody who knows the password tries a code; few are let from anywhere at all.

    Raises:
        TooManyAttemptsError: too many codes of this login were wrong lately.
    """
    counted = _counted(seal, login, of="code")
    with write(db):
        _refuse(db, "login", counted)
        db.table("sign_in_attempts").insert({"login": counted, "address": "code", "at": now()})


def forgive(db: Database, seal: Seal, login: str, address: str) -> None:
    """Forget what a login failed at where it succeeds; what others tried elsewhere stays counted.

    The codes are forgotten too.
    """
    sql = "DELETE FROM sign_in_attempts WHERE login = ? AND address IN (?, 'code')"
    for of in ("login", "code"):
        db.execute(sql, [_counted(seal, login, of=of), address])


def check(db: Database, what: str, address: str) -> None:
    """Refuse an address that failed too often at something else than signing in.

    Raises:
        TooManyAttemptsError: it did.
    """
    _refuse(db, "address", f"{what}:{address}")


def failed(db: Database, what: str, address: str) -> None:
    """Note that an address failed at something else than signing in."""
    row = {"login": what, "address": f"{what}:{address}", "at": now()}
    with write(db):
        db.table("sign_in_attempts").insert(row)


def _refuse(db: Database, column: str, value: str, *, most: int = ATTEMPTS) -> None:
    sql = f"SELECT count(*) FROM sign_in_attempts WHERE {column} = ? AND at > ?"  # noqa: S608
    if scalar(db, sql, [value, ago(minutes=WINDOW_MINUTES)]) >= most:
        raise TooManyAttemptsError(
            f"Too many failed sign-ins. Wait {WINDOW_MINUTES} minutes and try again."
        )


def _counted(seal: Seal, login: str, *, of: str = "login") -> str:
    return seal.customer(of, login.lower())
