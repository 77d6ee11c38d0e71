"""Repeated ads: another photo of an ad among all, and links between ads that are one.

What is judged is not learned from, and no threshold is chosen: links are told at several, that of
watching among them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from listings.picture_batches import Pixels, read_batches
from listings.pictures import open_picture, perceptual_hash
from listings.similar.index import LEAST, ListingIndex, Parts
from listings.similar.looks import Look, Match, PictureLook
from listings.similar.picture_space import SIDE, PictureSpace
from listings.similar.watch import WatchRules
from support.encoder import SentenceEncoder
from support.vector_index import Vectors

from .bench_spread import Figures, spread
from .category_sets import CategoryRow, CategorySet
from .hog import hog, hog_and_colours
from .picture_space import fit_space
from .progress import Progress, silent

PHOTOS: Final = 1_500  # that are asked for
TOP_K: Final = 10
FOUND: Final = 50  # listings like one that are looked at
LINK: Final = WatchRules().link
THRESHOLDS: Final = (0.5, 0.7, 0.95)
WAYS: Final = ("fused", "text", "picture")


@dataclass(frozen=True, slots=True)
class Ads:
    """Ads and all their photos that can be read; those to learn from stand first."""

    rows: Sequence[CategoryRow]
    first_test: int
    pixels: Pixels
    owners: npt.NDArray[np.int64]  # (n,) whose photo
    hashes: npt.NDArray[np.uint64]  # (n,)
    groups: npt.NDArray[np.int64]  # of each row; equal for ads that repeat each other

    @classmethod
    def read(cls, rows: CategorySet, progress: Progress = silent) -> "Ads":
        """Read every photo."""
        every = [*rows.train, *rows.test]
        groups = np.array([row.group for row in every])
        return cls(every, len(rows.train), *read_photos(every, progress), groups)


def bench_ads(
    rows: CategorySet,
    encoder: SentenceEncoder,
    *,
    seeds: Sequence[int] = (0,),
    progress: Progress = silent,
) -> Figures:
    """Another photo of an ad among all photos, and links between repeated ads.

    Args:
        rows: ads whose `group` is equal for those that repeat each other.
        encoder: of words.
        seeds: a run each; the mean and the spread are told. Links are judged with the first.
        progress: told done, total and a message; may raise.
    """
    ads = Ads.read(rows, progress)
    plain = {
        "hog": hog(ads.pixels),
        "hog_and_colours": hog_and_colours(ads.pixels, root=False),
        "hog_and_root_of_colours": hog_and_colours(ads.pixels, root=True),
        "perceptual_hash": _bits(ads.hashes),
    }
    found: dict[str, list[Figures]] = {name: [] for name in ("faqdesk", *plain)}
    links: Figures = {}
    for seed in seeds:
        learned = np.flatnonzero(ads.owners < ads.first_test)
        vectors = _learn(ads, learned, np.arange(len(ads.pixels)), seed, progress)
        for name, rows_of in {"faqdesk": vectors, **plain}.items():
            found[name].append(_another_photo(rows_of, ads, seed))
        if not links:
            links = bench_links(ads, vectors, encoder, progress=progress)
    own = {"another_photo": spread(found["faqdesk"]), "repeated_ads": links.pop("fused")}
    beside = {name: {"another_photo": spread(found[name])} for name in plain}
    alone = {f"{way}_alone": {"repeated_ads": links.pop(way)} for way in WAYS[1:]}
    return {
        "n_train": ads.first_test,
        "n_test": len(ads.rows) - ads.first_test,
        "photos": len(ads.pixels),
        **links,
        "faqdesk": own,
        "baselines": {**beside, **alone},
    }


def bench_links(
    ads: Ads, vectors: Vectors, encoder: SentenceEncoder, *, progress: Progress = silent
) -> Figures:
    """Precision and recall of links between repeated ads, by all ways and by each alone.

    A link counts from the probability on from which watching draws it; `at` tells other ones.
    """
    told = [_encode(encoder, row.listing.text) for row in ads.rows]
    every = np.arange(len(ads.rows))
    judged = _pairs(ads, _looks(ads, every, vectors, told), every[ads.first_test :], progress)
    wanted = _wanted(ads.groups[ads.first_test :])
    figures: Figures = {"links": wanted}
    for way in WAYS:
        figures[way] = {
            **judge(judged, wanted, way, LINK),
            "at": {str(t): judge(judged, wanted, way, t) for t in THRESHOLDS},
            "calibration": _calibration(judged, way),
        }
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


def encode_photos(space: PictureSpace, pixels: Pixels, progress: Progress = silent) -> Vectors:
    """(n, dim) vectors of photos."""
    found = np.empty((len(pixels), space.dim), np.float32)
    for start in range(0, len(pixels), 64):
        found[start : start + 64] = space.encode(pixels[start : start + 64])
        progress(min(start + 64, len(pixels)), len(pixels), "describing photos")
    return found


@dataclass(frozen=True, slots=True)
class _Pair:
    """What was found to be like an ad, by each way; `right`: they repeat each other."""

    sure: Mapping[str, float]
    right: bool


def _learn(
    ads: Ads,
    learned: npt.NDArray[np.int64],
    shown: npt.NDArray[np.int64],
    seed: int,
    progress: Progress,
) -> Vectors:
    """Photos as a space sees them that was learned from others."""
    groups = ads.groups[ads.owners[learned]].tolist()
    space = fit_space(ads.pixels[learned], groups, seed=seed, progress=progress)
    return encode_photos(space, ads.pixels[shown], progress)


def _another_photo(vectors: Vectors, ads: Ads, seed: int) -> Figures:
    """Share of photos that find another of the same ad; those of its repeats are passed over."""
    owners, groups = ads.owners, ads.groups[ads.owners]
    _, which, counts = np.unique(owners, return_inverse=True, return_counts=True)
    can = np.flatnonzero((counts[which] > 1) & (owners >= ads.first_test))
    asked = np.sort(np.random.default_rng(seed).permutation(can)[:PHOTOS])
    hits = {1: 0, TOP_K: 0}
    for photo in asked.tolist():
        scores = vectors @ vectors[photo]
        own = owners == owners[photo]
        scores[photo] = -np.inf
        scores[(groups == groups[photo]) & ~own] = -np.inf
        best = np.argsort(-scores, kind="stable")[:TOP_K]
        for k in hits:
            hits[k] += bool(own[best[:k]].any())
    return {"n": len(asked)} | {f"recall@{k}": hit / max(len(asked), 1) for k, hit in hits.items()}


def _looks(
    ads: Ads,
    numbers: npt.NDArray[np.int64],
    vectors: Vectors,
    told: Sequence[Vectors | None],
) -> list[Look]:
    pictures: dict[int, list[PictureLook]] = {}
    for owner, vector, phash in zip(ads.owners.tolist(), vectors, ads.hashes.tolist(), strict=True):
        own = pictures.setdefault(owner, [])
        own.append(PictureLook(len(own), vector, phash))
    return [
        Look(number, ads.rows[number].listing.text, told[number], tuple(pictures.get(number, ())))
        for number in numbers.tolist()
    ]


def _pairs(
    ads: Ads, looks: Sequence[Look], asked: npt.NDArray[np.int64], progress: Progress
) -> list[_Pair]:
    """What is found among some ads for those of them that are asked about."""
    texts = {look.listing_id: look.text for look in looks}
    dims = [p.vector.shape[0] for look in looks for p in look.pictures if p.vector is not None]
    text_dim = next(look.vector.shape[0] for look in looks if look.vector is not None)
    parts = Parts.empty(text_dim, dims[0] if dims else None)
    index = ListingIndex(parts, lambda ids: [texts[number] for number in ids])
    index.add(looks)
    wanted = set(asked.tolist())
    found = []
    for done, look in enumerate(looks):
        if look.listing_id in wanted:
            for match in index.similar(look, top_k=FOUND, at_least=LEAST):
                right = ads.groups[match.listing_id] == ads.groups[look.listing_id]
                found.append(_Pair(_ways(match), bool(right)))
        progress(done + 1, len(looks), "looking for repeated ads")
    return found


def _ways(match: Match) -> Mapping[str, float]:
    text = max((r.probability for r in match.reasons if r.by == "text"), default=0.0)
    picture = max((r.probability for r in match.reasons if r.by != "text"), default=0.0)
    return {"fused": match.probability, "text": text, "picture": picture}


def judge(pairs: Sequence[_Pair], wanted: int, way: str, threshold: float) -> dict[str, float]:
    """Precision and recall of the links that one way draws from a probability on."""
    kept = [pair.right for pair in pairs if pair.sure[way] >= threshold]
    precision = sum(kept) / max(len(kept), 1)
    recall = sum(kept) / max(wanted, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def _calibration(pairs: Sequence[_Pair], way: str) -> list[dict[str, float]]:
    """By how sure a way was: how many pairs, how sure on average, and how many of them right."""
    found = []
    for low, high in ((0.05, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.85), (0.85, 0.95), (0.95, 1.01)):
        some = [pair for pair in pairs if low <= pair.sure[way] < high]
        if some:
            sure = float(np.mean([pair.sure[way] for pair in some]))
            right = float(np.mean([pair.right for pair in some]))
            found.append({"n": len(some), "sure": round(sure, 3), "right": round(right, 3)})
    return found


def _wanted(groups: npt.NDArray[np.int64]) -> int:
    """Links that there are, each seen from both of its ends."""
    _, counts = np.unique(groups, return_counts=True)
    return int((counts * (counts - 1)).sum())


def _encode(encoder: SentenceEncoder, text: str) -> Vectors | None:
    return encoder.encode([text])[0] if any(map(str.isalnum, text)) else None


def _bits(hashes: npt.NDArray[np.uint64]) -> Vectors:
    """(n, 64) vectors of length 1 whose products fall as more bits differ."""
    places = np.arange(64, dtype=np.uint64)
    bits = (hashes[:, None] >> places) & np.uint64(1)
    return np.asarray((bits.astype(np.float32) * 2 - 1) / 8, np.float32)
