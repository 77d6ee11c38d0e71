"""A real Milvus server at length: 100,000 vectors, kills of either side, and how quick it is.

Only `make soak` has it; what is held over every engine is `test_vector_index`.
"""

import signal
import subprocess
import sys
import time
from itertools import count

import numpy as np
import pytest

from support.errors import IndexServerError
from support.faiss_index import FaissIndex
from support.milvus_index import MilvusIndex
from tests import soaking

DIM = 256
LATENT = 24  # numbers that a vector is made of: as little as a text's embedding is spread
SLOW = 60.0  # seconds that a call may take while the machine is busy; the sync allows as many
names = count()


def unit(n, seed=0):
    """Vectors that lie as embeddings do, on a few of all directions."""
    random = np.random.default_rng(seed)
    spread = np.random.default_rng(99).normal(size=(LATENT, DIM)).astype(np.float32)
    vectors = random.normal(size=(n, LATENT)).astype(np.float32) @ spread
    vectors += 0.1 * random.normal(size=(n, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def place(milvus_server):
    return milvus_server.place


@pytest.fixture
def index(place):
    found = MilvusIndex(place, f"long_{next(names)}", dim=DIM, timeout=SLOW)
    yield found
    found.drop()
    found.close()


def nearest(vectors, queries, k):
    return np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :k]


def recall(found, wanted):
    return float(
        np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found, wanted, strict=True)])
    )


def figures(name, index, vectors, queries, wanted):
    """Adds, builds and searches; what it took."""
    began = time.perf_counter()
    for start in range(0, len(vectors), 10_000):
        ids = np.arange(start, min(start + 10_000, len(vectors)))
        index.add(ids, vectors[ids])
    added = time.perf_counter()
    build = getattr(index, "build", None)
    if build:
        build()
    built = time.perf_counter()
    return {"rows": len(vectors) / (added - began), "build": built - added} | searched(
        name, index, queries, wanted
    )


def searched(name, index, queries, wanted):
    found, took = [], []
    for query in queries:
        began = time.perf_counter()
        found.append(index.search(query[None], top_k=10)[0][0])
        took.append(1e3 * (time.perf_counter() - began))
    p50, p99 = np.percentile(took, [50, 99])
    return {"name": name, "recall": recall(found, wanted), "p50": p50, "p99": p99}


@pytest.mark.parametrize("n", [10_000, 100_000])
def test_how_good_and_how_quick_it_is(n, index, milvus, tmp_path):
    n = soaking.many(1_000, n)
    vectors, queries = unit(n), unit(200, seed=1)
    wanted = nearest(vectors, queries, 10)
    faiss = FaissIndex(DIM)
    began = time.perf_counter()
    faiss.add(np.arange(n), vectors)
    faiss.snapshot(tmp_path)
    rows = {"rows": n / (time.perf_counter() - began), "build": 0.0}
    ours = rows | searched("FAISS", FaissIndex.load(tmp_path), queries, wanted)
    lite = MilvusIndex(milvus("lite"), f"long_{next(names)}", dim=DIM, timeout=SLOW)
    others = [
        figures("milvus-lite", lite, vectors, queries, wanted),
        figures("Milvus server", index, vectors, queries, wanted),
    ]
    lite.drop()
    for one in (ours, *others):
        soaking.tell(
            f"{n:,} x {DIM}, {one['name']}: recall@10 {one['recall']:.3f}, p50 {one['p50']:.2f} ms "
            f"({one['p50'] / ours['p50']:.1f} of FAISS), p99 {one['p99']:.2f} ms, "
            f"{one['rows']:,.0f} vectors/s, then {one['build']:.1f} s until it is indexed"
        )
    assert min(one["recall"] for one in (ours, *others)) >= 0.9


def test_a_load_that_is_killed_half_way_is_resumed(place, index, tmp_path):
    n = soaking.many(10_000, 100_000)
    vectors = unit(n)
    np.save(tmp_path / "vectors.npy", vectors)
    name = index._collection._name
    code = (
        "import sys, numpy as np\n"
        "from support.milvus_index import MilvusIndex, MilvusPlace\n"
        "vectors = np.load(sys.argv[1], mmap_mode='r')\n"
        "place = MilvusPlace(sys.argv[2], token=sys.argv[3], certificate=sys.argv[4])\n"
        "index = MilvusIndex(place, sys.argv[5], dim=256, timeout=60.0)\n"
        "for start in range(0, len(vectors), 2_500):\n"
        "    ids = np.arange(start, start + 2_500)\n"
        "    index.add(ids, vectors[ids])\n"
        "    print(start + 2_500, flush=True)\n"
    )
    words = [
        *(sys.executable, "-c", code, str(tmp_path / "vectors.npy")),
        *(place.uri, place.token, place.certificate, name),
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as worker:
        told = 0
        while told < n // 2:
            told = int(worker.stdout.readline())
        worker.send_signal(signal.SIGKILL)
    half = len(index)
    assert told <= half < n
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    assert [int(line) for line in done.stdout.split()][-1] == n
    assert len(index) == n
    found, scores = index.search(vectors[: n : n // 50], top_k=2)
    assert (found[:, 0] == np.arange(0, n, n // 50)[: len(found)]).all()
    assert (scores[:, 1] < 0.99999).all()  # none is there twice
    soaking.tell(f"Milvus: {n:,} vectors, killed at {half:,}, resumed to {len(index):,}")


def test_a_server_that_was_killed_has_what_it_had(milvus_server, index):
    n = soaking.many(2_000, 20_000)
    vectors = unit(n)
    index.add(np.arange(n), vectors)
    index.remove(np.arange(100))
    milvus_server.kill()
    with pytest.raises(IndexServerError) as told:
        index.search(vectors[:1], top_k=1)
    assert told.value.away
    milvus_server.start()
    began = time.perf_counter()
    index.add(np.arange(n, n + 10), unit(10, seed=3))  # waits until it is read too
    found, _ = index.search(vectors[200:210], top_k=1)
    took = time.perf_counter() - began
    soaking.tell(f"Milvus, killed and started again: writes and finds after {took:.1f} s more")
    assert found[:, 0].tolist() == list(range(200, 210))
    assert len(index) == n - 100 + 10


def test_what_one_process_removes_another_does_not_find(place, index):
    n = 5_000
    vectors = unit(n)
    index.add(np.arange(n), vectors)
    code = (
        "import sys, numpy as np\n"
        "from support.milvus_index import MilvusIndex, MilvusPlace\n"
        "place = MilvusPlace(sys.argv[1], token=sys.argv[2], certificate=sys.argv[3])\n"
        "index = MilvusIndex(place, sys.argv[4], dim=256, create=False, timeout=60.0)\n"
        "print('ready', flush=True)\n"
        "for line in sys.stdin:\n"
        "    vector = np.array(line.split(), np.float32)[None]\n"
        "    print(index.search(vector, top_k=1)[0][0, 0], flush=True)\n"
    )
    name = index._collection._name
    words = [sys.executable, "-c", code, place.uri, place.token, place.certificate, name]
    rounds = soaking.many(5, 50)
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "ready\n"

        def finds(vector):
            other.stdin.write(" ".join(map(str, vector)) + "\n")
            other.stdin.flush()
            return int(other.stdout.readline())

        for item in range(rounds):
            assert finds(vectors[item]) == item
            index.remove(np.array([item]))
            assert finds(vectors[item]) != item
            index.add(np.array([item]), vectors[item : item + 1])
            assert finds(vectors[item]) == item
        other.stdin.close()
    soaking.tell(f"Milvus: {rounds} removed and added, seen at once by another process")
