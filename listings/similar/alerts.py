"""What watching found, for people to look at; nothing is hidden for it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import now
from support.database import Row, one, write
from support.errors import ConflictError, InputError, NotFoundError

from .looks import Match, Reason

KINDS: Final = ("sanctioned", "repeat", "accounts", "catalogue")
STATES: Final = ("open", "confirmed", "dismissed")


@dataclass(frozen=True, slots=True)
class Alert:
    """One listing that somebody should look at.

    `seller` is whose sanction it recalls, or who repeats; of several accounts, ''. `detail` holds
    what else is worth knowing: how many, and a sanction's reason.
    """

    id: int
    listing_id: int
    other_id: int | None
    kind: str
    seller: str
    probability: float
    reasons: tuple[Reason, ...]
    detail: Mapping[str, Any]
    state: str
    at: str


def put_alert(
    db: Database,
    listing_id: int,
    kind: str,
    *,
    seller: str = "",
    match: Match | None = None,
    probability: float | None = None,
    detail: Mapping[str, Any],
) -> Alert | None:
    """Keep an alert; one that is there already, decided or not, stays as it is.

    Returns:
        The alert where it is new.
    """
    reasons = match.reasons if match else ()
    sure = match.probability if match else 1.0
    row = (
        listing_id,
        match.listing_id if match else None,
        kind,
        seller,
        sure if probability is None else probability,
        json.dumps([asdict(reason) for reason in reasons], ensure_ascii=False),
        json.dumps(dict(detail), ensure_ascii=False),
        now(),
    )
    with write(db):
        cursor = db.conn.execute(
            "INSERT INTO watch_alerts (listing_id, other_id, kind, seller, probability, reasons, "
            "detail, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (listing_id, kind, seller) DO NOTHING",
            row,
        )
        return get(db, int(cursor.lastrowid or 0)) if cursor.rowcount > 0 else None


def get(db: Database, alert_id: int) -> Alert:
    """One alert.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, "SELECT * FROM watch_alerts WHERE id = ?", [alert_id])
    if row is None:
        raise NotFoundError(f"No alert {alert_id}.")
    return alert_of(row)


def alerts(
    db: Database, *, state: str = "open", kind: str | None = None, limit: int = 100
) -> list[Alert]:
    """Alerts, the surest first.

    Raises:
        InputError: there is no such state or kind.
    """
    if state not in STATES or kind not in (None, *KINDS):
        raise InputError(
            f"No alerts that are {state!r} of kind {kind!r}. States: {', '.join(STATES)}; "
            f"kinds: {', '.join(KINDS)}."
        )
    sql = """
        SELECT * FROM watch_alerts WHERE state = ? AND (? IS NULL OR kind = ?)
        ORDER BY probability DESC, id LIMIT ?
    """
    return [alert_of(row) for row in db.query(sql, [state, kind, kind, limit])]


def decide(db: Database, actor: Actor, alert_id: int, *, right: bool) -> None:
    """Say whether an alert was right.

    Raises:
        NotFoundError: there is no such alert.
        ConflictError: somebody decided it already.
    """
    state = "confirmed" if right else "dismissed"
    _move(db, actor, alert_id, "open", state)


def undo(db: Database, actor: Actor, alert_id: int) -> None:
    """Take a decision on an alert back: it is open again.

    Raises:
        NotFoundError: there is no such alert.
        ConflictError: it is open.
    """
    row = one(db, "SELECT state FROM watch_alerts WHERE id = ?", [alert_id])
    if row is None:
        raise NotFoundError(f"No alert {alert_id}.")
    if row["state"] == "open":
        raise ConflictError(f"Alert {alert_id} is open: nobody decided it.")
    _move(db, actor, alert_id, row["state"], "open")


def _move(db: Database, actor: Actor, alert_id: int, before: str, after: str) -> None:
    decided = after != "open"
    with write(db):
        row = one(db, "SELECT state, listing_id, kind FROM watch_alerts WHERE id = ?", [alert_id])
        if row is None:
            raise NotFoundError(f"No alert {alert_id}.")
        if row["state"] != before:
            raise ConflictError(f"Alert {alert_id} is {row['state']} by now. Look again.")
        change = {
            "state": after,
            "decided_by": actor.name if decided else "",
            "decided_at": now() if decided else None,
        }
        db.table("watch_alerts").update(alert_id, change)
        detail = {"listing": row["listing_id"], "kind": row["kind"], "before": before}
        record(db, actor, f"alert.{after if decided else 'reopened'}", f"alert:{alert_id}",
               detail=detail)  # fmt: skip


def alert_of(row: Row) -> Alert:
    """An alert as its row says."""
    reasons = tuple(
        Reason(**found | {"words": tuple(found["words"])}) for found in json.loads(row["reasons"])
    )
    return Alert(
        id=row["id"],
        listing_id=row["listing_id"],
        other_id=row["other_id"],
        kind=row["kind"],
        seller=row["seller"],
        probability=row["probability"],
        reasons=reasons,
        detail=json.loads(row["detail"]),
        state=row["state"],
        at=row["at"],
    )
