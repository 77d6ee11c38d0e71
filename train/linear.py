"""Fits the linear voice: machines over the same features, mixed into one set of weights.

A multinomial logistic regression, which shares an inquiry of several labels between them, orders
the lower ranks well; linear SVMs of each label against the rest find the first. Their scores are
mixed by weights that validation data chose (see `train/faq.py`). Beside them stands the gate, which
tells inquiries that no FAQ answers. `train/factored.py` has one machine more.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from .solver import Loss, Matrix, PairProducts, Products, minimise, passes, products_of

_FEWEST_OUTSIDE = 20  # out-of-scope inquiries below which a gate would learn their few words


@dataclass(frozen=True, slots=True)
class Weights:
    """Scores are `rows @ weights + bias`: (features, labels) and (labels,)."""

    weights: Matrix
    bias: Matrix

    def __call__(self, rows: sparse.csr_array) -> Matrix:
        """Score rows of features: (n, labels)."""
        return np.asarray(rows @ self.weights + self.bias, dtype=np.float32)


def mix(parts: list[tuple[float, Weights]]) -> Weights:
    """The weighted sum of several machines over the same features."""
    weights = sum(share * part.weights for share, part in parts)
    bias = sum(share * part.bias for share, part in parts)
    return Weights(np.asarray(weights, np.float32), np.asarray(bias, np.float32))


def fit_logistic(
    rows: sparse.csr_array,
    targets: npt.NDArray[np.bool_],
    *,
    penalty: float = 0.1,
    num_iterations: int | None = None,
    n_threads: int | None = None,
    products: Products | PairProducts | None = None,
    progress: Callable[[float], None] | None = None,
) -> Weights:
    """Multinomial logistic regression whose target is shared evenly between an inquiry's labels.

    Args:
        rows: (n, features), each of length 1.
        targets: (n, labels), at least one label a row.
        penalty: weight of the squared weights against the summed log loss.
        num_iterations: at most; default 24, beyond 12,000 inquiries fewer.
        n_threads: at most so many; default all processors.
        products: of the same rows, where they were made before.
        progress: told the share that is done; may raise.
    """
    shared = (targets / targets.sum(axis=1, keepdims=True)).astype(np.float32)

    def loss(scores: Matrix) -> tuple[float, Matrix]:
        # As support.blend.log_normalize, but in float32: half the time is spent here otherwise.
        raised = scores - scores.max(axis=1, keepdims=True)
        powers = np.exp(raised)
        sums = powers.sum(axis=1, keepdims=True)
        value = (shared * (np.log(sums) - raised)).sum(dtype=np.float64)
        return float(value), powers / sums - shared

    prior = np.log(np.asarray(targets.sum(axis=0), dtype=np.float32) + 1)
    return solve(
        rows, loss, prior - prior.mean(),
        penalty=penalty, num_iterations=num_iterations, n_threads=n_threads, products=products,
        progress=progress,
    )  # fmt: skip


def fit_svm(
    rows: sparse.csr_array,
    targets: npt.NDArray[np.bool_],
    *,
    cost: float = 0.6,
    num_iterations: int | None = None,
    n_threads: int | None = None,
    products: Products | PairProducts | None = None,
    progress: Callable[[float], None] | None = None,
) -> Weights:
    """A linear SVM for each label against the rest; an inquiry of several labels is for each.

    Args:
        rows: (n, features), each of length 1.
        targets: (n, labels).
        cost: of a squared error of the margin, against half the squared weights.
        num_iterations: at most; default 24, beyond 12,000 inquiries fewer.
        n_threads: at most so many; default all processors.
        products: of the same rows, where they were made before.
        progress: told the share that is done; may raise.
    """
    sides = np.where(targets, 1, -1).astype(np.float32)

    def loss(scores: Matrix) -> tuple[float, Matrix]:
        short = np.maximum(1 - sides * scores, 0)
        return float((short * short).sum(dtype=np.float64)), -2 * short * sides

    # Nearly every inquiry lies on the far side of nearly every label.
    far = np.full(targets.shape[1], -1, dtype=np.float32)
    return solve(
        rows, loss, far,
        penalty=1 / cost, num_iterations=num_iterations, n_threads=n_threads, products=products,
        progress=progress,
    )  # fmt: skip


def solve(
    rows: sparse.csr_array,
    loss: Loss,
    bias: Matrix,
    *,
    penalty: float,
    num_iterations: int | None = None,
    n_threads: int | None = None,
    products: Products | PairProducts | None = None,
    progress: Callable[[float], None] | None = None,
) -> Weights:
    """The weights of a machine with a loss, from no weights and a first bias: (labels,)."""
    over = products or products_of(rows, n_threads=n_threads)
    start = np.zeros((over.dim + 1, len(bias)), dtype=np.float32)
    start[-1] = bias
    found = minimise(
        over, loss, start,
        penalty=penalty, num_iterations=num_iterations or passes(rows.shape[0]), progress=progress,
    )  # fmt: skip
    found = over.expand(found)
    return Weights(found[:-1], found[-1])


def fit_gate(
    rows: sparse.csr_array,
    outside: npt.NDArray[np.bool_],
    *,
    penalty: float = 0.1,
    n_threads: int | None = None,
) -> Weights | None:
    """One column that is higher the more an inquiry looks like those that no FAQ answered.

    Args:
        rows: (n, features), of inquiries in and out of scope.
        outside: (n,) whether each is out of scope.
        penalty: weight of the squared weights against the summed log loss.
        n_threads: at most so many; default all processors.

    Returns:
        Weights of one column, or None where fewer than 20 are out of scope, or fewer in.
    """
    if min(int(outside.sum()), int((~outside).sum())) < _FEWEST_OUTSIDE:
        return None
    both = fit_logistic(
        rows, np.stack([~outside, outside], axis=1), penalty=penalty, n_threads=n_threads
    )
    return Weights(both.weights[:, 1:] - both.weights[:, :1], both.bias[1:] - both.bias[:1])
