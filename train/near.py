"""Every vector's nearest others, among many: what groups, the map and pairs of FAQs are made from.

Exact while that is quick; beyond, through the graph index that serves searches.
"""

from typing import Final

import numpy as np

from support.faiss_index import FaissIndex
from support.scratch import scratch
from support.vector_index import Ids, Vectors

from .progress import Progress, silent

EXACT_UP_TO: Final = 20_000  # rows; 4 * 10^8 likenesses take some ten seconds of one core
_BLOCK: Final = 512


def nearest(
    vectors: Vectors, *, top_k: int, message: str = "comparing", progress: Progress = silent
) -> tuple[Ids, Vectors]:
    """The nearest others of each row, itself left out.

    Args:
        vectors: (n, dim) float32, rows of length 1.
        top_k: how many each, at least 1.
        message: what to tell the progress.
        progress: told done, total and the message; may raise.

    Returns:
        (n, k) places and (n, k) cosine similarities, best first; k is `top_k`, or n - 1 where that
        is less.
    """
    n = len(vectors)
    k = max(min(top_k, n - 1), 0)
    if n <= EXACT_UP_TO:
        return nearest_among(vectors, vectors, top_k=k, same=True, message=message,
                             progress=progress)  # fmt: skip
    ids, scores = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    with scratch("train") as folder:
        index = FaissIndex(vectors.shape[1])
        index.add(np.arange(n, dtype=np.int64), np.array(vectors))
        progress(0, n, message)
        index.snapshot(folder)
        index = FaissIndex.load(folder)
        for start in range(0, n, _BLOCK):
            stop = min(start + _BLOCK, n)
            found, near = index.search(vectors[start:stop], top_k=k + 1)
            # The graph may pass over a row itself; then the last one goes.
            own = found == np.arange(start, stop)[:, None]
            own[~own.any(axis=1), -1] = True
            ids[start:stop] = found[~own].reshape(stop - start, k)
            scores[start:stop] = near[~own].reshape(stop - start, k)
            progress(stop, n, message)
    return ids, scores


def nearest_among(
    vectors: Vectors,
    others: Vectors,
    *,
    top_k: int,
    same: bool = False,
    message: str = "comparing",
    progress: Progress = silent,
) -> tuple[Ids, Vectors]:
    """The nearest of some other vectors for each row, exactly.

    Args:
        vectors: (n, dim) float32, rows of length 1.
        others: (m, dim) float32, rows of length 1.
        top_k: how many each; at most m are found.
        same: both are the same rows, and none shall find itself.
        message: what to tell the progress.
        progress: told done, total and the message; may raise.

    Returns:
        (n, k) places among the others and (n, k) cosine similarities, best first.
    """
    n, k = len(vectors), min(top_k, len(others) - same)
    ids, scores = np.empty((n, max(k, 0)), np.int64), np.empty((n, max(k, 0)), np.float32)
    if k < 1:
        return ids, scores
    for start in range(0, n, _BLOCK):
        stop = min(start + _BLOCK, n)
        block = vectors[start:stop] @ others.T
        if same:
            block[np.arange(stop - start), np.arange(start, stop)] = -2.0
        best = np.argpartition(-block, k - 1, axis=1)[:, :k]
        near = np.take_along_axis(block, best, axis=1)
        order = np.argsort(-near, axis=1, kind="stable")
        ids[start:stop] = np.take_along_axis(best, order, axis=1)
        scores[start:stop] = np.take_along_axis(near, order, axis=1)
        progress(stop, n, message)
    return ids, scores
