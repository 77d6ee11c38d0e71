"""Vectors alone, at any number of them: build, bytes, recall and search of the index in use.

Made up in clusters (`bench_similar_speed.clustered`). Built as `faqdesk similar index` builds it, a
part a process and a core; opened anew before it is asked, as serving opens it, on one core.
"""

import gc
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from support.batch import LocalEngine
from support.faiss_index import FaissIndex, built_by
from support.shard_runs import Spread
from support.vector_index import Ids, Vectors

from .bench_probe import quantiles
from .bench_scale_task import Task
from .bench_similar_speed import DIM, TOP_K, clustered
from .progress import silent

QUERIES: Final = 500
SCANS: Final = 10
_BLOCK: Final = 5_000  # scanned at once: little beside the vectors themselves


def measure_vectors(task: Task, *, dim: int = DIM) -> dict[str, float]:
    """Build an index of made-up vectors, and search it."""
    task.progress(0, 4, f"making {task.rows:,} vectors")
    vectors, queries = clustered(task.rows, QUERIES, dim, seed=0)
    task.progress(1, 4, "searching exactly")
    exact = exact_ids(vectors, queries)
    scans = _scan(vectors, queries[:SCANS])
    folder = task.place / "index"
    folder.mkdir()
    task.progress(2, 4, f"building the index of {task.rows:,}")
    clock, processor = time.perf_counter(), _worked()
    index = FaissIndex(dim)
    index.add(np.arange(task.rows, dtype=np.int64), vectors)
    by = Spread(LocalEngine(), task.place / "runs")
    with built_by(index, spread=by, progress=silent):
        index.snapshot(folder)
    built, worked = time.perf_counter() - clock, _worked() - processor
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    del index, vectors
    gc.collect()
    task.progress(3, 4, f"searching {task.rows:,}")
    with _one_core():
        before = resident()
        index = FaissIndex.load(folder)
        ids, walls, workings = _ask(index, queries)
        held = resident() - before
    hits = sum(len(np.intersect1d(a, b)) for a, b in zip(ids, exact, strict=True))
    wall, working = quantiles(walls), quantiles(workings)
    return {
        "build_seconds": built,
        "build_cpu_seconds": worked,
        "bytes_a_vector": size / task.rows,
        "held_bytes_a_vector": held / task.rows,
        "recall": hits / exact.size,
        "p50": wall["p50"],
        "p99": wall["p99"],
        "processor_p50": working["p50"],
        "exact_p50": quantiles(scans)["p50"],
    }


def exact_ids(vectors: Vectors, queries: Vectors, *, top_k: int = TOP_K) -> Ids:
    """(queries, top_k) positions of the nearest, best first; fewer of fewer vectors."""
    scores = np.empty((len(queries), 0), np.float32)
    places = np.empty((len(queries), 0), np.int64)
    for start in range(0, len(vectors), _BLOCK):
        block = queries @ vectors[start : start + _BLOCK].T
        here = np.broadcast_to(np.arange(start, start + block.shape[1]), block.shape)
        scores = np.concatenate([scores, block], axis=1)
        places = np.concatenate([places, here], axis=1)
        if scores.shape[1] > top_k:
            best = np.argpartition(-scores, top_k - 1, axis=1)[:, :top_k]
            scores = np.take_along_axis(scores, best, 1)
            places = np.take_along_axis(places, best, 1)
    return np.take_along_axis(places, np.argsort(-scores, axis=1), 1)


def resident() -> int:
    """Bytes of this process in memory, mapped files among them."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _worked() -> float:
    """Processor seconds of this process and of those that it started and that ended."""
    return sum(os.times()[:4])


def _scan(vectors: Vectors, queries: Vectors) -> list[float]:
    times = []
    for query in queries:
        before = time.perf_counter()
        scores = vectors @ query
        np.argpartition(-scores, min(TOP_K, len(scores) - 1))
        times.append(1000 * (time.perf_counter() - before))
    return times


def _ask(index: FaissIndex, queries: Vectors) -> tuple[list[Ids], list[float], list[float]]:
    """Each query by itself: what is found, and milliseconds on the clock and of the processor."""
    index.search(queries[:1], top_k=TOP_K)  # the first one reads the file
    ids, walls, workings = [], [], []
    for place in range(len(queries)):
        wall, working = time.perf_counter(), time.thread_time()
        found, _ = index.search(queries[place : place + 1], top_k=TOP_K)
        workings.append(1000 * (time.thread_time() - working))
        walls.append(1000 * (time.perf_counter() - wall))
        ids.append(found[0])
    return ids, walls, workings


@contextmanager
def _one_core() -> Iterator[None]:
    """Keep this process on one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
