"""Grows a desk to any number of past inquiries: the real ones first, then perturbed copies.

A copy is at most forty words of a real inquiry, some dropped and some swapped, with its answer and
its labels. Copies are written in bulk, past the import, and encoded like any inquiry.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from support import embeddings, faqs
from support.database import scalar, write
from support.encoder import SentenceEncoder
from support.text import bigrams

from .progress import Progress, silent

BATCH = 2_000  # inquiries written at once
MAX_WORDS = 40  # of a copy
MAX_ANSWER = 400  # characters of a copy's answer
DROPPED = 0.15  # of a copy's words
SWAPPED = 0.1


@dataclass(frozen=True, slots=True)
class Past:
    """An answered inquiry as it is copied."""

    text: str
    answer: str
    at: str
    slugs: tuple[str, ...]


def read_past(db: Database, *, limit: int) -> list[Past]:
    """Answered inquiries with their answers and labels, oldest first."""
    sql = """
        SELECT inquiries.text, messages.text AS answer, inquiries.opened_at,
            (SELECT group_concat(slug, char(10)) FROM labels
             WHERE labels.inquiry_id = inquiries.id) AS slugs
        FROM inquiries JOIN messages ON messages.id = inquiries.answer_id
        WHERE inquiries.text <> '' ORDER BY inquiries.id LIMIT ?
    """
    return [
        Past(
            row["text"],
            row["answer"],
            row["opened_at"],
            tuple(row["slugs"].split("\n")) if row["slugs"] else (),
        )
        for row in db.query(sql, [limit])
    ]


def perturb(text: str, generator: random.Random) -> str:
    """A text like another: its first words, some dropped, some changing places."""
    words = [word for word in text.split()[:MAX_WORDS] if generator.random() > DROPPED]
    for place in range(len(words) - 1):
        if generator.random() < SWAPPED:
            words[place], words[place + 1] = words[place + 1], words[place]
    return " ".join(words) or text


def grow(
    db: Database,
    past: Sequence[Past],
    encoder: SentenceEncoder,
    *,
    size: int,
    progress: Progress = silent,
) -> float:
    """Add inquiries until the desk has `size` answered ones.

    Args:
        db: a desk's database that holds nothing but what this wrote.
        past: the real ones.
        encoder: encodes what is added.
        size: how many there shall be.
        progress: told done, total and a message; may raise.

    Returns:
        The seconds that encoding took.
    """
    # A desk that is thrown away need not survive a power cut.
    db.conn.execute("PRAGMA synchronous = OFF")
    seconds = 0.0
    start = int(scalar(db, "SELECT count(*) FROM inquiries"))
    for first in range(start, size, BATCH):
        numbers = range(first, min(first + BATCH, size))
        rows = [_row(past, number) for number in numbers]
        before = time.perf_counter()
        vectors = encoder.encode([row.text for row in rows])
        seconds += time.perf_counter() - before
        ids = [number + 1 for number in numbers]
        with write(db):
            _insert(db, ids, rows)
            embeddings.save(db, encoder.version, ids, vectors)
        progress(numbers[-1] + 1, size, "growing the desk")
    return seconds


def copy_faqs(source: Database, target: Database) -> None:
    """Take over what the help centre says."""
    faqs.save(target, faqs.listed(source))


def _row(past: Sequence[Past], number: int) -> Past:
    original = past[number % len(past)]
    if number < len(past):
        return original
    text = perturb(original.text, random.Random(number))
    return Past(text, original.answer[:MAX_ANSWER], original.at, original.slugs)


def _insert(db: Database, ids: Sequence[int], rows: Sequence[Past]) -> None:
    """Ids of inquiries and of their answers are the same numbers."""
    pairs = list(zip(ids, rows, strict=True))
    db.conn.executemany(
        "INSERT INTO inquiries (id, source, source_id, text, status, opened_at, answered_at, "
        "closed_at) VALUES (?, 'bench', ?, ?, 'closed', ?, ?, ?)",
        [(i, str(i), row.text, row.at, row.at, row.at) for i, row in pairs],
    )
    db.conn.executemany(
        "INSERT INTO messages (id, inquiry_id, source_id, role, author, text, at) "
        "VALUES (?, ?, 'answer', 'agent', 'bench', ?, ?)",
        [(i, i, row.answer, row.at) for i, row in pairs],
    )
    # Not before the messages are there: deferring the check would look through all inquiries for
    # each message.
    db.conn.execute(
        "UPDATE inquiries SET answer_id = id WHERE id BETWEEN ? AND ?", (ids[0], ids[-1])
    )
    db.conn.executemany(
        "INSERT INTO labels (inquiry_id, message_id, slug, origin, at) "
        "VALUES (?, ?, ?, 'import', ?)",
        [(i, i, slug, row.at) for i, row in pairs for slug in row.slugs],
    )
    db.conn.executemany(
        "INSERT INTO inquiry_search (rowid, question, answer) VALUES (?, ?, ?)",
        [(i, bigrams(row.text), bigrams(row.answer)) for i, row in pairs],
    )
