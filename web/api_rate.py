"""How many calls a minute a token or a person may make, counted for all web processes together.

In a file of its own beside the desk's: a count that had to wait for an import's transaction, or for
the disk, would slow every call down, and one that a power cut loses harms nobody.
"""

import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

PER_MINUTE: Final = 600  # calls of one token, where it has no number of its own
MINUTE: Final = 60  # seconds
_WAIT: Final = 0.5  # seconds that a count waits for another before the call goes uncounted

_local = threading.local()

log = structlog.get_logger("faqdesk.api")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a token may still ask: `left` calls in the `seconds` to the end of this minute."""

    per_minute: int
    left: int
    seconds: int

    @property
    def used_up(self) -> bool:
        """Whether the call that was just counted is one too many."""
        return self.left < 0

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers writes it."""
        return {
            "RateLimit-Policy": f'"minute";q={self.per_minute};w={MINUTE}',
            "RateLimit": f'"minute";r={max(0, self.left)};t={self.seconds}',
        }


def count(path: Path, who: int | str, *, per_minute: int) -> Allowance:
    """Count a call.

    Args:
        path: the file that counts; made where it is not there.
        who: whose call it is: a token's id, or a name for who asks and what for.
        per_minute: how many it may make from full minute to full minute.

    Returns:
        What is left. A file that cannot be used never stops a call: it is one of the first then.
    """
    present = int(time.time())
    try:
        made = _count(path, str(who), present // MINUTE)
    except sqlite3.Error as error:
        log.warning("a call was not counted", exc_info=True)
        _drop(path)
        if not isinstance(error, sqlite3.OperationalError):  # damaged, not locked: begin anew
            path.unlink(missing_ok=True)
        made = 1
    return Allowance(per_minute, per_minute - made, MINUTE - present % MINUTE)


def _count(path: Path, who: str, minute: int) -> int:
    sql = """
        INSERT INTO asked (who, minute, n) VALUES (?, ?, 1)
        ON CONFLICT (who) DO UPDATE SET
            n = CASE WHEN minute = excluded.minute THEN n + 1 ELSE 1 END, minute = excluded.minute
        RETURNING n
    """
    return int(_connection(path).execute(sql, [who, minute]).fetchone()[0])


def _connection(path: Path) -> sqlite3.Connection:
    """This thread's connection to the file."""
    kept: dict[Path, sqlite3.Connection] = _local.__dict__.setdefault("connections", {})
    if path not in kept or not path.exists():
        _drop(path)
        connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS asked "
            "(who TEXT PRIMARY KEY, minute INTEGER NOT NULL, n INTEGER NOT NULL)"
        )
        kept[path] = connection
    return kept[path]


def _drop(path: Path) -> None:
    connection = _local.__dict__.get("connections", {}).pop(path, None)
    if connection is not None:
        connection.close()
