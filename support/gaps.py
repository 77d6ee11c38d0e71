"""Gaps: what customers ask again and again, and no FAQ answers.

`train/gaps.py` finds them. Here they are listed, set aside, and made into FAQs; all of that can be
taken back.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlite_utils import Database

from . import faqs
from .audit import Actor, record
from .clock import now
from .database import Row, one, write
from .errors import ConflictError, InputError, NotFoundError
from .faq_changes import changing
from .faq_edit import insert_faq
from .faq_labels import give_label
from .faq_slugs import active_row, free_slug
from .inquiries import PastAnswer, past_answers
from .standing import masked

State = Literal["open", "dismissed", "closed"]
Order = Literal["count", "minutes", "newest"]
_ORDERS: Final[dict[str, str]] = {
    "count": "n DESC, last_at DESC",
    # What is known of agents' time; those of which nothing is known come after, by count.
    "minutes": "coalesce(minutes, -1) DESC, n DESC",
    "newest": "last_at DESC, n DESC",
}
NEAR_SHARE: Final = 0.6  # from this share on, an FAQ is there and agents do not link it
LONGEST_MINUTES: Final = 60.0  # one inquiry counts for no more: its agent was called away
GROWN: Final = 2  # a gap that was set aside comes back when it has grown so many times


@dataclass(frozen=True, slots=True)
class Gap:
    """Answered inquiries that say one thing and were answered without any FAQ.

    `minutes` sums what agents took from opening an inquiry on this desk to the first reply, over
    the `timed` ones of which that is known; None where it is known of none, as of imports.
    """

    id: int
    state: State
    words: tuple[str, ...]
    title: str
    body: str
    n: int
    minutes: float | None
    timed: int
    likeness: float  # mean cosine between its inquiries
    near_slug: str  # the FAQ that the most similar linked answers used, '' where there is none
    near_share: float  # of its inquiries, those whose nearest linked ones used it
    first_at: str
    last_at: str
    reason: str  # why it was set aside

    @property
    def unlinked(self) -> bool:
        """Whether an FAQ seems to be there, and agents did not link it."""
        return bool(self.near_slug) and self.near_share >= NEAR_SHARE


def listed(
    db: Database, *, state: State = "open", order: Order = "count", limit: int = 50, offset: int = 0
) -> list[Gap]:
    """Gaps in a state.

    Args:
        db: the desk's database.
        state: open, dismissed, or closed by an FAQ.
        order: count of inquiries, minutes of agents, or newest inquiry; each the largest first.
        limit: gaps at most.
        offset: how many of them to pass over.

    Raises:
        InputError: there is no such order.
    """
    if order not in _ORDERS:
        raise InputError(f"No order {order!r}. There are: {', '.join(_ORDERS)}.")
    sql = f"""
        SELECT * FROM gaps WHERE state = ? ORDER BY {_ORDERS[order]}, id LIMIT ? OFFSET ?
    """  # noqa: S608 - only the fixed words above are put in
    return [_gap(row) for row in db.query(sql, [state, limit, offset])]


def counts(db: Database) -> dict[str, int]:
    """How many gaps there are in each state."""
    found = {
        row["state"]: row["n"]
        for row in db.query("SELECT state, count(*) AS n FROM gaps GROUP BY state")
    }
    return {state: found.get(state, 0) for state in ("open", "dismissed", "closed")}


def get(db: Database, gap_id: int) -> Gap:
    """One gap.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, "SELECT * FROM gaps WHERE id = ?", [gap_id])
    if row is None:
        raise NotFoundError(f"No gap {gap_id}. List them: faqdesk gaps list")
    return _gap(row)


def inquiry_ids(db: Database, gap_id: int) -> list[int]:
    """The inquiries of a gap, the most typical first."""
    sql = "SELECT inquiry_id FROM gap_inquiries WHERE gap_id = ? ORDER BY place"
    return [row["inquiry_id"] for row in db.query(sql, [gap_id])]


def examples(db: Database, gap_id: int, *, limit: int = 5) -> list[PastAnswer]:
    """Its most typical inquiries with the answers they got."""
    ids = inquiry_ids(db, gap_id)[:limit]
    found = past_answers(db, ids)
    return [found[inquiry_id] for inquiry_id in ids if inquiry_id in found]


def dismiss(db: Database, actor: Actor, gap_id: int, *, reason: str = "") -> Gap:
    """Set a gap aside. It comes back by itself when it has grown to twice its size.

    Raises:
        NotFoundError: there is no such gap.
        ConflictError: it is not open.
        InputError: the reason is too long.
    """
    with write(db):
        gap = _open(db, gap_id)
        change = {
            "state": "dismissed",
            "settled_by": actor.name,
            "settled_at": now(),
            "settled_n": gap.n,
            "reason": masked(db, reason),
        }
        db.table("gaps").update(gap_id, change)
        record(db, actor, "gap.dismissed", f"gap:{gap_id}", detail={"n": gap.n})
    return get(db, gap_id)


def reopen(db: Database, actor: Actor, gap_id: int) -> Gap:
    """Take a dismissal back.

    Raises:
        NotFoundError: there is no such gap.
        ConflictError: it was not set aside.
    """
    with write(db):
        gap = get(db, gap_id)
        if gap.state != "dismissed":
            raise ConflictError(f"Gap {gap_id} is {gap.state}: there is no dismissal to take back.")
        change = {"state": "open", "settled_by": "", "settled_at": None, "reason": ""}
        db.table("gaps").update(gap_id, change)
        record(db, actor, "gap.reopened", f"gap:{gap_id}")
    return get(db, gap_id)


def make_faq(
    db: Database,
    actor: Actor,
    gap_id: int,
    *,
    title: str = "",
    title_en: str = "",
    slug: str = "",
    body: str = "",
    category: str = "",
    url: str = "",
    inquiry_ids: Sequence[int] | None = None,
) -> tuple[faqs.Faq, int]:
    """Make a gap an FAQ: its label, with the gap's inquiries as the first rows to learn from.

    Args:
        db: the desk's database.
        actor: who makes it.
        gap_id: the gap that it closes.
        title: of the FAQ; without it, the draft's.
        title_en: the same in English.
        slug: its name in links; without it, made of the title.
        body: what it says; may follow later.
        category: where it stands in the help centre.
        url: its address; without it, the one that the help centre's pattern gives.
        inquiry_ids: those of the gap's inquiries that it answers; None: all.

    Returns:
        The FAQ, and the change under which all of it can be taken back.

    Raises:
        NotFoundError: there is no such gap.
        ConflictError: it is not open, or the slug is taken.
        InputError: an inquiry is not of this gap, or the slug cannot stand in an address.
    """
    with write(db):
        gap = _open(db, gap_id)
        chosen = _chosen(db, gap_id, inquiry_ids)
        title = title.strip() or gap.title
        slug = slug.strip() or free_slug(db, title)
        fields = {"title": title, "title_en": title_en, "body": body}
        fields |= {"category": category, "url": url}
        with changing(db, actor, "created", slug, gap_id=gap_id) as change:
            insert_faq(db, change, slug, fields)
            give_label(db, change, slug, chosen)
            _close(db, actor, gap_id)
    return faqs.get(db, slug), change.id


def give_to_faq(
    db: Database,
    actor: Actor,
    gap_id: int,
    slug: str,
    *,
    inquiry_ids: Sequence[int] | None = None,
) -> int:
    """Close a gap with an FAQ that is there already: its inquiries are labelled with it.

    Returns:
        The change under which this can be taken back.

    Raises:
        NotFoundError: there is no such gap or FAQ.
        ConflictError: the gap is not open, or the FAQ is retired.
        InputError: an inquiry is not of this gap.
    """
    with write(db):
        _open(db, gap_id)
        active_row(db, slug)
        chosen = _chosen(db, gap_id, inquiry_ids)
        with changing(db, actor, "labelled", slug, gap_id=gap_id) as change:
            give_label(db, change, slug, chosen)
            _close(db, actor, gap_id)
    return change.id


def agent_minutes(db: Database, ids: Sequence[int]) -> dict[int, float]:
    """Minutes from an agent's opening an inquiry on this desk to the first reply, where known.

    An inquiry is opened when its suggestions are first shown to an agent. One that an import
    brought with its answer was never opened here.
    """
    sql = """
        SELECT messages.inquiry_id AS id,
            (julianday(min(messages.at)) - julianday(opened.at)) * 1440 AS minutes
        FROM (
            SELECT inquiry_id, min(at) AS at FROM suggestions
            WHERE asked_by LIKE 'agent:%'
                AND inquiry_id IN (SELECT value FROM json_each(?)) GROUP BY inquiry_id
        ) AS opened
        JOIN messages ON messages.inquiry_id = opened.inquiry_id
        WHERE messages.agent_id IS NOT NULL AND messages.public = 1 AND messages.role = 'agent'
        GROUP BY messages.inquiry_id HAVING min(messages.at) >= opened.at
    """
    rows = db.query(sql, [json.dumps([int(inquiry_id) for inquiry_id in ids])])
    return {row["id"]: min(float(row["minutes"]), LONGEST_MINUTES) for row in rows}


def _open(db: Database, gap_id: int) -> Gap:
    gap = get(db, gap_id)
    if gap.state != "open":
        raise ConflictError(f"Gap {gap_id} is {gap.state} already. Look again: faqdesk gaps list")
    return gap


def _close(db: Database, actor: Actor, gap_id: int) -> None:
    change = {"state": "closed", "settled_by": actor.name, "settled_at": now()}
    db.table("gaps").update(gap_id, change)
    record(db, actor, "gap.closed", f"gap:{gap_id}")


def _chosen(db: Database, gap_id: int, wanted: Sequence[int] | None) -> list[int]:
    there = inquiry_ids(db, gap_id)
    if wanted is None:
        return there
    foreign = set(wanted) - set(there)
    if foreign:
        raise InputError(f"Inquiry {min(foreign)} is not of gap {gap_id}.")
    return [inquiry_id for inquiry_id in there if inquiry_id in set(wanted)]


def _gap(row: Row) -> Gap:
    return Gap(
        id=row["id"],
        state=row["state"],
        words=tuple(json.loads(row["words"])),
        title=row["title"],
        body=row["body"],
        n=row["n"],
        minutes=row["minutes"],
        timed=row["timed"],
        likeness=row["likeness"],
        near_slug=row["near_slug"],
        near_share=row["near_share"],
        first_at=row["first_at"],
        last_at=row["last_at"],
        reason=row["reason"],
    )
