"""Graded similarity of sentence pairs: how well each score agrees with people's, by rank."""

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.stats import spearmanr

from support.encoder import SentenceEncoder
from support.errors import ImportFileError

from .bench_memory import peak_mb
from .similarity import WAYS, Corpus

COLUMNS = ("sentence1", "sentence2", "score")
FEWEST = 3  # pairs; fewer have no order to speak of


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sentences and how alike people found them."""

    one: str
    other: str
    score: float


def bench_sts(file: Path, *, encoder: SentenceEncoder, mix: float | None = None) -> dict[str, Any]:
    """Spearman's rank correlation with people's scores, for each way to compare.

    How rare a word is, is learned from the file's own sentences.

    Args:
        file: tab-separated, with the columns sentence1, sentence2 and score, among others perhaps.
        encoder: whose cosine is measured.
        mix: its share in the fused score, where it shall not be the encoder's own.

    Raises:
        ImportFileError: a row cannot be read; with file, line and column.
    """
    started = time.perf_counter()
    pairs = read_pairs(file)
    sentences = list(dict.fromkeys(text for pair in pairs for text in (pair.one, pair.other)))
    places = {text: place for place, text in enumerate(sentences)}
    corpus = Corpus(encoder, sentences, mix=mix)
    scores = [corpus.compare(pair.one, places[pair.other]) for pair in pairs]
    wanted = [pair.score for pair in pairs]
    found = {way: spearmanr([score[way] for score in scores], wanted).statistic for way in WAYS}
    return {
        "set": file.stem,
        "n_train": 0,
        "n_test": len(pairs),
        "labels": 0,
        "seconds": round(time.perf_counter() - started, 1),
        "peak_mb": peak_mb(),
        # One score for all pairs has no rank; it agrees with nothing.
        **{
            way: {"spearman": 0.0 if math.isnan(value) else round(float(value), 4)}
            for way, value in found.items()
        },
    }


def read_pairs(file: Path) -> list[Pair]:
    """Read a tab-separated file; a quote in it is a quote, as KorSTS and the STS sets have them.

    Raises:
        ImportFileError: the file or a row cannot be read; with file, line and column.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        raise ImportFileError(f"No file {file}. Name a file of sentence pairs.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ImportFileError(f"{file} cannot be read ({error}). Save it as UTF-8.") from error
    header = [name.strip() for name in lines[0].rstrip("\r").split("\t")]
    absent = [name for name in COLUMNS if name not in header]
    if absent:
        raise ImportFileError(
            f"{file}, line 1: no column {absent[0]!r} among {', '.join(map(repr, header))}. "
            f"The first line must name, parted by tabs: {', '.join(COLUMNS)}"
        )
    at = {name: header.index(name) for name in COLUMNS}
    pairs = []
    for number, line in enumerate(lines[1:], 2):
        cells = line.rstrip("\r").split("\t")
        if cells != [""]:
            pairs.append(_pair(file, number, cells, at))
    if len(pairs) < FEWEST:
        raise ImportFileError(
            f"{file} holds {len(pairs)} pairs. A rank correlation needs {FEWEST} or more: add some."
        )
    return pairs


def _pair(file: Path, number: int, cells: list[str], at: dict[str, int]) -> Pair:
    found = {}
    for name, place in at.items():
        found[name] = cells[place].strip() if place < len(cells) else ""
        if not found[name]:
            raise ImportFileError(
                f"{file}, line {number}, column {name}: nothing there. Fill it in, or take the "
                f"line out."
            )
    try:
        score = float(found["score"])
        if not math.isfinite(score):
            raise ValueError
    except ValueError:
        raise ImportFileError(
            f"{file}, line {number}, column score: {found['score']!r} is no number. Write one, "
            f"such as 3.5."
        ) from None
    return Pair(found["sentence1"], found["sentence2"], score)
