"""The heads of the linear voice: machines over the same features, each a set of weights.

What they score is mixed by weights that validation data chose, so a head that brings nothing ends
near 0, and the mixture is one set of weights again: a head more costs nothing while serving.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from support.features import Features

from .blend import Scores, Targets
from .factored import fit_factored
from .faq_config import FaqConfig
from .faq_report import worth
from .linear import Weights, fit_logistic, fit_svm
from .solver import products_of
from .teacher import Lesson, fit_taught

_SVM_SCALE = 4.0  # margins and similarities, brought to about the size of logits,
_TEXT_SCALE = 20.0  # so that the blend's penalty weighs on all heads alike


@dataclass(frozen=True, slots=True)
class LinearSettings:
    """The settings that were chosen."""

    svm_cost: float
    logistic_penalty: float


def choose_linear(
    rows: sparse.csr_array,
    targets: Targets,
    asked_rows: sparse.csr_array,
    asked_targets: Targets,
    *,
    config: FaqConfig,
    progress: Callable[[float], None],
) -> LinearSettings:
    """The settings under which each machine alone ranks the validation part best."""
    steps = len(config.svm_costs) + len(config.logistic_penalties)
    products = products_of(rows) if steps > 2 else None

    def best(fit: Callable[[float], Weights], values: Sequence[float], before: int) -> float:
        if len(values) == 1:
            return values[0]
        tried: list[tuple[float, float]] = []
        for number, value in enumerate(values):
            scores = fit(value)(asked_rows).astype(np.float64)
            tried.append((worth(scores, asked_targets), value))
            progress((before + number + 1) / steps)
        return max(tried, key=lambda item: item[0])[1]

    return LinearSettings(
        best(
            lambda cost: fit_svm(rows, targets, cost=cost, products=products), config.svm_costs, 0
        ),
        best(
            lambda penalty: fit_logistic(rows, targets, penalty=penalty, products=products),
            config.logistic_penalties,
            len(config.svm_costs),
        ),
    )


def fit_heads(
    rows: sparse.csr_array,
    targets: Targets,
    settings: LinearSettings,
    *,
    lesson: Lesson | None,
    config: FaqConfig,
    progress: Callable[[float], None],
) -> dict[str, Weights]:
    """Every machine that learns from inquiries.

    Args:
        rows: (n, features).
        targets: (n, labels), at least one label a row.
        settings: the chosen ones.
        lesson: labels that were read off answers; None where there are none.
        config: whether to fit the factored machine, and its seed.
        progress: told the share that is done; may raise.
    """
    penalty = settings.logistic_penalty
    parts = 2 + config.factored + (lesson is not None)

    def tell(number: int) -> Callable[[float], None]:
        return lambda share: progress((number + share) / parts)

    products = products_of(rows)
    svm = fit_svm(rows, targets, cost=settings.svm_cost, products=products, progress=tell(0))
    scale = np.float32(_SVM_SCALE)
    heads = {
        "svm": Weights(scale * svm.weights, scale * svm.bias),
        "logistic": fit_logistic(
            rows, targets, penalty=penalty, products=products, progress=tell(1)
        ),
    }
    del products  # of few rows of long texts it is large
    if lesson is not None:
        heads["taught"] = fit_taught(rows, targets, lesson, penalty=penalty, progress=tell(2))
    if config.factored:
        heads["factored"] = fit_factored(
            rows, targets, seed=config.seed, n_seeds=2, progress=tell(parts - 1)
        )
    return heads


def rarity_head(num_features: int, targets: Targets) -> Weights:
    """What a label gains by being rare, whatever the inquiry: minus the log of its share.

    Machines that are unsure lean to what is common, and a blend of them leans twice. Judged on
    later rows, the head lifted hit@1 and hit@3 on a forum by .004 and .002, on petitions by .011
    and .025.
    """
    nothing = np.broadcast_to(np.float32(0), (num_features, targets.shape[1]))
    return Weights(nothing, -np.log(prior_of(targets)))


def prior_of(targets: Targets) -> npt.NDArray[np.float32]:
    """(labels,) how common each label is, summing to 1; one more each, so that none is 0."""
    counts = targets.sum(axis=0) + 1.0
    return np.asarray(counts / counts.sum(), dtype=np.float32)


def text_heads(
    features: Features, labels: Sequence[str], faq_texts: Mapping[str, str]
) -> dict[str, Weights]:
    """The likeness of inquiry and FAQ, by its title and by its whole text.

    It is linear in the inquiry's features, hence a head like the others. A FAQ without text is
    taken to be as like as the others are on average.
    """
    found: dict[str, Weights] = {}
    if not any(faq_texts.get(label, "").strip() for label in labels):
        return found
    for name in ("title", "text"):
        texts = [faq_texts.get(label, "").strip() for label in labels]
        if name == "title":
            texts = [text.split("\n", 1)[0] for text in texts]
        rows = features.transform(texts).toarray()
        missing = ~rows.any(axis=1)
        rows[missing] = rows[~missing].mean(axis=0) if not missing.all() else 0
        weights = np.ascontiguousarray(_TEXT_SCALE * rows.T, dtype=np.float32)
        found[name] = Weights(weights, np.zeros(len(labels), dtype=np.float32))
    return found


def score_heads(heads: Mapping[str, Weights], rows: sparse.csr_array) -> dict[str, Scores]:
    """(n, labels) of each head."""
    return {name: head(rows).astype(np.float64) for name, head in heads.items()}
