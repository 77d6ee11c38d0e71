"""What another policy would change, listing by listing, and what each threshold would hide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from .backtest import turn
from .classes import HIDE, NORMAL, PASS
from .policy import HIDE_FLOOR, Choice
from .policy_evidence import Judged
from .policy_tuned import score

NOTHING: Final = Choice(PASS, NORMAL, None, "below")
_STEPS: Final = 50  # of a curve; each is a hundredth


@dataclass(frozen=True, slots=True)
class Change:
    """One listing that another policy treats otherwise."""

    row: Judged
    before: Choice
    after: Choice
    turn: int  # 1: better for a listing of its class, -1: worse, 0: neither

    @property
    def probability(self) -> float:
        """Of the class that the later choice speaks of, or the earlier one where it passes."""
        label = self.after.label if self.after.action != PASS else self.before.label
        return self.row.verdict.probabilities.get(label, 0.0)


@dataclass(frozen=True, slots=True)
class Point:
    """What one threshold for every class would hide."""

    threshold: float
    normals: int  # unselected ones, as the problems
    problems: int


def changes(
    rows: Sequence[Judged], before: Sequence[Choice] | None, after: Sequence[Choice]
) -> list[Change]:
    """Listings that a policy treats otherwise; losses first, of these the surest.

    Args:
        rows: judged by the policy's model.
        before: what the earlier policy does with each; None: nothing.
        after: what the later one does.
    """
    found = [
        Change(row, was, then, turn(row.truth, was, then))
        for row, was, then in zip(rows, before or [NOTHING] * len(rows), after, strict=True)
        if then.action != was.action
    ]
    return sorted(found, key=lambda change: (change.turn, change.after.action != HIDE,
                                             -change.probability))  # fmt: skip


def by_class(found: Sequence[Change]) -> dict[str, tuple[int, int]]:
    """Wins and losses by what people found the listings to be, normal first."""
    labels = sorted({change.row.truth for change in found}, key=lambda name: (name != NORMAL, name))
    return {
        label: (
            sum(change.turn > 0 for change in found if change.row.truth == label),
            sum(change.turn < 0 for change in found if change.row.truth == label),
        )
        for label in labels
    }


def curve(rows: Sequence[Judged]) -> list[Point]:
    """What each threshold, the same for every class, would hide of these rows: .50, .51 ... 1."""
    normals = np.sort([score(row) for row in rows if row.counts_as_normal])
    problems = np.sort([score(row) for row in rows if row.counts_as_problem])
    steps = [round(HIDE_FLOOR + step / 100, 2) for step in range(_STEPS + 1)]
    return [
        Point(at, *(len(part) - int(np.searchsorted(part, at)) for part in (normals, problems)))
        for at in steps
    ]
