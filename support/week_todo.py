"""What to do next: of all that a week shows, the three things that help most inquiries."""

from dataclasses import dataclass
from typing import Final, Literal

from sqlite_utils import Database

from . import faqs, gaps, settings
from .clock import ago
from .database import scalar
from .releases import in_force
from .week import Week
from .workspace import Workspace

Kind = Literal["write_faq", "link_faq", "fix_faq", "raise_threshold", "train", "answer_waiting"]

ABOUT_CONTENT: Final = ("outdated", "wrong_content", "incomplete")  # dismissals that blame the FAQ
LEAST_DISMISSED: Final = 2
LEAST_SHOWN: Final = 5  # Likely suggestions of one FAQ, for its share right to say anything
LEAST_GAP: Final = 3
LEAST_NEW: Final = 50  # answers with an FAQ since the training, for another one to be worth it
LATE_HOURS: Final = 24
MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do: for so many inquiries `n`, of `of` where that says more; 0 where not.

    `slug` and `title` are the FAQ, or the gap's draft title; `gap_id` the gap.
    """

    kind: Kind
    n: int
    of: int = 0
    slug: str = ""
    title: str = ""
    gap_id: int | None = None


def todos(workspace: Workspace, db: Database, week: Week, *, most: int = MOST) -> tuple[Todo, ...]:
    """The things to do next, those that help most inquiries first; one of a kind at most."""
    found = [
        *_gaps(db),
        *_fix(week),
        *_thresholds(db, week),
        *_train(workspace, db, week),
        *_waiting(db),
    ]
    found.sort(key=lambda todo: (-todo.n, todo.kind, todo.slug))
    kinds: set[Kind] = set()
    chosen = []
    for todo in found:
        if todo.kind not in kinds:
            kinds.add(todo.kind)
            chosen.append(todo)
    return tuple(chosen[:most])


def _gaps(db: Database) -> list[Todo]:
    """What is asked again and again: an FAQ to write, or one there is and nobody links."""
    large = [gap for gap in gaps.listed(db, limit=20) if gap.n >= LEAST_GAP]
    near = faqs.today(db, {gap.near_slug for gap in large if gap.unlinked})
    return [
        Todo("link_faq", gap.n, slug=faq.slug, title=faq.title, gap_id=gap.id)
        if gap.unlinked and (faq := near.get(gap.near_slug))
        else Todo("write_faq", gap.n, title=gap.title, gap_id=gap.id)
        for gap in large
    ]


def _fix(week: Week) -> list[Todo]:
    """FAQs that agents dismiss for what they say."""
    found = []
    for line in week.by_faq:
        n = sum(line.dismissed.get(reason, 0) for reason in ABOUT_CONTENT)
        if n >= LEAST_DISMISSED:
            found.append(Todo("fix_faq", n, line.suggested, line.slug, line.title))
    return found


def _thresholds(db: Database, week: Week) -> list[Todo]:
    """FAQs whose Likely suggestions are right less often than stated, beyond doubt."""
    stated = settings.load(db).share_right
    found = []
    for line in week.by_faq:
        promise = line.likely
        if promise.n >= LEAST_SHOWN and promise.high < stated:
            wrong = promise.n - promise.right
            found.append(Todo("raise_threshold", wrong, promise.n, line.slug, line.title))
    return found


def _train(workspace: Workspace, db: Database, week: Week) -> list[Todo]:
    """A training, where much was learned since the last one and something is missed."""
    release = in_force(workspace.models)
    made = release and scalar(db, "SELECT created_at FROM releases WHERE name = ?", [release.name])
    sql = "SELECT count(DISTINCT inquiry_id) FROM labels WHERE at > ?"
    fresh = int(scalar(db, sql, [made or ""]))
    missed = week.figures.misses
    if fresh < LEAST_NEW or (made and not missed.right):
        return []
    return [Todo("train", missed.right or fresh, fresh)]


def _waiting(db: Database) -> list[Todo]:
    """Inquiries that wait for more than a day."""
    sql = """
        SELECT count(*) FROM inquiries WHERE status = 'open' AND opened_at < ?
        AND (snoozed_until IS NULL OR snoozed_until < ?)
    """
    late = int(scalar(db, sql, [ago(hours=LATE_HOURS), ago()]))
    return [Todo("answer_waiting", late)] if late else []
