"""Similar listings on the public sets: another photo of an ad, repeated ads, the same product.

Settings were chosen on other rows than those judged here. JSON-ready figures.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from support.encoder import SentenceEncoder
from support.vector_index import Vectors

from .bench_memory import peak_mb
from .bench_similar_ads import TOP_K, bench_ads, encode_photos, read_photos
from .bench_similar_titles import bench_products, bench_reposts, read_products, read_reposts
from .bench_spread import Figures, spread
from .category_sets import load_clothing, load_gumtree
from .hog import hog_and_colours
from .picture_space import fit_space
from .progress import Progress, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What every set is measured with."""

    data: Path
    scratch: Path
    encoder: SentenceEncoder
    seeds: Sequence[int]
    limit: int | None
    progress: Progress


def bench_similar_listings(
    name: str,
    data: Path,
    *,
    encoder: SentenceEncoder,
    seeds: Sequence[int] = (0,),
    limit: int | None = None,
    progress: Progress = silent,
) -> Figures:
    """Measure one set.

    Args:
        name: gumtree, clothing, pricerunner or joonggonara.
        data: the folder of the public data.
        encoder: of words.
        seeds: of what is drawn, a run each.
        limit: listings at most, for a quick look.
        progress: told done, total and a message; may raise.

    Raises:
        ImportFileError: a file is not there.
    """
    started = time.perf_counter()
    with TemporaryDirectory(prefix="faqdesk-bench-") as scratch:
        found = SETS[name](
            Run(
                data=data,
                scratch=Path(scratch),
                encoder=encoder,
                seeds=seeds,
                limit=limit,
                progress=progress,
            )
        )
    return {
        "set": name,
        **found,
        "seeds": list(seeds),
        "seconds": round(time.perf_counter() - started, 1),
        "peak_mb": peak_mb(),
    }


def _gumtree(run: Run) -> Figures:
    rows = load_gumtree(run.data, run.scratch).cut(seed=0, limit=run.limit)
    return bench_ads(rows, run.encoder, seeds=run.seeds, progress=run.progress)


def _clothing(run: Run) -> Figures:
    """Photos of the official test part: how many of the ten nearest to learn from are of a kind."""
    rows = load_clothing(run.data, run.scratch).cut(seed=0, limit=run.limit)
    every = [*rows.train, *rows.test]
    pixels, owners, _ = read_photos(every, run.progress)
    taught = np.flatnonzero(owners < len(rows.train))
    asked = np.setdiff1d(np.arange(len(pixels)), taught)
    kinds = np.array([every[owner].path for owner in owners.tolist()])

    def same(vectors: Vectors) -> Figures:
        scores = vectors[asked] @ vectors[taught].T
        best = taught[np.argsort(-scores, axis=1, kind="stable")[:, :TOP_K]]
        right = kinds[best] == kinds[asked][:, None]
        return {"same_kind@1": float(right[:, 0].mean()), "same_kind@10": float(right.mean())}

    own = []
    for seed in run.seeds:
        # Nothing says which photos show one thing: each is a group of its own.
        space = fit_space(pixels[taught], taught.tolist(), seed=seed, progress=run.progress)
        own.append(same(encode_photos(space, pixels, run.progress)))
    return {
        "n_train": len(taught),
        "n_test": len(asked),
        "faqdesk": spread(own),
        "baselines": {
            "hog_and_root_of_colours": spread([same(hog_and_colours(pixels, root=True))])
        },
    }


def _pricerunner(run: Run) -> Figures:
    titles, clusters = read_products(run.data)
    return bench_products(
        titles[: run.limit], clusters[: run.limit], run.encoder,
        seeds=run.seeds, progress=run.progress,
    )  # fmt: skip


def _joonggonara(run: Run) -> Figures:
    titles, counts, families = read_reposts(run.data)
    return bench_reposts(
        titles[: run.limit], counts[: run.limit], families[: run.limit], run.encoder,
        progress=run.progress,
    )  # fmt: skip


SETS: Final[Mapping[str, Callable[[Run], Figures]]] = {
    "gumtree": _gumtree, "clothing": _clothing, "pricerunner": _pricerunner,
    "joonggonara": _joonggonara,
}  # fmt: skip
