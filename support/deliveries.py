"""What came in and went out through connections: counts, and the newest of each."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlite_utils import Database

LATELY = 20  # rows shown at most


@dataclass(frozen=True, slots=True)
class CameIn:
    """A webhook that came: what it told, how it was worked through, why not."""

    id: int
    event: str
    state: str  # queued, done, ignored or failed
    error: str
    received_at: str
    kept: bool  # its body is there, and can be worked through again


@dataclass(frozen=True, slots=True)
class WentOut:
    """An answer on its way out. `waits`: it failed, and its inquiry waits for an answer."""

    id: int
    inquiry_id: int
    connection: str
    state: str  # queued, delivered or failed
    tries: int
    error: str
    next_at: str | None
    updated_at: str
    waits: bool


def came(db: Database, connection_id: int, *, limit: int = LATELY) -> list[CameIn]:
    """The newest webhooks of a connection."""
    sql = """
        SELECT id, event, state, error, received_at, sealed IS NOT NULL AS kept
        FROM webhook_deliveries WHERE connection_id = ? ORDER BY id DESC LIMIT ?
    """
    return [
        CameIn(**row | {"kept": bool(row["kept"])}) for row in db.query(sql, [connection_id, limit])
    ]


def went(
    db: Database,
    *,
    connection_id: int | None = None,
    state: str = "",
    failed: bool = False,
    limit: int = LATELY,
) -> list[WentOut]:
    """The newest answers that go out, or those that failed and whose inquiries wait for it.

    Args:
        db: the desk's database.
        connection_id: through which connection; None: through any.
        state: only those in this one.
        failed: only what people have to look at.
        limit: rows.
    """
    waits = "(o.state = 'failed' AND o.given_up = 0 AND i.status = 'open')"
    sql = f"""
        SELECT o.id, o.inquiry_id, c.name AS connection, o.state, o.attempts AS tries, o.error,
            o.next_at, o.updated_at, {waits} AS waits
        FROM outbox o JOIN connections c ON c.id = o.connection_id
        JOIN inquiries i ON i.id = o.inquiry_id
        WHERE (:id IS NULL OR o.connection_id = :id) AND ({waits} OR NOT :failed)
            AND (:state = '' OR o.state = :state)
        ORDER BY o.id DESC LIMIT :limit
    """  # noqa: S608 - fixed words
    asked = {"id": connection_id, "state": state, "failed": failed, "limit": limit}
    rows = db.query(sql, asked)
    return [WentOut(**row | {"waits": bool(row["waits"])}) for row in rows]


def answers(db: Database) -> Mapping[int, Mapping[str, int]]:
    """How many answers of each connection are in each state."""
    sql = """
        SELECT connection_id AS id, state, count(*) AS n FROM outbox
        WHERE connection_id IS NOT NULL GROUP BY 1, 2
    """
    return _counted(db, sql)


def webhooks(db: Database) -> Mapping[int, Mapping[str, int]]:
    """How many webhooks of each connection wait, and how many were set aside."""
    sql = """
        SELECT connection_id AS id, state, count(*) AS n FROM webhook_deliveries
        WHERE state IN ('queued', 'failed') GROUP BY 1, 2
    """
    return _counted(db, sql)


def _counted(db: Database, sql: str) -> Mapping[int, Mapping[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for row in db.query(sql):
        found.setdefault(row["id"], {})[row["state"]] = row["n"]
    return found
