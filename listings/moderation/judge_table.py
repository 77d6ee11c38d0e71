"""Judges a table's rows: label, probabilities, what the policy says, and what speaks for it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from ..columns import Columns
from ..listing import Listing
from ..shards import Done
from ..table_listings import TableListings
from ..tables import SHARE, TEXT, Added, Problem, Rows
from .classes import ACTIONS, NORMAL, REVIEW, Reason, Verdict
from .moderator import Moderator
from .policy import Policy

_MOST_REASONS: Final = 5  # of one row
_SILENT: Final = "unreadable"  # in place of a label, where there is nothing to judge by
_TOLD: Final = (  # after the probabilities
    "action", "reasons", "policy_version", "model_version",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgeOptions:
    """What is read of a table."""

    columns: Columns
    price: str = ""  # the column of prices; "" for none
    category: str = ""  # the column of the seller's category, which a policy may spare
    images: str = ""  # the folder that pictures lie in
    confined: bool = False  # whether only pictures inside that folder are looked at

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)


def added_columns(labels: Sequence[str]) -> list[tuple[str, str]]:
    """Name and type of the columns that judging adds, before any clash of names."""
    shares = [(f"probability_{label}", SHARE) for label in labels]
    return [("label", TEXT), *shares, *((name, TEXT) for name in _TOLD)]


class TableJudge:
    """Judges rows with one moderator by one policy; the same rows always get the same.

    Args:
        moderator: the model, or rules alone.
        policy: the live one; None: people look at everything.
        policy_version: its version; "" where there is none.
        options: what to read.
        header: the table's columns.
        names: of the columns to add, in the order of `added_columns`.
    """

    def __init__(
        self,
        moderator: Moderator,
        policy: Policy | None,
        *,
        policy_version: str,
        options: JudgeOptions,
        header: Sequence[str],
        names: Sequence[str],
    ) -> None:
        self._moderator = moderator
        self._policy = policy
        self._version = policy_version
        self._names = list(names)
        self._read = TableListings(
            header,
            options.columns,
            images=options.images,
            confined=options.confined,
            price=options.price,
            category=options.category,
        )

    def __call__(self, rows: Rows, lines: Sequence[int]) -> Done:
        """Judge rows; what of them cannot be read is told with their lines."""
        problems: list[Problem] = []
        listings = self._read(rows, lines, problems)
        verdicts = self._moderator.judge(listings)
        actions = [
            self._action(listing, verdict)
            for listing, verdict in zip(listings, verdicts, strict=True)
        ]
        blank = [not listing.text.strip() and not listing.pictures for listing in listings]
        problems += [
            Problem(line, "text", "no words and no picture to judge by")
            for line, empty in zip(lines, blank, strict=True)
            if empty
        ]
        counts = {action: actions.count(action) for action in ACTIONS}
        for verdict, empty in zip(verdicts, blank, strict=True):
            name = _SILENT if empty else verdict.label
            counts[f"label {name}"] = counts.get(f"label {name}", 0) + 1
        return Done(self._columns(verdicts, actions, blank), problems, counts)

    def _action(self, listing: Listing, verdict: Verdict) -> str:
        """What the policy says, were there neither reports nor brakes; without one people look."""
        if self._policy is None or not listing.text.strip():
            return REVIEW
        return self._policy.choose(verdict, category=listing.category).action

    def _columns(
        self, verdicts: Sequence[Verdict], actions: Sequence[str], blank: Sequence[bool]
    ) -> list[Added]:
        labels = self._moderator.labels
        values: list[list[Any]] = [
            [None if empty else v.label for v, empty in zip(verdicts, blank, strict=True)]
        ]
        values += [
            [None if empty else round(v.probabilities[label], 4)
             for v, empty in zip(verdicts, blank, strict=True)]
            for label in labels
        ]  # fmt: skip
        told: list[list[Any]] = [
            list(actions),
            [_words(verdict.reasons) or None for verdict in verdicts],
            [self._version or None] * len(verdicts),
            [verdict.model or None for verdict in verdicts],
        ]
        kinds = [kind for _, kind in added_columns(labels)]
        return [
            Added(name, kind, column)
            for name, kind, column in zip(self._names, kinds, [*values, *told], strict=True)
        ]


def _words(reasons: Sequence[Reason]) -> str:
    """The strongest reasons against a listing, each behind its class.

    A class comes first, so that no spreadsheet takes somebody's words for a formula.
    """
    found: dict[str, list[str]] = {}
    for reason in [reason for reason in reasons if reason.label != NORMAL][:_MOST_REASONS]:
        what = "".join(char if char.isprintable() else " " for char in reason.what)
        found.setdefault(reason.label, []).append(" ".join(what.split()))
    return "; ".join(f"{label}: {', '.join(words)}" for label, words in found.items())
