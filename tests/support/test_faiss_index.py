"""The contract of `VectorIndex`, held over a real FAISS index, its tail and its tombstones."""

import numpy as np
import pytest

from support.errors import ModelDamagedError
from support.faiss_index import FaissIndex

DIM = 8


def unit(n, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(params=["tail", "snapshot", "both"])
def made(request, tmp_path):
    """An index of 50 vectors under the ids 100, 103, ...: unsaved, saved, or half saved."""
    ids, vectors = np.arange(50) * 3 + 100, unit(50)
    half = {"tail": 0, "snapshot": 50, "both": 20}[request.param]
    index = FaissIndex(DIM)
    if half:
        index.add(ids[:half], vectors[:half])
        index.snapshot(tmp_path)
        index = FaissIndex.load(tmp_path)
    index.add(ids[half:], vectors[half:])
    return index, ids, vectors


def exact(vectors, ids, query, k):
    order = np.argsort(-(vectors @ query), kind="stable")[:k]
    return ids[order].tolist()


def test_finds_what_an_exact_search_finds(made):
    index, ids, vectors = made
    queries = unit(5, seed=1)
    found, scores = index.search(queries, top_k=7)
    assert found.dtype == np.int64
    assert scores.dtype == np.float32
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


def test_allow_limits_the_choice(made):
    index, ids, vectors = made
    allow = np.sort(ids[[3, 25, 49]])
    found, scores = index.search(vectors[:1], top_k=5, allow=allow)
    assert sorted(found[0][:3].tolist()) == allow.tolist()
    assert found[0][3:].tolist() == [-1, -1]
    assert np.isneginf(scores[0][3:]).all()
    assert (index.search(vectors[:1], top_k=2, allow=np.empty(0, np.int64))[0] == -1).all()


@pytest.mark.parametrize("size", [0, 1, 4])
def test_sizes_below_k(size, tmp_path):
    index = FaissIndex(DIM)
    index.add(np.arange(size), unit(size))
    index.snapshot(tmp_path)
    for candidate in (index, FaissIndex.load(tmp_path)):
        found, _ = candidate.search(unit(2, seed=3), top_k=5)
        assert found.shape == (2, 5)
        assert (found >= 0).sum() == 2 * size
        assert len(candidate) == size


def test_a_snapshot_holds_base_and_tail_without_what_was_removed(made, tmp_path):
    index, ids, _ = made
    index.remove(ids[:5])
    folder = tmp_path / "again"
    folder.mkdir()
    index.snapshot(folder)
    again = FaissIndex.load(folder)
    query = unit(1, seed=9)
    np.testing.assert_array_equal(
        again.search(query, top_k=10)[0], index.search(query, top_k=10)[0]
    )
    assert len(again) == 45


def test_refuses_wrong_shapes_and_ids():
    index = FaissIndex(DIM)
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


def test_a_damaged_snapshot_is_refused(tmp_path):
    index = FaissIndex(DIM)
    index.add(np.arange(3), unit(3))
    index.snapshot(tmp_path)
    np.save(tmp_path / "ids.npy", np.arange(2))
    with pytest.raises(ModelDamagedError, match="faqdesk index"):
        FaissIndex.load(tmp_path)
    (tmp_path / "vectors.faiss").write_bytes(b"nonsense")
    with pytest.raises(ModelDamagedError, match="faqdesk index"):
        FaissIndex.load(tmp_path)


def test_the_large_kind_of_index_keeps_the_contract(monkeypatch, tmp_path):
    monkeypatch.setattr("support.faiss_index.EXACT_UP_TO", 10)
    index = FaissIndex(DIM)
    vectors = unit(400)
    index.add(np.arange(400), vectors)
    index.snapshot(tmp_path)
    large = FaissIndex.load(tmp_path)
    large.remove(np.array([0]))
    queries = unit(20, seed=4)
    found, _ = large.search(queries, top_k=5)
    wanted = [exact(vectors[1:], np.arange(1, 400), q, 5) for q in queries]
    pairs = zip(found.tolist(), wanted, strict=True)
    assert np.mean([len(set(a) & set(b)) / 5 for a, b in pairs]) >= 0.95


@pytest.mark.parametrize("scanned", [100_000, 10])
def test_a_large_index_finds_those_that_are_allowed(monkeypatch, tmp_path, scanned):
    monkeypatch.setattr("support.faiss_index.EXACT_UP_TO", 10)
    monkeypatch.setattr("support.faiss_index.SCANNED_UP_TO", scanned)
    index = FaissIndex(DIM)
    vectors = unit(2000)
    index.add(np.arange(2000), vectors)
    index.snapshot(tmp_path)
    large = FaissIndex.load(tmp_path)
    allow = np.arange(0, 2000, 5)
    queries = unit(10, seed=5)
    found, scores = large.search(queries, top_k=30, allow=allow)
    assert np.isin(found, allow).all()
    wanted = [exact(vectors[allow], allow, query, 30) for query in queries]
    pairs = zip(found.tolist(), wanted, strict=True)
    assert np.mean([len(set(a) & set(b)) / 30 for a, b in pairs]) >= 0.95
    large.remove(found[0, :1])
    assert found[0, 0] not in large.search(queries[:1], top_k=30, allow=allow)[0]
    np.testing.assert_allclose(scores[0], vectors[found[0]] @ queries[0], atol=0.02)


@pytest.mark.parametrize("exact_up_to", [10, 10_000])  # graph, scan
def test_few_that_are_allowed_score_as_they_do_among_all(monkeypatch, tmp_path, exact_up_to):
    monkeypatch.setattr("support.faiss_index.EXACT_UP_TO", exact_up_to)
    ids, vectors = np.arange(300) * 2, unit(300)
    index = FaissIndex(DIM)
    index.add(ids, vectors)
    index.snapshot(tmp_path)
    index = FaissIndex.load(tmp_path)
    allow, query = ids[5::7], unit(1, seed=6)
    every, scores = index.search(query, top_k=300)
    wanted = [(i, s) for i, s in zip(every[0], scores[0], strict=True) if i in allow]
    for _ in range(2):  # chosen anew, then kept
        found, scores = index.search(query, top_k=len(allow), allow=allow)
        assert found[0].tolist() == [i for i, _ in wanted]
        np.testing.assert_allclose(scores[0], [s for _, s in wanted], atol=1e-6)
    index.remove(np.array([1, 3]))  # unknown: what was chosen stands
    index.remove(found[0, :1])
    again, _ = index.search(query, top_k=len(allow) - 1, allow=allow)
    assert again[0].tolist() == found[0, 1:].tolist()


def test_gives_vectors_by_id(made):
    index, ids, vectors = made
    index.remove(ids[[3]])
    found = index.vectors(np.array([ids[40], 5, ids[1], ids[3]]))
    np.testing.assert_allclose(found[[0, 2]], vectors[[40, 1]], atol=1e-3)
    assert np.isnan(found[[1, 3]]).all()
    assert FaissIndex(DIM).vectors(np.array([1])).shape == (1, DIM)
