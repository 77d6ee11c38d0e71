"""Two models' answers to the same inquiries, compared in pairs; and whether the newer one is worse.

Knows nothing of how they were made or what they were asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from support.replays import Pair, Told

from .judgement import Group
from .metrics import Difference, expected_calibration_error, paired_bootstrap

ROUNDS = 1_000  # of the bootstrap

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model said about the n judged inquiries."""

    first: Flags  # the first FAQ is right
    three: Flags  # one of the first three is
    probability: Numbers  # of the first
    likely: Flags  # it would have been shown as Likely
    known: Flags  # a right FAQ is among those that the model knows
    slugs: Sequence[str] = ()  # the first FAQ of each
    bands: Sequence[str] = ()  # how each would have been shown


def compare(ours: Answers, theirs: Answers | None, *, among: Flags | None = None) -> Group | None:
    """The figures of both on some of the inquiries, paired; None where there are none."""
    rows = np.arange(len(ours.first)) if among is None else np.flatnonzero(among)
    if not len(rows):
        return None
    inside = ours.known[rows] if theirs is None else (ours.known | theirs.known)[rows]
    scope = rows[inside]
    measures = _measures(rows, scope)
    figures = {name: measure(ours, pick) for name, (measure, pick) in measures.items()}
    if theirs is None:
        return Group(len(rows), len(scope), figures)
    gaps: dict[str, Difference] = {}
    for name, (measure, pick) in measures.items():
        if name.startswith("hit"):
            flags = (ours.first, theirs.first) if name == "hit@1" else (ours.three, theirs.three)
            gaps[name] = paired_bootstrap(*(flag[pick].tolist() for flag in flags), rounds=ROUNDS)
        elif name != "share_right" or (ours.likely[pick].any() and theirs.likely[pick].any()):
            gaps[name] = _difference(measure, ours, theirs, pick)
    won = ours.first[scope] & ~theirs.first[scope]
    lost = theirs.first[scope] & ~ours.first[scope]
    return Group(
        n=len(rows),
        in_scope=len(scope),
        candidate=figures,
        live={name: measure(theirs, pick) for name, (measure, pick) in measures.items()},
        differences=gaps,
        wins=int(won.sum()),
        losses=int(lost.sum()),
        ties=len(scope) - int(won.sum()) - int(lost.sum()),
    )


def pairs(inquiry_ids: Sequence[int], ours: Answers, theirs: Answers) -> list[Pair]:
    """What both said of each inquiry, to be kept for people to read."""
    sides = zip(inquiry_ids, _told(ours), _told(theirs), strict=True)
    return [Pair(inquiry_id, mine, other) for inquiry_id, mine, other in sides]


def _told(answers: Answers) -> list[Told]:
    rows = zip(
        answers.slugs, answers.bands, answers.probability.tolist(), answers.first.tolist(),
        strict=True,
    )  # fmt: skip
    return [Told(*row) for row in rows]


def verdict(found: Group | None, *, margin: float, same: bool) -> tuple[bool, str]:
    """Whether the candidate is worse, and by which rule.

    It is worse when hit@1 fell and the lower end of the paired 95 % interval lies below minus the
    margin, or when its Likely suggestions are right less often beyond doubt (upper end below 0).
    """
    if same:
        return False, "The candidate's run chose what is in force already: the same recipe."
    gap = found.differences.get("hit@1") if found else None
    if found is None or gap is None:
        return False, "There is no recipe in force to compare with."
    words = f"hit@1 {gap.mean:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})"
    if gap.mean < 0 and gap.low < -margin:
        return True, (
            f"The candidate is worse: {words}; it may lose {margin:.2f} at most, at the interval's "
            f"lower end."
        )
    right = found.differences.get("share_right")
    if right is not None and right.high < 0:
        return True, (
            f"The candidate is worse: what it shows as Likely is right less often, by "
            f"{-right.mean:.3f} ({-right.high:.3f} to {-right.low:.3f})."
        )
    return False, f"The candidate is not worse: {words}."


Measure = Callable[[Answers, npt.NDArray[np.int64]], float]


def _measures(
    rows: npt.NDArray[np.int64], scope: npt.NDArray[np.int64]
) -> dict[str, tuple[Measure, npt.NDArray[np.int64]]]:
    """Each metric with the inquiries that it is taken over."""
    return {
        "hit@1": (lambda a, pick: _mean(a.first[pick]), scope),
        "hit@3": (lambda a, pick: _mean(a.three[pick]), scope),
        "coverage": (lambda a, pick: _mean(a.likely[pick]), rows),
        "share_right": (lambda a, pick: _mean(a.first[pick][a.likely[pick]]), rows),
        "ece": (
            lambda a, pick: expected_calibration_error(
                a.probability[pick].tolist(), a.first[pick].tolist()
            ),
            rows,
        ),
    }


def _mean(flags: Flags) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _difference(
    measure: Measure, ours: Answers, theirs: Answers, pick: npt.NDArray[np.int64]
) -> Difference:
    """As `paired_bootstrap`, for what is not a mean over inquiries."""
    draws = np.random.default_rng(0).integers(0, len(pick), (ROUNDS, len(pick)))
    gaps = np.array([measure(ours, pick[d]) - measure(theirs, pick[d]) for d in draws])
    low, high = np.percentile(gaps, [2.5, 97.5])
    mean = measure(ours, pick) - measure(theirs, pick)
    return Difference(mean, float(low), float(high), float(gaps.std(ddof=1)))
