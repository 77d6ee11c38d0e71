"""Judges a classifier on inquiries it has not seen, beside what a desk would use instead."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from support.encoder import SentenceEncoder
from support.errors import TooFewLabelsError
from support.faq import FaqClassifier

from . import baselines
from .examples import Example, usable
from .metrics import (
    Difference,
    LabelScore,
    coverage_curve,
    expected_calibration_error,
    hit,
    hit_rate,
    macro,
    paired_bootstrap,
    score_labels,
    share_above,
)
from .nearest import nearest
from .progress import Progress, Steps, silent

_KS = (1, 3, 5)


@dataclass(frozen=True, slots=True)
class Hits:
    """Share of the inquiries in scope with a right FAQ among the first 1, 3 and 5."""

    hit_1: float
    hit_3: float
    hit_5: float


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """Figures on the test inquiries.

    `n` are all with evidence; hit rates and macro scores are over the `in_scope` whose FAQ is among
    the labels. Coverage, share right and calibration are over all `n`: what is out of scope and
    shown a suggestion was shown a wrong one. `accuracy` is hit@1. `above_svm` holds the difference
    to the SVM at 1, 3 and 5.
    """

    n: int
    in_scope: int
    labels: int
    accuracy: float
    hit_3: float
    hit_5: float
    likely: float | None
    coverage: float
    share_right: float
    possible: float | None
    coverage_3: float
    share_right_3: float
    macro_f1: float
    macro_recall: float
    ece: float
    faqs: tuple[LabelScore, ...]
    baselines: dict[str, Hits]
    above_svm: dict[str, Difference]
    above_fasttext: dict[str, Difference]
    curve: tuple[tuple[float, float], ...]  # coverage, share right of the first FAQ
    curve_3: tuple[tuple[float, float], ...]  # coverage, share of any of three right

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, with the customary names hit@3 and hit@5."""
        content = asdict(self)
        content["hit@3"], content["hit@5"] = content.pop("hit_3"), content.pop("hit_5")
        content["baselines"] = {
            name: {f"hit@{k}": getattr(hits, f"hit_{k}") for k in _KS}
            for name, hits in self.baselines.items()
        }
        return content


def evaluate(
    classifier: FaqClassifier,
    test: Sequence[Example],
    *,
    past: Sequence[Example],
    encoder: SentenceEncoder | None = None,
    with_baselines: bool = True,
    progress: Progress = silent,
) -> EvaluationReport:
    """Compare with the baselines, which learn from the same past inquiries in the same run.

    Args:
        classifier: what was fitted on `past`.
        test: later inquiries; those without any label are left out.
        past: what the classifier was fitted on, training and validation; neighbours come from it.
        encoder: finds the neighbours; without it the classifier does without them.
        with_baselines: also fit and judge the baselines, which takes most of the time.
        progress: told done, total and a message; may raise.

    Raises:
        TooFewLabelsError: no test inquiry is in scope.
    """
    names = ["predicting", "most frequent", "fastText alone", "TF-IDF SVM", "comparing"]
    steps = Steps(progress, dict(zip(names, (2, 1, 8, 20, 1), strict=True)))
    steps.start("predicting")
    test, past, labels = usable(test), usable(past), classifier.labels
    label_set = set(labels)
    inside = [i for i, example in enumerate(test) if set(example.labels) & label_set]
    if not inside:
        raise TooFewLabelsError(
            f"None of the {len(test)} labelled test inquiries carries one of the {len(labels)} "
            f"FAQs that the model knows. Move the cut back in time, or train again: "
            f"faqdesk train faq"
        )
    texts = [example.text for example in test]
    neighbours = None
    if encoder and classifier.wants_neighbours:
        known = [example for example in past if set(example.labels) & label_set]
        neighbours = nearest(encoder, texts, known, top_k=classifier.neighbours_k)
    predictions = classifier.predict(texts, neighbours=neighbours, top_k=5)
    ranked = [[scored.label for scored in p.scored] for p in predictions]
    right = [set(example.labels) for example in test]
    first_p = [p.scored[0].probability for p in predictions]
    first_right = [hit(row, answers, 1) for row, answers in zip(ranked, right, strict=True)]
    three_p = [p.any_of_three for p in predictions]
    three_right = [hit(row, answers, 3) for row, answers in zip(ranked, right, strict=True)]
    calibration = classifier.calibration(neighbours=neighbours is not None)
    likely, possible = calibration.likely.threshold, calibration.possible.threshold
    coverage, share_right = share_above(first_p, first_right, likely)
    coverage_3, share_right_3 = share_above(three_p, three_right, possible)

    scope_right = [right[i] for i in inside]
    ours = [ranked[i] for i in inside]
    scores = score_labels([row[0] for row in ours], scope_right, labels)
    macro_f1, macro_recall = macro(scores)
    others: dict[str, baselines.Ranked] = {}
    if with_baselines:
        asked = [texts[i] for i in inside]
        steps.start("most frequent")
        others["most_frequent"] = baselines.most_frequent(past, labels, asked)
        steps.start("fastText alone")
        others["fasttext"] = baselines.fasttext_alone(past, labels, asked)
        steps.start("TF-IDF SVM")
        others["tfidf_svm"] = baselines.tfidf_svm(
            past, labels, asked, progress=lambda detail: steps.at(0.3, detail)
        )
    steps.start("comparing")
    report = EvaluationReport(
        n=len(test),
        in_scope=len(inside),
        labels=len(labels),
        accuracy=_hits(ours, scope_right).hit_1,
        hit_3=_hits(ours, scope_right).hit_3,
        hit_5=_hits(ours, scope_right).hit_5,
        likely=likely,
        coverage=coverage,
        share_right=share_right,
        possible=possible,
        coverage_3=coverage_3,
        share_right_3=share_right_3,
        macro_f1=macro_f1,
        macro_recall=macro_recall,
        ece=expected_calibration_error(first_p, first_right),
        faqs=tuple(sorted(scores, key=lambda score: (-score.n, score.label))),
        baselines={name: _hits(rows, scope_right) for name, rows in others.items()},
        above_svm=_above(ours, others.get("tfidf_svm"), scope_right),
        above_fasttext=_above(ours, others.get("fasttext"), scope_right),
        curve=tuple(coverage_curve(first_p, first_right)),
        curve_3=tuple(coverage_curve(three_p, three_right)),
    )
    steps.at(1.0)
    return report


def _hits(ranked: Sequence[Sequence[str]], right: Sequence[set[str]]) -> Hits:
    return Hits(*(hit_rate(ranked, right, k) for k in _KS))


def _each(ranked: Sequence[Sequence[str]], right: Sequence[set[str]], k: int) -> list[float]:
    return [float(hit(row, answers, k)) for row, answers in zip(ranked, right, strict=True)]


def _above(
    ours: Sequence[Sequence[str]], theirs: baselines.Ranked | None, right: Sequence[set[str]]
) -> dict[str, Difference]:
    if theirs is None:
        return {}
    return {
        f"hit@{k}": paired_bootstrap(_each(ours, right, k), _each(theirs, right, k)) for k in _KS
    }
