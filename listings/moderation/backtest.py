"""What a model or a policy would have done with what people have decided, before it may act.

Beside what it does alone it is set against another one: where they differ, a win is a problem that
is hidden now or a normal listing that is left alone now, a loss the other way round. Decisions are
contested ones for the greater part; the rows of the random sample are counted apart.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import now
from support.database import insert, write
from support.errors import InputError

from ..listing import Listing
from ..stored import PAGE, load
from .classes import HIDE, LEGAL, NORMAL, PASS, REVIEW, Verdict
from .policy import Choice, Policy
from .policy_evidence import BaseRate, Decided, Judged, Measured, choices, measure
from .policy_store import StoredPolicy

Judge = Callable[[Sequence[int], Sequence[Listing]], Sequence[Verdict]]
_ORDER: Final = {PASS: 0, REVIEW: 1, HIDE: 2}


@dataclass(frozen=True, slots=True)
class ClassResult:
    """What becomes of the listings of one class, by people's word."""

    rows: int
    hide: int
    review: int
    passed: int
    wins: int  # against the other policy
    losses: int
    sampled: int  # of the rows, drawn by chance
    sampled_hide: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """One policy on past decisions, and against another."""

    rows: int
    against: str  # the other policy's version; "": against doing nothing
    classes: dict[str, ClassResult]
    measured: Measured
    wins: int
    losses: int

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self) | {"measured": self.measured.as_dict()}


def backtest(
    rows: Sequence[Judged],
    policy: Policy,
    base: BaseRate,
    *,
    other: tuple[str, Policy, Sequence[Judged]] | None = None,
    chosen: Sequence[Choice] | None = None,
    chosen_before: Sequence[Choice] | None = None,
) -> Backtest:
    """Try a policy on past decisions.

    Args:
        rows: what people decided, judged by the policy's model; not used to train it.
        policy: the one to be tried.
        base: the marketplace's share of problem listings.
        other: version and policy to set it against, and the same rows as the other's model judged
            them, in the same order; None: against doing nothing.
        chosen: what the policy does with each row, where that is known already.
        chosen_before: what the other does, likewise.

    Raises:
        InputError: there are no rows, or the other's are not the same.
    """
    if not rows:
        raise InputError("No past decisions to try it on: decide on some, or import them first.")
    chosen = choices(rows, policy) if chosen is None else chosen
    before: Sequence[Choice] = [Choice(PASS, NORMAL, None, "below")] * len(rows)
    if other is not None:
        same = [(row.truth, row.category) for row in other[2]]
        if same != [(row.truth, row.category) for row in rows]:
            raise InputError("The other policy was given other rows; give both the same.")
        before = choices(other[2], other[1]) if chosen_before is None else chosen_before
    classes = {}
    for label in sorted({row.truth for row in rows}, key=lambda name: (name != NORMAL, name)):
        mine = [number for number, row in enumerate(rows) if row.truth == label]
        turns = [turn(label, before[number], chosen[number]) for number in mine]
        actions = [chosen[number].action for number in mine]
        drawn = [number for number in mine if rows[number].unselected]
        classes[label] = ClassResult(
            rows=len(mine),
            hide=actions.count(HIDE),
            review=actions.count(REVIEW),
            passed=actions.count(PASS),
            wins=sum(way > 0 for way in turns),
            losses=sum(way < 0 for way in turns),
            sampled=len(drawn),
            sampled_hide=sum(chosen[number].action == HIDE for number in drawn),
        )
    return Backtest(
        rows=len(rows),
        against=other[0] if other else "",
        classes=classes,
        measured=measure(rows, policy, base, chosen=chosen),
        wins=sum(result.wins for result in classes.values()),
        losses=sum(result.losses for result in classes.values()),
    )


def judge_again(db: Database, images: Path, rows: Sequence[Decided], judge: Judge) -> list[Judged]:
    """Past decisions as any model judges their listings now; those gone since are left out.

    Args:
        db: the desk's database.
        images: the folder of pictures.
        rows: what was decided.
        judge: the model; it is given ids and listings, a page at a time.
    """
    found = []
    for start in range(0, len(rows), PAGE):
        page = rows[start : start + PAGE]
        listings = load(db, images, [row.listing_id for row in page])
        kept = [row for row in page if row.listing_id in listings]
        ids = [row.listing_id for row in kept]
        verdicts = judge(ids, [listings[listing_id] for listing_id in ids]) if ids else []
        found += [row.judged(verdict) for row, verdict in zip(kept, verdicts, strict=True)]
    return found


def keep(db: Database, actor: Actor, policy: StoredPolicy, result: Backtest) -> int:
    """Keep a backtest with its policy, which may go live then; gives its id.

    The caller tried `policy.policy`: what is kept says so by its version and model.
    """
    with write(db):
        row = {
            "policy_id": policy.id,
            "model": policy.policy.model,
            "result": json.dumps(result.as_dict(), ensure_ascii=False),
            "created_by": actor.name,
            "created_at": now(),
        }
        backtest_id = insert(db, "moderation_backtests", row)
        detail = {"rows": result.rows, "wins": result.wins, "losses": result.losses}
        record(
            db, actor, "policy.backtested", f"policy:{policy.version}", detail=detail,
            policy=policy.version,
        )  # fmt: skip
    return backtest_id


def results(db: Database, policy_id: int) -> list[dict[str, Any]]:
    """A policy's backtests as plain JSON, the last first."""
    sql = "SELECT result FROM moderation_backtests WHERE policy_id = ? ORDER BY id DESC"
    return [json.loads(row[0]) for row in db.conn.execute(sql, (policy_id,))]


def turn(truth: str, before: Choice, after: Choice) -> int:
    """1: the later choice is better for a listing of this class; -1: worse; 0: neither.

    A problem is better off the more is done about it, a normal listing the less. `legal` is the
    people's: hidden by the machine it is no better than passed.
    """
    steps = _ORDER
    if truth == LEGAL:
        steps = {PASS: 0, HIDE: 0, REVIEW: 1}
    change = steps[after.action] - steps[before.action]
    if truth == NORMAL:
        change = -change
    return (change > 0) - (change < 0)
