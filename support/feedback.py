"""What became of suggestions, row by row, to be taken away: what was shown, sent, missed, told.

Texts are masked as they are kept. However many there are, a few hundred are read at a time.
"""

import json
from collections.abc import Iterator
from typing import Any, Final, Literal, get_args

from sqlite_utils import Database

from .database import Row, scalar

What = Literal["feedback", "events"]
WHATS: Final[tuple[What, ...]] = get_args(What)
COLUMNS: Final[dict[What, tuple[str, ...]]] = {
    # A row for each FAQ that was suggested or missed; one where the desk was silent.
    "feedback": (
        "suggestion_id", "at", "asked_by", "inquiry_id", "release", "band", "abstain_reason",
        "threshold", "rank", "faq_id", "probability", "inserted_at", "outcome", "reason",
    ),
    # A row for each event that a program told.
    "events": (
        "suggestion_id", "id", "type", "faq_ids", "position", "agent", "comment", "told_by",
        "release", "happened_at", "at",
    ),
}  # fmt: skip
_AT_ONCE: Final = 500  # suggestions
_LAST: Final = "9999"  # after every moment


def rows(
    db: Database, what: What, *, since: str = "", until: str = ""
) -> Iterator[tuple[Any, ...]]:
    """The rows of a table, in the order in which suggestions were made; cells as `COLUMNS` says.

    Args:
        db: the desk's database.
        what: which table.
        since: an ISO moment; only suggestions made from then on.
        until: an ISO moment; only those made before it.
    """
    read = _outcomes if what == "feedback" else _events
    place = 0
    sql = """
        SELECT rowid AS place, * FROM suggestions
        WHERE rowid > :place AND at >= :since AND at < :until ORDER BY rowid LIMIT :limit
    """
    span = {"since": since, "until": until or _LAST, "limit": _AT_ONCE}
    while found := list(db.query(sql, span | {"place": place})):
        place = found[-1]["place"]
        yield from read(db, found)


def count(db: Database, what: What, *, since: str = "", until: str = "") -> int:
    """How many rows there are at most."""
    held = {
        "feedback": """
            SELECT max(1, (SELECT count(*) FROM suggestion_faqs WHERE suggestion_id = s.id)
                + (SELECT count(*) FROM misses WHERE suggestion_id = s.id)) AS n""",
        "events": "SELECT (SELECT count(*) FROM api_events WHERE suggestion_id = s.id) AS n",
    }[what]
    sql = f"SELECT coalesce(sum(n), 0) FROM ({held} FROM suggestions s WHERE at >= ? AND at < ?)"  # noqa: S608
    return int(scalar(db, sql, [since, until or _LAST]))


def _outcomes(db: Database, found: list[Row]) -> Iterator[tuple[Any, ...]]:
    sql = """
        SELECT suggestion_id, rank, slug, probability, inserted_at, outcome, reason
        FROM suggestion_faqs WHERE suggestion_id IN (SELECT value FROM json_each(:ids))
        UNION ALL
        SELECT suggestion_id, NULL, slug, NULL, NULL, 'missed', '' FROM misses
        WHERE suggestion_id IN (SELECT value FROM json_each(:ids))
        ORDER BY 1, 2 NULLS LAST, 3
    """
    of: dict[str, list[Row]] = {}
    for row in db.query(sql, {"ids": json.dumps([row["id"] for row in found])}):
        of.setdefault(row["suggestion_id"], []).append(row)
    same = ("id", "at", "asked_by", "inquiry_id", "release", "band", "reason", "threshold")
    for row in found:
        head = tuple(row[name] for name in same)
        for faq in of.get(row["id"], [{}]):
            names = ("rank", "slug", "probability", "inserted_at", "outcome", "reason")
            yield (*head, *(faq.get(name) for name in names))


def _events(db: Database, found: list[Row]) -> Iterator[tuple[Any, ...]]:
    sql = """
        SELECT * FROM api_events WHERE suggestion_id IN (SELECT value FROM json_each(?))
        ORDER BY at, happened_at, id
    """
    of: dict[str, list[Row]] = {}
    for row in db.query(sql, [json.dumps([row["id"] for row in found])]):
        of.setdefault(row["suggestion_id"], []).append(row)
    same = ("position", "agent", "comment", "told_by", "release", "happened_at", "at")
    for suggestion in found:
        for row in of.get(suggestion["id"], ()):
            slugs = " ".join(json.loads(row["slugs"]))
            yield (row["suggestion_id"], row["id"], row["kind"], slugs, *(row[n] for n in same))
