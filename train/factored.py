"""Fits a linear machine through a narrow middle, leaving features out at random.

What fastText does for words: every feature gets a short vector, every label too, so that labels
share what they learn of a feature; here over TF-IDF features. Leaving half of the features out of
an inquiry at each look (dropout, Srivastava et al. 2014) makes the machine lean on all of a text
instead of on its one telling word, which counts most where a label has ten inquiries. The product
of both is one weight for each feature and label: serving costs nothing more.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from .linear import Weights, mix
from .solver import Matrix

_SLOPE, _SQUARE = 0.9, 0.98  # how much of its past Adam keeps, of slopes and of their squares
_TINY = 1e-8
_MANY = 12_000  # inquiries above which one machine is enough


@dataclass(frozen=True, kw_only=True, slots=True)
class FactoredConfig:
    """Settings of the factored machine."""

    dim: int = 128  # of the middle
    left_out: float = 0.5  # share of an inquiry's features
    hidden_left_out: float = 0.5  # share of the middle
    smoothing: float = 0.1  # of the target, spread over all labels
    learning_rate: float = 4e-3
    batch_size: int = 64
    looks: int = 100_000  # inquiries shown in all; more passes over few, fewer over many
    most_epochs: int = 40
    fewest_epochs: int = 2

    def __post_init__(self) -> None:
        for name in ("left_out", "hidden_left_out", "smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be in [0, 1), got {getattr(self, name)}.")

    def num_epochs(self, n: int) -> int:
        """Passes over n inquiries."""
        return max(self.fewest_epochs, min(self.most_epochs, round(self.looks / max(n, 1))))


class _Labels:
    """Adam over the label vectors and their bias."""

    def __init__(self, values: Matrix) -> None:
        self.values = values
        self._slope, self._square = np.zeros_like(values), np.zeros_like(values)
        self._steps = 0

    def step(self, slope: Matrix, rate: float) -> None:
        self._steps += 1
        self._slope += np.float32(1 - _SLOPE) * (slope - self._slope)
        self._square += np.float32(1 - _SQUARE) * (slope * slope - self._square)
        mean = self._slope / np.float32(1 - _SLOPE**self._steps)
        spread = np.sqrt(self._square / np.float32(1 - _SQUARE**self._steps))
        self.values -= np.float32(rate) * mean / (spread + np.float32(_TINY))


class _Features:
    """Steps over some feature vectors, each as long as its slopes usually were.

    One scale a vector instead of Adam's one a value: half the time, and no worse.
    """

    def __init__(self, values: Matrix) -> None:
        self.values = values
        self._square = np.zeros((len(values), 1), dtype=np.float32)
        self._steps = np.zeros((len(values), 1), dtype=np.float32)

    def step(self, rows: npt.NDArray[np.signedinteger], slope: Matrix, rate: float) -> None:
        self._steps[rows] += 1
        square = np.einsum("ij,ij->i", slope, slope)[:, None] / np.float32(slope.shape[1])
        square = np.float32(_SQUARE) * self._square[rows] + np.float32(1 - _SQUARE) * square
        self._square[rows] = square
        spread = np.sqrt(square / (1 - np.float32(_SQUARE) ** self._steps[rows]))
        self.values[rows] -= slope * (np.float32(rate) / (spread + np.float32(_TINY)))


def fit_factored(
    rows: sparse.csr_array,
    targets: npt.NDArray[np.bool_],
    *,
    config: FactoredConfig | None = None,
    seed: int = 0,
    n_seeds: int = 2,
    progress: Callable[[float], None] | None = None,
) -> Weights:
    """Fit several machines that differ by chance alone; theirs is the average.

    Args:
        rows: (n, features), each of length 1.
        targets: (n, labels), at least one label a row.
        config: settings.
        seed: of the start, the order and what is left out.
        n_seeds: how many machines; beyond 12,000 inquiries one is enough.
        progress: told the share that is done; may raise.

    Raises:
        ValueError: n_seeds is less than 1.
    """
    if n_seeds < 1:
        raise ValueError(f"n_seeds must be 1 or more, got {n_seeds}.")
    config = config or FactoredConfig()
    count = 1 if rows.shape[0] > _MANY else n_seeds
    machines = []
    # The products are small: threads of the numerical library would only wait for one another.
    with threadpool_limits(1, user_api="blas"):
        for number in range(count):

            def tell(share: float, number: int = number) -> None:
                if progress:
                    progress((number + share) / count)

            rng = np.random.default_rng([seed, number])
            machines.append((1 / count, _fit_one(rows, targets, config, rng, tell)))
    return mix(machines)


def _fit_one(
    rows: sparse.csr_array,
    targets: npt.NDArray[np.bool_],
    config: FactoredConfig,
    rng: np.random.Generator,
    progress: Callable[[float], None],
) -> Weights:
    """Minimise the log loss of smoothed targets."""
    n, count = targets.shape
    shared = (targets / targets.sum(axis=1, keepdims=True)).astype(np.float32)
    shared = shared * np.float32(1 - config.smoothing) + np.float32(config.smoothing / count)
    start = rng.standard_normal((rows.shape[1], config.dim), dtype=np.float32)
    features = _Features(np.float32(0.2) * start)
    start = rng.standard_normal((config.dim + 1, count), dtype=np.float32)
    start[-1] = 0  # the bias
    labels = _Labels(np.float32(0.3 / np.sqrt(config.dim)) * start)
    epochs = config.num_epochs(n)
    batches = -(-n // config.batch_size)
    done, total = 0, epochs * batches
    for _ in range(epochs):
        order = rng.permutation(n)
        for first in range(0, n, config.batch_size):
            chosen = order[first : first + config.batch_size]
            rate = config.learning_rate * min(1.0, (done + 1) / 50) * max(0.02, 1 - done / total)
            _learn(rows[chosen], shared[chosen], features, labels, rate, config, rng)
            done += 1
            if done % 20 == 0:
                progress(done / total)
    progress(1.0)
    return Weights(features.values @ labels.values[:-1], labels.values[-1])


def _learn(
    rows: sparse.csr_array,
    shared: Matrix,
    features: _Features,
    labels: _Labels,
    rate: float,
    config: FactoredConfig,
    rng: np.random.Generator,
) -> None:
    """One step on one batch; only the features that occur in it are touched."""
    kept = rng.random(rows.nnz, dtype=np.float32) >= config.left_out
    ends = np.concatenate([[0], np.cumsum(kept)])[rows.indptr]
    ids, places = np.unique(rows.indices[kept], return_inverse=True)
    values = rows.data[kept] / np.float32(1 - config.left_out)
    batch = sparse.csr_array((values, places, ends), shape=(len(shared), len(ids)))
    middle = np.asarray(batch @ features.values[ids])
    share = np.float32(1 - config.hidden_left_out)
    mask = (rng.random(middle.shape, dtype=np.float32) < share) / share
    middle = np.hstack([middle * mask, np.ones((len(middle), 1), np.float32)])
    scores = middle @ labels.values
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    rest = (powers / powers.sum(axis=1, keepdims=True) - shared) / np.float32(len(shared))
    back = (rest @ labels.values[:-1].T) * mask
    labels.step(middle.T @ rest, rate)
    features.step(ids, np.asarray(batch.T @ back), rate)
