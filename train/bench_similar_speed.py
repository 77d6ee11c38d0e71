"""How quick a search among many listings is: the index in use beside an exact scan, and over gRPC.

Vectors are made up in clusters, as things for sale are many of a kind; with a folder of public data
also those of real titles. The index server runs as a process of its own, as it does at a desk's.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from support.artifact import write_artifact
from support.encoder import SentenceEncoder
from support.faiss_index import FaissIndex
from support.grpc_index import GrpcIndex, IndexChannel
from support.vector_index import Ids, VectorIndex, Vectors

from .bench_memory import peak_mb
from .bench_probe import quantiles
from .bench_similar_titles import read_reposts
from .bench_spread import Figures
from .bench_vectors import recall_at
from .progress import Progress, silent

DIM: Final = 256  # as many as a photo has
TOP_K: Final = 10
QUERIES: Final = 500
SCANS: Final = 20  # exact searches that are timed
OF_A_KIND: Final = 50  # vectors a cluster
_NEAR: Final = 0.7  # how far apart those of a kind are, where kinds are 1.4 apart
_BLOCK: Final = 50_000


def bench_similar_speed(
    rows: int,
    *,
    dim: int = DIM,
    data: Path | None = None,
    encoder: SentenceEncoder | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Figures:
    """Time searches.

    Args:
        rows: how many vectors are made up.
        dim: their length.
        data: the folder of the public data; its Korean titles are searched too.
        encoder: of titles.
        seed: of what is made up.
        progress: told done, total and a message; may raise.
    """
    started = time.perf_counter()
    progress(0, 4, f"making {rows:,} vectors")
    vectors, queries = clustered(rows, QUERIES, dim, seed=seed)
    found: Figures = {"made_up": _measure(vectors, queries, progress)}
    del vectors
    if data is not None and encoder is not None:
        titles = [title for title in read_reposts(data)[0] if any(map(str.isalnum, title))]
        progress(3, 4, f"encoding {len(titles):,} titles")
        real = encoder.encode(titles)
        asked = np.random.default_rng(seed).permutation(len(real))[:QUERIES]
        rest = np.setdiff1d(np.arange(len(real)), asked)
        found["titles"] = _measure(np.ascontiguousarray(real[rest]), real[asked], progress)
    found["seconds"] = round(time.perf_counter() - started, 1)
    found["peak_mb"] = peak_mb()
    return found


def clustered(rows: int, asked: int, dim: int, *, seed: int) -> tuple[Vectors, Vectors]:
    """(rows, dim) unit vectors in clusters, and (asked, dim) others of the same clusters."""
    random = np.random.default_rng(seed)
    kinds = random.standard_normal((max(rows // OF_A_KIND, 1), dim), dtype=np.float32)

    def some(count: int) -> Vectors:
        made = kinds[random.integers(0, len(kinds), count)]
        made = made + _NEAR * random.standard_normal((count, dim), dtype=np.float32)
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        return made

    vectors = np.empty((rows, dim), np.float32)
    for start in range(0, rows, _BLOCK):
        vectors[start : start + _BLOCK] = some(min(_BLOCK, rows - start))
    return vectors, some(asked)


def _measure(vectors: Vectors, queries: Vectors, progress: Progress) -> Figures:
    rows, dim = vectors.shape
    exact = _exact(vectors, queries)
    scans = []
    for query in queries[:SCANS]:
        before = time.perf_counter()
        scores = vectors @ query
        np.argpartition(-scores, TOP_K)
        scans.append(1000 * (time.perf_counter() - before))
    with TemporaryDirectory(prefix="faqdesk-bench-") as name:
        folder = Path(name) / "index"
        progress(1, 4, f"building the index of {rows:,}")
        before = time.perf_counter()
        index = FaissIndex(dim)
        index.add(np.arange(rows, dtype=np.int64), vectors)
        write_artifact(folder, kind="index", config={}, files=index.snapshot, metrics={})
        built = time.perf_counter() - before
        files = [*folder.glob("vectors*.faiss"), folder / "ids.npy"]
        size = sum(file.stat().st_size for file in files)
        index = FaissIndex.load(folder)
        progress(2, 4, f"searching {rows:,}")
        ids, here = _ask(index, queries)
        _, alone = _ask(index, queries, clock=time.thread_time)
        scores = np.einsum("qkd,qd->qk", vectors[ids], queries)
        with _server(folder) as target, IndexChannel(target, deadline=60) as channel:
            there_ids, there = _ask(GrpcIndex(channel, "vectors"), queries)
            trip = []
            for _ in range(QUERIES):
                before = time.perf_counter()
                channel.healthy()
                trip.append(1000 * (time.perf_counter() - before))
    return {
        "rows": rows,
        "dim": dim,
        "recall@10": round(recall_at(scores, exact), 4),
        "same_over_grpc": bool((ids == there_ids).all()),
        "search_ms": here,
        "search_processor_ms": alone,  # what a busy machine does not lengthen
        "grpc_ms": there,
        "grpc_ratio": {q: round(there[q] / here[q], 2) for q in ("p50", "p99")},
        "grpc_empty_ms": quantiles(trip),
        "exact_ms": quantiles(scans),
        "build_seconds": round(built, 1),
        "index_mb": round(size / 1e6, 1),
        "bytes_a_row": size // rows,
    }


def _exact(vectors: Vectors, queries: Vectors) -> Vectors:
    """(queries, TOP_K) the true best similarities, best first."""
    best = np.full((len(queries), TOP_K), -np.inf, np.float32)
    for start in range(0, len(vectors), _BLOCK):
        scores = queries @ vectors[start : start + _BLOCK].T
        kept = np.concatenate([best, scores], axis=1)
        best = -np.sort(-np.partition(kept, -TOP_K, axis=1)[:, -TOP_K:], axis=1)
    return best


def _ask(
    index: VectorIndex, queries: Vectors, *, clock: Callable[[], float] = time.perf_counter
) -> tuple[Ids, dict[str, float]]:
    index.search(queries[:1], top_k=TOP_K)  # the first one reads the file
    ids, times = [], []
    for number in range(len(queries)):
        before = clock()
        found, _ = index.search(queries[number : number + 1], top_k=TOP_K)
        times.append(1000 * (clock() - before))
        ids.append(found[0])
    return np.stack(ids), quantiles(times)


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """An index server of a saved index, as a process of its own; where it listens."""
    code = "from web.cli import main; main()"
    server = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", code, "serve-index", "--port", "0", "--vectors", str(folder)],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert server.stdout is not None  # noqa: S101 - it is a pipe
        port = re.search(r":(\d+)$", server.stdout.readline().strip())
        if port is None:
            raise RuntimeError("The index server did not start; its words stand above.")
        yield f"127.0.0.1:{port[1]}"
    finally:
        server.terminate()
        server.communicate(timeout=60)
