"""Who is in and since when, for the page of people: one query, however many there are."""

from dataclasses import dataclass

from sqlite_utils import Database

from support.agents import Agent
from support.clock import now
from support.database import Row
from support.errors import NotFoundError

_SQL = """
    SELECT a.id, a.login, a.name, a.role, a.active, a.language, a.created_at,
        a.password_hash IS NOT NULL AS signs_in,
        EXISTS (SELECT 1 FROM second_factors f
                WHERE f.agent_id = a.id AND f.confirmed_at IS NOT NULL) AS factor,
        (SELECT count(*) FROM sessions s
         WHERE s.agent_id = a.id AND s.expires_at >= :now) AS sessions,
        max(coalesce((SELECT max(last_seen_at) FROM sessions s WHERE s.agent_id = a.id), ''),
            coalesce((SELECT max(at) FROM audit t WHERE t.actor = 'agent:' || a.id), '')) AS seen_at
    FROM agents a
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with what an admin wants to know; `seen_at` is empty for who never came.

    `signs_in` is false for who is known from an import alone.
    """

    agent: Agent
    created_at: str
    signs_in: bool
    second_factor: bool
    sessions: int
    seen_at: str


def listed(db: Database) -> list[Person]:
    """Everybody: first who signs in, then who is shut out, then who is known by name alone."""
    sql = _SQL + " ORDER BY signs_in DESC, a.active DESC, a.name COLLATE NOCASE, a.id"
    return [_person(row) for row in db.query(sql, {"now": now()})]


def of(db: Database, agent_id: int) -> Person:
    """One of them.

    Raises:
        NotFoundError: there is no such person.
    """
    for row in db.query(_SQL + " WHERE a.id = :id", {"now": now(), "id": agent_id}):
        return _person(row)
    raise NotFoundError(f"No agent {agent_id}.")


def _person(row: Row) -> Person:
    names = ("id", "login", "name", "role", "language")
    agent = Agent(**{name: row[name] for name in names}, active=bool(row["active"]))
    return Person(
        agent,
        row["created_at"],
        bool(row["signs_in"]),
        bool(row["factor"]),
        row["sessions"],
        row["seen_at"],
    )
