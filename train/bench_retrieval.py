"""Retrieval over anybody's own texts: is what belongs to a query among the first found."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.encoder import SentenceEncoder
from support.errors import ImportFileError
from support.importing.conversation import Rejected
from support.importing.files import rows

from .bench_memory import peak_mb
from .similarity import WAYS, Corpus

SEPARATOR = "|"  # between relevant ids
TOP_K = 10


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for, and the ids of what belongs to it."""

    text: str
    relevant: tuple[str, ...]


def bench_retrieval(
    queries: Path, corpus: Path, *, encoder: SentenceEncoder, mix: float | None = None
) -> dict[str, Any]:
    """recall@1, recall@5 and mrr@10, for each way to search.

    Args:
        queries: a table with the columns id, text and relevant: ids of the corpus, parted by `|`.
        corpus: a table with the columns id and text.
        encoder: whose cosine is measured.
        mix: its share in the fused score, where it shall not be the encoder's own.

    Raises:
        ImportFileError: a row cannot be read or names an id that is not there; with file, line
            and column.
    """
    started = time.perf_counter()
    texts = read_corpus(corpus)
    asked = read_queries(queries, texts)
    ids = list(texts)
    index = Corpus(encoder, list(texts.values()), mix=mix)
    found = index.search([query.text for query in asked], top_k=TOP_K)
    return {
        "set": queries.stem,
        "n_train": 0,
        "n_test": len(asked),
        "labels": len(texts),
        "seconds": round(time.perf_counter() - started, 1),
        "peak_mb": peak_mb(),
        **{
            way: measure([[ids[place] for place in row] for row in found[way]], asked)
            for way in WAYS
        },
    }


def measure(ranked: Sequence[Sequence[str]], queries: Sequence[Query]) -> dict[str, float]:
    """recall@1, recall@5 and mrr@10 over queries, each with one relevant id or more."""
    pairs = [(row, set(query.relevant)) for row, query in zip(ranked, queries, strict=True)]
    first = [
        next((1 / rank for rank, item in enumerate(row[:10], 1) if item in right), 0.0)
        for row, right in pairs
    ]
    recall = {k: [len(right & set(row[:k])) / len(right) for row, right in pairs] for k in (1, 5)}
    return {
        "recall@1": round(sum(recall[1]) / len(pairs), 4),
        "recall@5": round(sum(recall[5]) / len(pairs), 4),
        "mrr@10": round(sum(first) / len(pairs), 4),
    }


def read_corpus(path: Path) -> dict[str, str]:
    """Texts by id, in the file's order.

    Raises:
        ImportFileError: a row cannot be read, or an id stands twice.
    """
    texts: dict[str, str] = {}
    for line, row in _rows(path, "id", "text"):
        if row["id"] in texts:
            raise ImportFileError(
                f"{path}, line {line}, column id: {row['id']!r} stands there twice. Give each "
                f"text an id of its own."
            )
        texts[row["id"]] = row["text"]
    return texts


def read_queries(path: Path, corpus: Mapping[str, str]) -> list[Query]:
    """Queries with what is relevant to them.

    Raises:
        ImportFileError: a row cannot be read, or names an id that the corpus does not have.
    """
    found = []
    for line, row in _rows(path, "id", "text", "relevant"):
        ids = [part.strip() for part in row["relevant"].split(SEPARATOR)]
        relevant = tuple(dict.fromkeys(part for part in ids if part))
        unknown = [part for part in relevant if part not in corpus]
        if unknown:
            raise ImportFileError(
                f"{path}, line {line}, column relevant: the corpus has no id {unknown[0]!r}. "
                f"Name ids of the corpus, parted by {SEPARATOR}"
            )
        found.append(Query(row["text"], relevant))
    return found


def _rows(path: Path, *columns: str) -> list[tuple[int, dict[str, str]]]:
    found = []
    for line, row in rows(path):
        if isinstance(row, Rejected):
            raise ImportFileError(f"{path}, line {line}: {row.reason}. Mend the row.")
        for name in columns:
            if name not in row:
                raise ImportFileError(
                    f"{path}, line {line}: no column {name!r} among {', '.join(row)}. "
                    f"The first line must read: {','.join(columns)}"
                )
            if not str(row[name]).strip():
                raise ImportFileError(
                    f"{path}, line {line}, column {name}: nothing there. Fill it in, or take the "
                    f"row out."
                )
        found.append((line, {name: str(row[name]).strip() for name in columns}))
    if not found:
        raise ImportFileError(f"{path} holds no rows below its first line. Give it some.")
    return found
