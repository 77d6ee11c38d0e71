"""The queues on a Redis server, where `FAQDESK_REDIS` names one: its address, and its absence.

The tables know what waits, the server only rings. So nobody fails and nobody waits long because it
is away or came back empty: what was not rung for is rung for again. The only file that knows Redis.
"""

import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import structlog

from support.engine_places import check_place
from support.errors import SettingError
from support.whole_files import whole_file

try:
    from redis import ConnectionPool, Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import AuthenticationError, RedisError, ResponseError
    from redis.exceptions import ConnectionError as BrokenError
    from redis.retry import Retry
except ImportError:  # pip install 'faqdesk[redis]'
    _WHY: tuple[type[Exception], ...] = ()
else:
    _WHY = (RedisError,)

AWAY: Final = _WHY  # what is raised while the server is away
REDIS: Final = "FAQDESK_REDIS"  # redis://localhost:6379/0, rediss://:password@host:6379/0
CONNECT_SECONDS: Final = 2.0  # that a page waits for the server at most
ANSWER_SECONDS: Final = 3.0  # more than the second for which a worker waits there for a bell
PAUSE_SECONDS: Final = 15.0  # for which a server that was away is not asked again
TELL_SECONDS: Final = 60.0  # from one line in the log to the next
_NAME: Final = "queue.name"  # of the queues, in a desk's folder; a backup does not take it along
_CURE: Final = f"Name one as rediss://:password@host:6379/0 in {REDIS}."

back = threading.Event()  # set when the server is heard again after it was away
_awayed: dict[str, float] = {}  # what went wrong last, and when: on the monotonic clock

log = structlog.get_logger("faqdesk.queue")


def address() -> str:
    """Where the server is; '' where the queues are files."""
    return os.environ.get(REDIS, "").strip()


def check() -> None:
    """Refuse a server that lets in whoever reaches it: what stands in a queue is done.

    Raises:
        SettingError: one is named that does, or by words that are no address.
    """
    if not address():
        return
    if not AWAY:
        raise SettingError(f"{REDIS} needs a library: pip install 'faqdesk[redis]'")
    parts = urlsplit(address())
    try:
        parts.port  # noqa: B018 - raises where it is none
    except ValueError as error:
        raise SettingError(f"{REDIS} is no address: {error}. {_CURE}") from error
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise SettingError(f"{REDIS} begins with {parts.scheme!r}. {_CURE}")
    check_place(
        "The Redis server", "" if parts.scheme == "unix" else parts.hostname or "an unnamed host",
        secret=bool(parts.password), encrypted=parts.scheme == "rediss", cure=_CURE,
    )  # fmt: skip
    asked = parse_qs(parts.query, keep_blank_values=True)
    if "ssl_cert_reqs" in asked or "ssl_check_hostname" in asked:
        raise SettingError(f"{REDIS} may not say that a certificate need not be checked.")


def reach() -> None:
    """Refuse a server that will never do; one that is away may come back.

    Raises:
        SettingError: it does not take the password, or its certificate is not to be believed.
    """
    if not address():
        return
    try:
        _ping()
    except (AuthenticationError, ResponseError) as error:
        raise SettingError(
            f"The Redis server does not let the desk in ({error}). Look at the password in {REDIS}."
        ) from error
    except RedisError as error:
        if "certificate" in str(error).lower():
            raise SettingError(
                f"The Redis server's certificate is not to be believed ({error}). That of an "
                f"authority of your own is named at the address' end: ?ssl_ca_certs=/path/ca.pem"
            ) from error
        log.warning("the Redis server is away; what waits is rung for later", why=str(error))


def paused() -> bool:
    """Whether the server was away a moment ago: nobody waits to hear so again."""
    return time.monotonic() < _awayed.get("at", -PAUSE_SECONDS) + PAUSE_SECONDS


def refused(error: BaseException | None) -> bool:
    """Whether nobody listens there: that is told at once, and waited for by nobody."""
    while error is not None:
        if isinstance(error, ConnectionRefusedError | FileNotFoundError):
            return True
        error = error.__cause__ or error.__context__
    return False


def pause() -> None:
    """Note that the server did not answer who rang."""
    _awayed["at"] = time.monotonic()


def missed(why: Exception) -> None:
    """Note that the server did not answer who waits for bells; said from time to time."""
    present = time.monotonic()
    if present > _awayed.get("told", -TELL_SECONDS) + TELL_SECONDS:
        _awayed["told"] = present
        log.error("the Redis server is away; what waits is rung for later", why=str(why))
    _awayed["worker"] = present


def heard() -> None:
    """Note that it answered; after it was away, `back` is set."""
    if _awayed.pop("worker", None) is not None:
        _awayed.pop("told", None)
        _awayed.pop("at", None)
        log.info("the Redis server is heard again")
        back.set()


def away() -> bool:
    """Whether the server does not answer this process; asked every few seconds at most."""
    if not address():
        return False
    present = time.monotonic()
    if present > _awayed.get("asked", -PAUSE_SECONDS) + PAUSE_SECONDS:
        _awayed["asked"] = present
        _awayed.pop("mute", None)
        try:
            _ping()
        except (SettingError, RedisError):
            _awayed["mute"] = present
    return "mute" in _awayed


def pool() -> Any:
    """Lines to the server, opened when they are used.

    Raises:
        SettingError: as `check`.
    """
    check()
    # Once more at once where a line broke, as it does when the server is started anew. The library
    # would try ten times with pauses between, while somebody waits for a page.
    return ConnectionPool.from_url(
        address(), socket_connect_timeout=CONNECT_SECONDS, socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1, supported_errors=(BrokenError,)), health_check_interval=30,
    )  # fmt: skip


def _ping() -> None:
    """Ask the server whether it is there, on a line of its own that is closed again."""
    lines = pool()
    try:
        Redis(connection_pool=lines).ping()
    finally:
        lines.disconnect()


def name_of(home: Path) -> str:
    """What a desk's queues are called, as nobody else's: one server may ring for several desks.

    Neither its path nor its key would do: desks of two machines have the same path, and a restored
    one has the key of the other.
    """
    path = home / _NAME
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    # Another process may be quicker: theirs it is.
    with suppress(FileExistsError), whole_file(path, mode=0o600, replaces=False) as beside:
        beside.write_text(secrets.token_hex(8), encoding="ascii")
    return path.read_text(encoding="ascii").strip()
