"""Titles of one thing: the same product as other shops name it, and titles posted again and again.

Beside what serves stands TF-IDF of characters 3-5, scikit-learn's own, on the same titles.
"""

import csv
import hashlib
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from listings.similar.index import ListingIndex, Parts
from listings.similar.looks import Look
from listings.similar.watch import WatchRules
from support.encoder import SentenceEncoder
from support.errors import ImportFileError

from .bench_spread import Figures, spread
from .progress import Progress, silent

TITLES: Final = 2_000  # that are asked for
TOP_K: Final = 10
FOUND: Final = 60  # listings like one that are looked at
COPIES: Final = 3  # posts of one title that stand in the index, at most
OFTEN: Final = 10  # posts that make a repeat post
ALIKE: Final = 0.85  # the cosine from which TF-IDF would link two titles
_BATCH: Final = 200


def bench_products(
    titles: Sequence[str],
    clusters: Sequence[int],
    encoder: SentenceEncoder,
    *,
    seeds: Sequence[int] = (0,),
    progress: Progress = silent,
) -> Figures:
    """The nearest other title among all: is it of the same product?

    Args:
        titles: as shops name products.
        clusters: equal for titles of one product.
        encoder: of words.
        seeds: each draws titles that are asked for, among those of the test part (a fifth of the
            clusters) that have another.
        progress: told done, total and a message; may raise.
    """
    index, looks = _index(titles, encoder)
    tfidf = _tfidf(titles)
    numbers, counts = np.unique(np.array(clusters), return_counts=True)
    several = {key for key in numbers[counts > 1].tolist() if in_test(key)}
    can = [number for number, cluster in enumerate(clusters) if cluster in several]
    kind = np.array(clusters)
    own, beside = [], []
    for run, seed in enumerate(seeds):
        asked = np.sort(np.random.default_rng(seed).permutation(can)[:TITLES])
        best = []
        for done, number in enumerate(asked.tolist()):
            found = index.similar(looks[number], top_k=TOP_K, at_least=0.0)
            best.append([match.listing_id for match in found])
            progress(run * len(asked) + done + 1, len(seeds) * len(asked), "looking for titles")
        own.append(_hits(best, asked, kind))
        near = []
        for start in range(0, len(asked), _BATCH):
            some = asked[start : start + _BATCH]
            scores = np.asarray((tfidf[some] @ tfidf.T).todense())
            scores[np.arange(len(some)), some] = -1
            near += np.argsort(-scores, axis=1, kind="stable")[:, :TOP_K].tolist()
        beside.append(_hits(near, asked, kind))
    return {
        "n_train": 0,
        "n_test": int(own[0]["n"]),
        "titles": len(titles),
        "faqdesk": spread(own),
        "baselines": {"tfidf_characters_3_5": spread(beside)},
    }


def bench_reposts(
    titles: Sequence[str],
    counts: Sequence[int],
    families: Sequence[int],
    encoder: SentenceEncoder,
    *,
    progress: Progress = silent,
) -> Figures:
    """Titles posted ten times and more, in several spellings: are they found as repeat posts?

    Every title stands in the index as often as it was posted, `COPIES` times at most. One post of
    each family (of titles that say the same) is asked about. It is a repeat post where as many
    others are linked to it as watching asks for.

    Args:
        titles: each once.
        counts: how often each was posted.
        families: equal for titles that say the same, numbers aside.
        encoder: of words.
        progress: told done, total and a message; may raise.
    """
    rules = WatchRules()
    posts: dict[int, int] = {}
    most: dict[int, int] = {}
    spelled: dict[int, list[int]] = {}
    for number, (count, family) in enumerate(zip(counts, families, strict=True)):
        posts[family] = posts.get(family, 0) + count
        spelled.setdefault(family, []).append(number)
        if family not in most or count > counts[most[family]]:
            most[family] = number
    often = [key for key in sorted(posts) if posts[key] >= OFTEN]
    copies = [number for number, count in enumerate(counts) for _ in range(min(count, COPIES))]
    index, looks = _index([titles[number] for number in copies], encoder)
    first = {number: place for place, number in reversed(list(enumerate(copies)))}
    tfidf = _tfidf([titles[number] for number in copies])
    repeats = variants = seen = equal = near = 0
    for done, family in enumerate(often):
        asked = most[family]
        found = index.similar(looks[first[asked]], top_k=FOUND, at_least=rules.link)
        hits = {copies[match.listing_id] for match in found}
        same = [match for match in found if families[copies[match.listing_id]] == family]
        repeats += len(same) + 1 >= rules.repeats
        plain = fold(titles[asked])
        # Families fold numbers too, another year is of them: what differs in no letter counts.
        others = [n for n in spelled[family] if n != asked and fold(titles[n]) == plain]
        variants, seen = variants + len(others), seen + len(hits & set(others))
        equal += counts[asked] >= rules.repeats
        scores = np.asarray((tfidf[first[asked]] @ tfidf.T).todense())[0]
        near += sum(bool(scores[first[n]] >= ALIKE) for n in others)
        progress(done + 1, len(often), "looking for reposts")
    return {
        "n_train": 0,
        "n_test": len(often),
        "titles": len(titles),
        "posts": len(copies),
        "other_spellings": variants,
        "faqdesk": {
            "link": rules.link,
            "repeat_posts_found": round(repeats / max(len(often), 1), 4),
            "other_spellings_found": round(seen / max(variants, 1), 4),
        },
        "baselines": {
            "same_title": {"repeat_posts_found": round(equal / max(len(often), 1), 4)},
            "tfidf_characters_3_5": {"other_spellings_found": round(near / max(variants, 1), 4)},
        },
    }


def read_products(data: Path) -> tuple[list[str], list[int]]:
    """Titles of pricerunner and their clusters."""
    path = _file(data, "pricerunner", "pricerunner_aggregate.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row and row[0].isdigit()]
    return [row[1] for row in rows], [int(row[3]) for row in rows]


def read_reposts(data: Path) -> tuple[list[str], list[int], list[int]]:
    """Titles of joonggonara, how often each was posted, and its family."""
    path = _file(data, "joonggonara", "titles.tsv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return (
        [row["title"] for row in rows],
        [int(row["count"]) for row in rows],
        [int(row["family"]) for row in rows],
    )


def in_test(cluster: int) -> bool:
    """Whether a product is judged on; settings were chosen on the others."""
    digest = hashlib.md5(str(cluster).encode(), usedforsecurity=False).hexdigest()
    return int(digest, 16) % 5 == 1


def fold(title: str) -> str:
    """A title without spaces and marks, in small letters."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", title).casefold()))


def _index(titles: Sequence[str], encoder: SentenceEncoder) -> tuple[ListingIndex, list[Look]]:
    index = ListingIndex(Parts.empty(encoder.dim), lambda ids: [titles[number] for number in ids])
    told = [number for number, title in enumerate(titles) if any(map(str.isalnum, title))]
    vectors = dict(zip(told, encoder.encode([titles[number] for number in told]), strict=True))
    looks = [Look(number, title, vectors.get(number)) for number, title in enumerate(titles)]
    index.add(looks)
    return index, looks


def _hits(
    best: Sequence[Sequence[int]], asked: npt.NDArray[np.int64], kind: npt.NDArray[np.int64]
) -> Figures:
    ranks = []
    for number, found in zip(asked.tolist(), best, strict=True):
        same = [bool(kind[other] == kind[number]) for other in found]
        ranks.append(same.index(True) if True in same else TOP_K)
    rank = np.array(ranks)
    return {
        "n": len(rank),
        "hit@1": float((rank < 1).mean()),
        f"hit@{TOP_K}": float((rank < TOP_K).mean()),
    }


def _tfidf(titles: Sequence[str]) -> sparse.csr_matrix:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, dtype=np.float32
    )
    return sparse.csr_matrix(vectorizer.fit_transform(list(titles)))


def _file(data: Path, folder: str, name: str) -> Path:
    places = [data / "listings" / folder / name, data / folder / name, data / name]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise ImportFileError(
            f"{places[0]} is not there. Name the folder that holds listings/{folder}: --data DIR"
        )
    return path
