import numpy as np
import pytest
from scipy import sparse

from train.solver import PairProducts, Products, minimise, passes, products_of

ROWS = sparse.csr_array(np.array([[1, 0, 2], [0, 3, 0], [1, 1, 0], [0, 0, 1]], dtype=np.float32))


@pytest.mark.parametrize("n_threads", [1, 2, 7])
def test_products_by_hand(n_threads, monkeypatch):
    monkeypatch.setattr("train.solver._SMALL", 0)
    weights = np.array([[1, 0], [0, 1], [2, 0], [0.5, -0.5]], dtype=np.float32)
    slopes = np.array([[1, 0], [0, 1], [1, 1], [0, 2]], dtype=np.float32)
    products = Products(ROWS, n_threads=n_threads)
    scores = products.forward(weights)
    back = products.back(slopes)
    squares = products.squares()
    assert scores.tolist() == [[5.5, -0.5], [0.5, 2.5], [1.5, 0.5], [2.5, -0.5]]
    assert back.tolist() == [[2, 1], [1, 4], [2, 2], [2, 4]]
    assert squares.ravel().tolist() == [2, 10, 5, 4]


@pytest.mark.parametrize("kind", [Products, PairProducts])
def test_finds_the_minimum_of_least_squares(kind):
    wanted = np.array([[1], [2], [3], [4]], dtype=np.float32)

    def loss(scores):
        rest = scores - wanted
        return float((rest * rest).sum()) / 2, rest

    products = kind(ROWS, n_threads=1)
    start = np.zeros((products.dim + 1, 1))
    found = products.expand(minimise(products, loss, start, penalty=0.5, num_iterations=100))
    full = np.hstack([ROWS.toarray(), np.ones((4, 1))])
    shrink = np.diag([0.5, 0.5, 0.5, 0.005])
    exact = np.linalg.solve(full.T @ full + shrink, full.T @ wanted)
    np.testing.assert_allclose(found, exact, atol=0.02)


@pytest.mark.parametrize(("n", "expected"), [(10, 24), (12_000, 24), (16_000, 18), (10**6, 12)])
def test_many_rows_are_passed_over_less_often(n, expected):
    assert passes(n) == expected


def test_few_rows_of_long_texts_are_solved_by_pairs():
    long = sparse.random_array((30, 500), density=0.5, format="csr", rng=0, dtype=np.float32)
    short = sparse.random_array((300, 500), density=0.01, format="csr", rng=0, dtype=np.float32)
    assert isinstance(products_of(long), PairProducts)
    assert isinstance(products_of(short), Products)
