"""How well moderation does on decided listings, beside what a desk would use instead.

A set without a test part is cut into five folds, several times over; what is told is the mean of
the repetitions, with its standard deviation. What a policy would hide or flag is decided by
thresholds chosen on the training part alone, and counted on the rest.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from listings.moderation.classes import HIDE, NORMAL, PASS, Verdict
from listings.moderation.model import ModerationModel
from listings.moderation.moderator import Moderator
from listings.moderation.policy import Policy, Thresholds
from listings.moderation.policy_evidence import BaseRate, Judged
from listings.moderation.policy_thresholds import choose_policy
from listings.moderation.reading import Reading
from listings.moderation.rules import RuleSet, default_rules

from .baselines import balanced_svm
from .bench_moderation_figures import Count, Said, figures, robustness
from .moderation_blend import Blended, fit_blended, parts_of
from .moderation_sets import ModerationSet
from .moderation_tricks import TRICKS, hide
from .moderation_voices import Example, ModerationConfig, weak_examples
from .progress import Progress, silent

_MODEL: Final = "bench"
_FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class Run:
    """All test listings once, by every system."""

    said: dict[str, list[Said]]
    evaded: dict[str, Count]  # of each trick: problems still found, problems
    found: Count  # without any trick


def bench_moderation(
    rows: ModerationSet,
    *,
    config: ModerationConfig | None = None,
    repeats: int = 5,
    problems: float = 0.05,
    rules: RuleSet | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure; plain JSON.

    Args:
        rows: the set.
        config: settings; all training rows are learned from, whatever it keeps as evidence.
        repeats: of the five folds; a set with a test part is judged once.
        problems: the marketplace's own share of problem listings, which precision is said for.
        rules: those that speak; None: those that come with the project.
        progress: told done, total and a message; may raise.
    """
    config = config or ModerationConfig()
    rules = rules or default_rules()
    cuts = _cuts(rows, repeats, config.seed)
    runs = []
    total = sum(map(len, cuts))
    done = 0
    weak = _Weak(rows, rules, config.seed)
    for number, parts in enumerate(cuts):
        said: dict[str, list[Said]] = {}
        evaded = dict.fromkeys(TRICKS, (0, 0))
        found = (0, 0)
        for train, test in parts:
            progress(done, total, f"repetition {number + 1}")
            one = _run(weak, train, test, config, rules, problems, number)
            for name, some in one.said.items():
                said.setdefault(name, []).extend(some)
            evaded = {name: _add(evaded[name], one.evaded[name]) for name in TRICKS}
            found = _add(found, one.found)
            done += 1
        runs.append(Run(said, evaded, found))
    test_rows = rows.test or rows.train
    n_test = len(test_rows)
    labels = sorted({example.label for example in (*rows.train, *rows.test)})
    counts = Counter(example.label for example in test_rows)
    systems = {
        name: figures(rows, [run.said[name] for run in runs], labels) for name in runs[0].said
    }
    robust = robustness([run.found for run in runs], [run.evaded for run in runs])
    return {
        "set": rows.name,
        "n_train": len(rows.train) if rows.test else len(rows.train) * (_FOLDS - 1) // _FOLDS,
        "n_test": n_test,
        "labels": {rows.name_of(label): counts[label] for label in labels},
        "repeats": len(runs),
        "faqdesk": systems.pop("faqdesk") | {"evasion": robust},
        "baselines": systems,
    }


def _cuts(
    rows: ModerationSet, repeats: int, seed: int
) -> list[list[tuple[list[Example], list[Example]]]]:
    if rows.test:
        return [[(list(rows.train), list(rows.test))]]
    doubtful = list(rows.doubtful)
    cuts = []
    for number in range(repeats):
        parts = parts_of(rows.train, _FOLDS, seed=seed + 1000 * number)
        cuts.append(
            [
                (
                    [rows.train[i] for other in parts if other is not part for i in other],
                    [rows.train[i] for i in part] + doubtful[at::_FOLDS],
                )
                for at, part in enumerate(parts)
            ]
        )
    return cuts


class _Weak:
    """What rules say of listings nobody decided on: read once, for all folds have them alike."""

    def __init__(self, rows: ModerationSet, rules: RuleSet, seed: int) -> None:
        self._rows, self._rules, self._seed = rows, rules, seed
        self._known: dict[tuple[str, ...], list[tuple[Reading, str]]] = {}

    def __call__(self, labels: Sequence[str]) -> list[tuple[Reading, str]]:
        """Examples of some classes."""
        key = tuple(labels)
        if key not in self._known:
            self._known[key] = weak_examples(
                self._rows.undecided, self._rules, labels, seed=self._seed
            )
        return self._known[key]


def _run(
    weak: _Weak,
    train: list[Example],
    test: list[Example],
    config: ModerationConfig,
    rules: RuleSet,
    problems: float,
    number: int,
) -> Run:
    labels = _labels(train)
    config = replace(config, seed=config.seed + number)
    found = fit_blended(train, labels, rules=rules, config=config, weak=weak(labels))
    found.model.version = _MODEL
    moderator = Moderator(rules, found.model)
    policy = _policy(found, train, problems)
    verdicts = _judge(moderator, test)
    texts = [example.listing.text for example in test]
    by_rules = [v.label for v in _judge(Moderator(rules), test)]
    by_svm = balanced_svm([e.listing.text for e in train], [e.label for e in train], texts)
    said = {
        "faqdesk": [
            Said(example.label, verdict.label, policy.choose(verdict).action, not example.doubtful)
            for example, verdict in zip(test, verdicts, strict=True)
        ],
        "all_normal": _plain(test, [NORMAL] * len(test)),
        "svm": _plain(test, by_svm),
        "rules": _plain(test, by_rules),
    }
    return Run(said, *_evade(moderator, test, verdicts, number))


def _evade(
    moderator: Moderator, test: Sequence[Example], verdicts: Sequence[Verdict], seed: int
) -> tuple[dict[str, Count], Count]:
    """How many problems are still given their own class when their titles are hidden."""
    at = [i for i, e in enumerate(test) if e.label != NORMAL and not e.doubtful]
    problems = [test[i] for i in at]
    plain = sum(verdicts[i].label == test[i].label for i in at)
    evaded = {}
    for trick in TRICKS:
        draw = random.Random(seed)
        hidden = [
            replace(e, listing=replace(e.listing, title=hide(e.listing.title, trick, draw)))
            for e in problems
        ]
        again = _judge(moderator, hidden)
        right = sum(v.label == e.label for v, e in zip(again, problems, strict=True))
        evaded[trick] = (right, len(problems))
    return evaded, (plain, len(problems))


def _policy(found: Blended, train: Sequence[Example], problems: float) -> Policy:
    """Thresholds that keep the bounds on what was said before it was learned."""
    model: ModerationModel = found.model
    names = [label for label in model.labels if label != NORMAL]
    blank = Policy(model=_MODEL, thresholds={label: Thresholds() for label in names})
    rows = [
        Judged(
            verdict=Verdict(dict(zip(model.labels, row, strict=True)), _MODEL),
            truth=train[number].label,
            unselected=True,
        )
        for number, row in zip(found.rows.tolist(), found.said.tolist(), strict=True)
    ]
    return choose_policy(rows, BaseRate(stated=problems), blank).policy


def _judge(moderator: Moderator, rows: Sequence[Example]) -> list[Verdict]:
    return moderator.judge(
        [row.listing for row in rows], [row.signals for row in rows], reasons=False
    )


def _labels(train: Sequence[Example]) -> list[str]:
    return [NORMAL, *sorted({example.label for example in train} - {NORMAL})]


def _plain(test: Sequence[Example], labels: Sequence[str]) -> list[Said]:
    return [
        Said(example.label, label, PASS if label == NORMAL else HIDE, not example.doubtful)
        for example, label in zip(test, labels, strict=True)
    ]


def _add(one: Count, other: Count) -> Count:
    return one[0] + other[0], one[1] + other[1]
