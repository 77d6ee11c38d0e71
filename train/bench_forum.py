"""The main job on a real product's support forum: import, train, index, evaluate, suggest.

Reads the folder `support/thunderbird` of the public data (questions, answers, help pages); nothing
of it stays, the workspace is a temporary one. Splits by time as the data's README states them.
"""

import resource
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlite_utils import Database

from support.audit import Actor
from support.errors import ImportFileError
from support.importing.faqs import import_aliases, import_faqs
from support.importing.load import run_import
from support.importing.mapping import (
    AliasColumns,
    AnswerColumns,
    FaqColumns,
    LinkRules,
    Mapping,
    QuestionColumns,
)
from support.recommender import Recommender
from support.workspace import Workspace

from .desk import rebuild_index, train_encoder, train_faq
from .evaluate_desk import evaluate_desk
from .faq import FaqConfig
from .progress import Progress, silent

MAPPING = Mapping(
    source="thunderbird-forum",
    questions=QuestionColumns(
        file="questions.csv.gz", id="id", subject="title", text="content", at="created",
        customer="creator", language="locale", category="topic", tags="tags", solution="solution",
    ),
    answers=AnswerColumns(
        file="answers.csv.gz", id="id", question="question_id", text="content", at="created",
        author="creator",
    ),
    links=LinkRules(hosts=("support.mozilla.org",), path="/{locale}/kb/{slug}", discover=True),
    faqs=FaqColumns(body="summary"),
    aliases=AliasColumns(alias="localized-slug", slug="en-us-slug"),
)  # fmt: skip
DATES = ("2025-03-01T00:00:00Z", "2025-06-01T00:00:00Z", "2025-09-01T00:00:00Z")
MIN_EXAMPLES = 10
SUGGESTIONS = 500  # asked for the latency
ACTOR = Actor("cli:bench")


def bench_forum(
    data: Path, *, seeds: int = 1, evaluated: bool = True, progress: Progress = silent
) -> dict[str, Any]:
    """Run the whole job and measure it.

    Args:
        data: the folder that holds `support/thunderbird`.
        seeds: how many times to evaluate, each with another seed.
        evaluated: also evaluate, which takes most of the time.
        progress: told done, total and a message.

    Returns:
        Seconds, megabytes, counts and metrics by name.

    Raises:
        ImportFileError: the data is not there.
    """
    folder = data / "support" / "thunderbird"
    if not (folder / "questions.csv.gz").exists():
        raise ImportFileError(
            f"No public data in {folder}. Name the folder that holds support/: --data DIR"
        )
    found: dict[str, Any] = {"set": "thunderbird"}
    with TemporaryDirectory() as home:
        space = Workspace(Path(home) / "desk").create()
        db = space.database()
        _import(space, db, folder, found, progress)
        with _timed(found, "train_encoder_seconds"):
            train_encoder(space, db, progress=progress)
        with _timed(found, "index_seconds"):
            rebuild_index(space, db, actor=ACTOR, newer_encoder=True, progress=progress)
        config = FaqConfig(min_examples=MIN_EXAMPLES)
        with _timed(found, "train_faq_seconds"):
            train_faq(space, db, actor=ACTOR, config=config, progress=progress)
        found |= measure_suggest(space, db)
        if evaluated:
            with _timed(found, "evaluate_seconds"):
                found["evaluations"] = [
                    evaluate_desk(
                        space,
                        db,
                        config=FaqConfig(min_examples=MIN_EXAMPLES, recount=False, seed=seed),
                        dates=DATES,
                        progress=progress,
                    ).as_dict()
                    for seed in range(seeds)
                ]
        db.close()
    return found


def measure_suggest(space: Workspace, db: Database) -> dict[str, Any]:
    """The time of one suggestion, in process, over real inquiries; the model is loaded first."""
    recommender = Recommender(space)
    rows = db.query("SELECT text FROM inquiries WHERE text <> '' ORDER BY id")
    texts = [row["text"] for row in rows]
    asked = texts[:: max(1, len(texts) // SUGGESTIONS)][:SUGGESTIONS]
    started = time.perf_counter()
    recommender.suggest(db, asked[0])
    cold = time.perf_counter() - started
    times = []
    for text in asked:
        started = time.perf_counter()
        recommender.suggest(db, text)
        times.append(1000 * (time.perf_counter() - started))
    cuts = statistics.quantiles(times, n=100)
    similar = recommender.models().similar
    return {
        "past_inquiries": len(similar) if similar else 0,
        "first_suggest_seconds": round(cold, 3),
        "suggest_p50_ms": round(cuts[49], 2),
        "suggest_p95_ms": round(cuts[94], 2),
        "suggest_p99_ms": round(cuts[98], 2),
    }


def _import(
    space: Workspace, db: Database, folder: Path, found: dict[str, Any], progress: Progress
) -> None:
    files = [folder / "questions.csv.gz", folder / "answers.csv.gz"]
    import_faqs(db, folder / "help_pages.csv.gz", MAPPING, actor=ACTOR)
    import_aliases(db, folder / "localized_slugs.csv", MAPPING, actor=ACTOR)
    with _timed(found, "import_seconds"):
        first = run_import(db, space.seal(), files, MAPPING, actor=ACTOR, progress=progress)
    found["import_peak_mb"] = _peak_mb()
    found |= {
        "inquiries": first.inquiries,
        "messages": first.messages,
        "labelled": first.labelled,
        "masked": first.masked,
    }
    with _timed(found, "second_import_seconds"):
        second = run_import(db, space.seal(), files, MAPPING, actor=ACTOR, progress=progress)
    found["second_import_added"] = second.inquiries + second.messages


@contextmanager
def _timed(found: dict[str, Any], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    found[name] = round(time.perf_counter() - started, 1)


def _peak_mb() -> int:
    """Peak resident memory of this process plus that of its largest child, in MB."""
    unit = 1 if sys.platform == "darwin" else 1024
    peaks = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(who).ru_maxrss * unit for who in peaks) // 1_000_000
