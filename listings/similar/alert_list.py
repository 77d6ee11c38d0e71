"""Alerts as people go through them: by kind and state, a page at a time, with what became of them.

An alert waits until somebody decides on it, decides on its listing's case, or says that the two
listings are not the same; it waits again when that is taken back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from listings.stored import places
from support.errors import InputError

from .alerts import KINDS, Alert, alert_of

SHOWN: Final = ("open", "decided", "confirmed", "dismissed")
_SETTLED: Final = """
    (EXISTS (SELECT 1 FROM moderation_decisions AS d JOIN moderation_cases AS c ON c.id = d.case_id
        WHERE c.listing_id = a.listing_id AND d.undone_at IS NULL AND d.at >= a.at)
    OR EXISTS (SELECT 1 FROM listing_apart AS p WHERE p.undone_at IS NULL
        AND p.first_id = min(a.listing_id, a.other_id)
        AND p.other_id = max(a.listing_id, a.other_id)))
"""
WAITS: Final = f"a.state = 'open' AND NOT {_SETTLED}"  # of watch_alerts AS a
_STATES: Final = {
    "open": WAITS,
    "decided": f"a.state = 'open' AND {_SETTLED}",
    "confirmed": "a.state = 'confirmed'",
    "dismissed": "a.state = 'dismissed'",
}


@dataclass(frozen=True, slots=True)
class AlertPage:
    """Some alerts, and how many there are of each kind in the same state."""

    alerts: tuple[Alert, ...]
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """Of all kinds."""
        return sum(self.counts.values())


def alert_page(
    db: Database, *, state: str = "open", kind: str = "", start: int = 0, limit: int = 20
) -> AlertPage:
    """Alerts in one state, the surest of each kind first, the gravest kind first.

    Raises:
        InputError: there is no such state or kind.
    """
    if state not in SHOWN or kind not in ("", *KINDS):
        raise InputError(
            f"No alerts that are {state!r} of kind {kind!r}. States: {', '.join(SHOWN)}; "
            f"kinds: {', '.join(KINDS)}."
        )
    where = _STATES[state]
    sql = f"SELECT kind, count(*) FROM watch_alerts AS a WHERE {where} GROUP BY kind"  # noqa: S608
    counts = dict(db.conn.execute(sql).fetchall())
    sql = f"""
        SELECT * FROM watch_alerts AS a WHERE {where} AND (? = '' OR kind = ?)
        ORDER BY CASE kind WHEN 'sanctioned' THEN 0 WHEN 'accounts' THEN 1
            WHEN 'repeat' THEN 2 ELSE 3 END, probability DESC, id DESC LIMIT ? OFFSET ?
    """  # noqa: S608 - sentences of our own are put in
    rows = db.query(sql, [kind, kind, limit, start])
    return AlertPage(tuple(alert_of(row) for row in rows), counts)


def alerts_on(db: Database, listing_ids: Sequence[int]) -> list[Alert]:
    """The alerts on some listings, dismissed ones left out, the surest first."""
    ids = list(listing_ids)
    sql = f"""
        SELECT * FROM watch_alerts WHERE state <> 'dismissed' AND listing_id IN ({places(ids)})
        ORDER BY probability DESC, id
    """  # noqa: S608 - only question marks are put in
    return [alert_of(row) for row in db.query(sql, ids)]
