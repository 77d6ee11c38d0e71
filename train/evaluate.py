"""Judges a classifier on inquiries it has not seen, beside what a desk would use instead."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from support.calibration import Calibration
from support.encoder import SentenceEncoder
from support.errors import TooFewLabelsError
from support.faq import FaqClassifier, Prediction, Voice
from support.similar import READ

from . import baselines
from .examples import Example, usable
from .figures import KS, Figures, judge_rankings
from .judge_baseline import judge_baseline
from .metrics import (
    Difference,
    LabelScore,
    hit,
    hit_rate,
    macro,
    paired_bootstrap,
    score_labels,
)
from .nearest import nearest
from .progress import Progress, Steps, silent

_SCORES = {"fasttext": baselines.fasttext_scores, "tfidf_svm": baselines.svm_scores}


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
    the labels; `baseline_figures` hold what the calibrated baselines are worth by the same rules;
    `above_svm` and `above_fasttext` hold the difference to that baseline at 1, 3 and 5,
    `hits` for each system and k whether each inquiry in scope was hit, in order.
    """

    n: int
    in_scope: int
    labels: int
    figures: Figures
    macro_f1: float
    macro_recall: float
    faqs: tuple[LabelScore, ...]
    baselines: dict[str, Hits]
    baseline_figures: dict[str, Figures]
    above_svm: dict[str, Difference]
    above_fasttext: dict[str, Difference]
    hits: dict[str, dict[str, tuple[bool, ...]]]

    @property
    def accuracy(self) -> float:
        """The share of the inquiries in scope whose first FAQ is right."""
        return self.figures.accuracy

    @property
    def hit_5(self) -> float:
        """The share of them with a right FAQ among the first five."""
        return self.figures.hit_5

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, the figures among the rest; without each inquiry's hits."""
        content = asdict(self)
        del content["hits"], content["figures"], content["baseline_figures"]
        content["baselines"] = {
            name: {f"hit@{k}": getattr(hits, f"hit_{k}") for k in KS}
            | (self.baseline_figures[name].as_dict() if name in self.baseline_figures else {})
            for name, hits in self.baselines.items()
        }
        return content | self.figures.as_dict()


def evaluate(
    classifier: FaqClassifier,
    test: Sequence[Example],
    *,
    past: Sequence[Example],
    validation: Sequence[Example] = (),
    encoder: SentenceEncoder | None = None,
    with_baselines: bool = True,
    progress: Progress = silent,
) -> EvaluationReport:
    """Compare with the baselines, which learn from the same past inquiries in the same run.

    Args:
        classifier: what was fitted on `past`.
        test: later inquiries; those without any label are left out.
        past: what the classifier was fitted on, training and validation; neighbours come from it.
        validation: the part of it that settings were chosen on; the baselines are calibrated and
            thresholded there too, which fits them twice. Without it they have hit rates alone.
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
    neighbours = vectors = None
    if encoder and classifier.wants_neighbours:
        asked = [text[:READ] for text in texts]
        vectors = encoder.encode(asked) if classifier.wants_vectors else None
        known = [example for example in past if set(example.labels) & label_set]
        neighbours = nearest(encoder, texts, known, top_k=classifier.neighbours_k)
    predictions = classifier.predict(texts, neighbours=neighbours, vectors=vectors, top_k=5)
    calibration = _calibration(classifier, predictions[0])
    figures = judge_predictions(classifier, predictions, test)
    ranked = [[scored.label for scored in p.scored] for p in predictions]
    right = [set(example.labels) for example in test]

    scope_right = [right[i] for i in inside]
    ours = [ranked[i] for i in inside]
    scores = score_labels([row[0] for row in ours], scope_right, labels)
    macro_f1, macro_recall = macro(scores)
    others: dict[str, baselines.Ranked] = {}
    their_figures: dict[str, Figures] = {}
    if with_baselines:
        asked = [texts[i] for i in inside]
        steps.start("most frequent")
        others["most_frequent"] = baselines.most_frequent(past, labels, asked)
        for words, (name, score) in zip(names[2:4], _SCORES.items(), strict=True):
            steps.start(words)
            report = judge_baseline(
                score, past, usable(validation), test, labels,
                share_right=calibration.likely.stated,
                share_right_three=calibration.possible.stated,
            )  # fmt: skip
            others[name] = [report.ranked[i] for i in inside]
            if report.figures:
                their_figures[name] = report.figures
    steps.start("comparing")
    found = EvaluationReport(
        n=len(test),
        in_scope=len(inside),
        labels=len(labels),
        figures=figures,
        macro_f1=macro_f1,
        macro_recall=macro_recall,
        faqs=tuple(sorted(scores, key=lambda score: (-score.n, score.label))),
        baselines={name: _hits(rows, scope_right) for name, rows in others.items()},
        baseline_figures=their_figures,
        above_svm=_above(ours, others.get("tfidf_svm"), scope_right),
        above_fasttext=_above(ours, others.get("fasttext"), scope_right),
        hits={
            name: {f"hit@{k}": tuple(_each(rows, scope_right, k)) for k in KS}
            for name, rows in {"faqdesk": ours, **others}.items()
        },
    )
    steps.at(1.0)
    return found


def judge_predictions(
    classifier: FaqClassifier, predictions: Sequence[Prediction], test: Sequence[Example]
) -> Figures:
    """Judge what a classifier said about inquiries, by its own thresholds.

    Args:
        classifier: made the predictions.
        predictions: of five FAQs or more each, by the same voices.
        test: the inquiries, in the same order.
    """
    return judge_rankings(
        _calibration(classifier, predictions[0]),
        [[scored.label for scored in found.scored] for found in predictions],
        [found.sure for found in predictions],
        [example.labels for example in test],
        labels=classifier.labels,
    )


def _calibration(classifier: FaqClassifier, prediction: Prediction) -> Calibration:
    """The one that a prediction was made with."""
    heard = prediction.weights
    return classifier.calibration(
        neighbours=Voice.NEIGHBOURS in heard, vectors=Voice.DENSE in heard
    )


def _hits(ranked: Sequence[Sequence[str]], right: Sequence[set[str]]) -> Hits:
    return Hits(*(hit_rate(ranked, right, k) for k in KS))


def _each(ranked: Sequence[Sequence[str]], right: Sequence[set[str]], k: int) -> list[bool]:
    return [hit(row, answers, k) for row, answers in zip(ranked, right, strict=True)]


def _above(
    ours: Sequence[Sequence[str]], theirs: baselines.Ranked | None, right: Sequence[set[str]]
) -> dict[str, Difference]:
    if theirs is None:
        return {}
    return {
        f"hit@{k}": paired_bootstrap(_each(ours, right, k), _each(theirs, right, k)) for k in KS
    }
