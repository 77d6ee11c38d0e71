"""Similar inquiries on the public sets: by meaning, by words, and by both, beside BM25.

ParaKQC: is the nearest of all others a paraphrase from the same set. KorSTS: graded similarity.
Petitions: does a title find its own text among all; before the test part, the titles of the month
that the shipped encoder has not read are asked for. Thunderbird: share of the first five past
inquiries whose answer linked a page that the inquiry's own answer links.
"""

import gzip
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import CountVectorizer

from support.encoder import SentenceEncoder
from support.errors import ImportFileError

from .bench_memory import peak_mb
from .bench_retrieval import Query, measure
from .bench_sts import bench_sts
from .datasets import PETITIONS, PETITIONS_TEST, load_thunderbird
from .examples import Example, choose_labels
from .progress import Progress, silent
from .similarity import WAYS, Corpus

PARAPHRASES = 10  # texts of a set, one after the other
FIRST_TEST_SET = 800
UNREAD = "2019-06"  # the month of petitions before the test that the shipped encoder has not read
STEP = 3  # of the other paraphrases every third is asked for: enough to choose settings by
MIN_EXAMPLES = 10  # of a page, before it is asked for
TOP_K = 5
BM25_K1, BM25_B = 1.5, 0.75
Scores = dict[str, dict[str, float]]


def bench_similar(
    data: Path,
    *,
    encoder: SentenceEncoder,
    test: bool = False,
    mix: float | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure every set.

    Args:
        data: the folder of the public data.
        encoder: whose cosine is measured.
        test: the test parts; else those to choose settings on.
        mix: its share in the fused score, where it shall not be the encoder's own.
        progress: told done, total and a message; may raise.

    Raises:
        ImportFileError: a file is not there.
    """
    started = time.perf_counter()
    found: dict[str, Any] = {"set": "similar", "part": "test" if test else "validation"}
    sets: dict[str, Callable[..., Scores]] = {
        "parakqc": _paraphrases,
        "korsts": _graded,
        "petitions": _petitions,
        "thunderbird": _forum,
    }
    for number, (name, run) in enumerate(sets.items()):
        progress(number, len(sets), name)
        found[name] = run(data, encoder, test, mix)
    found["seconds"] = round(time.perf_counter() - started, 1)
    found["peak_mb"] = peak_mb()
    return found


def share_at(found: Sequence[Sequence[int]], right: Sequence[set[int]], *, top_k: int) -> float:
    """Mean share of the first `top_k` places that are right; fewer found count as wrong."""
    shares = [
        len(set(row[:top_k]) & places) / top_k for row, places in zip(found, right, strict=True)
    ]
    return sum(shares) / len(shares) if shares else 0.0


def bm25(queries: Sequence[str], corpus: Sequence[str], *, top_k: int) -> list[list[int]]:
    """Places of the best texts for each query by Okapi BM25 over lower-case words."""
    words = r"(?u)\b\w+\b"
    counter = CountVectorizer(token_pattern=words, dtype=np.float64)
    held = counter.fit_transform(corpus).tocsr()
    n, lengths = held.shape[0], np.asarray(held.sum(axis=1)).ravel()
    frequency = np.bincount(held.indices, minlength=held.shape[1])
    rarity = np.log1p((n - frequency + 0.5) / (frequency + 0.5))
    norm = BM25_K1 * (1 - BM25_B + BM25_B * lengths / max(lengths.mean(), 1e-9))
    norm = np.repeat(norm, np.diff(held.indptr))
    held.data = held.data * (BM25_K1 + 1) / (held.data + norm) * rarity[held.indices]
    asked = counter.transform(queries)
    asked.data[:] = 1
    scores: npt.NDArray[np.float64] = (asked @ held.T).toarray()
    best: list[list[int]] = np.argsort(-scores, axis=1, kind="stable")[:, :top_k].tolist()
    return best


def _paraphrases(data: Path, encoder: SentenceEncoder, test: bool, mix: float | None) -> Scores:
    path = _file(data, "parakqc", "paraKQC_v1.txt")
    lines = path.read_text(encoding="utf-8").splitlines()
    texts = [line.split("\t")[-1] for line in lines if line.strip()]
    cut = FIRST_TEST_SET * PARAPHRASES
    texts = texts[cut:] if test else texts[:cut]
    asked = texts if test else texts[::STEP]
    found = Corpus(encoder, texts, mix=mix).search(asked, top_k=2)
    return {
        way: {
            "accuracy": round(
                float(
                    np.mean(
                        [_same_set(p * (1 if test else STEP), row) for p, row in enumerate(rows)]
                    )
                ),
                4,
            )
        }
        for way, rows in found.items()
    }


def _same_set(place: int, row: Sequence[int]) -> bool:
    """Whether the nearest other text is of the same set."""
    other = next((item for item in row if item != place), -1)
    return other >= 0 and other // PARAPHRASES == place // PARAPHRASES


def _graded(data: Path, encoder: SentenceEncoder, test: bool, mix: float | None) -> Scores:
    found = bench_sts(
        _file(data, "kornlu", "sts-test.tsv" if test else "sts-dev.tsv"), encoder=encoder, mix=mix
    )
    return {way: found[way] for way in WAYS}


def _petitions(data: Path, encoder: SentenceEncoder, test: bool, mix: float | None) -> Scores:
    titles: list[str] = []
    bodies: list[str] = []
    asked: list[Query] = []
    for month in PETITIONS:
        with gzip.open(_file(data, "petitions", f"petitions_{month}.jsonl.gz"), "rt") as file:
            for row in map(json.loads, file):
                if (row["begin"] >= PETITIONS_TEST[:10]) == test and row["content"].strip():
                    if test or month == UNREAD:
                        titles.append(row["title"])
                        asked.append(Query(row["title"], (str(len(bodies)),)))
                    bodies.append(row["content"])
    found = Corpus(encoder, bodies, mix=mix).search(titles, top_k=10)
    return {way: measure([list(map(str, row)) for row in found[way]], asked) for way in WAYS}


def _forum(data: Path, encoder: SentenceEncoder, test: bool, mix: float | None) -> Scores:
    rows = load_thunderbird(data)
    past = [*rows.train, *rows.validation] if test else list(rows.train)
    kept = set(choose_labels(rows.train, min_examples=MIN_EXAMPLES))
    asked = [row for row in (rows.test if test else rows.validation) if kept & set(row.labels)]
    texts, questions = [row.text for row in past], [row.text for row in asked]
    right = linked(asked, past)
    found = Corpus(encoder, texts, mix=mix).search(questions, top_k=TOP_K)
    found["bm25"] = bm25(questions, texts, top_k=TOP_K)
    shares = {way: share_at(found[way], right, top_k=TOP_K) for way in found}
    return {way: {"share@5": round(share, 4)} for way, share in shares.items()} | {
        "hybrid_to_bm25": {"ratio": round(shares["hybrid"] / max(shares["bm25"], 1e-9), 3)}
    }


def linked(asked: Sequence[Example], past: Sequence[Example]) -> list[set[int]]:
    """For each inquiry the places of past ones that a same page answered."""
    holders: dict[str, set[int]] = {}
    for place, row in enumerate(past):
        for label in row.labels:
            holders.setdefault(label, set()).add(place)
    return [set().union(*(holders.get(label, set()) for label in row.labels)) for row in asked]


def _file(data: Path, name: str, file: str) -> Path:
    for path in (data / "support" / name / file, data / name / file):
        if path.is_file():
            return path
    raise ImportFileError(
        f"No file {data / 'support' / name / file}. Name the folder that holds support/: --data DIR"
    )


def table(found: Mapping[str, Any]) -> str:
    """For people."""
    lines = [f"{found['part']}: {found['seconds']:,} s, {found['peak_mb']:,} MB"]
    for name, ways in found.items():
        if isinstance(ways, dict):
            lines += [
                f"{name:12} {way:16}" + "  ".join(f"{k} {v:.3f}" for k, v in scores.items())
                for way, scores in ways.items()
            ]
    return "\n".join(lines)
