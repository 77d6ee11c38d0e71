"""What was answered on the desk in a span of time, with what had been suggested for it last.

One row an answered inquiry. An inquiry that was imported answered is no work of the desk and is
left out; so is what was asked through the API, where nobody tells what was sent.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlite_utils import Database

from . import faqs
from .database import scalar
from .links import LinkReader

HELD_OUT: Final = "holdout"

_SQL: Final = """
    SELECT i.id, i.opened_at, i.answered_at, m.agent_id, a.name AS agent, s.id AS suggestion,
        s.band, s.reason, s.release,
        (SELECT json_group_array(slug) FROM labels l
         WHERE l.inquiry_id = i.id AND l.origin = 'sent') AS sent,
        (SELECT json_group_array(json_array(f.slug, f.outcome, f.reason)) FROM
            (SELECT * FROM suggestion_faqs WHERE suggestion_id = s.id ORDER BY rank) f) AS shown
    FROM inquiries i
    JOIN messages m ON m.id = i.answer_id
    JOIN agents a ON a.id = m.agent_id
    LEFT JOIN suggestions s ON s.rowid = (
        SELECT p.rowid FROM suggestions p WHERE p.inquiry_id = i.id AND p.at <= i.answered_at
        ORDER BY p.at DESC, p.rowid DESC LIMIT 1)
    WHERE i.answer_id IS NOT NULL AND i.answered_at >= :since AND i.answered_at < :until
    ORDER BY i.answered_at, i.id
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """One FAQ that was suggested; `reason` is that of a dismissal."""

    slug: str
    outcome: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Answered:
    """One inquiry answered on the desk.

    `band` is '' where nobody was asked for a suggestion, as in an answer sent by a program. `sent`
    are the FAQs that the answer linked, `shown` those suggested last, best first.
    """

    id: int
    opened_at: str
    answered_at: str
    agent_id: int
    agent: str
    band: str
    reason: str
    release: str
    sent: tuple[str, ...]
    shown: tuple[Shown, ...]

    @property
    def minutes(self) -> float:
        """From opening to sending."""
        # Not clock.from_iso: a year's report reads tens of thousands, and strptime takes its time.
        opened, sent = map(datetime.fromisoformat, (self.opened_at, self.answered_at))
        return (sent - opened).total_seconds() / 60

    @property
    def asked(self) -> bool:
        """Whether a suggestion could have been shown: it was looked for, and not held out."""
        return bool(self.band) and self.reason != HELD_OUT

    @property
    def judged(self) -> bool:
        """Whether what was sent says how good the suggestion was."""
        return self.asked and bool(self.sent)

    @property
    def accepted(self) -> bool:
        """One of those shown was sent."""
        return any(item.slug in self.sent for item in self.shown)

    @property
    def first_right(self) -> bool:
        """The first one shown was sent."""
        return bool(self.shown) and self.shown[0].slug in self.sent

    @property
    def missed(self) -> tuple[str, ...]:
        """FAQs that were sent and not shown."""
        seen = {item.slug for item in self.shown}
        return tuple(slug for slug in self.sent if slug not in seen)


def answered(db: Database, *, since: str, until: str) -> list[Answered]:
    """What was answered on the desk from a moment to another, which is not included; in order."""
    # An FAQ that was renamed or merged since is counted under today's name.
    today = LinkReader((), faqs.aliases(db)).canonical
    return [_row(row, today) for row in db.query(_SQL, {"since": since, "until": until})]


def last_before(db: Database, moment: str) -> str:
    """When the desk answered last before a moment; '' where it never did."""
    sql = """
        SELECT i.answered_at FROM inquiries i JOIN messages m ON m.id = i.answer_id
        WHERE i.answer_id IS NOT NULL AND i.answered_at < ? AND m.agent_id IS NOT NULL
        ORDER BY i.answered_at DESC LIMIT 1
    """
    return str(scalar(db, sql, [moment]) or "")


def _row(row: dict[str, Any], today: Callable[[str], str]) -> Answered:
    shown: dict[str, Shown] = {}
    for slug, outcome, reason in json.loads(row["shown"]) if row["suggestion"] else []:
        shown.setdefault(today(slug), Shown(today(slug), outcome, reason))
    return Answered(
        id=row["id"],
        opened_at=row["opened_at"],
        answered_at=row["answered_at"],
        agent_id=row["agent_id"],
        agent=row["agent"],
        band=row["band"] or "",
        reason=row["reason"] or "",
        release=row["release"] or "",
        sent=tuple(today(slug) for slug in json.loads(row["sent"])),
        shown=tuple(shown.values()),
    )
