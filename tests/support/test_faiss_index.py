"""FAISS's own, beside the contract of `test_vector_index`: damage, large indexes, what is kept."""

import numpy as np
import pytest

from support.errors import ModelDamagedError
from support.faiss_index import FaissIndex

DIM = 8


def unit(n, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def exact(vectors, ids, query, k):
    order = np.argsort(-(vectors @ query), kind="stable")[:k]
    return ids[order].tolist()


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
    monkeypatch.setattr("support.faiss_part.EXACT_UP_TO", 10)
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
    monkeypatch.setattr("support.faiss_part.EXACT_UP_TO", 10)
    monkeypatch.setattr("support.faiss_part.SCANNED_UP_TO", scanned)
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
    monkeypatch.setattr("support.faiss_part.EXACT_UP_TO", exact_up_to)
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
