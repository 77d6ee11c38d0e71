"""Reading the audit trail: filtered, newest first, page by page. Nothing is ever changed here."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from . import clock
from .database import Row, one, scalar
from .read_limit import limited

PAGE: Final = 50
FEW: Final = 5_000  # as many are found first and sorted
SCANNED: Final = 10_000  # rows that one page looks through for words
KINDS: Final = (("action", "action", "."), ("obj", "object", ":"))  # field, column, end of a kind

_WORDS: Final = "instr(lower(t.object || ' ' || t.detail), :words)"

Cursor = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilters:
    """What is looked for; empty fields leave it open.

    `action` is one, such as `answer.sent`, or all of a noun: `answer.`. `obj` is one thing, such as
    `inquiry:17`, or all of a kind: `inquiry:`. `person` is the keyed hash of whose data it was.
    `since` and `until` are ISO moments, `until` not included. `words` stand somewhere in what it
    was done to or in the detail, as they are typed.
    """

    actor: str = ""
    action: str = ""
    obj: str = ""
    person: str = ""
    words: str = ""
    since: str = ""
    until: str = ""

    def __post_init__(self) -> None:
        """Refuse a moment that means nothing."""
        clock.check(since=self.since, until=self.until)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One act. `name` is the actor's as people know it; `detail` is plain JSON.

    `automatic`: the desk did it by itself. `person`: the keyed hash of the customer or seller whose
    data it was about; empty for nobody.
    """

    id: int
    at: str
    actor: str
    name: str
    address: str
    action: str
    obj: str
    detail: dict[str, Any]
    release: str
    threshold: float | None
    policy: str
    automatic: bool
    person: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some rows, and where the next page begins; None at the end.

    Looking for words, a page may hold few rows or none before the end: it looked through `SCANNED`.
    """

    rows: tuple[AuditRow, ...]
    after: Cursor | None


@limited
def find(
    db: Database,
    filters: AuditFilters | None = None,
    *,
    after: Cursor | None = None,
    limit: int = PAGE,
) -> AuditPage:
    """A page of the trail, newest first.

    Args:
        db: the desk's database.
        filters: which; None: all.
        after: `AuditPage.after` of the page before.
        limit: rows.
    """
    filters = filters or AuditFilters()
    parts, values = _where(filters)
    if after:
        parts.append("t.at <= :after_at AND (t.at < :after_at OR t.id < :after_id)")
        values |= {"after_at": after[0], "after_id": after[1]}
    source = f"""
        FROM audit t {_index(db, filters, values)}
        WHERE {" AND ".join(parts) or "1"} ORDER BY t.at DESC, t.id DESC
    """
    values |= {"limit": limit + 1, "scanned": SCANNED, "words": filters.words.lower()}
    if filters.words:
        source = f"FROM (SELECT t.* {source} LIMIT :scanned) t WHERE {_WORDS}"
    sql = f"""
        SELECT t.*, a.name FROM (SELECT t.* {source} LIMIT :limit) t
        LEFT JOIN agents a ON t.actor = 'agent:' || a.id ORDER BY t.at DESC, t.id DESC
    """  # noqa: S608 - fixed words; every value is bound
    found = list(db.query(sql, values))
    rows = tuple(map(_row, found[:limit]))
    if len(found) > limit:
        return AuditPage(rows, (rows[-1].at, rows[-1].id))
    return AuditPage(rows, _looked_to(db, parts, values) if filters.words else None)


def _looked_to(db: Database, parts: list[str], values: dict[str, Any]) -> Cursor | None:
    """The last row that was looked through for words; None where that was the trail's end."""
    sql = f"""
        SELECT t.at, t.id FROM audit t WHERE {" AND ".join(parts) or "1"}
        ORDER BY t.at DESC, t.id DESC LIMIT 1 OFFSET :scanned - 1
    """  # noqa: S608 - fixed words
    row = one(db, sql, values)
    return (row["at"], row["id"]) if row else None


def each(db: Database, filters: AuditFilters | None = None) -> Iterator[AuditRow]:
    """Every row that the filters find, as an export wants them."""
    page = find(db, filters, limit=1000)
    yield from page.rows
    while page.after is not None:
        page = find(db, filters, after=page.after, limit=1000)
        yield from page.rows


def choices(db: Database) -> dict[str, list[str]]:
    """The actors and actions that there are; each costs one step in its index."""
    found = {}
    for column in ("actor", "action"):
        sql = f"""
            WITH RECURSIVE seen(value) AS (
                SELECT min({column}) FROM audit
                UNION ALL
                SELECT (SELECT min({column}) FROM audit WHERE {column} > seen.value)
                FROM seen WHERE seen.value IS NOT NULL)
            SELECT value FROM seen WHERE value IS NOT NULL LIMIT 1000
        """  # noqa: S608 - the fixed words above
        found[column] = [row["value"] for row in db.query(sql)]
    return found


def _where(filters: AuditFilters) -> tuple[list[str], dict[str, Any]]:
    parts: list[str] = []
    values: dict[str, Any] = {}
    for name in ("actor", "person"):
        if value := getattr(filters, name):
            # Said once more for SQLite: the index of persons holds only acts that are about one.
            parts.append(f"t.{name} = :{name}" + (" AND t.person <> ''" * (name == "person")))
            values[name] = value
    for name, column, end in KINDS:
        value = getattr(filters, name)
        if value.endswith(end):
            parts.append(_stretch(column, name))
            values |= {name: value, f"{name}_end": value[:-1] + chr(ord(end) + 1)}
        elif value:
            parts.append(f"t.{column} = :{name}")
            values[name] = value
    for name, compare in (("since", ">="), ("until", "<")):
        if value := getattr(filters, name):
            parts.append(f"t.at {compare} :{name}")
            values[name] = value
    return parts, values


def _stretch(column: str, name: str) -> str:
    """All that begin with a word, as a stretch of the column's index."""
    return f"t.{column} >= :{name} AND t.{column} < :{name}_end"


def _index(db: Database, filters: AuditFilters, values: dict[str, Any]) -> str:
    """By which index to enter, where SQLite would walk the whole trail for a few rows.

    A stretch of actions or things is not in the order of time. What is rare in it is found first
    and sorted; what is common is met soon on the way back from the newest row.
    """
    found = []
    for name, column, end in KINDS:
        if getattr(filters, name).endswith(end):
            sql = f"""
                SELECT count(*) FROM
                    (SELECT 1 FROM audit t WHERE {_stretch(column, name)} LIMIT {FEW + 1})
            """  # noqa: S608 - fixed words
            own = {key: values[key] for key in (name, f"{name}_end")}
            found.append((int(scalar(db, sql, own)), f"INDEXED BY audit_{column}"))
    if not found or min(found)[0] > FEW or (filters.obj and not filters.obj.endswith(":")):
        return ""
    return min(found)[1]


def _row(row: Row) -> AuditRow:
    return AuditRow(
        id=row["id"],
        at=row["at"],
        actor=row["actor"],
        name=row["name"] or row["actor"],
        address=row["address"],
        action=row["action"],
        obj=row["object"],
        detail=json.loads(row["detail"]),
        release=row["release"],
        threshold=row["threshold"],
        policy=row["policy"],
        automatic=bool(row["automatic"]),
        person=row["person"],
    )
