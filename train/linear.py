"""Fits the linear voice: machines over the same features, mixed into one set of weights.

A multinomial logistic regression, which shares an inquiry of several labels between them, orders
the lower ranks well; a linear SVM for each label against the rest finds the first. Their scores are
mixed by weights that validation data chose (see `train/faq.py`).
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import OptimizeResult, minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from support.blend import log_normalize

Matrix = npt.NDArray[np.float32]
_DENSE_ROWS = 12_000  # up to here all products of pairs fit in memory: 576 MB


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
    num_iterations: int = 60,
    progress: Callable[[float], None] | None = None,
) -> Weights:
    """Multinomial logistic regression whose target is shared evenly between an inquiry's labels.

    Solved for one coefficient an inquiry and label: there are far fewer inquiries than features.

    Args:
        rows: (n, features), each of length 1.
        targets: (n, labels), at least one label a row.
        penalty: weight of the squared weights against the summed log loss.
        num_iterations: of L-BFGS; stopping early regularises too.
        progress: told the share that is done; may raise.
    """
    n, count = targets.shape
    shared = (targets / targets.sum(axis=1, keepdims=True)).astype(np.float32)
    turned = rows.T.tocsr()
    gram = (rows @ turned).toarray() if n <= _DENSE_ROWS else None

    def products(coefficients: Matrix) -> Matrix:
        if gram is not None:
            return np.asarray(gram @ coefficients)
        return np.asarray(rows @ (turned @ coefficients))

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        coefficients = flat[: n * count].reshape(n, count).astype(np.float32)
        scores = products(coefficients)
        logs = log_normalize(scores + flat[n * count :])
        rest = (np.exp(logs) - shared).astype(np.float32)
        value = -(shared * logs).sum() + penalty / 2 * float((coefficients * scores).sum())
        gradient = products(rest + np.float32(penalty) * coefficients)
        return float(value), np.concatenate([gradient.ravel(), rest.sum(axis=0)]).astype(np.float64)

    done = 0

    def step(intermediate_result: OptimizeResult) -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done / num_iterations)

    prior = np.log(np.asarray(targets.sum(axis=0), dtype=np.float64) + 1)
    start: npt.NDArray[np.float64] = np.concatenate([np.zeros(n * count), prior - prior.mean()])
    best = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        callback=step,
        options={"maxiter": num_iterations},
    ).x
    coefficients = best[: n * count].reshape(n, count).astype(np.float32)
    return Weights(np.asarray(turned @ coefficients), best[n * count :].astype(np.float32))


def fit_svm(
    rows: sparse.csr_array,
    targets: npt.NDArray[np.bool_],
    *,
    cost: float = 0.6,
    progress: Callable[[float], None] | None = None,
) -> Weights:
    """One linear SVM for each label against the rest; an inquiry of several labels is for each.

    Args:
        rows: (n, features), each of length 1.
        targets: (n, labels); no column may be all or none.
        cost: of an error, against the squared weights.
        progress: told the share that is done; may raise.
    """
    count = targets.shape[1]
    weights = np.empty((rows.shape[1], count), dtype=np.float32)
    bias = np.empty(count, dtype=np.float32)
    plain = sparse.csr_matrix(rows)
    with warnings.catch_warnings():
        # Two hundred passes more would change the fourth digit; the blend sees two.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for label in range(count):
            machine = LinearSVC(C=cost, random_state=0).fit(plain, targets[:, label])
            weights[:, label] = machine.coef_[0]
            bias[label] = machine.intercept_[0]
            if progress:
                progress((label + 1) / count)
    return Weights(weights, bias)
