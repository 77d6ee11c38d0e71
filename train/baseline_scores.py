"""The baselines' scores, and the baselines under our own rules: calibrated on validation.

Each baseline learns from the training part, is calibrated and thresholded on validation, and then
learns from both parts, just as the recipe that it is compared with.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from support.fasttext_voice import FastTextVoice

from .baselines import Ranked, _tfidf
from .blend import Scores, targets_of
from .calibrate import calibrate
from .examples import Example, label_rows
from .figures import Figures, judge_rankings

LEAST_HELD_OUT = 10  # inquiries in scope to calibrate on
_MARGIN = 4.0  # an SVM's margins, brought to about the size of logits
Score = Callable[[Sequence[Example], Sequence[str], Sequence[str]], Scores]


@dataclass(frozen=True, slots=True)
class BaselineReport:
    """A baseline's ranking of each text, and its figures where it could be calibrated."""

    ranked: Ranked
    figures: Figures | None


def fasttext_scores(
    train: Sequence[Example], labels: Sequence[str], texts: Sequence[str]
) -> Scores:
    """(texts, labels) log-probabilities of fastText alone, as `baselines.fasttext_alone`."""
    voice = FastTextVoice.fit(label_rows(train, labels), len(labels))
    return voice.log_probabilities(texts).astype(np.float64)


def svm_scores(train: Sequence[Example], labels: Sequence[str], texts: Sequence[str]) -> Scores:
    """(texts, labels) margins of the TF-IDF SVM, as `baselines.tfidf_svm`.

    A label that no row carries gets less than any other.
    """
    rows = label_rows(train, labels)
    vectorizer = FeatureUnion(
        [
            ("words", _tfidf(analyzer="word", ngram_range=(1, 2))),
            ("characters", _tfidf(analyzer="char_wb", ngram_range=(2, 5))),
        ]
    )
    unique = list(dict.fromkeys(text for text, _ in rows))
    place = {text: i for i, text in enumerate(unique)}
    fitted = sparse.csr_matrix(vectorizer.fit_transform(unique))
    machine = LinearSVC(C=1.0, random_state=0)
    machine.fit(fitted[[place[text] for text, _ in rows]], [label for _, label in rows])
    scores = machine.decision_function(vectorizer.transform(list(texts)))
    if scores.ndim == 1:  # two labels: one column
        scores = np.stack([-scores, scores], axis=1)
    full = np.full((len(texts), len(labels)), scores.min() - 1.0)
    full[:, machine.classes_] = scores
    return _MARGIN * full


def judge_baseline(
    score: Score,
    past: Sequence[Example],
    validation: Sequence[Example],
    test: Sequence[Example],
    labels: Sequence[str],
    *,
    share_right: float,
    share_right_three: float,
) -> BaselineReport:
    """Fit a baseline on everything past; calibrate it on validation by a fit on what was before.

    Args:
        score: fits and scores.
        past: what may be learned from, validation included.
        validation: the part of it to choose thresholds on; with too little of it, none are chosen.
        test: the inquiries to judge.
        labels: those that may be suggested.
        share_right: stated for Likely.
        share_right_three: stated for Possible.
    """
    scores = score(past, labels, [example.text for example in test])
    order = np.argsort(-scores, axis=1, kind="stable")
    ranked = [[labels[i] for i in row] for row in order.tolist()]
    held_out = {example.inquiry_id for example in validation}
    older = [example for example in past if example.inquiry_id not in held_out]
    targets = targets_of([example.labels for example in validation], labels)
    inside = int(targets.any(axis=1).sum()) if len(targets) else 0
    taught = {label for example in older for label in example.labels} & set(labels)
    if inside < LEAST_HELD_OUT or len(taught) < 2:
        return BaselineReport(ranked, None)
    calibration, _ = calibrate(
        {"baseline": score(older, labels, [example.text for example in validation])},
        targets,
        share_right=share_right,
        share_right_three=share_right_three,
    )
    blended = calibration.blend({"baseline": scores.astype(np.float32)})
    judged = calibration.judge(blended, top_k=len(labels))
    right = [example.labels for example in test]
    figures = judge_rankings(calibration, ranked, judged.sure, right, labels=labels)
    return BaselineReport(ranked, figures)
