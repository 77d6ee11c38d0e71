"""How quick the desk is, and how that grows: suggestions end to end and part by part, by size.

Desks of each size are grown in a temporary folder from real inquiries (see `train/bench_growth.py`)
and asked by a process of their own (see `train/bench_probe.py`). Times are milliseconds.
"""

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sqlite_utils import Database

from support import embeddings
from support.audit import Actor
from support.encoder import SentenceEncoder
from support.errors import FaqdeskError, ModelMissingError
from support.faiss_index import FaissIndex
from support.faq import FaqClassifier
from support.fasttext_voice import FastTextVoice
from support.releases import current, new_version, publish
from support.workspace import Workspace

from .bench_forum import make_forum_desk
from .bench_growth import Past, copy_faqs, grow, perturb, read_past
from .bench_memory import peak_mb
from .bench_probe import quantiles
from .bench_training import time_training
from .bench_vectors import TOP_K, exact_scores, recall_at
from .index import build_index
from .progress import Progress, silent

ASKED = 500  # inquiries, for each percentile
QUERIES = 200  # for the recall of an index
SHORT = 8  # words of a short text
ACTOR = Actor("cli:bench")
TIMED = (
    "suggest", "suggest_processor", "suggest_after_answer", "encode", "classify", "look_back",
    "dense_search", "lexical_search", "hybrid_search", "word_search",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SpeedReport:
    """Figures by size, and those of no size."""

    source: str
    sizes: tuple[Mapping[str, Any], ...]
    rates: Mapping[str, float]  # of import and training, where the source was made for this
    fasttext: Mapping[str, float]  # microseconds of fastText alone,
    fasttext_short: Mapping[str, float]  # and of the first words of each text
    seconds: float
    peak_mb: int

    def as_dict(self) -> dict[str, Any]:
        """One JSON object."""
        return {
            "set": self.source,
            "seconds": self.seconds,
            "peak_mb": self.peak_mb,
            "rates": dict(self.rates),
            "fasttext_microseconds": dict(self.fasttext),
            "fasttext_short_microseconds": dict(self.fasttext_short),
            "sizes": [dict(size) for size in self.sizes],
        }

    def table(self) -> str:
        """For people."""
        lines = [f"{self.source}: {self.seconds:,.0f} s"]
        lines += [f"{name:32} {value:,}" for name, value in self.rates.items()]
        lines.append(_line("fastText alone, microseconds", self.fasttext))
        lines.append(_line("fastText alone, short texts", self.fasttext_short))
        for size in self.sizes:
            lines += ["", f"{size['past_inquiries']:,} past inquiries"]
            lines += [f"{k:32} {v:,}" for k, v in size.items() if isinstance(v, int | float)]
            lines += [_line(name, size[name]) for name in TIMED if name in size]
            if size["engines"]:
                lines.append(
                    f"  {'index':20}{'recall@10':>10}{'p50 ms':>9}{'p99 ms':>9}"
                    f"{'build s':>9}{'save s':>9}{'bytes/item':>12}"
                )
            lines += [
                f"  {e['name']:20}{e['recall']:10.3f}{e['p50']:9.2f}{e['p99']:9.2f}"
                f"{e['build_seconds']:9.1f}{e['save_seconds']:9.1f}{e['bytes_per_item']:12,}"
                for e in size["engines"]
            ]
        return "\n".join(lines)


def bench_speed(
    workspace: Workspace,
    *,
    source: str,
    sizes: Sequence[int],
    rates: Mapping[str, float] | None = None,
    engines: bool = True,
    train: int = 0,
    progress: Progress = silent,
) -> SpeedReport:
    """Time desks of some sizes.

    Args:
        workspace: a trained desk, read only: its inquiries are copied, its release is asked.
        source: what to call it.
        sizes: numbers of past inquiries.
        rates: import and training rates that are known already.
        engines: also compare kinds of vector index at each size.
        train: also time a training on so many labelled inquiries; 0: none.
        progress: told done, total and a message; may raise, which removes what was grown.

    Raises:
        ModelMissingError: the desk has no release with an encoder, or no answered inquiry.
    """
    started = time.monotonic()
    release = current(workspace.models)
    if release is None or "encoder" not in release.parts:
        raise ModelMissingError(
            f"No release with an encoder in {workspace.models}. Train one: faqdesk train; or "
            f"measure on public data: faqdesk bench speed --data DIR"
        )
    db = workspace.database()
    past = read_past(db, limit=max(sizes))
    if not past:
        raise ModelMissingError(
            f"No answered inquiry in {workspace.home}. Import history first: faqdesk import FILE"
        )
    asked = [row.text for row in past[:: max(1, len(past) // ASKED)][:ASKED]]
    found = []
    with TemporaryDirectory() as folder:
        grown = Workspace(Path(folder) / "desk").create()
        parts = {kind: v for kind, v in release.parts.items() if kind != "index"}
        for kind, version in parts.items():
            shutil.copytree(workspace.models / kind / version, grown.models / kind / version)
        target = grown.database()
        copy_faqs(db, target)
        encoder = SentenceEncoder.load(grown.models / "encoder" / parts["encoder"])
        rates = dict(rates or {})
        if train:
            rates |= time_training(db, encoder, size=train, progress=progress)
        db.close()
        fasttext = _time_fasttext(grown, parts, asked)
        short = [" ".join(text.split()[:SHORT]) for text in asked]
        fasttext_short = _time_fasttext(grown, parts, short)
        for size in sorted(sizes):
            measured = _measure(grown, target, parts, encoder, past, asked, size, progress)
            measured["engines"] = _engines(target, encoder, past, progress) if engines else []
            found.append(measured)
        target.close()
    return SpeedReport(
        source=source,
        sizes=tuple(found),
        rates=rates,
        fasttext=fasttext,
        fasttext_short=fasttext_short,
        seconds=round(time.monotonic() - started, 1),
        peak_mb=peak_mb(),
    )


def bench_speed_of_forum(
    data: Path,
    *,
    sizes: Sequence[int],
    engines: bool = True,
    train: int = 0,
    progress: Progress = silent,
) -> SpeedReport:
    """As `bench_speed`, on a public forum's desk made for it: with import and training rates.

    Args:
        data: the folder that holds `support/thunderbird`.
        sizes: numbers of past inquiries.
        engines: also compare kinds of vector index at each size.
        train: also time a training on so many labelled inquiries; 0: none.
        progress: told done, total and a message; may raise.

    Raises:
        ImportFileError: the data is not there.
    """
    found: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        space = Workspace(Path(folder) / "forum").create()
        db = space.database()
        make_forum_desk(data, space, db, found, progress=progress)
        db.close()
        rates = {
            "imported_messages_a_second": found["messages"] / found["import_seconds"],
            "import_peak_mb": found["import_peak_mb"],
            "train_encoder_seconds": found["train_encoder_seconds"],
            "train_faq_seconds": found["train_faq_seconds"],
            "labelled": found["labelled"],
            "trained_inquiries_a_second": found["labelled"] / found["train_faq_seconds"],
        }
        return bench_speed(
            space,
            source="thunderbird",
            sizes=sizes,
            rates={name: round(value, 1) for name, value in rates.items()},
            engines=engines,
            train=train,
            progress=progress,
        )


def _measure(
    space: Workspace,
    db: Database,
    parts: dict[str, str],
    encoder: SentenceEncoder,
    past: Sequence[Past],
    asked: Sequence[str],
    size: int,
    progress: Progress,
) -> dict[str, Any]:
    before = int(db.execute("SELECT count(*) FROM inquiries").fetchone()[0])
    seconds = grow(db, past, encoder, size=size, progress=progress)
    version = new_version()
    folder = space.models / "index" / version
    progress(0, 1, f"indexing {size:,}")
    started = time.perf_counter()
    build_index(db, encoder, folder=folder, progress=progress)
    built = time.perf_counter() - started
    publish(space, db, parts | {"index": version}, actor=ACTOR)
    db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    progress(0, 1, f"asking {size:,}")
    found = _ask(space, asked)
    on_disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {
        **found,
        "encoded_a_second": round((size - before) / seconds) if seconds else 0,
        "index_seconds": round(built, 1),
        "index_bytes_per_item": on_disk // size,
        "database_bytes_per_item": space.database_path.stat().st_size // size,
        "recall@10": _recall(db, encoder, folder, past),
    }


def _recall(db: Database, encoder: SentenceEncoder, folder: Path, past: Sequence[Past]) -> float:
    """Of the vectors of an index, beside those that its snapshot was made of."""
    _, ids, vectors = embeddings.after(db, encoder.version, 0)
    order = np.argsort(ids)
    ids, rows = ids[order], np.ascontiguousarray(np.asarray(vectors)[order])
    queries = encoder.encode(_asked_again(past))
    found, _ = FaissIndex.load(folder).search(queries, top_k=TOP_K)
    near = np.where(found >= 0, np.searchsorted(ids, found), 0)
    scores = np.einsum("qkd,qd->qk", rows[near], queries)
    scores = np.where(found >= 0, scores, -np.inf).astype(np.float32)
    return round(recall_at(scores, exact_scores(rows, queries)), 4)


def _asked_again(past: Sequence[Past]) -> list[str]:
    """Some past inquiries in other words."""
    generator = random.Random(-1)
    texts = [perturb(row.text, generator) for row in past[:: max(1, len(past) // QUERIES)]]
    return texts[:QUERIES]


def _ask(space: Workspace, asked: Sequence[str]) -> dict[str, Any]:
    words = {"home": str(space.home), "texts": list(asked), "started": time.time()}
    done = subprocess.run(
        [sys.executable, "-m", "train.bench_probe"],
        input=json.dumps(words),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise FaqdeskError(f"The desk of {space.home} could not be asked: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _engines(
    db: Database, encoder: SentenceEncoder, past: Sequence[Past], progress: Progress
) -> list[dict[str, Any]]:
    from .bench_vectors import compare_engines

    _, _, vectors = embeddings.after(db, encoder.version, 0)
    queries = encoder.encode(_asked_again(past))
    return compare_engines(np.ascontiguousarray(vectors), queries, progress=progress)


def _time_fasttext(
    space: Workspace, parts: Mapping[str, str], asked: Sequence[str]
) -> dict[str, float]:
    if "faq" not in parts:
        return {}
    folder = space.models / "faq" / parts["faq"]
    voice = FastTextVoice.load(folder, len(FaqClassifier.load(folder).labels))
    times = []
    for text in asked:
        started = time.perf_counter()
        voice.log_probabilities([text])
        times.append(1e6 * (time.perf_counter() - started))
    return quantiles(times)


def _line(name: str, cuts: Mapping[str, float]) -> str:
    return f"{name:32} " + "  ".join(f"{key} {value:,.2f}" for key, value in cuts.items())
