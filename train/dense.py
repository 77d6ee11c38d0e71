"""Fits the dense voice: multinomial logistic regression over a sentence encoder's vectors."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from support.blend import log_normalize
from support.dense_voice import DenseVoice

from .blend import Scores, Targets


def fit_dense(
    vectors: npt.NDArray[np.floating],
    targets: Targets,
    *,
    penalty: float = 0.1,
    num_iterations: int = 100,
) -> DenseVoice:
    """Learn one weight for each dimension and label.

    Args:
        vectors: (n, dim), rows of length 1.
        targets: (n, labels), at least one label a row, between which the row is shared.
        penalty: weight of the squared weights against the summed log loss.
        num_iterations: of L-BFGS at most.
    """
    dim, count = vectors.shape[1], targets.shape[1]
    rows = np.asarray(vectors, dtype=np.float32)
    shared = (targets / targets.sum(axis=1, keepdims=True)).astype(np.float32)

    def loss(flat: Scores) -> tuple[float, Scores]:
        weights = flat[: dim * count].reshape(dim, count)
        bias = flat[dim * count :]
        logs = log_normalize(rows @ weights.astype(np.float32) + bias)
        rest = (np.exp(logs) - shared).astype(np.float32)
        slope = (rows.T @ rest).astype(np.float64) + penalty * weights
        value = -float((shared * logs).sum()) + penalty / 2 * float((weights * weights).sum())
        return value, np.concatenate([slope.ravel(), rest.sum(axis=0, dtype=np.float64)])

    prior = np.log(targets.sum(axis=0) + 1.0)
    start: Scores = np.concatenate([np.zeros(dim * count), prior - prior.mean()])
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": num_iterations}).x
    return DenseVoice(
        best[: dim * count].reshape(dim, count).astype(np.float32),
        best[dim * count :].astype(np.float32),
    )
