"""Similar listings on the public sets: another photo of an ad, repeated ads, the same product.

Settings are chosen on the training part; what is judged is not learned from. JSON-ready figures.
"""

import csv
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from listings.similar.index import ListingIndex, Parts
from listings.similar.looks import Look
from support.encoder import SentenceEncoder
from support.errors import ImportFileError

from .bench_memory import peak_mb
from .bench_similar_ads import TOP_K, Figures, bench_ads, encode_photos, read_photos
from .category_sets import load_clothing, load_gumtree
from .picture_space import fit_space
from .progress import Progress, silent

TITLES: Final = 2_000  # that are asked for


def bench_similar_listings(
    name: str,
    data: Path,
    *,
    encoder: SentenceEncoder,
    seed: int = 0,
    limit: int | None = None,
    progress: Progress = silent,
) -> Figures:
    """Measure one set.

    Args:
        name: gumtree, clothing or pricerunner.
        data: the folder of the public data.
        encoder: of words.
        seed: of what is drawn.
        limit: listings at most, for a quick look.
        progress: told done, total and a message; may raise.

    Raises:
        ImportFileError: a file is not there.
    """
    started = time.perf_counter()
    with TemporaryDirectory(prefix="faqdesk-bench-") as scratch:
        found = SETS[name](data, Path(scratch), encoder, seed, limit, progress)
    return {
        "set": name,
        **found,
        "seed": seed,
        "seconds": round(time.perf_counter() - started, 1),
        "peak_mb": peak_mb(),
    }


def bench_titles(
    titles: Sequence[str],
    clusters: Sequence[int],
    encoder: SentenceEncoder,
    *,
    seed: int,
    progress: Progress = silent,
) -> Figures:
    """The nearest other title among all: is it of the same product?

    Args:
        titles: as shops name products.
        clusters: equal for titles of one product.
        encoder: of words.
        seed: draws the titles that are asked for, among those that have another.
        progress: told done, total and a message; may raise.
    """
    index = ListingIndex(Parts.empty(encoder.dim), lambda ids: [titles[number] for number in ids])
    vectors = encoder.encode(list(titles))
    looks = [Look(i, title, vectors[i]) for i, title in enumerate(titles)]
    index.add(looks)
    numbers, counts = np.unique(np.array(clusters), return_counts=True)
    several = set(numbers[counts > 1].tolist())
    random = np.random.default_rng(seed)
    can = [number for number, cluster in enumerate(clusters) if cluster in several]
    asked = sorted(random.permutation(can)[:TITLES].tolist())
    ranks = []
    for done, number in enumerate(asked):
        found = index.similar(looks[number], top_k=TOP_K, at_least=0.0)
        same = [clusters[match.listing_id] == clusters[number] for match in found]
        ranks.append(same.index(True) if True in same else TOP_K)
        progress(done + 1, len(asked), "looking for titles")
    rank = np.array(ranks)
    return {
        "titles": len(titles),
        "n_test": len(asked),
        "hit@1": round(float((rank < 1).mean()), 4),
        "hit@10": round(float((rank < TOP_K).mean()), 4),
    }


def _gumtree(
    data: Path,
    scratch: Path,
    encoder: SentenceEncoder,
    seed: int,
    limit: int | None,
    progress: Progress,
) -> Figures:
    rows = load_gumtree(data, scratch).cut(seed=seed, limit=limit)
    return bench_ads(rows, encoder, seed=seed, progress=progress)


def _clothing(
    data: Path,
    scratch: Path,
    encoder: SentenceEncoder,
    seed: int,
    limit: int | None,
    progress: Progress,
) -> Figures:
    """Photos of the official test part: how many of the ten nearest to learn from are of a kind."""
    rows = load_clothing(data, scratch).cut(seed=seed, limit=limit)
    every = [*rows.train, *rows.test]
    pixels, owners, _ = read_photos(every, progress)
    taught = np.flatnonzero(owners < len(rows.train))
    # Nothing says which photos show one thing: each is a group of its own.
    space = fit_space(pixels[taught], taught.tolist(), seed=seed, progress=progress)
    vectors = encode_photos(space, pixels, progress)
    kinds = np.array([every[owner].path for owner in owners.tolist()])
    asked = np.setdiff1d(np.arange(len(pixels)), taught)
    scores = vectors[asked] @ vectors[taught].T
    best = taught[np.argsort(-scores, axis=1, kind="stable")[:, :TOP_K]]
    same = kinds[best] == kinds[asked][:, None]
    return {
        "n_train": len(taught),
        "n_test": len(asked),
        "same_kind@1": round(float(same[:, 0].mean()), 4),
        "same_kind@10": round(float(same.mean()), 4),
    }


def _pricerunner(
    data: Path,
    scratch: Path,
    encoder: SentenceEncoder,
    seed: int,
    limit: int | None,
    progress: Progress,
) -> Figures:
    name = "pricerunner_aggregate.csv"
    places = [data / "listings" / "pricerunner" / name, data / "pricerunner" / name, data / name]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise ImportFileError(
            f"{places[0]} is not there. Name the folder that holds listings/pricerunner: --data DIR"
        )
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row and row[0].isdigit()][:limit]
    return bench_titles(
        [row[1] for row in rows], [int(row[3]) for row in rows], encoder,
        seed=seed, progress=progress,
    )  # fmt: skip


SETS: Final[Mapping[str, Callable[..., Figures]]] = {
    "gumtree": _gumtree, "clothing": _clothing, "pricerunner": _pricerunner
}  # fmt: skip
