"""Snapshots in parts: the same answers and the same bytes whoever builds them, killed or not."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from support import faiss_part, faiss_parts
from support.batch import LocalEngine
from support.errors import FaqdeskError
from support.faiss_index import FaissIndex
from support.faiss_parts import building
from support.shard_runs import Spread

DIM, ROWS = 8, 100
ROOT = Path(__file__).parents[2]


def unit(n, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def silent(done, total, message):
    pass


@pytest.fixture(params=[10, 10_000], ids=["graph", "scan"])
def small_parts(request, monkeypatch):
    monkeypatch.setattr(faiss_parts, "ROWS", ROWS)
    monkeypatch.setattr(faiss_part, "EXACT_UP_TO", request.param)


def saved(folder, ids, vectors, made_by=None):
    index = FaissIndex(DIM)
    index.building = made_by
    index.add(ids, vectors)
    folder.mkdir()
    index.snapshot(folder)
    return FaissIndex.load(folder)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def exact(vectors, ids, queries, k):
    order = np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :k]
    return ids[order]


def test_several_parts_answer_as_one(small_parts, tmp_path):
    ids, vectors = np.arange(430) * 3, unit(430)
    shuffled = np.random.default_rng(2).permutation(430)  # parts go by id, not by when it came
    index = saved(tmp_path / "index", ids[shuffled], vectors[shuffled])
    assert len(list((tmp_path / "index").glob("vectors-*.faiss"))) == 5
    queries = unit(10, seed=1)
    found, scores = index.search(queries, top_k=7)
    wanted = exact(vectors, ids, queries, 7)
    assert np.mean([len(set(a) & set(b)) / 7 for a, b in zip(found, wanted, strict=True)]) > 0.97
    assert (np.diff(scores, axis=1) <= 0).all()
    np.testing.assert_allclose(scores[0], vectors[found[0] // 3] @ queries[0], atol=0.02)
    np.testing.assert_allclose(index.vectors(ids[[429, 0, 150]]), vectors[[429, 0, 150]], atol=0.02)
    assert np.isnan(index.vectors(np.array([1]))).all()


def test_one_of_a_hundred_parts_is_searched_far_enough_to_find_the_one_near_it_holds(tmp_path):
    draw, size, dim = np.random.default_rng(0), 10_000, 64
    kinds = draw.standard_normal((2 * size, dim), dtype=np.float32)
    of = draw.integers(0, len(kinds), size)

    def some(chosen):
        found = kinds[chosen] + draw.standard_normal((len(chosen), dim), dtype=np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    vectors = some(of)
    faiss_part.build(vectors, tmp_path / "part", kind=faiss_part.GRAPH_KIND)
    part = faiss_part.Part.load(tmp_path / "part")
    queries = some(draw.choice(np.unique(of), 200, replace=False))
    choice = part.choose(np.ones(size, bool))
    places, _ = part.search(queries, top_k=10, choice=choice, parts=100)
    nearest = np.argmax(queries @ vectors.T, axis=1)
    assert (places == nearest[:, None]).any(axis=1).mean() >= 0.99


def test_what_was_removed_and_what_is_not_allowed_is_found_in_no_part(small_parts, tmp_path):
    ids, vectors = np.arange(430), unit(430)
    index = saved(tmp_path / "index", ids, vectors)
    index.remove(np.arange(100, 200))  # a whole part
    index.remove(np.array([7, 429]))
    query = vectors[7:8]
    found, _ = index.search(query, top_k=430)
    assert sorted(found[found >= 0]) == sorted({*range(430)} - {*range(100, 200), 7, 429})
    allow = np.array([7, 8, 150, 201, 429])
    for _ in range(2):  # chosen anew, then kept
        found, scores = index.search(query, top_k=5, allow=allow)
        assert sorted(found[0, :2]) == [8, 201]
        assert found[0, 2:].tolist() == [-1] * 3
        assert np.isneginf(scores[0, 2:]).all()
    index.add(ids[:1], -vectors[:1])
    assert index.search(-vectors[:1], top_k=1)[0][0, 0] == 0
    assert len(index) == 328
    again = tmp_path / "again"
    again.mkdir()
    index.snapshot(again)
    assert len(FaissIndex.load(again)) == 328
    assert len(list(again.glob("vectors-*.faiss"))) == 4


def test_the_same_bytes_whoever_builds_and_nothing_is_left(small_parts, tmp_path):
    ids, vectors = np.arange(430), unit(430)
    saved(tmp_path / "here", ids, vectors)
    told = []
    for name, engine in (("one", LocalEngine(1)), ("two", LocalEngine(2))):
        with building(Spread(engine, tmp_path), progress=lambda *a: told.append(a)) as made_by:
            saved(tmp_path / name, ids, vectors, made_by)
        assert contents(tmp_path / name) == contents(tmp_path / "here")
    assert not (tmp_path / faiss_parts.NAME).exists()
    assert told[0][:2] == (0, 430)
    assert told[-1][:2] == (430, 430)


def test_a_build_that_was_stopped_goes_on_with_the_parts_that_are_done(small_parts, tmp_path):
    ids, vectors = np.arange(430), unit(430)

    def stop(done, total, message):
        if done:
            raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        building(Spread(LocalEngine(1), tmp_path), progress=stop) as by,
    ):
        saved(tmp_path / "a", ids, vectors, by)
    kept = tmp_path / faiss_parts.NAME
    assert kept.stat().st_mode & 0o777 == 0o700
    assert len(list(kept.glob("*.json"))) == 1
    vectors[350] = -vectors[350]  # the fourth part is of other vectors now
    told = []
    with building(Spread(LocalEngine(1), tmp_path), progress=lambda *a: told.append(a)) as by:
        index = saved(tmp_path / "b", ids, vectors, by)
    assert told[0][:2] == (100, 430)
    assert index.search(vectors[350:351], top_k=1)[0].tolist() == [[350]]
    saved(tmp_path / "c", ids, vectors)
    assert contents(tmp_path / "b") == contents(tmp_path / "c")


@pytest.mark.parametrize("way", ["cut", "flipped", "gone"])
def test_a_part_that_is_not_as_it_was_written_is_built_again(small_parts, tmp_path, way):
    ids, vectors = np.arange(250), unit(250)
    with building(Spread(LocalEngine(1), tmp_path), progress=silent) as by:
        saved(tmp_path / "a", ids, vectors, by)
        part = sorted(by.folder.glob("*.faiss"))[0]
        data = part.read_bytes()
        part.unlink()  # it is one file with that of the snapshot
        if way != "gone":
            part.write_bytes(data[:-8] if way == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
        saved(tmp_path / "b", ids, vectors, by)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_machine_that_sees_another_folder_is_told_so(small_parts, tmp_path):
    class Elsewhere(LocalEngine):
        def run(self, items, opener):
            for item in items:
                item.rows.unlink()
            return super().run(items, opener)

    with (
        pytest.raises(FaqdeskError, match=r"does not see .* --shared"),
        building(Spread(Elsewhere(1), tmp_path), progress=silent) as by,
    ):
        saved(tmp_path / "a", np.arange(250), unit(250), by)


def test_a_killed_build_goes_on(tmp_path):
    """`kill -9` between two parts, by what the build itself told of its progress."""
    code = """
        import sys
        from pathlib import Path
        import numpy as np
        from support import faiss_part, faiss_parts
        from support.batch import LocalEngine
        from support.shard_runs import Spread
        from tests.support.test_faiss_parts import saved, unit
        faiss_parts.ROWS, faiss_part.EXACT_UP_TO = 100, 10
        place = Path(sys.argv[1])
        tell = lambda done, total, message: print(done, flush=True)
        with faiss_parts.building(Spread(LocalEngine(1), place), progress=tell) as by:
            saved(place / sys.argv[2], np.arange(430), unit(430), by)
    """
    words = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)]
    with subprocess.Popen([*words, "a"], stdout=subprocess.PIPE, cwd=ROOT) as process:
        while process.stdout.readline() not in (b"200\n", b""):
            pass
        os.kill(process.pid, signal.SIGKILL)
    assert not (tmp_path / "a" / "ids.npy").exists()
    again = subprocess.run([*words, "b"], capture_output=True, check=True, text=True, cwd=ROOT)
    assert int(again.stdout.splitlines()[0]) >= 200
    whole = subprocess.run([*words, "c"], capture_output=True, check=True, text=True, cwd=ROOT)
    assert whole.stdout.splitlines()[0] == "0"
    assert contents(tmp_path / "b") == contents(tmp_path / "c")
