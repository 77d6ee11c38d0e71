"""Cases: all that was reported or noticed about one listing.

There is one case a listing. It is open while a report, a sign or an appeal waits; which of them a
decision closed stands on them, so that a decision that is taken back opens exactly those again.
`settle` brings a case's state to what these rows make it, and is the only place that does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from support.clock import now
from support.database import Row, insert, one, scalar, write
from support.errors import NotFoundError

from ..stored import places
from .classes import HIDE, LEGAL
from .masking import masked as masked
from .reporters import records

_LEGAL_FIRST, _APPEAL_FIRST = 100.0, 10.0  # added to the priority
MOST_WEIGHED: Final = 100  # reporters of one case whose records are read: more tell nothing new


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one listing's case."""

    id: int
    listing_id: int
    state: str
    hidden: bool
    opened_at: str | None
    priority: float
    claimed_by: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """One report."""

    id: int
    reporter: str
    label: str
    words: str
    braked: bool
    at: str
    closed_by: int | None  # the decision
    waiting: bool  # not closed, or its decision is appealed against


@dataclass(frozen=True, slots=True)
class Sign:
    """Why people shall look, beside reports."""

    id: int
    kind: str  # verdict, sample, watch, person
    verdict_id: int | None
    weight: float
    note: str
    at: str
    closed_by: int | None
    waiting: bool


APPEALED: Final = (
    "SELECT a.id FROM appeals a JOIN moderation_decisions d ON d.id = a.decision_id "
    "WHERE a.state = 'open'"
)
_WAITS: Final = (
    "(r.closed_by IS NULL OR EXISTS (SELECT 1 FROM appeals a "
    "WHERE a.decision_id = r.closed_by AND a.state = 'open'))"
)
_OF_CASE: Final = "WHERE r.case_id = ? ORDER BY r.id"


def get(db: Database, case_id: int) -> Case:
    """One case.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, "SELECT * FROM moderation_cases WHERE id = ?", [case_id])
    if row is None:
        raise NotFoundError(f"No case {case_id}.")
    return case_of(row)


def of_listing(db: Database, listing_id: int) -> Case | None:
    """The case of a listing; None where nothing was ever said of it."""
    row = one(db, "SELECT * FROM moderation_cases WHERE listing_id = ?", [listing_id])
    return None if row is None else case_of(row)


def ensure(db: Database, listing_id: int) -> Case:
    """The case of a listing, made where there is none.

    Raises:
        NotFoundError: there is no such listing.
    """
    with write(db):
        found = of_listing(db, listing_id)
        if found is None:
            if scalar(db, "SELECT 1 FROM listings WHERE id = ?", [listing_id]) is None:
                raise NotFoundError(f"No listing {listing_id}.")
            found = get(db, insert(db, "moderation_cases", {"listing_id": listing_id}))
    return found


def add_sign(
    db: Database,
    case_id: int,
    kind: str,
    *,
    verdict_id: int | None = None,
    weight: float = 0.0,
    note: str = "",
) -> None:
    """Ask people to look at a listing: a verdict, a sample, a match, or somebody's wish.

    A waiting sign of the same kind and note is brought up to date instead.

    Args:
        db: the desk's database.
        case_id: the listing's case.
        kind: verdict, sample, watch or person.
        verdict_id: the verdict that it comes from.
        weight: towards the case's priority, in [0, 1].
        note: what people shall read, masked.
    """
    row = {"verdict_id": verdict_id, "weight": weight, "note": note, "at": now()}
    with write(db):
        waiting_sign = scalar(
            db,
            "SELECT id FROM moderation_signs WHERE case_id = ? AND kind = ? AND closed_by IS NULL "
            "AND (kind <> 'watch' OR note = ?) ORDER BY id LIMIT 1",
            [case_id, kind, note],
        )
        if waiting_sign is None:
            insert(db, "moderation_signs", row | {"case_id": case_id, "kind": kind})
        else:
            del row["at"]  # how long it waits counts from the first
            db.table("moderation_signs").update(waiting_sign, row)
        settle(db, case_id)


def reports(db: Database, case_id: int) -> list[Report]:
    """A case's reports, the oldest first."""
    sql = f"SELECT r.*, {_WAITS} AS waits FROM moderation_reports r {_OF_CASE}"  # noqa: S608
    return [_report(row) for row in db.query(sql, [case_id])]


def waits_by(db: Database, case_id: int, reporter: str) -> Report | None:
    """The report of one person that waits on a case; None where none does."""
    sql = f"""
        SELECT r.*, 1 AS waits FROM moderation_reports r
        WHERE r.case_id = ? AND r.reporter = ? AND r.reporter <> '' AND {_WAITS}
        ORDER BY r.id LIMIT 1
    """  # noqa: S608 - only a statement of ours is put in
    row = one(db, sql, [case_id, reporter])
    return None if row is None else _report(row)


def reporters_of(db: Database, case_id: int, *, most: int = MOST_WEIGHED) -> list[str]:
    """Who reported a case and waits, without those who are braked; the first `most` of them."""
    sql = f"""
        SELECT r.reporter FROM moderation_reports r
        WHERE r.case_id = ? AND r.braked = 0 AND r.reporter <> '' AND {_WAITS}
        GROUP BY r.reporter ORDER BY min(r.id) LIMIT ?
    """  # noqa: S608 - only a statement of ours is put in
    return [row[0] for row in db.conn.execute(sql, (case_id, most))]


def legal_among(db: Database, case_ids: Sequence[int]) -> set[int]:
    """Those of some cases that may be a crime: a report or a verdict says so, and waits."""
    marks = places(list(case_ids))
    sql = f"""
        SELECT r.case_id FROM moderation_reports r
        WHERE r.label = '{LEGAL}' AND r.case_id IN ({marks}) AND {_WAITS}
        UNION
        SELECT r.case_id FROM moderation_signs r JOIN moderation_verdicts v ON v.id = r.verdict_id
        WHERE v.label = '{LEGAL}' AND r.case_id IN ({marks}) AND {_WAITS}
    """  # noqa: S608 - only statements of ours are put in
    return {row[0] for row in db.conn.execute(sql, [*case_ids] * 2)}


def signs(db: Database, case_id: int) -> list[Sign]:
    """What else speaks for looking at a listing, the oldest first."""
    sql = f"SELECT r.*, {_WAITS} AS waits FROM moderation_signs r {_OF_CASE}"  # noqa: S608
    return [
        Sign(
            row["id"], row["kind"], row["verdict_id"], row["weight"], row["note"], row["at"],
            row["closed_by"], bool(row["waits"]),
        )
        for row in db.query(sql, [case_id])
    ]  # fmt: skip


def standing(db: Database, case_id: int) -> Row | None:
    """The newest decision that stands, as a row; it is in force."""
    sql = """
        SELECT * FROM moderation_decisions WHERE case_id = ? AND undone_at IS NULL
        ORDER BY id DESC LIMIT 1
    """
    return one(db, sql, [case_id])


def open_appeal(db: Database, case_id: int) -> int | None:
    """The appeal that waits on a case; None where none does."""
    found = scalar(db, f"{APPEALED} AND d.case_id = ?", [case_id])
    return None if found is None else int(found)


def settle(
    db: Database, case_id: int, *, decision_id: int | None = None, undone: bool = False
) -> None:
    """Bring a case to what its reports, signs, appeals and decisions make it.

    Args:
        db: the desk's database, within a transaction.
        case_id: the case.
        decision_id: the decision that was made or taken back.
        undone: it was taken back.
    """
    before = get(db, case_id)
    # In SQL: a listing may have thousands of reports, and each that comes settles it again.
    first_report = f"SELECT min(r.at) FROM moderation_reports r WHERE r.case_id = ? AND {_WAITS}"  # noqa: S608
    open_signs = [sign for sign in signs(db, case_id) if sign.waiting]
    appeal = one(db, f"{APPEALED.replace('a.id', 'a.at', 1)} AND d.case_id = ?", [case_id])
    moments = [scalar(db, first_report, [case_id]), *(sign.at for sign in open_signs)]
    moments = [at for at in (*moments, appeal["at"] if appeal else None) if at is not None]
    decision = standing(db, case_id)
    hidden = decision is not None and decision["action"] == HIDE
    is_open = bool(moments)
    change: Row = {
        "state": "open" if is_open else "closed",
        "hidden": int(hidden),
        "opened_at": min(moments, default=None),
        "priority": _priority(db, case_id, open_signs, appealed=appeal is not None),
    }
    if not is_open:
        change |= {"claimed_by": None, "claimed_at": None}
    db.table("moderation_cases").update(case_id, change)
    if hidden != before.hidden and decision_id is not None:
        row = {
            "case_id": case_id,
            "action": "hide" if hidden else "show",
            "decision_id": decision_id,
            "cause": "undone" if undone else "decided",
            "at": now(),
        }
        insert(db, "moderation_actions", row)


def _priority(db: Database, case_id: int, open_signs: Sequence[Sign], *, appealed: bool) -> float:
    weight = sum(found.weight for found in records(db, reporters_of(db, case_id)).values())
    weight += max((sign.weight for sign in open_signs), default=0.0)
    legal = bool(legal_among(db, [case_id]))
    return round(weight + _LEGAL_FIRST * legal + _APPEAL_FIRST * appealed, 6)


def _report(row: Row) -> Report:
    return Report(
        row["id"], row["reporter"], row["label"], row["words"], bool(row["braked"]), row["at"],
        row["closed_by"], bool(row["waits"]),
    )  # fmt: skip


def case_of(row: Row) -> Case:
    """A case as its row says."""
    return Case(
        id=row["id"],
        listing_id=row["listing_id"],
        state=row["state"],
        hidden=bool(row["hidden"]),
        opened_at=row["opened_at"],
        priority=row["priority"],
        claimed_by=row["claimed_by"],
    )
