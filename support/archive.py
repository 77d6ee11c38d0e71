"""Answered inquiries, newest answer first: filtered, searched, and read a page at a time.

Every filter has an index that ends in the moment of the answer, so that a page is read without
sorting, however long the history is. A page begins where the last one ended, not at a number of
rows: what is answered meanwhile moves nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlite_utils import Database

from .clock import from_iso
from .database import Row, scalar
from .errors import InputError
from .inquiries import PAGE, SNIPPET, labels
from .text import bigram_query, fold_line

Suggested = Literal["", "shown", "none", "accepted", "missed"]
SUGGESTED: Final[tuple[Suggested, ...]] = get_args(Suggested)
FEW: Final = 5_000  # as many are found first and sorted; of more, the newest answers are walked
COUNTED: Final = 10_000  # a count ends here: more is said as "10,000 and more"
_FOUND = "answer_id IS NOT NULL AND joined_to IS NULL"

Cursor = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What answered inquiries are looked for by; empty fields leave it open.

    `since` and `until` are ISO moments of the answer, `until` not included. `agent` is written as
    `agent:3`, or `author:<name>` for an answer that came with an import. `suggested`: an FAQ was
    shown before it was answered, none was, one shown was sent, or one was sent that was not shown.
    """

    words: str = ""
    since: str = ""
    until: str = ""
    agent: str = ""
    faq: str = ""
    category: str = ""
    channel: str = ""
    language: str = ""
    tag: str = ""
    suggested: Suggested = ""

    def __post_init__(self) -> None:
        """Refuse a moment or word that means nothing."""
        for name in ("since", "until"):
            value = getattr(self, name)
            try:
                if value:
                    from_iso(value)
            except ValueError as error:
                raise InputError(
                    f"{name} cannot be {value!r}; write it as 2026-11-03T00:00:00Z."
                ) from error
        if self.suggested not in SUGGESTED:
            choices = ", ".join(filter(None, SUGGESTED))
            raise InputError(f"suggested cannot be {self.suggested!r}. There are: {choices}.")

    @property
    def any(self) -> bool:
        """Whether anything is filtered at all."""
        return self != Filters()


@dataclass(frozen=True, slots=True)
class ArchiveRow:
    """One answered inquiry in a list."""

    id: int
    subject: str
    snippet: str
    channel: str
    language: str
    category: str
    answered_at: str
    agent: str  # their name, or the one that came with the import
    slugs: tuple[str, ...]

    @property
    def cursor(self) -> Cursor:
        """Where the page behind this row begins."""
        return self.answered_at, self.id


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and where the next page begins; None at the end."""

    rows: tuple[ArchiveRow, ...]
    after: Cursor | None


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
    if filters.words.strip() and not bigram_query(filters.words):
        return Page((), None)  # nothing but signs: nothing holds them
    source, where, values = _plan(db, filters)
    if after:
        # Spelled out, the first part is what the index is entered by.
        where += " AND i.answered_at <= :at AND (i.answered_at < :at OR i.id < :id)"
        values |= {"at": after[0], "id": after[1]}
    sql = f"""
        SELECT i.id, i.subject, substr(i.text, 1, 600) AS text, i.channel, i.language, i.category,
            i.answered_at, i.answered_by
        FROM {source} WHERE {where} ORDER BY i.answered_at DESC, i.id DESC LIMIT :limit
    """  # noqa: S608 - fixed words; every value is bound
    found = list(db.query(sql, values | {"limit": limit + 1}))
    rows = found[:limit]
    slugs = labels(db, [row["id"] for row in rows])
    names = _names(db, rows)
    shown = tuple(
        ArchiveRow(
            id=row["id"],
            subject=row["subject"],
            snippet=fold_line(row["text"])[:SNIPPET],
            channel=row["channel"],
            language=row["language"],
            category=row["category"],
            answered_at=row["answered_at"],
            agent=names.get(row["answered_by"], row["answered_by"].partition(":")[2]),
            slugs=slugs.get(row["id"], ()),
        )
        for row in rows
    )
    return Page(shown, shown[-1].cursor if len(found) > limit else None)


def count(db: Database, filters: Filters | None = None) -> tuple[int, bool]:
    """How many there are, and whether counting ended before the end, at `COUNTED`."""
    filters = filters or Filters()
    if filters.words.strip() and not bigram_query(filters.words):
        return 0, False
    source, where, values = _plan(db, filters)
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {source} WHERE {where} LIMIT :limit)"  # noqa: S608
    found = int(scalar(db, sql, values | {"limit": COUNTED + 1}))
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


def _plan(db: Database, filters: Filters) -> tuple[str, str, dict[str, Any]]:
    """FROM, WHERE and values.

    What is rare is found first and sorted; what is common is met soon on a walk from the newest
    answer backwards. SQLite cannot know which, so it is told by a CROSS JOIN.
    """
    values: dict[str, Any] = {}
    parts = [f"i.{part}" for part in _FOUND.split(" AND ")]
    for name, column in (
        ("agent", "answered_by"),
        ("channel", "channel"),
        ("category", "category"),
        ("language", "language"),
    ):
        if value := getattr(filters, name):
            parts.append(f"i.{column} = :{name}")
            values[name] = value
    for name, compare in (("since", ">="), ("until", "<")):
        if value := getattr(filters, name):
            parts.append(f"i.answered_at {compare} :{name}")
            values[name] = value
    if filters.suggested in _SHOWN:
        parts.append(_SHOWN[filters.suggested])
    sources = list(_sets(filters))
    for _, _, _, bound in sources:
        values |= bound
    few = sorted((_some(db, source), place) for place, source in enumerate(sources))
    if few and few[0][0] <= FEW:
        first = few[0][1]
        source = f"({sources[first][0]}) f CROSS JOIN inquiries i ON i.id = f.id"
        rest = [sources[place] for _, place in few[1:]]
    else:
        source, rest = "inquiries i", [sources[place] for _, place in few]
    parts += [one_of for _, one_of, _, _ in rest]
    return source, " AND ".join(parts), values


_Set = tuple[str, str, str, dict[str, Any]]


def _sets(filters: Filters) -> Iterator[_Set]:
    """Filters that name inquiries elsewhere.

    Each as: all ids, whether one inquiry is among them, a count up to `FEW`, and values.
    """
    if filters.faq:
        yield (
            "SELECT inquiry_id AS id FROM labels WHERE slug = :faq",
            "EXISTS (SELECT 1 FROM labels l WHERE l.inquiry_id = i.id AND l.slug = :faq)",
            "SELECT 1 FROM labels WHERE slug = :faq",
            {"faq": filters.faq},
        )
    if filters.tag:
        yield (
            "SELECT inquiry_id AS id FROM inquiry_tags WHERE tag = :tag",
            "EXISTS (SELECT 1 FROM inquiry_tags t WHERE t.tag = :tag AND t.inquiry_id = i.id)",
            "SELECT 1 FROM inquiry_tags WHERE tag = :tag",
            {"tag": filters.tag},
        )
    if what := _OUTCOMES.get(filters.suggested):
        yield (
            f"SELECT DISTINCT s.inquiry_id AS id {what}",
            f"EXISTS (SELECT 1 {what} AND s.inquiry_id = i.id)",
            f"SELECT 1 {what}",
            {},
        )
    if query := bigram_query(filters.words):
        yield (
            "SELECT rowid AS id FROM inquiry_search WHERE inquiry_search MATCH :words",
            # The plus keeps SQLite from starting here, where all of them would be sorted.
            "+i.id IN (SELECT rowid FROM inquiry_search WHERE inquiry_search MATCH :words)",
            "SELECT 1 FROM inquiry_search WHERE inquiry_search MATCH :words",
            {"words": query},
        )


def _some(db: Database, source: _Set) -> int:
    """How many inquiries a set holds, counted to one more than `FEW`."""
    _, _, some, values = source
    sql = f"SELECT count(*) FROM ({some} LIMIT {FEW + 1})"  # noqa: S608 - fixed words
    return int(scalar(db, sql, values))


_SHOWN: Final[dict[str, str]] = {
    "shown": (
        "EXISTS (SELECT 1 FROM suggestions s WHERE s.inquiry_id = i.id AND s.band <> 'silent')"
    ),
    "none": (
        "NOT EXISTS (SELECT 1 FROM suggestions s WHERE s.inquiry_id = i.id AND s.band <> 'silent')"
    ),
}
_OUTCOMES: Final[dict[str, str]] = {
    "accepted": (
        "FROM suggestion_faqs f JOIN suggestions s ON s.id = f.suggestion_id "
        "WHERE f.outcome = 'accepted'"
    ),
    "missed": "FROM misses m JOIN suggestions s ON s.id = m.suggestion_id WHERE 1",
}


def _names(db: Database, rows: list[Row]) -> dict[str, str]:
    """The names behind `agent:3`."""
    sql = "SELECT 'agent:' || id AS key, name FROM agents"
    if not any(row["answered_by"].startswith("agent:") for row in rows):
        return {}
    return {row["key"]: row["name"] for row in db.query(sql)}
