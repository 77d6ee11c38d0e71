"""Why an FAQ is suggested: the words that speak for it, where they stand, and past answers.

The words are those of the linear voice, exact and weighted as in the blend. Which voice decided is
read off the lead over the best other FAQ; where that were the neighbours, words explain little, and
the past answers that linked it are the reason.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from .faq import Voice
from .features import normalize, split_words
from .linear import Contribution
from .recommender import SuggestedFaq, Suggestion
from .redact import MASKS

LISTED: Final = 50  # past answers named for one FAQ
_TOKEN: Final = re.compile(r"\w+")
_MASK: Final = re.compile("|".join(re.escape(mask) for mask in MASKS.values()))


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` of a text, and how strongly they speak, in (0, 1]."""

    start: int
    end: int
    strength: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """`linked` of the `n` most similar labelled inquiries were answered with the FAQ.

    `ids` are those, newest answer first; `latest_at` is the newest one's moment, '' without any.
    """

    linked: int
    n: int
    latest_at: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """What speaks for one FAQ.

    `spans` mark words in the text asked about. `decided_by` is the voice that adds most to the lead
    over the next FAQ, '' where nothing leads. `by_neighbours`: similar inquiries decided it.
    """

    slug: str
    spans: tuple[Span, ...]
    decided_by: str
    shares: dict[str, float]  # of the lead, by voice; only those that speak for it, summing to 1
    evidence: Evidence

    @property
    def by_neighbours(self) -> bool:
        """Whether the labels of similar inquiries weigh more than every voice that reads words."""
        return self.decided_by == Voice.NEIGHBOURS


def explain(db: Database, suggestion: Suggestion, text: str) -> dict[str, Why]:
    """Why each FAQ of a suggestion is there, by slug.

    Args:
        db: the desk's database.
        suggestion: what is shown.
        text: what the words are to be marked in, as it is shown: masked or not, with its lines.
    """
    found = evidence(db, suggestion.near, [item.faq.slug for item in suggestion.faqs])
    return {item.faq.slug: _why(item, text, found[item.faq.slug]) for item in suggestion.faqs}


def spans(text: str, words: Sequence[Contribution]) -> tuple[Span, ...]:
    """Where words stand in a text, each place of each, in order.

    A model reads text normalized: full-width letters plain, jamo joined, lower case. Words are
    looked up so, and marked where they really stand. A mask is nobody's word.
    """
    strongest = max((part.weight for part in words), default=0.0)
    if strongest <= 0:
        return ()
    strength = {part.word: part.weight / strongest for part in words if part.weight > 0}
    masked = [match.span() for match in _MASK.finditer(text)]
    found = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if any(start < stop and begin < end for begin, stop in masked):
            continue
        said = [strength[w] for w in split_words(normalize(match.group())) if w in strength]
        if said:
            found.append(Span(start, end, max(said)))
    return tuple(found)


def evidence(db: Database, near: Sequence[int], slugs: Iterable[str]) -> dict[str, Evidence]:
    """How many similar inquiries were answered with each FAQ, and which.

    Args:
        db: the desk's database.
        near: labelled inquiries like the one asked about.
        slugs: the FAQs.
    """
    sql = """
        SELECT l.slug, i.id, coalesce(i.answered_at, l.at) AS at
        FROM labels l JOIN inquiries i ON i.id = l.inquiry_id
        WHERE l.inquiry_id IN (SELECT value FROM json_each(?)) ORDER BY at DESC, i.id DESC
    """
    rows: dict[str, list[tuple[int, str]]] = {}
    for row in db.query(sql, [json.dumps([int(item) for item in near])]):
        rows.setdefault(row["slug"], []).append((row["id"], row["at"]))
    found = {}
    for slug in slugs:
        mine = rows.get(slug, [])
        latest = mine[0][1] if mine else ""
        ids = tuple(item for item, _ in mine[:LISTED])
        found[slug] = Evidence(len(mine), len(near), latest, ids)
    return found


def _why(item: SuggestedFaq, text: str, found: Evidence) -> Why:
    speaking = {name: part for name, part in item.parts.items() if part > 0}
    lead = sum(speaking.values())
    return Why(
        slug=item.faq.slug,
        spans=spans(text, item.words),
        decided_by=max(speaking, key=lambda name: speaking[name]) if speaking else "",
        shares={name: part / lead for name, part in speaking.items()},
        evidence=found,
    )
