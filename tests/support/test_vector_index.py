"""The contract of `VectorIndex`, held over every engine: here, behind gRPC, in Milvus."""

import threading

import numpy as np
import pytest

from support import faiss_parts
from support.faiss_index import FaissIndex
from support.vector_index import with_more
from tests import soaking
from tests.support.engines import ENGINES, opened

DIM = 8


def unit(n, seed=0, dim=DIM):
    vectors = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(params=ENGINES)
def served(request, milvus):
    """Opens a FAISS index as an engine does: as it is, behind a server, in Milvus, below a tail."""
    with opened(request.param, milvus) as opens:
        yield opens


@pytest.fixture
def new_index(served):
    """Makes empty indexes of an engine."""
    return lambda: served(FaissIndex(DIM))


SAVED = {"unsaved": (0, 50), "half saved": (20, 50), "saved": (50, 50), "saved in parts": (50, 20)}


@pytest.fixture(params=SAVED.values(), ids=SAVED)
def made(request, served, tmp_path, monkeypatch):
    """An index of 50 vectors under the ids 100, 103, ..., some of them in a snapshot."""
    ids, vectors, (saved, part) = np.arange(50) * 3 + 100, unit(50), request.param
    monkeypatch.setattr(faiss_parts, "ROWS", part)
    base = FaissIndex(DIM)
    if saved:
        base.add(ids[:saved], vectors[:saved])
        folder = tmp_path / "base"
        folder.mkdir()
        base.snapshot(folder)
        base = FaissIndex.load(folder)
    index = served(base)
    index.add(ids[saved:], vectors[saved:])
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


@pytest.mark.parametrize("more", [[], [4], [7, 1, 7, 100, -3], [2, 2]])
@pytest.mark.parametrize("among", [[], [2], [2, 4, 9]])
def test_ids_are_added_to_a_sorted_array(among, more):
    found = with_more(np.array(among, np.int64), np.array(more, np.int64))
    assert found.dtype == np.int64
    assert found.tolist() == sorted({*among, *more})


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


MANY, WIDE = soaking.many(2_000, 4_000), 32


@pytest.fixture
def many(served):
    """An index of 2,000 vectors under the even ids, half of them its own from the beginning."""
    ids, vectors = np.arange(MANY) * 2, unit(MANY, seed=5, dim=WIDE)
    base = FaissIndex(WIDE)
    base.add(ids[::2], vectors[::2])
    index = served(base)
    index.add(ids[1::2], vectors[1::2])
    return index, ids, vectors


def recall(found, vectors, ids, queries, k):
    """The share of the truly nearest that was found."""
    pairs = zip(found, queries, strict=True)
    return np.mean([np.isin(exact(vectors, ids, q, k), row).mean() for row, q in pairs])


def test_finds_nearly_all_of_the_nearest_among_many(many):
    index, ids, vectors = many
    queries = unit(20, seed=6, dim=WIDE)
    found, scores = index.search(queries, top_k=10)
    assert recall(found, vectors, ids, queries, 10) >= 0.95
    np.testing.assert_allclose(scores[0], vectors[found[0] // 2] @ queries[0], atol=5e-3)
    assert (np.diff(scores, axis=1) <= 0).all()


def test_a_choice_of_any_size_is_kept_to(many):
    index, ids, vectors = many
    queries = unit(4, seed=7, dim=WIDE)
    unknown = np.arange(1, 2 * MANY, 2)
    for allow in (
        ids[:1], ids[:9], ids[7:400:3], ids[:1_500], ids,
        np.union1d(ids, unknown), np.union1d(ids[:5], unknown), unknown, unknown[:3],
    ):  # fmt: skip
        there = np.intersect1d(allow, ids)
        found, scores = index.search(queries, top_k=10, allow=allow)
        assert ((found >= 0).sum(axis=1) == min(10, len(there))).all()
        assert np.isin(found[found >= 0], there).all()
        assert (np.isneginf(scores) == (found < 0)).all()
        if len(there):
            assert recall(found, vectors[there // 2], there, queries, min(10, len(there))) >= 0.95


def test_more_than_there_are_finds_all_and_no_more(many):
    index, ids, _ = many
    found, scores = index.search(unit(2, seed=8, dim=WIDE), top_k=MANY + 50)
    assert all(sorted(row[row >= 0]) == ids.tolist() for row in found)
    assert np.isneginf(scores[:, MANY:]).all()


def test_what_is_removed_is_not_found_by_the_next_search(many):
    index, ids, vectors = many
    gone, left = np.sort(ids[: MANY // 2]), ids[MANY // 2 :]
    index.remove(gone)
    queries = unit(10, seed=9, dim=WIDE)
    found, _ = index.search(queries, top_k=10)
    assert np.isin(found, left).all()
    assert recall(found, vectors[MANY // 2 :], left, queries, 10) >= 0.95
    assert (index.search(queries, top_k=3, allow=gone[:50])[0] == -1).all()
    assert len(index) == MANY // 2


def test_what_is_added_again_stands_once(many):
    index, ids, vectors = many
    index.add(ids[:700], vectors[:700])  # as whoever resumes does, who was killed in between
    index.add(ids, vectors)
    assert len(index) == MANY
    found, _ = index.search(vectors[:3], top_k=MANY)
    assert all(len(np.unique(row)) == MANY for row in found)


def test_a_snapshot_makes_the_same_index_again(many, served, tmp_path):
    index, ids, _ = many
    index.remove(ids[:100])
    index.snapshot(tmp_path)
    again = served(FaissIndex.load(tmp_path))
    queries = unit(5, seed=11, dim=WIDE)
    before, after = (one.search(queries, top_k=10)[0] for one in (index, again))
    assert np.mean(before == after) >= 0.95
    assert len(again) == MANY - 100


def test_an_index_in_use_is_replaced_without_a_gap(served):
    queries = unit(3, seed=12)

    def made(start):
        index = FaissIndex(DIM)
        index.add(np.arange(start, start + 60), unit(60, seed=start))
        return served(index)

    in_use, wrong, answers, done = [made(0)], [], [], threading.Event()

    def search():
        while not done.is_set():
            try:
                found, _ = in_use[0].search(queries, top_k=5)
            except Exception as error:
                wrong.append(error)
                return
            answers.append(sorted(set((found // 100).ravel().tolist())))

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(1, 4):
        in_use[0] = made(100 * turn)  # built while the one before it is searched
    in_use[0].search(queries, top_k=5)
    done.set()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    assert {tuple(one) for one in answers} <= {(0,), (1,), (2,), (3,)}  # none is empty, or mixed
    assert answers
