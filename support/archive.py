"""Answered inquiries, newest answer first: filtered, searched, and read a page at a time.

A page begins where the last one ended, not at a number of rows: what is answered meanwhile moves
nothing.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from .archive_filters import SUGGESTED, Filters, Suggested, plan
from .database import Row, scalar
from .inquiries import PAGE, SNIPPET, labels
from .read_limit import limited
from .text import fold_line

__all__ = [
    "COUNTED", "SUGGESTED", "ArchiveRow", "Cursor", "Filters", "Page", "Suggested",
    "agent_names", "among", "choices", "count", "count_unanswered", "each", "find", "unanswered",
]  # fmt: skip

COUNTED: Final = 10_000  # a count ends here: more is said as "10,000 and more"

Cursor = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ArchiveRow:
    """One answered inquiry in a list; `answer` is how its answer begins.

    `delivery`: how far the answer got, as the outbox has it; empty where it is not there any more.
    """

    id: int
    subject: str
    snippet: str
    channel: str
    language: str
    category: str
    answered_at: str
    agent: str  # their name, or the one that came with the import
    slugs: tuple[str, ...]
    answer: str = ""
    delivery: str = ""

    @property
    def cursor(self) -> Cursor:
        """Where the page behind this row begins."""
        return self.answered_at, self.id


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and where the next page begins; None at the end."""

    rows: tuple[ArchiveRow, ...]
    after: Cursor | None


@limited
def find(
    db: Database, filters: Filters | None = None, *, after: Cursor | None = None, limit: int = PAGE
) -> Page:
    """A page of answered inquiries, newest answer first.

    Args:
        db: the desk's database.
        filters: which; None: all.
        after: `Page.after` of the page before.
        limit: rows.
    """
    filters = filters or Filters()
    if not filters.findable:
        return Page((), None)
    source, where, values = plan(db, filters)
    if after:
        # Spelled out, the first part is what the index is entered by.
        where += " AND i.answered_at <= :at AND (i.answered_at < :at OR i.id < :id)"
        values |= {"at": after[0], "id": after[1]}
    sql = f"""
        SELECT i.id, i.subject, substr(i.text, 1, 600) AS text, i.channel, i.language, i.category,
            i.answered_at, i.answered_by,
            (SELECT substr(m.text, 1, 600) FROM messages m WHERE m.id = i.answer_id) AS answer,
            (SELECT o.state FROM outbox o WHERE o.message_id = i.answer_id) AS delivery
        FROM {source} WHERE {where} ORDER BY i.answered_at DESC, i.id DESC LIMIT :limit
    """  # noqa: S608 - fixed words; every value is bound
    found = list(db.query(sql, values | {"limit": limit + 1}))
    rows = found[:limit]
    slugs = labels(db, [row["id"] for row in rows])
    names = _names(db, rows)
    shown = tuple(
        _row(
            row,
            row["answered_at"],
            agent=names.get(row["answered_by"], row["answered_by"].partition(":")[2]),
            slugs=slugs.get(row["id"], ()),
            answer=fold_line(row["answer"] or "")[:SNIPPET],
        )
        for row in rows
    )
    return Page(shown, shown[-1].cursor if len(found) > limit else None)


@limited
def count(db: Database, filters: Filters | None = None) -> tuple[int, bool]:
    """How many there are, and whether counting ended before the end, at `COUNTED`."""
    filters = filters or Filters()
    if not filters.findable:
        return 0, False
    source, where, values = plan(db, filters)
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {source} WHERE {where} LIMIT :limit)"  # noqa: S608
    found = int(scalar(db, sql, values | {"limit": COUNTED + 1}))
    return min(found, COUNTED), found > COUNTED


@limited
def among(db: Database, inquiry_ids: Iterable[int], filters: Filters) -> set[int]:
    """Which of some inquiries the filters let through."""
    if not filters.findable:
        return set()
    source, where, values = plan(db, filters)
    wanted = json.dumps([int(inquiry_id) for inquiry_id in inquiry_ids])
    sql = f"""
        SELECT i.id FROM {source} WHERE {where} AND i.id IN (SELECT value FROM json_each(:wanted))
    """  # noqa: S608 - fixed words; every value is bound
    return {row["id"] for row in db.query(sql, values | {"wanted": wanted})}


# SQLite would take the index of all that is closed, and read each of them.
_CLOSED: Final = "inquiries INDEXED BY inquiries_unanswered"
_UNANSWERED: Final = "status = 'closed' AND answer_id IS NULL AND joined_to IS NULL"


def unanswered(db: Database, *, after: Cursor | None = None, limit: int = PAGE) -> Page:
    """A page of inquiries that were closed without an answer, the newest first.

    Their `answered_at` is the moment at which they were opened.
    """
    edge = "AND (opened_at, id) < (:at, :id)" if after else ""
    sql = f"""
        SELECT * FROM {_CLOSED} WHERE {_UNANSWERED} {edge}
        ORDER BY opened_at DESC, id DESC LIMIT :limit
    """  # noqa: S608 - fixed words
    values = {"limit": limit + 1} | ({"at": after[0], "id": after[1]} if after else {})
    found = list(db.query(sql, values))
    shown = tuple(_row(row, row["opened_at"]) for row in found[:limit])
    return Page(shown, shown[-1].cursor if len(found) > limit else None)


def count_unanswered(db: Database) -> tuple[int, bool]:
    """How many were closed without an answer, as `count` says it."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {_CLOSED} WHERE {_UNANSWERED} LIMIT ?)"  # noqa: S608
    found = int(scalar(db, sql, [COUNTED + 1]))
    return min(found, COUNTED), found > COUNTED


def each(db: Database, filters: Filters | None = None) -> Iterator[ArchiveRow]:
    """Every answered inquiry that the filters find, as an export wants them."""
    page = find(db, filters, limit=500)
    yield from page.rows
    while page.after is not None:
        page = find(db, filters, after=page.after, limit=500)
        yield from page.rows


def choices(db: Database) -> dict[str, list[str]]:
    """What there is to choose from: agents, channels, categories and languages of past answers.

    Each value costs one step in its index, not a walk through all rows.
    """
    columns = {
        "agent": "answered_by",
        "channel": "channel",
        "category": "category",
        "language": "language",
    }
    found = {}
    for name, column in columns.items():
        sql = f"""
            WITH RECURSIVE seen(value) AS (
                SELECT min({column}) FROM inquiries WHERE answer_id IS NOT NULL
                UNION ALL
                SELECT (SELECT min({column}) FROM inquiries
                        WHERE answer_id IS NOT NULL AND {column} > seen.value)
                FROM seen WHERE seen.value IS NOT NULL)
            SELECT value FROM seen WHERE value <> '' LIMIT 500
        """  # noqa: S608 - the fixed words above
        found[name] = [row["value"] for row in db.query(sql)]
    return found


def agent_names(db: Database, keys: list[str]) -> dict[str, str]:
    """Names to show for `agent:3` and `author:<name>`."""
    rows = [{"answered_by": key} for key in keys]
    known = _names(db, rows)
    return {key: known.get(key, key.partition(":")[2]) for key in keys}


def _names(db: Database, rows: list[Row]) -> dict[str, str]:
    """The names behind `agent:3`."""
    sql = "SELECT 'agent:' || id AS key, name FROM agents"
    if not any(row["answered_by"].startswith("agent:") for row in rows):
        return {}
    return {row["key"]: row["name"] for row in db.query(sql)}


def _row(
    row: Row, at: str, *, agent: str = "", slugs: tuple[str, ...] = (), answer: str = ""
) -> ArchiveRow:
    return ArchiveRow(
        id=row["id"],
        subject=row["subject"],
        snippet=fold_line(row["text"])[:SNIPPET],
        channel=row["channel"],
        language=row["language"],
        category=row["category"],
        answered_at=at,
        agent=agent,
        slugs=slugs,
        answer=answer,
        delivery=row.get("delivery") or "",
    )
