"""The map: every inquiry as a point, what is alike together. `train/inquiry_map.py` lays it out.

`map_page.py` writes it for a page. A region is a list of inquiry ids, whoever drew it.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from . import embeddings, faqs
from .database import one, scalar
from .errors import ModelMissingError
from .inquiries import past_answers
from .read_limit import limited
from .table_rows import no_formula
from .text import bigram_query, fold_line
from .vector_index import Ids
from .whole_files import whole_file

MOST_HITS: Final = 10_000
READ: Final = 200  # inquiries of a region that are read at once


@dataclass(frozen=True, slots=True)
class StoredMap:
    """Where the inquiries of a desk lie, by the vectors of one encoder."""

    encoder_version: str
    ids: Ids  # (n,) sorted
    points: NDArray[np.float32]  # (n, 2)
    made_at: str
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RegionRow:
    """One inquiry of a region, in a line."""

    id: int
    text: str
    opened_at: str
    status: str
    slugs: tuple[str, ...]


def stored(db: Database) -> StoredMap:
    """The map that was made last.

    Raises:
        ModelMissingError: none was made yet.
    """
    row = one(db, "SELECT * FROM maps ORDER BY made_at DESC, rowid DESC LIMIT 1")
    if row is None:
        raise ModelMissingError("There is no map yet. Make it first: faqdesk map make")
    return StoredMap(
        encoder_version=row["encoder_version"],
        ids=np.frombuffer(row["ids"], "<i8"),
        points=np.frombuffer(row["points"], "<f4").reshape(-1, 2),
        made_at=row["made_at"],
        settings=json.loads(row["settings"]),
    )


def stamp(db: Database) -> str:
    """Changes whenever what a page would draw changes: for its cache.

    Raises:
        ModelMissingError: there is no map yet.
    """
    made = scalar(db, "SELECT max(made_at) FROM maps")
    if made is None:
        raise ModelMissingError("There is no map yet. Make it first: faqdesk map make")
    parts = [
        scalar(db, sql)
        for sql in (
            "SELECT max(id) FROM labels",
            "SELECT max(id) FROM faq_changes",
            "SELECT count(*) FROM faq_changes WHERE undone_at IS NOT NULL",
            "SELECT max(id) FROM inquiries",
            "SELECT max(answered_at) FROM inquiries WHERE answer_id IS NOT NULL",
            "SELECT max(seq) FROM tombstones",
        )
    ]
    return "-".join(str(part or 0) for part in (made, *parts))


@limited
def hits(db: Database, text: str) -> list[int]:
    """The inquiries that hold every word typed, in question or answer; open ones too."""
    query = bigram_query(text)
    if not query:
        return []
    sql = "SELECT rowid FROM inquiry_search WHERE inquiry_search MATCH ? LIMIT ?"
    return [row[0] for row in db.conn.execute(sql, [query, MOST_HITS])]


def region(
    db: Database, ids: Sequence[int], *, limit: int = READ, offset: int = 0
) -> list[RegionRow]:
    """The inquiries of a region, newest first; those that are gone are left out."""
    sql = """
        SELECT id, text, opened_at, status, (SELECT group_concat(slug, char(10)) FROM labels
            WHERE labels.inquiry_id = inquiries.id) AS slugs
        FROM inquiries WHERE id IN (SELECT value FROM json_each(?))
        ORDER BY opened_at DESC, id DESC LIMIT ? OFFSET ?
    """
    wanted = json.dumps([int(item) for item in ids])
    return [
        RegionRow(
            id=row["id"],
            text=row["text"],
            opened_at=row["opened_at"],
            status=row["status"],
            slugs=tuple(row["slugs"].split("\n")) if row["slugs"] else (),
        )
        for row in db.query(sql, [wanted, limit, offset])
    ]


def region_faqs(db: Database, ids: Sequence[int]) -> list[tuple[str, int]]:
    """The FAQs that answers in a region linked, the most used first."""
    sql = """
        SELECT slug, count(*) AS n FROM labels
        WHERE inquiry_id IN (SELECT value FROM json_each(?)) GROUP BY slug ORDER BY n DESC, slug
    """
    wanted = json.dumps([int(item) for item in ids])
    return [(row["slug"], row["n"]) for row in db.query(sql, [wanted])]


def answered(db: Database, ids: Sequence[int]) -> list[int]:
    """Those of a region that were answered: what waits has no answer yet to say what it is."""
    sql = """
        SELECT id FROM inquiries
        WHERE id IN (SELECT value FROM json_each(?)) AND answer_id IS NOT NULL ORDER BY id
    """
    return [row[0] for row in db.conn.execute(sql, [json.dumps([int(item) for item in ids])])]


def export_region(db: Database, ids: Sequence[int], path: Path) -> int:
    """Write the inquiries of a region as CSV, masked as they are kept: how many."""
    answers = past_answers(db, ids)
    rows = region(db, ids, limit=len(ids))
    with _beside(path, encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "opened_at", "status", "faqs", "question", "answer"])
        for row in rows:
            answer = answers[row.id].answer if row.id in answers else ""
            texts = [no_formula(text) for text in (" ".join(row.slugs), row.text, answer)]
            writer.writerow([row.id, row.opened_at, row.status, *texts])
    return len(rows)


def export_projector(db: Database, folder: Path, *, limit: int | None = None) -> int:
    """Write `vectors.tsv` and `metadata.tsv` for the Embedding Projector: how many rows.

    Args:
        db: the desk's database.
        folder: where to; made when it is not there.
        limit: the newest so many; a browser carries some ten thousand.

    Raises:
        ModelMissingError: there is no map yet.
    """
    found = stored(db)
    _, ids, vectors = embeddings.after(db, found.encoder_version, 0)
    if limit is not None:
        ids, vectors = ids[-limit:], vectors[-limit:]
    rows = {row.id: row for row in region(db, ids.tolist(), limit=len(ids))}
    titles = {faq.slug: faq.title for faq in faqs.every(db)}
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    with (
        _beside(folder / "vectors.tsv", encoding="ascii") as numbers,
        _beside(folder / "metadata.tsv", encoding="utf-8") as words,
    ):
        words.write("id\tfaq\ttitle\topened\tstatus\ttext\n")
        for item, vector in zip(ids.tolist(), vectors, strict=True):
            row = rows.get(item)
            if row is None:
                continue
            numbers.write("\t".join(f"{value:.5g}" for value in vector.tolist()) + "\n")
            slug = row.slugs[0] if row.slugs else ""
            cells = [slug, titles.get(slug, ""), row.opened_at, row.status, row.text]
            words.write(f"{item}\t" + "\t".join(fold_line(cell) for cell in cells) + "\n")
            written += 1
    return written


@contextmanager
def _beside(path: Path, *, encoding: str) -> Iterator[IO[str]]:
    """Write a file beside its place and rename it, whole or not at all."""
    with whole_file(path) as beside, beside.open("w", encoding=encoding, newline="") as file:
        yield file
