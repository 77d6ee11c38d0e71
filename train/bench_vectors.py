"""Vector indexes side by side: time, memory and recall of each kind at a number of vectors.

The only file of this package that imports FAISS. hnswlib and usearch, which the desk does not use,
are measured where they are installed.
"""

import importlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from support.vector_index import Vectors

from .bench_probe import quantiles
from .progress import Progress, silent

TOP_K = 10
LINKS, BUILD_WIDTH = 32, 100  # of a graph: neighbours a vector, and how widely it is built
WIDTHS = (48, 96, 128, 256)  # how widely a graph is searched
PROBES = (0.02, 0.08, 0.25)  # share of an inverted file's cells that is looked into
POINTS_PER_CELL = 39  # fewer, and FAISS says that it cannot learn the cells
Search = Callable[[Vectors], npt.NDArray[np.int64]]  # (1, dim) to (top_k,) positions


@dataclass(frozen=True, slots=True)
class Engine:
    """One kind with one search setting."""

    name: str
    recall: float  # of the exact first ten; a neighbour at the tenth's distance counts
    p50: float  # milliseconds a query, one core
    p95: float
    p99: float
    build_seconds: float
    save_seconds: float
    bytes_per_item: int  # on disk, which is what is mapped into memory


def compare_engines(
    vectors: Vectors, queries: Vectors, *, progress: Progress = silent
) -> list[dict[str, Any]]:
    """Build every kind over the same vectors and ask it the same.

    Args:
        vectors: (n, dim) float32, rows of length 1.
        queries: (m, dim) float32.
        progress: told done, total and a message; may raise.
    """
    exact = exact_scores(vectors, queries)
    found: list[dict[str, Any]] = []
    kinds = list(_kinds(len(vectors), vectors.shape[1]))
    for number, (name, build) in enumerate(kinds):
        progress(number, len(kinds), f"{len(vectors):,} vectors, {name}")
        with TemporaryDirectory() as folder:
            path = Path(folder) / "index"
            started = time.perf_counter()
            save, searches = build(vectors)
            built = time.perf_counter() - started
            started = time.perf_counter()
            save(path)
            saved = time.perf_counter() - started
            size = path.stat().st_size // len(vectors)
        for setting, search in searches.items():
            recall, times = _ask(search, vectors, queries, exact)
            found.append(
                asdict(
                    Engine(
                        f"{name}{setting}", recall, **times, build_seconds=round(built, 2),
                        save_seconds=round(saved, 2), bytes_per_item=size,
                    )
                )
            )  # fmt: skip
    return found


def recall_at(
    scores: npt.NDArray[np.float32], exact: npt.NDArray[np.float32], *, top_k: int = TOP_K
) -> float:
    """The share of the first k found that lie within the k-th exact distance.

    Copies of one inquiry are equally near: which of them an index returns says nothing.

    Args:
        scores: (m, up to k) similarities of what was found.
        exact: (m, k) similarities of the true first k, best first.
        top_k: k.
    """
    least = exact[:, top_k - 1 : top_k] - 1e-5
    return float((scores >= least).sum() / (len(exact) * top_k))


def exact_scores(vectors: Vectors, queries: Vectors) -> npt.NDArray[np.float32]:
    """(queries, TOP_K) the true best similarities, best first."""
    index = _engine("faiss").IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    scores: npt.NDArray[np.float32] = index.search(queries, TOP_K)[0]
    return scores


def _ask(
    search: Search, vectors: Vectors, queries: Vectors, exact: npt.NDArray[np.float32]
) -> tuple[float, dict[str, float]]:
    faiss = _engine("faiss")
    # One query is too small to share out: threads cost more than they save.
    faiss.omp_set_num_threads(1)
    times, scores = [], np.full((len(queries), TOP_K), -np.inf, np.float32)
    for i in range(len(queries)):
        query = queries[i : i + 1]
        started = time.perf_counter()
        places = search(query)
        times.append(1000 * (time.perf_counter() - started))
        places = places[places >= 0]
        scores[i, : len(places)] = vectors[places] @ query[0]
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    return round(recall_at(scores, exact), 4), quantiles(times)


_Built = tuple[Callable[[Path], None], dict[str, Search]]


def _kinds(n: int, dim: int) -> Iterator[tuple[str, Callable[[Vectors], _Built]]]:
    cells = max(1, min(int(4 * n**0.5), n // POINTS_PER_CELL))
    kinds = {
        "Flat": "Flat",
        "SQfp16": "SQfp16",
        "SQ8": "SQ8",
        "HNSW": f"HNSW{LINKS}",
        "HNSW SQ8": f"HNSW{LINKS}_SQ8",
    }
    kinds |= {"IVF": f"IVF{cells},Flat", "IVF SQ8": f"IVF{cells},SQ8"}
    for name, description in kinds.items():
        yield name, partial(_faiss, description)
    for name, build in (("hnswlib", _hnswlib), ("usearch.index", _usearch)):
        if _installed(name):
            yield name.split(".")[0], build


def _installed(name: str) -> bool:
    """Whether it is there and whole: one without what it needs itself counts as missing."""
    try:
        _engine(name)
    except ImportError:
        return False
    return True


def _engine(name: str) -> Any:
    return importlib.import_module(name)


def _faiss(description: str, vectors: Vectors) -> _Built:
    faiss = _engine("faiss")
    index = faiss.index_factory(vectors.shape[1], description, faiss.METRIC_INNER_PRODUCT)
    graph, cells = "HNSW" in description, "IVF" in description
    if graph:
        index.hnsw.efConstruction = BUILD_WIDTH
    if not index.is_trained:
        index.train(vectors)
    index.add(vectors)

    def search(parameters: Any) -> Search:
        return lambda query: index.search(query, TOP_K, params=parameters)[1][0]

    searches: dict[str, Search] = {}
    for width in WIDTHS if graph else ():
        searches[f" ef {width}"] = search(faiss.SearchParametersHNSW(efSearch=width))
    for share in PROBES if cells else ():
        count = max(1, round(share * index.nlist))
        searches[f" nprobe {count}"] = search(faiss.SearchParametersIVF(nprobe=count))
    return lambda path: faiss.write_index(index, str(path)), searches or {"": search(None)}


def _hnswlib(vectors: Vectors) -> _Built:
    index = _engine("hnswlib").Index(space="ip", dim=vectors.shape[1])
    index.init_index(max_elements=len(vectors), M=LINKS, ef_construction=BUILD_WIDTH)
    index.add_items(vectors, num_threads=os.cpu_count() or 1)

    def search(width: int) -> Search:
        def ask(query: Vectors) -> npt.NDArray[np.int64]:
            index.set_ef(width)
            return np.asarray(index.knn_query(query, k=TOP_K, num_threads=1)[0][0], np.int64)

        return ask

    return lambda path: index.save_index(str(path)), {f" ef {w}": search(w) for w in WIDTHS}


def _usearch(vectors: Vectors) -> _Built:
    index = _engine("usearch.index").Index(
        ndim=vectors.shape[1], metric="ip", dtype="f32", connectivity=LINKS,
        expansion_add=BUILD_WIDTH,
    )  # fmt: skip
    index.add(np.arange(len(vectors)), vectors, threads=os.cpu_count() or 1)

    def search(width: int) -> Search:
        def ask(query: Vectors) -> npt.NDArray[np.int64]:
            index.expansion_search = width
            keys = index.search(query[0], TOP_K, threads=1).keys
            return np.asarray(keys, dtype=np.int64)

        return ask

    return lambda path: index.save(str(path)), {f" ef {w}": search(w) for w in WIDTHS}
