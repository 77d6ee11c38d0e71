"""How often one may try to get in; counted in the database, so that every worker knows.

Logins are counted under a keyed hash: people type their password where the login goes.
"""

from sqlite_utils import Database

from support.clock import ago, now
from support.database import scalar, write
from support.errors import PermissionDeniedError
from support.seal import Seal

ATTEMPTS = 10  # failures in the window, for one login or one address ...
WINDOW_MINUTES = 15  # ... before both wait


class TooManyAttemptsError(PermissionDeniedError):
    """It failed too often; `retry_after` is in seconds."""

    retry_after = WINDOW_MINUTES * 60


def count(db: Database, seal: Seal, login: str, address: str) -> None:
    """Note that somebody tries to sign in, before the password is looked at.

    So many at once get no more attempts than one after the other.

    Raises:
        TooManyAttemptsError: this login or address failed too often lately.
    """
    counted = _counted(seal, login)
    with write(db):
        db.execute("DELETE FROM sign_in_attempts WHERE at < ?", [ago(days=1)])
        db.execute("DELETE FROM sessions WHERE expires_at < ?", [now()])
        for column, value in (("login", counted), ("address", address)):
            _refuse(db, column, value)
        db.table("sign_in_attempts").insert({"login": counted, "address": address, "at": now()})


def forgive(db: Database, seal: Seal, login: str) -> None:
    """Forget what a login failed at, as it succeeds."""
    db.execute("DELETE FROM sign_in_attempts WHERE login = ?", [_counted(seal, login)])


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


def _refuse(db: Database, column: str, value: str) -> None:
    sql = f"SELECT count(*) FROM sign_in_attempts WHERE {column} = ? AND at > ?"  # noqa: S608
    if scalar(db, sql, [value, ago(minutes=WINDOW_MINUTES)]) >= ATTEMPTS:
        raise TooManyAttemptsError(
            f"Too many failed sign-ins. Wait {WINDOW_MINUTES} minutes and try again."
        )


def _counted(seal: Seal, login: str) -> str:
    return seal.customer("login", login.lower())
