"""What a policy would have done with listings that people have judged, as counts with exact bounds.

The rows were used neither to train the model nor to calibrate it. Shares, of normal listings that
are hidden and of problems that are found, are taken from unselected rows alone. Those that people
reported are not like the rest: people report what is plain to see, which a model sees too. Those
that a model flagged or hid are there because it found them, and say nothing of what it missed. So
neither a report, a verdict nor the sample of hidden ones makes a row count. Precision is said for
the marketplace's own share of problems, however many of them the rows hold.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from support.errors import InputError

from ..categories import SEPARATOR
from .classes import HIDE, LEGAL, NORMAL, PASS, Verdict
from .policy import Choice, Policy
from .policy_bounds import (
    ALPHA_BASE,
    ALPHA_HIDDEN,
    ALPHA_RECALL,
    lower,
    needed,
    precision_at,
    upper,
)

FIRST_LEVEL: Final = 1  # categories are counted by their first level


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One listing that people have judged, and what the model said of it."""

    verdict: Verdict
    truth: str
    unselected: bool  # drawn by chance, not for what it said or for being reported
    category: str = ""
    reporters: int = 0  # how many people had reported it
    listing_id: int | None = None  # None: it is no listing of this desk

    @property
    def counts_as_normal(self) -> bool:
        """Whether it tells how many normal listings would be hidden."""
        return self.unselected and self.truth == NORMAL

    @property
    def counts_as_problem(self) -> bool:
        """Whether it tells how many problems would be found."""
        return self.unselected and is_problem(self.truth)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One listing that people have decided on, whatever any model says of it."""

    listing_id: int
    truth: str
    unselected: bool
    category: str = ""
    reporters: int = 0

    def judged(self, verdict: Verdict) -> Judged:
        """The same, with what a model says of it."""
        return Judged(
            verdict=verdict,
            truth=self.truth,
            unselected=self.unselected,
            category=self.category,
            reporters=self.reporters,
            listing_id=self.listing_id,
        )


@dataclass(frozen=True, slots=True)
class BaseRate:
    """The marketplace's share of problem listings: stated, or counted in the random sample."""

    problems: int = 0
    n: int = 0
    stated: float | None = None

    def __post_init__(self) -> None:
        if self.stated is not None and not 0 < self.stated < 1:
            raise InputError(f"The share of problems must lie in (0, 1), got {self.stated}.")
        if not 0 <= self.problems <= self.n:
            raise InputError(f"{self.problems} of {self.n} cannot be problems.")

    @property
    def low(self) -> float:
        """The share to reckon with: the stated one, or the lower bound of the counted."""
        if self.stated is not None:
            return self.stated
        return lower(self.problems, self.n, alpha=ALPHA_BASE)

    @property
    def alpha_hidden(self) -> float:
        """What may be spent on hidden normal listings; a stated share spends nothing."""
        return ALPHA_HIDDEN + (ALPHA_BASE if self.stated is not None else 0.0)


@dataclass(frozen=True, slots=True)
class Share:
    """A count of some, and the exact bound it proves."""

    count: int
    n: int
    bound: float  # 95 %: above it (of what shall be few) or below it (of what shall be many)
    stated: float
    holds: bool

    @classmethod
    def few(cls, count: int, n: int, stated: float) -> "Share":
        """A share that shall be `stated` at most."""
        bound = upper(count, n)
        return cls(count, n, bound, stated, bound <= stated)


@dataclass(frozen=True, slots=True)
class ClassCount:
    """What a policy would hide for one class."""

    rows: int  # that are of this class
    found: int  # of those, hidden for any class
    hidden: int  # rows of any class that are hidden for this one
    right: int  # of those, problems
    low: float  # exact 95 % bounds of right / hidden among these rows, whatever their mixture
    high: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What a policy would do, and which of its bounds that proves."""

    hidden: Share  # normal listings that would be hidden
    flagged: Share  # normal listings that would be hidden or sent to people
    problems: int  # unselected rows that are problems which may be hidden
    found: int  # of those, hidden
    base: float  # the share of problems that precision is said for
    precision: float  # as counted, at that share
    precision_low: float  # proven
    precision_stated: float
    classes: dict[str, ClassCount]
    categories: dict[str, Share]  # normal listings hidden, by the first level

    @property
    def precise(self) -> bool:
        """Whether precision is proven."""
        return self.precision_low >= self.precision_stated

    @property
    def may_hide(self) -> bool:
        """Whether both bounds of hiding are proven."""
        return self.hidden.holds and self.precise

    @property
    def normals_missing(self) -> int:
        """How many unselected normal listings are wanting for the share hidden, at this count."""
        wanted = needed(self.hidden.stated, count=self.hidden.count)
        return max(0, wanted - self.hidden.n)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self) | {"may_hide": self.may_hide, "normals_missing": self.normals_missing}


def choices(rows: Sequence[Judged], policy: Policy) -> list[Choice]:
    """What a policy would do with each row."""
    return [policy.choose(row.verdict, category=row.category) for row in rows]


def measure(
    rows: Sequence[Judged],
    policy: Policy,
    base: BaseRate,
    *,
    chosen: Sequence[Choice] | None = None,
) -> Measured:
    """Count what a policy would do with judged rows.

    Each bound is exact for a policy that was not chosen by these rows; of one that was, see
    `policy_thresholds`, which pays for the choice.

    Args:
        rows: used neither for training nor for calibration.
        policy: any.
        base: the marketplace's share of problem listings.
        chosen: what it does with each row, where that is known already.
    """
    chosen = choices(rows, policy) if chosen is None else chosen
    normal = np.array([row.counts_as_normal for row in rows], dtype=bool)
    problem = np.array([row.counts_as_problem for row in rows], dtype=bool)
    hides = np.array([choice.action == HIDE for choice in chosen], dtype=bool)
    acts = np.array([choice.action != PASS for choice in chosen], dtype=bool)
    n, wrong = int(normal.sum()), int((hides & normal).sum())
    m, found = int(problem.sum()), int((hides & problem).sum())
    low = precision_at(
        lower(found, m, alpha=ALPHA_RECALL), upper(wrong, n, alpha=base.alpha_hidden), base.low
    )
    rate = base.stated if base.stated is not None else base.problems / max(1, base.n)
    point = precision_at(found / max(1, m), wrong / max(1, n), rate)
    labels = [choice.label if choice.action == HIDE else "" for choice in chosen]
    return Measured(
        hidden=Share.few(wrong, n, policy.bounds.normal_hidden),
        flagged=Share.few(int((acts & normal).sum()), n, policy.bounds.normal_flagged),
        problems=m,
        found=found,
        base=base.low,
        precision=point,
        precision_low=low,
        precision_stated=policy.bounds.precision,
        classes=_classes(rows, hides, labels, policy),
        categories=_categories(rows, hides, normal, policy.bounds.normal_hidden),
    )


def is_problem(truth: str) -> bool:
    """Whether hiding this was right: `legal` is a problem that the machine may not touch."""
    return truth not in (NORMAL, LEGAL)


def first_level(category: str) -> str:
    """The first level of a category, "" where there is none."""
    return SEPARATOR.join(category.split(SEPARATOR)[:FIRST_LEVEL])


def _classes(
    rows: Sequence[Judged], hides: npt.NDArray[np.bool_], labels: list[str], policy: Policy
) -> dict[str, ClassCount]:
    counts = {}
    for label in policy.thresholds:
        mine = [row.truth == label for row in rows]
        hidden = [row.truth for row, chosen in zip(rows, labels, strict=True) if chosen == label]
        right = sum(map(is_problem, hidden))
        counts[label] = ClassCount(
            rows=sum(mine),
            found=int((hides & np.array(mine, dtype=bool)).sum()),
            hidden=len(hidden),
            right=right,
            low=lower(right, len(hidden)),
            high=upper(right, len(hidden)),
        )
    return counts


def _categories(
    rows: Sequence[Judged],
    hides: npt.NDArray[np.bool_],
    normal: npt.NDArray[np.bool_],
    stated: float,
) -> dict[str, Share]:
    counts: dict[str, list[int]] = {}
    for row, hidden, counted in zip(rows, hides, normal, strict=True):
        if counted:
            count = counts.setdefault(first_level(row.category), [0, 0])
            count[0] += int(hidden)
            count[1] += 1
    return {name: Share.few(count, n, stated) for name, (count, n) in sorted(counts.items())}
