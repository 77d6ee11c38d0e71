"""What a listing can be found to be, what is known of it beside its words, and one finding.

A verdict is what the rules and the model think. What is done about it is a policy's to say: a
verdict that no model gave (`model` is "") may hide nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

NORMAL = "normal"
LEGAL = "legal"  # for lawyers and the police: never acted on automatically
PROBLEMS = ("pro_ads", "counterfeit", "alcohol_tobacco", "animals", LEGAL)
CLASSES = (NORMAL, *PROBLEMS)
HIDE, REVIEW, PASS = "hide", "review", "pass"
ACTIONS = (HIDE, REVIEW, PASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What is known of a listing and its seller when it is posted; None where it is not known."""

    account_days: float | None = None  # since the account was opened
    earlier_posts: int | None = None  # by the same account
    earlier_sanctions: int | None = None  # of the same account
    repeats: int | None = None  # posts of the same text before this one, by anybody
    links: int | None = None  # in the words; None: counted in the text
    contacts: int | None = None  # phone numbers and messenger names; None: counted in the text

    def __post_init__(self) -> None:
        for part in fields(self):
            value = getattr(self, part.name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{part.name} must be 0 or more, or None; got {value}.")


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for a class: what was read and how much it weighs."""

    kind: str  # rule, word or signal
    label: str  # the class it speaks for
    what: str  # the rule's name, the word as it was read, or the signal's name and value
    weight: float  # in log-odds; above 0
    start: int = -1  # of the words as they were posted, [start, stop); -1 where nowhere in them
    stop: int = -1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one listing was found to be."""

    probabilities: Mapping[str, float]  # of every label the moderator knows; they sum to 1
    model: str = ""  # the version that judged; "" where no model did: nothing may be hidden then
    voices: tuple[str, ...] = ()  # which spoke: rules, linear, fasttext, network
    reasons: tuple[Reason, ...] = field(default=())  # strongest first

    def __post_init__(self) -> None:
        total = sum(self.probabilities.values())
        if not self.probabilities or abs(total - 1) > 1e-6:
            raise ValueError(f"Probabilities must sum to 1, got {total} in {self.probabilities}.")

    @property
    def label(self) -> str:
        """The most probable label; of equals the first."""
        return max(self.probabilities, key=lambda label: self.probabilities[label])

    @property
    def probability(self) -> float:
        """That of the most probable label, in [0, 1]."""
        return max(self.probabilities.values())

    @property
    def problem(self) -> float:
        """How probable it is that it is not normal, in [0, 1]."""
        return min(1.0, max(0.0, 1 - self.probabilities.get(NORMAL, 0.0)))
