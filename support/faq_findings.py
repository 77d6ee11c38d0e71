"""What wants attention among the FAQs, with its evidence; and what people leave as it is.

Reads what the desk knows by now: labels, suggestions, what FAQs said before, the last check of
links, and the pairs that `train/faq_pairs.py` found.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlite_utils import Database

from . import faqs
from .audit import Actor, record
from .clock import ago, now
from .database import scalar, write
from .errors import InputError, NotFoundError
from .faq_texts import text_changes
from .links import LinkReader
from .standing import masked

Kind = Literal[
    "interchangeable",
    "link_gone",
    "link_moved",
    "text_changed",
    "complained",
    "undescribed",
    "never_sent",
    "never_suggested",
]
KINDS: Final[tuple[Kind, ...]] = (
    "interchangeable", "link_gone", "link_moved", "text_changed", "complained", "undescribed",
    "never_sent", "never_suggested",
)  # fmt: skip
YOUNG_DAYS: Final = 30  # an FAQ that is younger cannot be expected to have been sent
ENOUGH_SHOWN: Final = 100  # suggestions of the last while, before silence about one says anything
RECENT_DAYS: Final = 90
COMPLAINTS: Final = ("outdated", "wrong_content", "incomplete", "duplicate")
FEWEST_COMPLAINTS: Final = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at.

    `weight` orders findings of a kind, the heaviest first; `evidence` holds what it rests on, plain
    JSON.
    """

    kind: Kind
    slugs: tuple[str, ...]
    weight: float
    evidence: dict[str, Any]
    set_aside: str = ""  # why people leave it as it is

    @property
    def subject(self) -> str:
        """What it is about, in one line: the key under which it is set aside."""
        return " ".join(self.slugs)


def findings(
    db: Database,
    *,
    kinds: Collection[Kind] = KINDS,
    known: Collection[str] | None = None,
    every: bool = False,
) -> list[Finding]:
    """What wants attention, kind by kind, the heaviest of each first.

    Args:
        db: the desk's database.
        kinds: which kinds to look for.
        known: labels of the classifier in force, to say why an FAQ is never suggested.
        every: those that were set aside too.

    Raises:
        InputError: there is no such kind.
    """
    unknown = set(kinds) - set(KINDS)
    if unknown:
        raise InputError(f"No kind {min(unknown)!r} of findings. There are: {', '.join(KINDS)}.")
    aside = {
        (row["kind"], row["subject"]): row["reason"] or "set aside"
        for row in db.query("SELECT * FROM findings_set_aside")
    }
    found: list[Finding] = []
    for kind in KINDS:
        if kind not in kinds:
            continue
        items = _never_suggested(db, known) if kind == "never_suggested" else _FINDERS[kind](db)
        for item in sorted(items, key=lambda item: (-item.weight, item.slugs)):
            why = aside.get((item.kind, item.subject), "")
            if every or not why:
                found.append(
                    Finding(item.kind, item.slugs, item.weight, item.evidence, set_aside=why)
                )
    return found


def set_aside(db: Database, actor: Actor, kind: str, subject: str, *, reason: str = "") -> None:
    """Leave a finding as it is: it is not shown any more.

    Raises:
        InputError: there is no such kind, or the reason is too long.
        NotFoundError: the subject names no FAQ of this desk.
    """
    if kind not in KINDS:
        raise InputError(f"No kind {kind!r} of findings. There are: {', '.join(KINDS)}.")
    with write(db):
        # The subject stands in the audit trail for ever: names of FAQs, nothing else.
        slugs = set(subject.split(" "))
        sql = "SELECT count(*) FROM faqs WHERE slug IN (SELECT value FROM json_each(?))"
        if scalar(db, sql, [json.dumps(list(slugs))]) != len(slugs):
            raise NotFoundError(f"No finding {kind} {masked(db, subject[:200])!r}.")
        row = {"kind": kind, "subject": subject, "reason": masked(db, reason)}
        row |= {"actor": actor.name, "at": now()}
        db.table("findings_set_aside").insert(row, pk=("kind", "subject"), replace=True)
        record(db, actor, "finding.set_aside", f"faq:{subject}", detail={"kind": kind})


def bring_back(db: Database, actor: Actor, kind: str, subject: str) -> None:
    """Show a finding again that was set aside.

    Raises:
        NotFoundError: it was not.
    """
    with write(db):
        cursor = db.execute(
            "DELETE FROM findings_set_aside WHERE kind = ? AND subject = ?", [kind, subject]
        )
        if not cursor.rowcount:
            raise NotFoundError(f"No finding {kind} {subject!r} was set aside.")
        record(db, actor, "finding.brought_back", f"faq:{subject}", detail={"kind": kind})


def _interchangeable(db: Database) -> list[Finding]:
    """Pairs used for the same inquiries, with who uses which and inquiries side by side."""
    sql = """
        SELECT * FROM faq_pairs
        WHERE a IN (SELECT slug FROM faqs WHERE active = 1)
            AND b IN (SELECT slug FROM faqs WHERE active = 1)
    """
    found = []
    for row in db.query(sql):
        evidence = {
            name: row[name]
            for name in ("n_a", "n_b", "compared", "crossed", "mixing", "low", "high", "together")
        }
        evidence["examples"] = [
            {"a": a, "b": b, "likeness": score} for a, b, score in json.loads(row["examples"])
        ]
        evidence["agents"] = _who(db, row["a"], row["b"])
        weight = row["mixing"] * min(row["n_a"], row["n_b"])
        found.append(Finding("interchangeable", (row["a"], row["b"]), weight, evidence))
    return found


def _who(db: Database, a: str, b: str) -> list[dict[str, Any]]:
    """How often each person linked one and the other, those with the most answers first."""
    sql = """
        SELECT coalesce(agents.name, messages.author, '') AS agent,
            sum(labels.slug = :a) AS a, sum(labels.slug = :b) AS b
        FROM labels JOIN messages ON messages.id = labels.message_id
        LEFT JOIN agents ON agents.id = messages.agent_id
        WHERE labels.slug IN (:a, :b) GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 5
    """
    return [dict(row) for row in db.query(sql, {"a": a, "b": b})]


def _links(db: Database, state: str, kind: Kind) -> list[Finding]:
    sql = """
        SELECT faq_link_checks.*, faqs.slug,
            (SELECT count(*) FROM labels WHERE labels.slug = faqs.slug) AS sent
        FROM faq_link_checks JOIN faqs ON faqs.id = faq_id WHERE state = ? AND active = 1
    """
    columns = ("url", "status", "target", "permanent", "detail", "since", "times", "sent")
    return [
        Finding(kind, (row["slug"],), row["sent"], {name: row[name] for name in columns})
        for row in db.query(sql, [state])
    ]


def _text_changed(db: Database) -> list[Finding]:
    return [
        Finding("text_changed", (slug,), weight, evidence)
        for slug, weight, evidence in text_changes(db)
    ]


def _complained(db: Database) -> list[Finding]:
    """FAQs that agents dismissed for what they say, not for where they were suggested."""
    today = LinkReader((), faqs.aliases(db)).canonical
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    sql = """
        SELECT slug, reason, count(*) AS n FROM suggestion_faqs WHERE outcome = 'dismissed'
        AND reason IN (SELECT value FROM json_each(?)) GROUP BY slug, reason
    """
    for row in db.query(sql, [json.dumps(COMPLAINTS)]):
        reasons[today(row["slug"])][row["reason"]] += row["n"]
    active = {row["slug"] for row in db.query("SELECT slug FROM faqs WHERE active = 1")}
    return [
        Finding("complained", (slug,), counts.total(), dict(counts.most_common()))
        for slug, counts in reasons.items()
        if slug in active and counts.total() >= FEWEST_COMPLAINTS
    ]


def _undescribed(db: Database) -> list[Finding]:
    """FAQs known from links alone: models cannot read what they say."""
    return [
        Finding("undescribed", (faq.slug,), faq.sent, {"sent": faq.sent, "url": faq.url})
        for faq in faqs.listed(db)
        if faq.discovered
    ]


def _never_sent(db: Database) -> list[Finding]:
    """FAQs that no answer linked, though they have been there for a while."""
    answered = int(scalar(db, "SELECT count(*) FROM inquiries WHERE answer_id IS NOT NULL") or 0)
    if not answered:
        return []
    sql = """
        SELECT slug, created_at FROM faqs WHERE active = 1 AND created_at < ?
        AND NOT EXISTS (SELECT 1 FROM labels WHERE labels.slug = faqs.slug)
    """
    return [
        Finding(
            "never_sent", (row["slug"],), 1.0, {"since": row["created_at"], "answered": answered}
        )
        for row in db.query(sql, [ago(days=YOUNG_DAYS)])
    ]


def _never_suggested(db: Database, known: Collection[str] | None) -> list[Finding]:
    """FAQs that no suggestion of the last while showed, and whether the model knows them."""
    edge = ago(days=RECENT_DAYS)
    sql = "SELECT count(*) FROM suggestions WHERE at >= ? AND band <> 'silent'"
    shown = int(scalar(db, sql, [edge]) or 0)
    if shown < ENOUGH_SHOWN:
        return []
    today = LinkReader((), faqs.aliases(db)).canonical
    sql = """
        SELECT DISTINCT slug FROM suggestions
        CROSS JOIN suggestion_faqs ON suggestions.id = suggestion_id WHERE at >= ?
    """
    seen = {today(row["slug"]) for row in db.query(sql, [edge])}
    learned = None if known is None else {today(label) for label in known}
    found = []
    for faq in faqs.listed(db):
        if faq.slug in seen:
            continue
        evidence: dict[str, Any] = {"suggestions": shown, "days": RECENT_DAYS, "sent": faq.sent}
        if learned is not None:
            evidence["known_to_model"] = faq.slug in learned
        found.append(Finding("never_suggested", (faq.slug,), faq.sent, evidence))
    return found


_FINDERS: Final[dict[str, Callable[[Database], list[Finding]]]] = {
    "interchangeable": _interchangeable,
    "link_gone": lambda db: _links(db, "gone", "link_gone"),
    "link_moved": lambda db: _links(db, "moved", "link_moved"),
    "text_changed": _text_changed,
    "complained": _complained,
    "undescribed": _undescribed,
    "never_sent": _never_sent,
}
