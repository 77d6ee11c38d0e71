"""How often one may try to get in; counted in the database, so that every worker knows.

Logins are counted under a keyed hash: people type their password where the login goes. Addresses
are counted by what one asker has: an IPv6 network of 64 bits is one of them.
"""

import ipaddress

from sqlite_utils import Database

from support.clock import ago, now
from support.database import insert, scalar, write
from support.errors import PermissionDeniedError
from support.seal import Seal

WINDOW_MINUTES = 15  # in which one fails so often, and waits then:
ATTEMPTS = 10  # at one login from one address, at codes, at links
FROM_ADDRESS = 50  # from one address at all logins: an office has one, and some mistype
AT_ALL = 100  # at one login from anywhere: so many that nobody locks another out cheaply
UNKNOWN = 100  # secrets that nobody gave out, from one address in the window, that are counted


class TooManyAttemptsError(PermissionDeniedError):
    """It failed too often; `retry_after` is in seconds."""

    retry_after = WINDOW_MINUTES * 60


def count(db: Database, seal: Seal, login: str, address: str, *, browser: str = "") -> int:
    """Note that somebody tries to sign in, before the password is looked at.

    So many at once get no more attempts than one after the other.

    Args:
        db: the desk's database.
        seal: its key.
        login: as it was typed.
        address: from where.
        browser: where somebody signed in under this login before, what it is known as
            (`known_browsers`): it waits for its own failures, and for nobody else's.

    Returns:
        The attempt's number, for `take_back`.

    Raises:
        TooManyAttemptsError: this address failed too often lately, or this login from anywhere.
    """
    counted, place = _counted(seal, login), place_of(address)
    with write(db):
        db.execute("DELETE FROM sign_in_attempts WHERE at < ?", [ago(days=1)])
        db.execute("DELETE FROM sessions WHERE expires_at < ?", [now()])
        if browser:
            counted, place = _counted(seal, login, of="browser"), f"browser:{browser}"
        else:
            _refuse(db, "login", counted, most=AT_ALL)
            _refuse(db, "address", place, most=FROM_ADDRESS)
        _refuse_both(db, counted, place)
        return _insert(db, counted, place)


def take_back(db: Database, attempt: int) -> None:
    """Do not count an attempt whose password fitted: codes are counted by themselves."""
    with write(db):
        db.execute("DELETE FROM sign_in_attempts WHERE id = ?", [attempt])


def count_code(db: Database, seal: Seal, login: str) -> None:
    """Note that somebody who knows the password tries a code; few are let from anywhere at all.

    Raises:
        TooManyAttemptsError: too many codes of this login were wrong lately.
    """
    _count_of(db, seal, login, "code")


def count_password(db: Database, seal: Seal, login: str) -> None:
    """Note that somebody who is signed in types their password; few are let from anywhere at all.

    Who sits at a browser that was left open has few guesses, and locks nobody out of signing in.

    Raises:
        TooManyAttemptsError: too many were wrong lately.
    """
    _count_of(db, seal, login, "password")


def forgive(db: Database, seal: Seal, login: str, address: str, *, browser: str = "") -> None:
    """Forget what a login failed at where it succeeds; what others tried elsewhere stays counted.

    Codes and passwords typed while signed in are forgotten too.
    """
    sql = "DELETE FROM sign_in_attempts WHERE login = ? AND address = ?"
    for of, place in (
        ("login", place_of(address)),
        ("browser", f"browser:{browser}"),
        ("code", "code"),
        ("password", "password"),
    ):
        db.execute(sql, [_counted(seal, login, of=of), place])


def check(db: Database, what: str, address: str) -> None:
    """Refuse an address that failed too often at something else than signing in.

    Raises:
        TooManyAttemptsError: it did.
    """
    _refuse(db, "address", f"{what}:{place_of(address)}")


def failed(db: Database, what: str, address: str) -> None:
    """Note that an address failed at something else than signing in."""
    with write(db):
        _insert(db, what, f"{what}:{place_of(address)}")


def unknown(db: Database, what: str, address: str) -> None:
    """Note that an address gave a token or a signature that is nobody's.

    Asked only where it is: one that is somebody's always counts, so that nobody who shares an
    address with others (a helpdesk's servers do) is shut out by them. They are too long to guess.

    Raises:
        TooManyAttemptsError: it gave too many lately.
    """
    place = f"{what}:{place_of(address)}"
    with write(db):
        _refuse(db, "address", place, most=UNKNOWN)
        _insert(db, what, place)


def place_of(address: str) -> str:
    """Under which an address is counted: one of IPv4 as it is, of IPv6 the network of 64 bits.

    That is what one line gets, and within it one can have any number of addresses. However an
    address is spelt it is the same one; a port beside it, as some proxies write it, is none of it.
    """
    text = address.strip().partition("%")[0]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return "unknown" if text else ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    inner = found.ipv4_mapped or found.sixtofour
    return str(inner or ipaddress.ip_network((found, 64), strict=False))


def _count_of(db: Database, seal: Seal, login: str, of: str) -> None:
    counted = _counted(seal, login, of=of)
    with write(db):
        _refuse(db, "login", counted)
        _insert(db, counted, of)


def _refuse(db: Database, column: str, value: str, *, most: int = ATTEMPTS) -> None:
    _refuse_where(db, f"{column} = ?", [value], most)


def _refuse_both(db: Database, counted: str, place: str) -> None:
    _refuse_where(db, "login = ? AND address = ?", [counted, place], ATTEMPTS)


def _refuse_where(db: Database, where: str, values: list[str], most: int) -> None:
    sql = f"SELECT count(*) FROM sign_in_attempts WHERE {where} AND at > ?"  # noqa: S608 - ours
    if scalar(db, sql, [*values, ago(minutes=WINDOW_MINUTES)]) >= most:
        raise TooManyAttemptsError(
            f"Too many failed attempts. Wait {WINDOW_MINUTES} minutes and try again."
        )


def _insert(db: Database, counted: str, place: str) -> int:
    return insert(db, "sign_in_attempts", {"login": counted, "address": place, "at": now()})


def _counted(seal: Seal, login: str, *, of: str = "login") -> str:
    return seal.customer(of, login.lower())
