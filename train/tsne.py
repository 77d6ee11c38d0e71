"""Vectors as points on a plane, by t-SNE: what is alike lies together. The only user of openTSNE.

Works in short steps and leaves a note after each, so that a killed run goes on where it was.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from support.vector_index import Vectors
from support.whole_files import whole_file

from .near import nearest
from .progress import Progress, silent

Points = NDArray[np.float32]  # (n, 2)

_STEP: Final = 25  # iterations between two signs of life
_FEW: Final = 4  # rows below which there is nothing to lay out
_MANY: Final = 5_000  # rows from which several cores gain more than they wait for each other
_NOTE: Final = "points.npy"


@dataclass(frozen=True, kw_only=True)
class TsneConfig:
    """How a map is laid out."""

    perplexity: float = 30.0  # how many neighbours a point feels
    gathering: int = 250  # iterations in which neighbours are pulled together
    settling: int = 500  # and in which they find their places
    pull: float = 12.0  # how many times stronger neighbours pull at first
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a value out of its range, naming it."""
        if self.perplexity < 1:
            raise ValueError(f"perplexity must be at least 1, got {self.perplexity}.")
        if self.gathering < 0 or self.settling < 0:
            raise ValueError(f"iterations must not be negative, got {asdict(self)}.")


def lay_out(
    vectors: Vectors,
    *,
    config: TsneConfig | None = None,
    notes: Path | None = None,
    threads: int = 1,
    progress: Progress = silent,
) -> Points:
    """Find a place for each vector.

    Args:
        vectors: (n, dim) float32, rows of length 1.
        config: how.
        notes: a folder of this work alone, to go on from after a kill; it must exist.
        threads: cores to use; with more than one the last digits differ from run to run.
        progress: told done, total and a message; may raise.

    Returns:
        (n, 2) float32, the middle at 0.
    """
    config = config or TsneConfig()
    n = len(vectors)
    if n < _FEW:
        return np.stack([np.arange(n), np.zeros(n)], axis=1).astype(np.float32)
    threads = threads if n >= _MANY else 1
    points, done = _noted(notes, n)
    total = config.gathering + config.settling
    if done >= total and points is not None:
        return points
    embedding = _begin(vectors, points, config, threads, progress)
    while done < total:
        gathering = done < config.gathering
        step = min(_STEP, (config.gathering if gathering else total) - done)
        embedding.optimize(
            step,
            inplace=True,
            exaggeration=config.pull if gathering else 1.0,
            momentum=0.5 if gathering else 0.8,
            learning_rate=max(n / config.pull, 200.0) if gathering else max(float(n), 200.0),
        )
        done += step
        _note(notes, np.asarray(embedding, np.float32), done)
        progress(done, total, "laying out the map")
    found = np.asarray(embedding, np.float32)
    return np.ascontiguousarray(found - found.mean(axis=0))


def _begin(
    vectors: Vectors,
    points: Points | None,
    config: TsneConfig,
    threads: int,
    progress: Progress,
) -> Any:
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    n = len(vectors)
    perplexity = min(config.perplexity, (n - 1) / 3)
    ids, cosines = nearest(
        vectors, top_k=max(int(3 * perplexity), 3), message="comparing inquiries", progress=progress
    )
    # The distance of two unit vectors; rounding may take a cosine beyond 1.
    distances = np.sqrt(np.maximum(2.0 - 2.0 * cosines.astype(np.float64), 0.0))
    affinities = PerplexityBasedNN(
        knn_index=PrecomputedNeighbors(ids, distances), perplexity=perplexity, n_jobs=threads
    )
    start = _plane(vectors, config.seed) if points is None else points.astype(np.float64)
    return TSNEEmbedding(
        start,
        affinities,
        negative_gradient_method="bh" if n < 10_000 else "fft",
        n_jobs=threads,
        random_state=config.seed,
    )


def _plane(vectors: Vectors, seed: int) -> NDArray[np.float64]:
    """The two directions in which the vectors differ most, made small: where t-SNE begins."""
    random = np.random.default_rng(seed)
    sample = vectors[random.permutation(len(vectors))[:5_000]].astype(np.float64)
    middle = sample.mean(axis=0)
    _, axes = np.linalg.eigh((sample - middle).T @ (sample - middle))
    axes = axes[:, [-1, -2]]
    # The sign of an axis is chance: fixed, so that a map made again looks the same.
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
    start = (vectors.astype(np.float64) - middle) @ axes
    found: NDArray[np.float64] = 1e-4 * start / max(float(start[:, 0].std()), 1e-12)
    # Texts that are the same would otherwise never come apart.
    return found + random.normal(scale=1e-6, size=found.shape)


def _note(folder: Path | None, points: Points, done: int) -> None:
    if folder is None:
        return
    with whole_file(folder / _NOTE) as note, note.open("wb") as file:
        np.save(file, np.vstack([points, [[done, 0]]]).astype(np.float32))


def _noted(folder: Path | None, n: int) -> tuple[Points | None, int]:
    """Where an earlier run was: its points and iterations; None and 0 where there was none."""
    try:
        if folder is None:
            return None, 0
        found: Points = np.load(folder / _NOTE, allow_pickle=False)
    except (FileNotFoundError, ValueError, EOFError):
        return None, 0
    if found.shape != (n + 1, 2):
        return None, 0
    return found[:-1], int(found[-1, 0])
