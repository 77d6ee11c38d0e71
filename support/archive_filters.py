"""What answered inquiries are looked for by, and how SQLite is told to look.

Every filter but the source has an index that ends in the moment of the answer, so that a page is
read without sorting, however long the history is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlite_utils import Database

from . import clock
from .database import scalar
from .errors import InputError
from .text import bigram_query

Suggested = Literal["", "shown", "none", "accepted", "missed"]
SUGGESTED: Final[tuple[Suggested, ...]] = get_args(Suggested)
FEW: Final = 5_000  # as many are found first and sorted; of more, the newest answers are walked
_FOUND = "answer_id IS NOT NULL AND joined_to IS NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What answered inquiries are looked for by; empty fields leave it open.

    `since` and `until` are ISO moments of the answer, `until` not included. `agent` is written as
    `agent:3`, or `author:<name>` for an answer that came with an import; `source` is the name of
    where the inquiry came from. `suggested`: an FAQ was
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
    source: str = ""
    suggested: Suggested = ""

    def __post_init__(self) -> None:
        """Refuse a moment or word that means nothing."""
        clock.check(since=self.since, until=self.until)
        if self.suggested not in SUGGESTED:
            choices = ", ".join(filter(None, SUGGESTED))
            raise InputError(f"suggested cannot be {self.suggested!r}. There are: {choices}.")

    @property
    def any(self) -> bool:
        """Whether anything is filtered at all."""
        return self != Filters()

    @property
    def findable(self) -> bool:
        """Whether anything can be found; words that are nothing but signs are in no answer."""
        return not self.words.strip() or bool(bigram_query(self.words))


def plan(db: Database, filters: Filters) -> tuple[str, str, dict[str, Any]]:
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
        ("source", "source"),
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
