"""What a desk would use instead: the most frequent FAQ, fastText alone, and a TF-IDF linear SVM.

The SVM is scikit-learn's own, vectorizer and all, with nothing of ours in it.
"""

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from support.fasttext_voice import FastTextVoice

from .blend import Scores
from .examples import Example, count_labels, label_rows

Ranked = list[list[str]]
_MARGIN = 4.0  # an SVM's margins, brought to about the size of logits


def most_frequent(train: Sequence[Example], labels: Sequence[str], texts: Sequence[str]) -> Ranked:
    """The same answer to everybody."""
    counts = count_labels(train)
    order = sorted(labels, key=lambda label: (-counts[label], label))
    return [list(order) for _ in texts]


def fasttext_scores(
    train: Sequence[Example], labels: Sequence[str], texts: Sequence[str]
) -> Scores:
    """(texts, labels) log-probabilities of fastText alone.

    Learning rate .5, 25 epochs, word pairs and characters 2-5.
    """
    voice = FastTextVoice.fit(label_rows(train, labels), len(labels))
    return voice.log_probabilities(texts).astype(np.float64)


def svm_scores(train: Sequence[Example], labels: Sequence[str], texts: Sequence[str]) -> Scores:
    """(texts, labels) margins of a linear SVM over TF-IDF of words 1-2 and characters 2-5.

    An inquiry is learned once for each label. A label that no row carries gets less than any other.
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


def balanced_svm(texts: Sequence[str], labels: Sequence[str], test: Sequence[str]) -> list[str]:
    """The label of each test text by a linear SVM over TF-IDF of characters 1-4.

    Rare labels weigh as much as common ones.
    """
    vectorizer = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 4), sublinear_tf=True, dtype=np.float32
    )
    rows = vectorizer.fit_transform(list(texts))
    machine = LinearSVC(C=1.0, class_weight="balanced", random_state=0)
    machine.fit(rows, list(labels))
    return [str(label) for label in machine.predict(vectorizer.transform(list(test)))]


def rank(scores: Scores, labels: Sequence[str]) -> Ranked:
    """The labels of each row of scores, best first."""
    order = np.argsort(-scores, axis=1, kind="stable")
    return [[labels[i] for i in row] for row in order.tolist()]


def _tfidf(*, analyzer: str, ngram_range: tuple[int, int]) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=ngram_range,
        min_df=2,
        sublinear_tf=True,
        dtype=np.float32,
        # One letter is a word in Korean.
        token_pattern=r"(?u)\b\w+\b" if analyzer == "word" else None,
    )
