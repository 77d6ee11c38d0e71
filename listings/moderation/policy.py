"""What is done about a verdict: hidden, looked at by people, or passed.

A policy is a table of thresholds and a few rules, never changed once stored. Here it decides from
one verdict alone; what people have decided, reports and brakes are `policy_act`'s to weigh. Which
thresholds keep stated bounds is found in `policy_thresholds`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Self

from support.errors import SettingError

from ..categories import SEPARATOR
from .classes import HIDE, LEGAL, NORMAL, PASS, PROBLEMS, REVIEW, Verdict

HIDE_FLOOR: Final = 0.5  # a class must be likelier than not before anything is hidden for it
REVIEW_AT: Final = 0.5  # where a threshold is not proven yet: what is likelier than not


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From which probability of one class what is done; None: never."""

    hide: float | None = None
    settle: float | None = None  # hidden where enough people reported it
    review: float | None = REVIEW_AT

    def __post_init__(self) -> None:
        for name in ("hide", "settle", "review"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 1:
                raise SettingError(f"{name} must be in (0, 1] or None, got {value}.")
        for name in ("hide", "settle"):
            value = getattr(self, name)
            if value is not None and value < HIDE_FLOOR:
                raise SettingError(
                    f"{name} must be {HIDE_FLOOR} or more, got {value}: a listing is not hidden "
                    f"for what is likelier not so."
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a policy has to keep, each proven with 95 % confidence."""

    normal_hidden: float = 0.005  # of normal listings, at most
    precision: float = 0.95  # of hidden ones that are problems, at least
    normal_flagged: float = 0.05  # of normal listings, hidden or sent to people, at most

    def __post_init__(self) -> None:
        for part in fields(self):
            if not 0 < getattr(self, part.name) < 1:
                raise SettingError(
                    f"{part.name} must lie between 0 and 1, got {getattr(self, part.name)}."
                )


# The least and the most of what is counted: beyond, a rule would say nothing, or no clock could
# reach back so far.
_COUNTS: Final[Mapping[str, tuple[int, int]]] = {
    "reporters": (1, 1000),
    "reports_a_day": (1, 100_000),
    "burst": (1, 100_000),
    "burst_minutes": (1, 7 * 24 * 60),
    "hides_an_hour": (0, 1_000_000),
}
_LONGEST_DAYS: Final = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a policy says of reports, samples and strikes."""

    reporters: int = 3  # so many people, none of them braked, before a report is settled
    reporters_weight: float = 1.5  # so much must their weights make together; a new one's is .5
    reports_a_day: int = 20  # of one reporter; later ones are braked
    burst: int = 10  # reports on one listing within `burst_minutes`: people settle it
    burst_minutes: int = 10
    hides_an_hour: int = 100  # by the machine; later ones go to people
    sample_all: float = 0.01  # share of judged listings that people look at, drawn by chance
    sample_hidden: float = 0.1  # share of hidden ones, beside those
    strikes: Mapping[str, float] = field(default_factory=dict)  # weight by class; 1 where unnamed
    strike_half_life_days: float = 90.0

    def __post_init__(self) -> None:
        for name, (least, most) in _COUNTS.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise SettingError(
                    f"{name} must be {least} or more and {most:,} at most, and whole, got {value}."
                )
        for name, most in (("reporters_weight", 1000), ("sample_all", 1), ("sample_hidden", 1)):
            if not 0 <= getattr(self, name) <= most:  # which no NaN is
                raise SettingError(f"{name} must be in [0, {most}], got {getattr(self, name)}.")
        if not 0 < self.strike_half_life_days <= _LONGEST_DAYS:
            raise SettingError(
                f"strike_half_life_days must be above 0 and {_LONGEST_DAYS:,} at most, got "
                f"{self.strike_half_life_days}."
            )
        for label, weight in self.strikes.items():
            if not 0 <= weight <= 100:
                raise SettingError(f"The strike for {label} must be in [0, 100], got {weight}.")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a policy does about one verdict, and why."""

    action: str
    label: str  # the class it is done for; normal where it passes
    threshold: float | None  # the one that was reached
    reason: str  # hide, review, legal, no_model, other_model, category, below; others by brakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Thresholds by class for one model, and rules."""

    model: str = ""  # the version whose probabilities the thresholds were chosen for
    thresholds: Mapping[str, Thresholds] = field(
        default_factory=lambda: {label: Thresholds() for label in PROBLEMS}
    )
    no_hiding: tuple[str, ...] = ()  # categories, with all below, in which nothing is hidden
    only_in: tuple[str, ...] | None = None  # the only ones where anything is; None: all others
    bounds: Bounds = Bounds()
    rules: Rules = Rules()

    def __post_init__(self) -> None:
        if NORMAL in self.thresholds:
            raise SettingError(f"{NORMAL!r} has no thresholds: it is what nothing is done about.")
        legal = self.thresholds.get(LEGAL)
        if legal and (legal.hide is not None or legal.settle is not None):
            raise SettingError(f"{LEGAL!r} is never acted on automatically: leave hide and settle.")
        if self.hides and not self.model:
            raise SettingError("Nothing is hidden without a model: name the one it is made for.")

    @property
    def hides(self) -> bool:
        """Whether it may hide anything at all."""
        return any(t.hide is not None or t.settle is not None for t in self.thresholds.values())

    def of(self, label: str) -> Thresholds:
        """The thresholds of a class; of one it does not know, those that hide nothing."""
        return self.thresholds.get(label, Thresholds())

    def hides_in(self, category: str) -> bool:
        """Whether anything may be hidden in a category."""
        if any(_within(category, path) for path in self.no_hiding):
            return False
        return self.only_in is None or any(_within(category, path) for path in self.only_in)

    def choose(self, verdict: Verdict, *, category: str = "") -> Choice:
        """What is done about a verdict, were there nothing else to weigh."""
        found = {label: p for label, p in verdict.probabilities.items() if label != NORMAL}
        best = max(found, key=lambda label: found[label], default=NORMAL)
        if not verdict.model:
            return Choice(REVIEW, best, None, "no_model")
        legal = self.of(LEGAL).review
        if legal is not None and found.get(LEGAL, 0.0) >= legal:
            return Choice(REVIEW, LEGAL, legal, "legal")
        hide = self.of(best).hide if best != NORMAL else None
        if hide is not None and found[best] >= hide:
            if verdict.model != self.model:
                return Choice(REVIEW, best, hide, "other_model")
            if not self.hides_in(category):
                return Choice(REVIEW, best, hide, "category")
            return Choice(HIDE, best, hide, "hide")
        flagged = [
            (probability, label)
            for label, probability in found.items()
            if (at := self.of(label).review) is not None and probability >= at
        ]
        if flagged:
            label = max(flagged)[1]
            return Choice(REVIEW, label, self.of(label).review, "review")
        return Choice(PASS, NORMAL, None, "below")

    def settles(self, verdict: Verdict, *, category: str = "") -> Choice | None:
        """What is done about a verdict where enough people reported the listing; None: nothing."""
        chosen = self.choose(verdict, category=category)
        if chosen.action == HIDE:
            return chosen
        found = {label: p for label, p in verdict.probabilities.items() if label != NORMAL}
        if chosen.label == LEGAL or not found:
            return None
        best = max(found, key=lambda label: found[label])
        settle = self.of(best).settle
        usable = verdict.model and verdict.model == self.model and self.hides_in(category)
        if not usable or settle is None or found[best] < settle:
            return None
        return Choice(HIDE, best, settle, "settled")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote.

        Raises:
            SettingError: a part is unknown, or out of its range.
        """
        try:
            given = content.get("thresholds", {})
            order = [*(name for name in PROBLEMS if name in given), *given]  # JSON sorts its keys
            thresholds = {name: Thresholds(**given[name]) for name in order}
            only_in = content.get("only_in")
            return cls(
                model=content.get("model", ""),
                thresholds=thresholds,
                no_hiding=tuple(content.get("no_hiding", ())),
                only_in=None if only_in is None else tuple(only_in),
                bounds=Bounds(**content.get("bounds", {})),
                rules=Rules(**content.get("rules", {})),
            )
        except (AttributeError, TypeError) as error:
            raise SettingError(f"This is not a policy: {error}.") from error


def _within(category: str, path: str) -> bool:
    return category == path or category.startswith(path + SEPARATOR)
