"""What a desk would use instead: the most frequent FAQ, fastText alone, and a TF-IDF linear SVM.

The SVM is scikit-learn's own, vectorizer and all, with nothing of ours in it.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from support.fasttext_voice import FastTextConfig, FastTextVoice

from .examples import Example, count_labels, label_rows

Ranked = list[list[str]]


def most_frequent(train: Sequence[Example], labels: Sequence[str], texts: Sequence[str]) -> Ranked:
    """The same answer to everybody."""
    counts = count_labels(train)
    order = sorted(labels, key=lambda label: (-counts[label], label))
    return [list(order) for _ in texts]


def fasttext_alone(
    train: Sequence[Example],
    labels: Sequence[str],
    texts: Sequence[str],
    *,
    config: FastTextConfig | None = None,
) -> Ranked:
    """FastText with learning rate .5, 25 epochs, word pairs and characters 2-5."""
    voice = FastTextVoice.fit(label_rows(train, labels), len(labels), config=config)
    return _rank(voice.predict(texts), labels)


def tfidf_svm(
    train: Sequence[Example],
    labels: Sequence[str],
    texts: Sequence[str],
    *,
    progress: Callable[[str], None] | None = None,
) -> Ranked:
    """TF-IDF of words 1-2 and characters 2-5 with a linear SVM, an inquiry once for each label."""
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
    if progress:
        progress("TF-IDF SVM: learning")
    machine = LinearSVC(C=1.0, random_state=0)
    machine.fit(fitted[[place[text] for text, _ in rows]], [label for _, label in rows])
    scores = machine.decision_function(vectorizer.transform(list(texts)))
    if scores.ndim == 1:  # two labels: one column
        scores = np.stack([-scores, scores], axis=1)
    full = np.full((len(texts), len(labels)), -np.inf)
    full[:, machine.classes_] = scores
    return _rank(full, labels)


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


def _rank(scores: npt.NDArray[np.floating], labels: Sequence[str]) -> Ranked:
    order = np.argsort(-scores, axis=1, kind="stable")
    return [[labels[i] for i in row] for row in order.tolist()]
