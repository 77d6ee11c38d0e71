"""What sellers have to answer for: strikes that fade with time, and sanctions that people place.

A listing that is hidden gives its seller one strike, whatever the number of reports, and another
where it is hidden again with other words. A strike
counts while its decision stands and none took its place. The machine gives strikes and may suggest
a sanction; it never places one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import from_iso, now
from support.database import Row, insert, one, scalar, write
from support.errors import ConflictError, InputError, NotFoundError

from .cases import masked
from .policy import Rules
from .policy_store import in_mode
from .reporters import COUNTS

KINDS: Final = ("warning", "suspension")
# From so many strikes on, what is suggested: a kind and days, None for good.
LADDER: Final[tuple[tuple[float, str, int | None], ...]] = (
    (1.0, "warning", None),
    (2.0, "suspension", 7),
    (4.0, "suspension", 30),
    (8.0, "suspension", None),
)
_SECONDS_A_DAY: Final = 86_400
# Whether what became of a decision does not hide any more.
_FALLEN: Final = f"""NOT EXISTS (
    SELECT 1 FROM moderation_decisions last WHERE last.id = {COUNTS.replace("{of}", "{decision}")}
    AND last.undone_at IS NULL AND last.action = 'hide'
)"""  # noqa: S608 - only a statement of ours is put in


@dataclass(frozen=True, slots=True)
class Strike:
    """One strike that counts, and what is left of it."""

    listing_id: int
    decision_id: int
    label: str
    weight: float  # on the day it was given
    left: float  # now
    at: str


@dataclass(frozen=True, slots=True)
class Sanction:
    """One sanction."""

    id: int
    kind: str
    reason: str
    until: str | None  # None: for good, or a warning
    decision_id: int | None
    actor: str
    at: str
    lifted_at: str | None
    mistaken: bool
    fallen: bool  # the decision it rests on does not hide any more
    active: bool


def rules(db: Database) -> Rules:
    """The rules of the policy that is live; the usual ones where none is."""
    live = in_mode(db, "live")
    return live.policy.rules if live else Rules()


def strike(db: Database, listing_id: int, decision_id: int, *, label: str, at: str) -> None:
    """Give a listing's seller the strike of a decision; an unknown seller gets none."""
    seller = scalar(db, "SELECT seller FROM listings WHERE id = ?", [listing_id])
    weight = rules(db).strikes.get(label, 1.0)
    if seller and weight > 0:
        row = {"seller": seller, "decision_id": decision_id, "label": label, "weight": weight}
        insert(db, "strikes", row | {"at": at})


def strikes(db: Database, seller: str, *, at: str | None = None) -> list[Strike]:
    """The strikes that count against a seller, the newest first.

    Args:
        db: the desk's database.
        seller: keyed hash.
        at: the moment for which is counted what is left of them; now without it.
    """
    moment = at or now()
    half_life = rules(db).strike_half_life_days
    sql = """
        SELECT c.listing_id, s.decision_id, s.label, s.weight, s.at FROM strikes s
        JOIN moderation_decisions d ON d.id = s.decision_id
        JOIN moderation_cases c ON c.id = d.case_id
        WHERE s.seller = ? AND s.at <= ? AND d.undone_at IS NULL AND d.replaced_by IS NULL
        AND NOT EXISTS (SELECT 1 FROM appeals a WHERE a.decision_id = d.id AND a.state = 'open')
        ORDER BY s.at DESC, s.id DESC
    """
    return [
        Strike(
            row["listing_id"],
            row["decision_id"],
            row["label"],
            row["weight"],
            row["weight"] * 0.5 ** (_days(row["at"], moment) / half_life),
            row["at"],
        )
        for row in db.query(sql, [seller, moment])
    ]


def strength(db: Database, seller: str, *, at: str | None = None) -> float:
    """How many whole strikes a seller's amount to by now."""
    return sum(found.left for found in strikes(db, seller, at=at))


def suggested(db: Database, seller: str) -> tuple[str, int | None] | None:
    """The sanction that a seller's strikes suggest: its kind and days (None: for good)."""
    # To a tenth, as it is shown: a strike fades from its first second on, and counts as one still.
    found = round(strength(db, seller), 1)
    step = max((step for step in LADDER if found >= step[0]), key=lambda s: s[0], default=None)
    return None if step is None else (step[1], step[2])


def place(
    db: Database,
    actor: Actor,
    agent_id: int,
    seller: str,
    *,
    kind: str,
    reason: str,
    until: str | None = None,
    decision_id: int | None = None,
) -> int:
    """Place a sanction on a seller.

    Args:
        db: the desk's database.
        actor: who acts.
        agent_id: the same person, as an id.
        seller: keyed hash.
        kind: warning or suspension.
        reason: what the seller is told; masked.
        until: when a suspension ends; None: never.
        decision_id: the decision that it rests on: it falls and rises with it.

    Returns:
        The sanction's id.

    Raises:
        NotFoundError: there is no such decision on a listing of this seller.
        InputError: there is no seller, reason or such kind, or it would end before it begins.
    """
    words = masked(db, reason)
    if not seller or not words:
        raise InputError("Name the seller, and say why: they will ask.")
    if kind not in KINDS:
        raise InputError(f"No sanction {kind!r}. There are: {', '.join(KINDS)}.")
    if until is not None and (kind == "warning" or from_iso(until) <= from_iso(now())):
        raise InputError(f"A {kind} cannot end at {until}: a suspension ends later than now.")
    with write(db):
        if decision_id is not None:
            _check_decision(db, seller, decision_id)
        row = {
            "seller": seller,
            "kind": kind,
            "reason": words,
            "until": until,
            "decision_id": decision_id,
            "agent_id": agent_id,
            "actor": actor.name,
            "at": now(),
        }
        sanction_id = insert(db, "sanctions", row)
        detail = {"kind": kind, "until": until, "reason": words, "sanction": sanction_id}
        record(db, actor, "sanction.placed", f"seller:{seller}", detail=detail)
    return sanction_id


def lift(
    db: Database, actor: Actor, sanction_id: int, *, reason: str, mistaken: bool = False
) -> None:
    """End a sanction before its time.

    Args:
        db: the desk's database.
        actor: who acts.
        sanction_id: which.
        reason: why; masked.
        mistaken: it was never deserved, and does not count as an earlier sanction.

    Raises:
        NotFoundError: there is no such sanction.
        InputError: there is no reason.
        ConflictError: it was lifted before.
    """
    words = masked(db, reason)
    if not words:
        raise InputError("Say why it is lifted.")
    with write(db):
        row = one(db, "SELECT * FROM sanctions WHERE id = ?", [sanction_id])
        if row is None:
            raise NotFoundError(f"No sanction {sanction_id}.")
        if row["lifted_at"] is not None:
            raise ConflictError("This sanction was lifted already.")
        change = {"lifted_at": now(), "lifted_by": actor.name, "lift_reason": words}
        db.table("sanctions").update(sanction_id, change | {"mistaken": int(mistaken)})
        detail = {"sanction": sanction_id, "reason": words, "mistaken": mistaken}
        record(db, actor, "sanction.lifted", f"seller:{row['seller']}", detail=detail)


def unlift(db: Database, actor: Actor, sanction_id: int) -> None:
    """Take a lifting back.

    Raises:
        NotFoundError: there is no such sanction, or it was not lifted.
    """
    with write(db):
        sql = "SELECT * FROM sanctions WHERE id = ? AND lifted_at IS NOT NULL"
        row = one(db, sql, [sanction_id])
        if row is None:
            raise NotFoundError(f"No sanction {sanction_id} that was lifted.")
        blank = {"lifted_at": None, "lifted_by": "", "lift_reason": "", "mistaken": 0}
        db.table("sanctions").update(sanction_id, blank)
        detail = {"sanction": sanction_id}
        record(db, actor, "sanction.unlifted", f"seller:{row['seller']}", detail=detail)


def sanctions(db: Database, seller: str, *, at: str | None = None) -> list[Sanction]:
    """A seller's sanctions, the newest first.

    Args:
        db: the desk's database.
        seller: keyed hash.
        at: the moment at which they are active or not; now without it.
    """
    sql = f"""
        SELECT s.*,
            s.decision_id IS NOT NULL AND {_FALLEN.format(decision="s.decision_id")} AS fallen
        FROM sanctions s WHERE s.seller = ? ORDER BY s.id DESC
    """  # noqa: S608 - only a statement of ours is put in
    return [_sanction(row, at or now()) for row in db.query(sql, [seller])]


def suspended(db: Database, seller: str, *, at: str | None = None) -> bool:
    """Whether a seller is suspended."""
    return any(s.active and s.kind == "suspension" for s in sanctions(db, seller, at=at))


def earlier(db: Database, seller: str, *, at: str | None = None) -> int:
    """How many sanctions a seller had had by a moment, mistaken ones left out.

    A signal to the model: for a listing it is asked as of its posting, or training would know what
    came of it.
    """
    moment = at or now()
    return sum(
        s.at <= moment and not (s.mistaken or s.fallen) for s in sanctions(db, seller, at=moment)
    )


def forget_fallen(db: Database, listing_ids: Sequence[int]) -> None:
    """Drop sanctions that fell with a decision on one of these listings, which are forgotten next.

    Those that stand outlive what they were placed for.
    """
    sql = f"""
        DELETE FROM sanctions WHERE decision_id IN (
            SELECT d.id FROM moderation_decisions d JOIN moderation_cases c ON c.id = d.case_id
            WHERE c.listing_id IN ({", ".join("?" * len(listing_ids))})
        ) AND {_FALLEN.format(decision="sanctions.decision_id")}
    """  # noqa: S608 - only question marks and a statement of ours are put in
    db.execute(sql, list(listing_ids))


def _sanction(row: Row, moment: str) -> Sanction:
    over = row["until"] is not None and row["until"] <= moment
    begun = row["at"] <= moment
    lifted = row["lifted_at"] is not None and row["lifted_at"] <= moment
    fallen = bool(row["fallen"])
    return Sanction(
        id=row["id"],
        kind=row["kind"],
        reason=row["reason"],
        until=row["until"],
        decision_id=row["decision_id"],
        actor=row["actor"],
        at=row["at"],
        lifted_at=row["lifted_at"],
        mistaken=bool(row["mistaken"]),
        fallen=fallen,
        active=begun and not (over or lifted or fallen),
    )


def _check_decision(db: Database, seller: str, decision_id: int) -> None:
    sql = """
        SELECT 1 FROM moderation_decisions d JOIN moderation_cases c ON c.id = d.case_id
        JOIN listings l ON l.id = c.listing_id
        WHERE d.id = ? AND l.seller = ? AND d.undone_at IS NULL AND d.action = 'hide'
    """
    if scalar(db, sql, [decision_id, seller]) is None:
        raise NotFoundError(f"No decision {decision_id} hides a listing of this seller.")


def _days(start: str, stop: str) -> float:
    return (from_iso(stop) - from_iso(start)).total_seconds() / _SECONDS_A_DAY
