"""Times a desk's serving path in a process of its own: cold start, then part by part.

Run as `python -m train.bench_probe`: reads one JSON object from standard input and prints one. Its
own process keeps what training held out of the memory that is measured; it runs on one core.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def main() -> None:
    """Read `{home, texts, started}`, print the figures."""
    asked = json.load(sys.stdin)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(json.dumps(probe(Path(asked["home"]), asked["texts"], started=asked["started"])))


def probe(home: Path, texts: Sequence[str], *, started: float) -> dict[str, Any]:
    """Time a desk.

    Args:
        home: its workspace.
        texts: what is asked.
        started: when the process was started, as `time.time()`.

    Returns:
        Milliseconds by name, each `{p50, p95, p99}`; seconds and megabytes beside them.
    """
    # Only now: what they cost belongs to the cold start.
    from support.recommender import Recommender
    from support.workspace import Workspace

    space = Workspace(home)
    db = space.database()
    recommender = Recommender(space)
    recommender.suggest(db, texts[0])
    found: dict[str, Any] = {"cold_start_seconds": round(time.time() - started, 3)}
    for text in texts[:20]:
        recommender.suggest(db, text)
    found["suggest"] = _timed(lambda text: recommender.suggest(db, text), texts)
    # What other processes take from this one's core is not in the processor's own time.
    found["suggest_processor"] = _timed(
        lambda text: recommender.suggest(db, text), texts, time.process_time
    )
    found["peak_mb"] = _peak_mb()
    found |= _parts(space, recommender, db, texts)
    found["suggest_after_answer"] = _after_answers(recommender, db, texts[:30])
    db.close()
    return found


def _parts(space: Any, recommender: Any, db: Any, texts: Sequence[str]) -> dict[str, Any]:
    from support.inquiries import search_words

    models = recommender.models()
    similar, classifier = models.similar, models.classifier
    found: dict[str, Any] = {}
    if similar is not None:
        encoder = similar.encoder
        found["past_inquiries"] = len(similar)
        found["encode"] = _timed(lambda text: encoder.encode([text]), texts)
        found["look_back"] = _timed(lambda text: similar.similar(db, text), texts)
        folder = models.release.folder(space.models, "index")
        if folder is not None:
            found |= _searches(encoder, folder, texts)
    if classifier is not None:
        found["classify"] = _timed(lambda text: classifier.predict([text]), texts)
    words = [" ".join(text.split()[:3]) for text in texts]
    found["word_search"] = _timed(lambda text: search_words(db, text, limit=10), words[:100])
    return found


def _searches(encoder: Any, folder: Path, texts: Sequence[str]) -> dict[str, Any]:
    """The index in force, by vectors, by words, and by both."""
    from support.faiss_index import FaissIndex
    from support.hybrid import HybridIndex, mix_for
    from support.lexical_index import LexicalIndex

    vectors = {text: encoder.encode([text]) for text in texts}
    before = time.perf_counter()
    dense, lexical = FaissIndex.load(folder), LexicalIndex.load(folder)
    opened = time.perf_counter() - before
    both = HybridIndex(dense, lexical, mix=mix_for(encoder))
    return {
        "open_index_seconds": round(opened, 4),
        "dense_search": _timed(lambda text: dense.search(vectors[text], top_k=10), texts),
        "lexical_search": _timed(lambda text: lexical.search(lexical.weigh(text), top_k=10), texts),
        "hybrid_search": _timed(lambda text: both.search(vectors[text], [text], top_k=10), texts),
    }


def _after_answers(recommender: Any, db: Any, texts: Sequence[str]) -> dict[str, float]:
    """The first suggestion after each of some answers, each with a label and a vector."""
    from support.database import write

    similar = recommender.models().similar
    if similar is None:
        return {}
    rows = db.query("SELECT inquiry_id, slug, at FROM labels ORDER BY id LIMIT ?", [len(texts)])
    times = []
    for row, text in zip(list(rows), texts, strict=False):
        with write(db):
            db.execute("DELETE FROM labels WHERE inquiry_id = ?", [row["inquiry_id"]])
            db.table("labels").insert({**row, "origin": "sent"})
        similar.remember(db, [row["inquiry_id"]])
        before = time.perf_counter()
        recommender.suggest(db, text)
        times.append(1000 * (time.perf_counter() - before))
    return quantiles(times)


def _timed(
    work: Callable[[str], object],
    texts: Sequence[str],
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    times = []
    for text in texts:
        before = clock()
        work(text)
        times.append(1000 * (clock() - before))
    return quantiles(times)


def quantiles(times: Sequence[float]) -> dict[str, float]:
    """The p50, p95 and p99 of some milliseconds; of one alone, itself."""
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else list(times) * 99
    if not cuts:
        return {}
    return {"p50": round(cuts[49], 3), "p95": round(cuts[94], 3), "p99": round(cuts[98], 3)}


def _peak_mb() -> int:
    from .bench_memory import peak_mb

    return peak_mb()


if __name__ == "__main__":
    main()
