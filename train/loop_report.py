"""What came of playing a desk's history again: figures month by month, table and plot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .metrics import Difference
from .plot import Curve, Words, plot_lines

ARMS = ("without", "neighbours", "retrained", "loop")


@dataclass(frozen=True, slots=True)
class Month:
    """One month: its labelled inquiries, and how many each desk had right first, or among three."""

    name: str  # such as 2025-03
    n: int
    new: int  # of n, with FAQs alone that the first model does not know
    first: Mapping[str, int]
    three: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LoopReport:
    """What came of the simulation.

    A hit needs the FAQ that was linked; inquiries whose FAQ no model can know yet count as misses
    for all alike. `above` holds hit@1 of each desk minus that of `without`.
    """

    learned: int  # labelled inquiries before the first month
    every: int  # months from one training to the next
    trainings: int
    months: tuple[Month, ...]
    above: Mapping[str, Difference]
    above_3: Mapping[str, Difference]
    seconds: float

    @property
    def n(self) -> int:
        """How many inquiries were judged."""
        return sum(month.n for month in self.months)

    def hit_rate(self, arm: str, *, three: bool = False) -> float:
        """hit@1, or hit@3, of a desk over all months."""
        hits = sum((month.three if three else month.first)[arm] for month in self.months)
        return hits / self.n if self.n else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "n_train": self.learned,
            "n_test": self.n,
            "every": self.every,
            "trainings": self.trainings,
            "seconds": self.seconds,
            "months": [
                {
                    "month": month.name,
                    "n": month.n,
                    "new": month.new,
                    "hit@1": _shares(month.first, month.n),
                    "hit@3": _shares(month.three, month.n),
                }
                for month in self.months
            ],
            "hit@1": {arm: self.hit_rate(arm) for arm in ARMS},
            "hit@3": {arm: self.hit_rate(arm, three=True) for arm in ARMS},
            "above_without": {
                arm: {"hit@1": _plain(self.above[arm]), "hit@3": _plain(self.above_3[arm])}
                for arm in ARMS[1:]
            },
        }

    def table(self) -> str:
        """For people."""
        lines = [
            f"{self.learned:,} labelled inquiries before {self.months[0].name}, {self.n:,} after; "
            f"trained {self.trainings} times, every {self.every} months.",
            "",
            f"hit@1    {'n':>6}{'new':>6}" + "".join(f"{arm:>12}" for arm in ARMS),
        ]
        for month in self.months:
            shares = _shares(month.first, month.n)
            cells = "".join(f"{shares[arm]:12.3f}" for arm in ARMS)
            lines.append(f"{month.name:9}{month.n:6}{month.new:6}{cells}")
        new = sum(month.new for month in self.months)
        for name, three in (("hit@1", False), ("hit@3", True)):
            cells = "".join(f"{self.hit_rate(arm, three=three):12.3f}" for arm in ARMS)
            lines.append(f"all {name}{self.n:6}{new:6}{cells}")
        lines.append("")
        for arm in ARMS[1:]:
            gaps = (("hit@1", self.above[arm]), ("hit@3", self.above_3[arm]))
            words = ", ".join(
                f"{name} {gap.mean:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})" for name, gap in gaps
            )
            lines.append(f"{arm} minus without: {words}")
        return "\n".join(lines)

    def plot(self) -> str:
        """hit@1 over the months: with the loop, with neighbours alone, and without; as SVG."""
        last = max(1, len(self.months) - 1)
        names = {"loop": "with the loop", "neighbours": "neighbours alone", "without": "without"}
        curves = [
            Curve(
                name,
                [
                    (place / last, month.first[arm] / max(1, month.n))
                    for place, month in enumerate(self.months)
                ],
            )
            for arm, name in names.items()
        ]
        step = max(1, len(self.months) // 6)
        ticks = [(place / last, self.months[place].name) for place in range(0, last + 1, step)]
        words = Words("The learning loop", x_label="month", y_label="hit@1")
        return plot_lines(curves, x_ticks=ticks, words=words)


def _shares(hits: Mapping[str, int], n: int) -> dict[str, float]:
    return {arm: count / n if n else 0.0 for arm, count in hits.items()}


def _plain(gap: Difference) -> dict[str, float]:
    return {
        "mean": gap.mean,
        "low": gap.low,
        "high": gap.high,
        "standard_error": gap.standard_error,
    }
