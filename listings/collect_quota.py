"""How often a source may be asked: so many times a day and a second, across all processes."""

import time
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from support.database import one, write
from support.errors import QuotaError

DAY_ZONE: Final = "Asia/Seoul"  # whose midnight a day ends at


class Quota:
    """Counts calls in the desk's database."""

    def __init__(
        self, db: Database, *, source: str, client: str, per_day: int, per_second: float
    ) -> None:
        """Count for one client of one source.

        Args:
            db: the desk's database.
            source: such as naver.
            client: a keyed hash of the client's id.
            per_day: calls that are allowed in a day.
            per_second: calls a second; less than one is a call every few seconds.
        """
        self._db = db
        self._key = [source, client]
        self._per_day = per_day
        self._interval = 1 / per_second

    def take(self) -> None:
        """Count a call, and wait until it may be made.

        Raises:
            QuotaError: the day's calls are used up.
        """
        day = self._day()
        with write(self._db):
            calls = self._calls(day)
            if calls >= self._per_day:
                raise QuotaError(
                    f"All {self._per_day:,} calls of {day} are used up. Run the same command again "
                    f"after midnight in Seoul: it goes on where it stopped."
                )
            last = one(
                self._db,
                "SELECT max(last_at) AS at FROM collect_quota WHERE source = ? AND client = ?",
                self._key,
            )
            now = time.time()
            # The moment is reserved before it is waited for, so that another process takes the
            # next; a clock that was set back must not hold anybody up.
            turn = max(now, min((last and last["at"]) or 0.0, now + 60) + self._interval)
            self._db.execute(
                """
                INSERT INTO collect_quota (source, client, day, calls, last_at)
                VALUES (?, ?, ?, 1, ?)
                ON CONFLICT DO UPDATE SET calls = calls + 1, last_at = excluded.last_at
                """,
                [*self._key, day, turn],
            )
        time.sleep(max(0.0, turn - now))

    def used_up(self) -> None:
        """Note that the source itself says that today's calls are used up."""
        with write(self._db):
            self._db.execute(
                """
                INSERT INTO collect_quota (source, client, day, calls) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET calls = excluded.calls
                """,
                [*self._key, self._day(), self._per_day],
            )

    def left(self) -> int:
        """Calls that may still be made today."""
        return max(0, self._per_day - self._calls(self._day()))

    def _calls(self, day: str) -> int:
        sql = "SELECT calls FROM collect_quota WHERE source = ? AND client = ? AND day = ?"
        row = one(self._db, sql, [*self._key, day])
        return int(row["calls"]) if row else 0

    def _day(self) -> str:
        return datetime.now(UTC).astimezone(ZoneInfo(DAY_ZONE)).date().isoformat()
