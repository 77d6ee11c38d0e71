"""The main job on a real product's support forum: import, train, index, evaluate, suggest.

Reads the folder `support/thunderbird` of the public data (questions, answers, help pages); nothing
of it stays, the workspace is a temporary one. Splits by time as the data's README states them.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlite_utils import Database

from support import embeddings
from support.audit import Actor
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

from .answered import answered
from .bench_memory import peak_mb
from .datasets import Rows, folder_of
from .desk import examples, faq_texts, rebuild_index, texts, train_encoder, train_faq
from .evaluate_desk import evaluate_desk
from .examples import split_by_date
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
FILES = ("questions.csv.gz", "answers.csv.gz", "help_pages.csv.gz", "localized_slugs.csv")
OLDER = "2024-10-01T00:00:00Z"  # before what is cut off to choose on when validation is judged
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
    found: dict[str, Any] = {"set": "thunderbird"}
    with TemporaryDirectory() as home:
        space = Workspace(Path(home) / "desk").create()
        db = space.database()
        make_forum_desk(data, space, db, found, progress=progress)
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


def make_forum_desk(
    data: Path,
    space: Workspace,
    db: Database,
    found: dict[str, Any],
    *,
    progress: Progress = silent,
) -> None:
    """Import the forum and train its models, noting how long each took.

    Args:
        data: the folder that holds `support/thunderbird`.
        space: an empty desk.
        db: its database.
        found: takes seconds, megabytes and counts by name.
        progress: told done, total and a message; may raise.

    Raises:
        ImportFileError: the data is not there.
    """
    folder = folder_of(data, "thunderbird", *FILES)
    import_forum(space, db, folder, found, progress)
    with _timed(found, "train_encoder_seconds"):
        train_encoder(space, db, progress=progress)
    with _timed(found, "index_seconds"):
        rebuild_index(space, db, actor=ACTOR, newer_encoder=True, progress=progress)
    config = FaqConfig(min_examples=MIN_EXAMPLES)
    with _timed(found, "train_faq_seconds"):
        train_faq(space, db, actor=ACTOR, config=config, progress=progress)


def read_forum(data: Path, *, progress: Progress = silent) -> Rows:
    """The forum's labelled inquiries in their parts by time, through a real desk's import.

    Args:
        data: the folder that holds `support/thunderbird`.
        progress: told done, total and a message; may raise.

    Raises:
        ImportFileError: the data is not there.
    """
    folder = folder_of(data, "thunderbird", *FILES)
    with TemporaryDirectory() as home:
        space = Workspace(Path(home) / "desk").create()
        db = space.database()
        import_forum(space, db, folder, {}, progress, again=False)
        split = split_by_date(
            examples(db), validation_from=DATES[0], test_from=DATES[1], test_until=DATES[2]
        )
        rows = Rows(
            name="thunderbird",
            train=tuple(split.train),
            validation=tuple(split.validation),
            test=tuple(split.test),
            faq_texts=faq_texts(db),
            by_time=True,
            min_examples=MIN_EXAMPLES,
            recount=False,
            corpora={moment: texts(db, before=moment) for moment in (OLDER, DATES[0])},
            answered=tuple(answered(db, before=DATES[1])),
        )
        db.close()
    return rows


def measure_suggest(space: Workspace, db: Database) -> dict[str, Any]:
    """The time of one suggestion, in process, over real inquiries; the model is loaded first."""
    recommender = Recommender(space)
    rows = db.query("SELECT text FROM inquiries WHERE text <> '' ORDER BY id")
    past = [row["text"] for row in rows]
    asked = past[:: max(1, len(past) // SUGGESTIONS)][:SUGGESTIONS]
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
        "past_inquiries": embeddings.count(db, similar.encoder.version) if similar else 0,
        "first_suggest_seconds": round(cold, 3),
        "suggest_p50_ms": round(cuts[49], 2),
        "suggest_p95_ms": round(cuts[94], 2),
        "suggest_p99_ms": round(cuts[98], 2),
    }


def import_forum(
    space: Workspace,
    db: Database,
    folder: Path,
    found: dict[str, Any],
    progress: Progress,
    *,
    again: bool = True,
) -> None:
    """Import the forum's folder into an empty desk, `again` once more to see what that adds."""
    files = [folder / "questions.csv.gz", folder / "answers.csv.gz"]
    import_faqs(db, folder / "help_pages.csv.gz", MAPPING, actor=ACTOR)
    import_aliases(db, folder / "localized_slugs.csv", MAPPING, actor=ACTOR)
    with _timed(found, "import_seconds"):
        first = run_import(db, space.seal(), files, MAPPING, actor=ACTOR, progress=progress)
    found["import_peak_mb"] = peak_mb()
    found |= {
        "inquiries": first.inquiries,
        "messages": first.messages,
        "labelled": first.labelled,
        "masked": first.masked,
    }
    if not again:
        return
    with _timed(found, "second_import_seconds"):
        second = run_import(db, space.seal(), files, MAPPING, actor=ACTOR, progress=progress)
    found["second_import_added"] = second.inquiries + second.messages


@contextmanager
def _timed(found: dict[str, Any], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    found[name] = round(time.perf_counter() - started, 1)
