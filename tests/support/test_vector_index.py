"""The contract of `VectorIndex`, held over every engine: in this process, and behind gRPC."""

from contextlib import ExitStack

import numpy as np
import pytest

from support.faiss_index import FaissIndex
from support.grpc_index import GrpcIndex, IndexChannel
from web.index_server import IndexServer, named

DIM = 8


def unit(n, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(params=["faiss", "grpc"])
def new_index(request):
    """Makes empty indexes of an engine."""
    with ExitStack() as stack:

        def make():
            if request.param == "faiss":
                return FaissIndex(DIM)
            server = IndexServer({"things": named(FaissIndex(DIM), DIM)})
            server.start()
            stack.callback(server.stop)
            channel = stack.enter_context(IndexChannel(f"127.0.0.1:{server.port}"))
            return GrpcIndex(channel, "things")

        yield make


@pytest.fixture
def made(new_index):
    """An index of 50 vectors under the ids 100, 103, ..."""
    index, ids, vectors = new_index(), np.arange(50) * 3 + 100, unit(50)
    index.add(ids, vectors)
    return index, ids, vectors


def exact(vectors, ids, query, k):
    return ids[np.argsort(-(vectors @ query), kind="stable")[:k]].tolist()


def test_finds_what_an_exact_search_finds(made):
    index, ids, vectors = made
    queries = unit(5, seed=1)
    found, scores = index.search(queries, top_k=7)
    assert (found.dtype, scores.dtype) == (np.int64, np.float32)
    assert [row.tolist() for row in found] == [exact(vectors, ids, q, 7) for q in queries]
    assert (np.diff(scores, axis=1) <= 0).all()


def test_removed_ids_are_gone_and_come_back_with_their_new_vector(made):
    index, ids, vectors = made
    index.remove(ids[[0, 30]])
    index.remove(np.array([7]))  # unknown: passed over
    assert len(index) == 48
    assert ids[0] not in index.search(vectors[:1], top_k=48)[0]
    index.add(ids[:1], -vectors[:1])
    assert index.search(-vectors[:1], top_k=1)[0][0, 0] == ids[0]
    assert len(index) == 49


def test_an_id_that_is_there_is_replaced(made):
    index, ids, vectors = made
    index.add(ids[:1], -vectors[:1])
    assert len(index) == 50
    np.testing.assert_allclose(index.vectors(ids[:1]), -vectors[:1], atol=1e-3)


def test_allow_limits_the_choice(made):
    index, ids, vectors = made
    allow = np.sort(ids[[3, 25, 49]])
    found, scores = index.search(vectors[:1], top_k=5, allow=allow)
    assert sorted(found[0][:3].tolist()) == allow.tolist()
    assert found[0][3:].tolist() == [-1, -1]
    assert np.isneginf(scores[0][3:]).all()
    assert (index.search(vectors[:1], top_k=2, allow=np.empty(0, np.int64))[0] == -1).all()


@pytest.mark.parametrize("size", [0, 1, 4])
def test_sizes_below_k(new_index, size, tmp_path):
    index = new_index()
    index.add(np.arange(size), unit(size))
    index.snapshot(tmp_path)
    for candidate in (index, FaissIndex.load(tmp_path)):
        found, _ = candidate.search(unit(2, seed=3), top_k=5)
        assert found.shape == (2, 5)
        assert (found >= 0).sum() == 2 * size
        assert len(candidate) == size


def test_a_snapshot_holds_everything_but_what_was_removed(made, tmp_path):
    index, ids, _ = made
    index.remove(ids[:5])
    index.snapshot(tmp_path)
    again = FaissIndex.load(tmp_path)
    query = unit(1, seed=9)
    np.testing.assert_array_equal(
        again.search(query, top_k=10)[0], index.search(query, top_k=10)[0]
    )
    assert len(again) == 45


def test_gives_vectors_by_id(made, new_index):
    index, ids, vectors = made
    index.remove(ids[[3]])
    found = index.vectors(np.array([ids[40], 5, ids[1], ids[3]]))
    np.testing.assert_allclose(found[[0, 2]], vectors[[40, 1]], atol=1e-3)
    assert np.isnan(found[[1, 3]]).all()
    assert new_index().vectors(np.array([1])).shape == (1, DIM)


def test_no_query_finds_nothing(made):
    index, _, _ = made
    found, scores = index.search(np.empty((0, DIM), np.float32), top_k=3)
    assert found.shape == scores.shape == (0, 3)


def test_refuses_wrong_shapes_and_ids(new_index):
    index = new_index()
    with pytest.raises(ValueError, match="shape"):
        index.add(np.array([1, 2]), unit(1))
    with pytest.raises(ValueError, match="once"):
        index.add(np.array([1, 1]), unit(2))
    with pytest.raises(ValueError, match="at least 0"):
        index.add(np.array([-1]), unit(1))
    with pytest.raises(ValueError, match="Queries"):
        index.search(np.zeros((1, 3), np.float32), top_k=1)
    with pytest.raises(ValueError, match="top_k"):
        index.search(unit(1), top_k=0)
    assert len(index) == 0


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_refuses_numbers_that_are_none(made, wrong):
    index, ids, vectors = made
    bad = vectors[:2].copy()
    bad[1, 3] = wrong
    with pytest.raises(ValueError, match="finite"):
        index.add(np.array([1, 2]), bad)
    with pytest.raises(ValueError, match="finite"):
        index.search(bad, top_k=1)
    assert len(index) == len(ids)
