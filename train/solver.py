"""Finds the weights of linear machines: all labels at once, on as many threads as asked for.

Many labels share one pass over the rows, which is what makes 40,000 inquiries of 142 labels a
matter of a minute: a machine for each label apart would read the rows 142 times.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

Matrix = npt.NDArray[np.float32]
Loss = Callable[[Matrix], tuple[float, Matrix]]  # scores -> summed loss, its slope by score

_KEPT = 4  # steps that L-BFGS remembers; each costs two copies of the weights
_CURVE = 0.1  # of the loss by score, roughly; .01 to .5 did alike
_ENOUGH = 1e-4  # a step that gains less than this share of the loss is the last
_HALVINGS = 12
_MANY = 12_000  # rows above which iterations are saved
_SMALL = 200_000  # stored values below which threads cost more than they save
_FEW = 8_000  # rows up to which the products of all pairs fit: half a gigabyte while factored
_LONG = 6.0  # pairs a stored value below which products of pairs are the quicker ones
_JITTER = 1e-4  # keeps equal rows, whose products are all the same, from breaking the factor


class Products:
    """Rows times weights and back, cut over threads (SciPy lets go of the interpreter lock)."""

    def __init__(self, rows: sparse.csr_array, *, n_threads: int | None = None) -> None:
        wanted = _threads(n_threads)
        self._threads = 1 if rows.nnz < _SMALL else wanted
        self._num_rows, self._turned_rows = rows.shape
        self._rows = _cut(rows, self._threads)
        self._turned = _cut(rows.T.tocsr(), self._threads)

    def forward(self, weights: Matrix) -> Matrix:
        """(features + 1, labels) weights, the last row the bias, to (n, labels) scores."""
        found = np.empty((self._num_rows, weights.shape[1]), dtype=np.float32)
        self._fill(self._rows, weights[:-1], found)
        found += weights[-1]
        return found

    def back(self, slopes: Matrix) -> Matrix:
        """(n, labels) slopes by score to (features + 1, labels) slopes by weight."""
        found = np.empty((self._turned_rows + 1, slopes.shape[1]), dtype=np.float32)
        self._fill(self._turned, slopes, found[:-1])
        found[-1] = slopes.sum(axis=0)
        return found

    @property
    def dim(self) -> int:
        """How many weights a label has, beside its bias."""
        return self._turned_rows

    def expand(self, weights: Matrix) -> Matrix:
        """(dim + 1, labels) weights as (features + 1, labels): the same."""
        return weights

    def squares(self) -> Matrix:
        """(features + 1, 1) sums of squared values by feature, the last that of the bias."""
        sums = [block.multiply(block).sum(axis=1) for block in self._turned]
        found = np.append(np.concatenate([np.ravel(part) for part in sums]), self._num_rows)
        return np.asarray(found[:, None], dtype=np.float32)

    def _fill(self, blocks: Sequence[sparse.csr_array], right: Matrix, found: Matrix) -> None:
        right = np.ascontiguousarray(right, dtype=np.float32)
        ends = np.cumsum([block.shape[0] for block in blocks])

        def one(number: int) -> None:
            block = blocks[number]
            found[ends[number] - block.shape[0] : ends[number]] = block @ right

        if len(blocks) == 1:
            one(0)
            return
        with ThreadPoolExecutor(len(blocks)) as pool:
            list(pool.map(one, range(len(blocks))))


class PairProducts:
    """As `Products`, by the products of all pairs of rows: for few rows of long texts.

    The best weights are a mixture of the rows, so n numbers a label say as much as one a feature.
    With rows @ rows.T = factor @ factor.T, the factor's rows stand for the rows: same products,
    hence same scores, same lengths of weights and the same minimum.
    """

    def __init__(self, rows: sparse.csr_array, *, n_threads: int | None = None) -> None:
        turned = rows.T.tocsr()
        blocks = _cut(rows, _threads(n_threads))
        with ThreadPoolExecutor(len(blocks)) as pool:
            pairs = np.vstack(list(pool.map(lambda block: (block @ turned).toarray(), blocks)))
        pairs = pairs.astype(np.float64)
        pairs.flat[:: len(pairs) + 1] += _JITTER
        self._factor: npt.NDArray[np.float64] = linalg.cholesky(
            pairs, lower=True, overwrite_a=True, check_finite=False
        )
        self._small = self._factor.astype(np.float32)
        self._turned = turned
        self.dim = rows.shape[0]

    def forward(self, weights: Matrix) -> Matrix:
        """(n + 1, labels) weights, the last row the bias, to (n, labels) scores."""
        return np.asarray(self._small @ weights[:-1] + weights[-1], dtype=np.float32)

    def back(self, slopes: Matrix) -> Matrix:
        """(n, labels) slopes by score to (n + 1, labels) slopes by weight."""
        return np.vstack([self._small.T @ slopes, slopes.sum(axis=0)])

    def squares(self) -> Matrix:
        """(n + 1, 1) sums of squared values by column of the factor, the last that of the bias."""
        found = np.append(np.einsum("ij,ij->j", self._small, self._small), self.dim)
        return np.asarray(found[:, None], dtype=np.float32)

    def expand(self, weights: Matrix) -> Matrix:
        """(n + 1, labels) weights to (features + 1, labels)."""
        shares = linalg.solve_triangular(
            self._factor, weights[:-1].astype(np.float64), lower=True, trans="T"
        )
        return np.vstack([self._turned @ shares.astype(np.float32), weights[-1:]])


def products_of(rows: sparse.csr_array, *, n_threads: int | None = None) -> Products | PairProducts:
    """The quicker kind of products of some rows."""
    n = rows.shape[0]
    if n <= _FEW and n * n < _LONG * rows.nnz and n < rows.shape[1]:
        return PairProducts(rows, n_threads=n_threads)
    return Products(rows, n_threads=n_threads)


def passes(n: int, most: int = 24) -> int:
    """Iterations for n rows: each costs more the more there are, and is worth less."""
    return max(12, min(most, most * _MANY // max(n, 1)))


def minimise(
    products: Products | PairProducts,
    loss: Loss,
    start: Matrix,
    *,
    penalty: float,
    num_iterations: int,
    progress: Callable[[float], None] | None = None,
) -> Matrix:
    """L-BFGS on `loss(rows @ weights + bias) + penalty / 2 * squared weights`, in float32.

    Args:
        products: of the rows.
        loss: summed over the rows.
        start: (dim + 1, labels), the last row the bias, which is penalised a hundredth.
        penalty: above 0.
        num_iterations: at most.
        progress: told the share that is done; may raise.
    """
    shrink = np.full((len(start), 1), penalty, dtype=np.float32)
    shrink[-1] /= 100

    def total(weights: Matrix, scores: Matrix) -> tuple[float, Matrix]:
        value, slopes = loss(scores)
        squares = np.vdot(weights[:-1], weights[:-1]) + np.vdot(weights[-1], weights[-1]) / 100
        return value + penalty * float(squares) / 2, slopes

    weights = np.array(start, dtype=np.float32)
    scores = products.forward(weights)
    value, slopes = total(weights, scores)
    gradient = products.back(slopes)
    gradient += shrink * weights
    # A feature in many inquiries curves the loss more than a rare one and needs shorter steps. On
    # CLINC150 twelve iterations with this were better than twenty without.
    ease = np.reciprocal(shrink + np.float32(_CURVE) * products.squares(), dtype=np.float32)
    past: list[tuple[Matrix, Matrix, float]] = []
    for done in range(1, num_iterations + 1):
        direction = _direction(gradient, past, ease)
        falling = float(np.vdot(gradient, direction))
        if falling >= 0:
            break
        moved = products.forward(direction)
        for halving in range(_HALVINGS):
            step = np.float32(0.4**halving)
            # Scores are linear in the weights: a shorter step costs no product.
            new_weights, new_scores = weights + step * direction, scores + step * moved
            new_value, slopes = total(new_weights, new_scores)
            if new_value <= value + 1e-4 * float(step) * falling:
                break
        else:
            break
        new_gradient = products.back(slopes)
        new_gradient += shrink * new_weights
        change, turn = new_weights - weights, new_gradient - gradient
        curve = float(np.vdot(change, turn))
        if curve > 0:
            past = [*past, (change, turn, 1 / curve)][-_KEPT:]
        gain = (value - new_value) / max(abs(new_value), 1e-9)
        weights, scores, value, gradient = new_weights, new_scores, new_value, new_gradient
        if progress:
            progress(done / num_iterations)
        if gain < _ENOUGH:
            break
    if progress:
        progress(1.0)
    return weights


def _threads(wanted: int | None) -> int:
    if wanted is not None and wanted < 1:
        raise ValueError(f"n_threads must be 1 or more, got {wanted}.")
    return wanted or os.cpu_count() or 1


def _direction(
    gradient: Matrix, past: Sequence[tuple[Matrix, Matrix, float]], ease: Matrix
) -> Matrix:
    """The two loops of L-BFGS around `ease`, a first guess of each feature's step."""
    found, spare = gradient.copy(), np.empty_like(gradient)
    shares = []
    for change, turn, inverse in reversed(past):
        share = np.float32(inverse * float(np.vdot(change, found)))
        shares.append(share)
        np.multiply(turn, share, out=spare)
        found -= spare
    found *= ease
    if past:
        _, turn, inverse = past[-1]
        np.multiply(turn, ease, out=spare)
        found /= np.float32(inverse * float(np.vdot(turn, spare)))
    for (change, turn, inverse), share in zip(past, reversed(shares), strict=True):
        np.multiply(change, share - np.float32(inverse * float(np.vdot(turn, found))), out=spare)
        found += spare
    return np.negative(found, out=found)


def _cut(rows: sparse.csr_array, parts: int) -> list[sparse.csr_array]:
    """Blocks of about as many stored values each."""
    ends = np.searchsorted(rows.indptr, np.linspace(0, rows.nnz, parts + 1)[1:-1])
    edges = [0, *np.asarray(ends).tolist(), rows.shape[0]]
    return [rows[first:last] for first, last in pairwise(edges)]
