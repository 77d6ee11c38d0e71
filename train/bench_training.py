"""How long a classifier takes to learn from so many labelled inquiries, and how large it gets."""

import random
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlite_utils import Database

from support.encoder import SentenceEncoder

from .answered import answered
from .as_of import HELD_OUT
from .bench_growth import perturb
from .examples import Example, choose_labels, split_by_fraction, usable
from .faq import FaqConfig, fit_faq
from .history import examples, faq_texts
from .progress import Progress, silent

MOST_LABELS = 142  # as many as the help centre of the first desk this was written for
FEWEST = 10  # inquiries of a label, copies among them


def time_training(
    db: Database, encoder: SentenceEncoder, *, size: int, progress: Progress = silent
) -> dict[str, float]:
    """Train on a desk's labelled inquiries and perturbed copies of them; nothing stays.

    What is learned is worth nothing, for copies of one inquiry are held out from the others.

    Args:
        db: the desk's database.
        encoder: finds the neighbours.
        size: labelled inquiries to learn from, the held-out part among them.
        progress: told done, total and a message; may raise.

    Returns:
        Counts, seconds on the clock and of all processors, and the model's megabytes on disk.

    Raises:
        TooFewLabelsError: the desk has too few labels.
    """
    grown = grow_examples(examples(db), size=size)
    split = split_by_fraction(grown, train=1 - HELD_OUT, validation=HELD_OUT)
    with TemporaryDirectory() as home:
        folder = Path(home) / "faq"
        clock, processor = time.perf_counter(), time.process_time()
        report = fit_faq(
            split.train,
            split.validation,
            folder=folder,
            config=FaqConfig(min_examples=FEWEST),
            encoder=encoder,
            faq_texts=faq_texts(db),
            answered=answered(db),
            progress=progress,
        )
        seconds = time.perf_counter() - clock
        processor = time.process_time() - processor
        size_on_disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {
        "training_inquiries": len(grown),
        "training_labels": report.labels,
        "training_seconds": round(seconds, 1),
        "training_processor_seconds": round(processor, 1),
        "training_model_mb": round(size_on_disk / 1e6, 1),
    }


def grow_examples(found: Sequence[Example], *, size: int) -> list[Example]:
    """As many labelled inquiries as asked for, of the commonest labels; copies after real ones."""
    kept = set(choose_labels(found, min_examples=1)[:MOST_LABELS])
    real = [
        Example(e.text, labels, e.at, e.inquiry_id)
        for e in usable(found)
        if (labels := tuple(label for label in e.labels if label in kept))
    ]
    if not real:
        return []
    last = max(e.inquiry_id for e in real)
    copies = [
        Example(perturb(e.text, random.Random(number)), e.labels, e.at, last + 1 + number)
        for number in range(len(real), size)
        for e in [real[number % len(real)]]
    ]
    return [*real, *copies][:size]
