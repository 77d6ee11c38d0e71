"""Labels for inquiries that were answered without a link, by one who may read the answer.

Most answers tell in words what a link would have said. A teacher that reads inquiry *and* answer is
far surer than anything that reads the inquiry alone (on a forum's later inquiries .65 against .42
right at first); what it makes of answered but unlabelled inquiries becomes a lesson: rows with a
share for each label, from which a machine learns that will see inquiries alone. This is
generalized distillation (Lopez-Paz et al. 2016, arXiv 1511.03643).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from support.features import FeatureConfig, Features

from .answered import Answered
from .blend import Targets
from .examples import Example
from .linear import Weights, fit_logistic, solve
from .solver import Matrix

_ANSWERS = FeatureConfig(
    max_words=30_000, max_characters=60_000, shortest=3, longest=4, max_length=1500
)
_FEWEST = 200  # labelled inquiries with an answer, below which the teacher knows too little
_KNOWN = 8_000  # newest labelled inquiries at most that the teacher reads
_PUPILS = 6_000  # newest unlabelled inquiries at most that it looks at,
_KEPT = 2 / 3  # and the share of these that it is surest of, which is taught
_WEIGHT = 0.2  # of a taught inquiry against a labelled one
_SHORTEST_TITLE = 12  # characters; shorter FAQ titles are ordinary words


@dataclass(frozen=True, slots=True)
class Lesson:
    """Inquiries without a label of their own: rows of features, and each label's share of them."""

    rows: sparse.csr_array  # (m, features)
    shares: Matrix  # (m, labels), rows sum to 1


def teach(
    features: Features,
    learn: Sequence[Example],
    rows: sparse.csr_array,
    targets: Targets,
    answered: Iterable[Answered],
    *,
    before: str,
    labelled: Iterable[int],
    faq_texts: Mapping[str, str],
    progress: Callable[[float], None] | None = None,
) -> Lesson | None:
    """Read the answers, and label what has no label.

    Args:
        features: of inquiries.
        learn: the labelled inquiries.
        rows: their features.
        targets: their labels.
        answered: inquiries with their replies, labelled or not.
        before: only replies of before this moment are read.
        labelled: ids of the inquiries that have any label, in scope or not.
        faq_texts: of the labels; an FAQ's title in an answer is taken out, as addresses are.
        progress: told the share that is done; may raise.

    Returns:
        The lesson, or None where there is too little to learn from or nobody to teach.
    """
    tell = progress or (lambda share: None)
    cut_titles = _titles(faq_texts)
    said = {item.inquiry_id: item for item in answered if item.said(before)}
    known = [i for i, e in enumerate(learn) if e.inquiry_id in said][-_KNOWN:]
    have = set(labelled)
    pupils = [item for key, item in said.items() if key not in have and item.text.strip()]
    pupils = sorted(pupils, key=lambda item: (item.at, item.inquiry_id))[-_PUPILS:]
    if len(known) < _FEWEST or not pupils:
        return None

    def answers(items: Iterable[Answered]) -> list[str]:
        return [cut_titles(item.said(before)) for item in items]

    read = answers(said[learn[i].inquiry_id] for i in known)
    words = Features.fit(read, config=_ANSWERS, progress=lambda n: tell(0.2 * n / len(read)))
    both = sparse.csr_array(sparse.hstack([rows[known], words.transform(read)], format="csr"))
    teacher = fit_logistic(both, targets[known], penalty=0.1)
    tell(0.4)
    asked = features.transform(
        [item.text for item in pupils], progress=lambda n: tell(0.4 + 0.3 * n / len(pupils))
    )
    told = words.transform(answers(pupils), progress=lambda n: tell(0.7 + 0.3 * n / len(pupils)))
    logits = teacher(sparse.csr_array(sparse.hstack([asked, told], format="csr")))
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    surest = np.sort(np.argsort(-shares.max(axis=1), kind="stable")[: round(_KEPT * len(pupils))])
    return Lesson(asked[surest], shares[surest])


def fit_taught(
    rows: sparse.csr_array,
    targets: Targets,
    lesson: Lesson,
    *,
    penalty: float = 0.1,
    weight: float = _WEIGHT,
    num_iterations: int = 40,
    n_threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Weights:
    """Multinomial logistic regression from labelled inquiries and a lesson.

    Args:
        rows: (n, features) of labelled inquiries.
        targets: (n, labels), at least one label a row, between which the row is shared.
        lesson: the others.
        penalty: weight of the squared weights against the summed log loss.
        weight: of an inquiry of the lesson against a labelled one.
        num_iterations: at most.
        n_threads: at most so many; default all processors.
        progress: told the share that is done; may raise.
    """
    shared = (targets / targets.sum(axis=1, keepdims=True)).astype(np.float32)
    shares = np.vstack([shared, lesson.shares]).astype(np.float32)
    counts: npt.NDArray[np.float32] = np.ones((len(shares), 1), dtype=np.float32)
    counts[len(shared) :] = weight

    def loss(scores: Matrix) -> tuple[float, Matrix]:
        raised = scores - scores.max(axis=1, keepdims=True)
        powers = np.exp(raised)
        sums = powers.sum(axis=1, keepdims=True)
        value = (counts * shares * (np.log(sums) - raised)).sum(dtype=np.float64)
        return float(value), np.asarray(counts * (powers / sums - shares), dtype=np.float32)

    everything = sparse.csr_array(sparse.vstack([rows, lesson.rows], format="csr"))
    prior = np.log((counts * shares).sum(axis=0) + 1)
    return solve(
        everything, loss, prior - prior.mean(),
        penalty=penalty, num_iterations=num_iterations, n_threads=n_threads, progress=progress,
    )  # fmt: skip


def _titles(faq_texts: Mapping[str, str]) -> Callable[[str], str]:
    """What takes the titles of FAQs out of a text, which it turns to lower case."""
    titles = {text.strip().split("\n", 1)[0].strip().lower() for text in faq_texts.values()}
    long = sorted((title for title in titles if len(title) >= _SHORTEST_TITLE), key=len)
    long.reverse()

    def cut(text: str) -> str:
        text = text.lower()
        # One pattern of all titles tries each of them at each character: a hundred times slower.
        for title in long:
            if title in text:
                text = text.replace(title, " ")
        return text

    return cut
