"""Repeated ads: another photo of an ad among all, and links between ads that are one.

What is judged is not learned from; the threshold of links is chosen on the training part.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from listings.picture_batches import Pixels, read_batches
from listings.pictures import open_picture, perceptual_hash
from listings.similar.index import WAYS, ListingIndex, Parts
from listings.similar.looks import Look, PictureLook
from listings.similar.picture_space import SIDE, PictureSpace
from support.encoder import SentenceEncoder
from support.vector_index import Vectors

from .category_sets import CategoryRow, CategorySet
from .picture_space import fit_space
from .progress import Progress, silent

PHOTOS: Final = 1_500  # that are asked for
TOP_K: Final = 10
THRESHOLDS: Final = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
COMPARED: Final[Mapping[str, tuple[str, ...]]] = {
    "fused": WAYS, "text": ("text",), "picture": ("picture", "hash")
}  # fmt: skip
Figures = dict[str, Any]


def bench_ads(
    rows: CategorySet, encoder: SentenceEncoder, *, seed: int, progress: Progress = silent
) -> Figures:
    """Another photo of an ad among all photos, and links between repeated ads.

    Args:
        rows: ads whose `group` is equal for those that repeat each other.
        encoder: of words.
        seed: of what is drawn.
        progress: told done, total and a message; may raise.
    """
    train, test = list(rows.train), list(rows.test)
    every = train + test
    pixels, owners, hashes = read_photos(every, progress)
    taught = np.flatnonzero(owners < len(train))
    space = fit_space(
        pixels[taught],
        [every[owner].group for owner in owners[taught].tolist()],
        seed=seed,
        progress=progress,
    )
    vectors = encode_photos(space, pixels, progress)
    groups = np.array([row.group for row in every])
    figures: Figures = {
        "n_train": len(train),
        "n_test": len(test),
        "photos": len(pixels),
        "another_photo": _another_photo(vectors, owners, groups, len(train), seed),
        "another_photo_by_hash": _another_photo(_bits(hashes), owners, groups, len(train), seed),
    }
    figures["repeated_ads"] = _links(every, len(train), vectors, owners, hashes, encoder, progress)
    return figures


def read_photos(
    rows: Sequence[CategoryRow], progress: Progress = silent
) -> tuple[Pixels, npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    """Every photo that can be read: (n, side, side, 3) bytes, (n,) whose row, (n,) hashes."""
    paths = [path for row in rows for path in row.listing.pictures]
    whose = [number for number, row in enumerate(rows) for _ in row.listing.pictures]
    squares, owners, hashes = [], [], []
    for batch in read_batches(paths, side=SIDE):
        squares.append(batch.pixels)
        for place in batch.positions.tolist():
            owners.append(whose[place])
            hashes.append(int(perceptual_hash(open_picture(paths[place])), 16))
        progress(len(owners), len(paths), "reading photos")
    return np.concatenate(squares), np.array(owners, np.int64), np.array(hashes, np.uint64)


def _another_photo(
    vectors: Vectors,
    owners: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64],
    first_test: int,
    seed: int,
) -> Figures:
    """Share of photos that find another of the same ad; those of its repeats are passed over."""
    _, which, counts = np.unique(owners, return_inverse=True, return_counts=True)
    can = np.flatnonzero((counts[which] > 1) & (owners >= first_test))
    asked = np.sort(np.random.default_rng(seed).permutation(can)[:PHOTOS])
    hits = {1: 0, TOP_K: 0}
    for photo in asked.tolist():
        scores = vectors @ vectors[photo]
        own = owners == owners[photo]
        scores[photo] = -np.inf
        scores[(groups[owners] == groups[owners[photo]]) & ~own] = -np.inf
        best = np.argsort(-scores, kind="stable")[:TOP_K]
        for k in hits:
            hits[k] += bool(own[best[:k]].any())
    return {"n": len(asked)} | {
        f"recall@{k}": round(count / max(len(asked), 1), 4) for k, count in hits.items()
    }


def _links(
    rows: Sequence[CategoryRow],
    first_test: int,
    vectors: Vectors,
    owners: npt.NDArray[np.int64],
    hashes: npt.NDArray[np.uint64],
    encoder: SentenceEncoder,
    progress: Progress,
) -> Figures:
    """Precision and recall of links between repeated ads, at the training part's best threshold."""
    texts = [row.listing.text for row in rows]
    index = ListingIndex(
        Parts.empty(encoder.dim, vectors.shape[1]), lambda ids: [texts[number] for number in ids]
    )
    pictures: dict[int, list[PictureLook]] = {}
    for owner, vector, phash in zip(owners.tolist(), vectors, hashes.tolist(), strict=True):
        own = pictures.setdefault(owner, [])
        own.append(PictureLook(len(own), vector, phash))
    looks = [
        Look(
            number,
            text,
            encoder.encode([text])[0] if any(map(str.isalnum, text)) else None,
            tuple(pictures.get(number, ())),
        )
        for number, text in enumerate(texts)
    ]
    index.add(looks)
    groups = [row.group for row in rows]
    size: dict[int, int] = {}
    for group in groups:
        size[group] = size.get(group, 0) + 1
    wanted = {
        "train": sum(size[group] - 1 for group in groups[:first_test]),
        "test": sum(size[group] - 1 for group in groups[first_test:]),
    }
    figures: Figures = {"links": wanted["test"]}
    for name, ways in COMPARED.items():
        found: dict[str, list[tuple[float, bool]]] = {"train": [], "test": []}
        for look in looks:
            part = "train" if look.listing_id < first_test else "test"
            found[part] += [
                (match.probability, groups[match.listing_id] == groups[look.listing_id])
                for match in index.similar(look, top_k=50, ways=ways, at_least=THRESHOLDS[0])
            ]
            progress(look.listing_id + 1, len(looks), f"links by {name}")
        best = max(THRESHOLDS, key=lambda t: _judge(found["train"], wanted["train"], t)["f1"])
        figures[name] = {"threshold": best, **_judge(found["test"], wanted["test"], best)}
    return figures


def _judge(found: Sequence[tuple[float, bool]], wanted: int, threshold: float) -> dict[str, float]:
    kept = [right for probability, right in found if probability >= threshold]
    precision = sum(kept) / max(len(kept), 1)
    recall = sum(kept) / max(wanted, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def encode_photos(space: PictureSpace, pixels: Pixels, progress: Progress) -> Vectors:
    """(n, dim) vectors of photos."""
    found = np.empty((len(pixels), space.dim), np.float32)
    for start in range(0, len(pixels), 64):
        found[start : start + 64] = space.encode(pixels[start : start + 64])
        progress(min(start + 64, len(pixels)), len(pixels), "describing photos")
    return found


def _bits(hashes: npt.NDArray[np.uint64]) -> Vectors:
    """(n, 64) vectors of length 1 whose products fall as more bits differ."""
    places = np.arange(64, dtype=np.uint64)
    bits = (hashes[:, None] >> places) & np.uint64(1)
    return np.asarray((bits.astype(np.float32) * 2 - 1) / 8, np.float32)
