"""Finds gaps: answered inquiries that linked no FAQ, in groups that say one thing.

A gap keeps its number from one search to the next as long as most of its inquiries stay together,
so that one set aside stays so, and a link to one stays true.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlite_utils import Database

from support import embeddings, gaps
from support.clock import now
from support.database import insert, scalar, write
from support.encoder import SentenceEncoder
from support.errors import ModelMissingError
from support.inquiries import labels
from support.releases import in_force
from support.vector_index import Ids, Vectors
from support.workspace import Workspace

from .common_words import CommonWords, draft_title
from .grouping import choose_cut, group, likeness, typical, without_language
from .near import nearest_among
from .progress import Progress, silent

SHOWN_TYPICAL = 40  # of a gap's inquiries, those whose answers are compared for the draft
_NEAR = 3  # linked inquiries asked which FAQ they used, for each of a gap's


@dataclass(frozen=True, slots=True)
class Found:
    """What a search for gaps came to."""

    inquiries: int  # answered without any FAQ
    grouped: int  # those in gaps
    gaps: int
    fresh: int  # not known before
    cut: float  # mean cosine above which inquiries say one thing
    shared: float | None  # pairs in groups of linked inquiries that share an FAQ; None: not known


def find_gaps(
    workspace: Workspace, db: Database, *, smallest: int = 3, progress: Progress = silent
) -> Found:
    """Group what was answered without any FAQ, and keep the groups as gaps.

    Args:
        workspace: the desk.
        db: its database.
        smallest: inquiries that make a gap, at least 3.
        progress: told done, total and a message; may raise.

    Raises:
        ModelMissingError: there is no encoder yet.
    """
    encoder = encoder_in_force(workspace)
    embeddings.encode_missing(db, encoder, progress=progress)
    _, ids, vectors = embeddings.after(db, encoder.version, 0)
    linked = labels(db, ids.tolist())
    bare = _answered_bare(db)
    is_linked = np.array([item in linked for item in ids.tolist()], bool)
    is_bare = np.array([item in bare for item in ids.tolist()], bool)
    vectors = without_language(vectors, embeddings.texts(db, ids.tolist()))
    known, slugs = vectors[is_linked], [linked[item] for item in ids[is_linked].tolist()]
    ids, vectors = ids[is_bare], vectors[is_bare]
    cut, shared = choose_cut(known, slugs, progress=progress)
    numbers = group(vectors, cut=cut, progress=progress)
    texts = embeddings.texts(db, ids.tolist())
    progress(0, 1, "naming what was found")
    words = CommonWords(texts)
    rows, members = [], []
    for number in range(int(numbers.max(initial=-1)) + 1):
        found = np.flatnonzero(numbers == number)
        if len(found) < smallest:
            break  # they come by size
        found = typical(vectors, found)
        rows.append(_describe(db, ids, vectors, found, texts, words, known, slugs))
        members.append(ids[found].tolist())
        progress(number, int(numbers.max()) + 1, "naming what was found")
    fresh = _keep(db, rows, members, encoder.version)
    grouped = sum(map(len, members))
    return Found(len(ids), grouped, len(rows), fresh, cut, shared)


def encoder_in_force(workspace: Workspace) -> SentenceEncoder:
    """The encoder of the release in force.

    Raises:
        ModelMissingError: there is none yet.
    """
    release = in_force(workspace.models)
    folder = release.folder(workspace.models, "encoder") if release else None
    if folder is None:
        raise ModelMissingError("There is no encoder yet. Train it first: faqdesk train")
    return SentenceEncoder.load(folder)


def _answered_bare(db: Database) -> set[int]:
    """Answered inquiries that no FAQ is linked to."""
    sql = """
        SELECT id FROM inquiries WHERE answer_id IS NOT NULL AND text <> ''
        AND NOT EXISTS (SELECT 1 FROM labels WHERE labels.inquiry_id = inquiries.id)
    """
    return {row[0] for row in db.conn.execute(sql)}


def _describe(
    db: Database,
    ids: Ids,
    vectors: Vectors,
    found: Ids,
    texts: Sequence[str],
    words: CommonWords,
    known: Vectors,
    slugs: Sequence[tuple[str, ...]],
) -> dict[str, Any]:
    """A gap's row: its words, a draft, its cost, and the FAQ that is perhaps there already."""
    named = words.of(found.tolist())
    inquiry_ids = ids[found].tolist()
    minutes = gaps.agent_minutes(db, inquiry_ids)
    near, share = _near_faq(vectors[found], known, slugs)
    sql = "SELECT min(opened_at), max(opened_at) FROM inquiries WHERE id IN "
    sql += "(SELECT value FROM json_each(?))"
    first, last = db.conn.execute(sql, [json.dumps(inquiry_ids)]).fetchone()
    return {
        "words": json.dumps(named, ensure_ascii=False),
        "title": draft_title(texts[int(found[0])], named),
        "body": _typical_answer(db, inquiry_ids[:SHOWN_TYPICAL]),
        "n": len(inquiry_ids),
        "minutes": sum(minutes.values()) if minutes else None,
        "timed": len(minutes),
        "likeness": likeness(vectors, found),
        "near_slug": near,
        "near_share": share,
        "first_at": first,
        "last_at": last,
    }


def _near_faq(
    vectors: Vectors, known: Vectors, slugs: Sequence[tuple[str, ...]]
) -> tuple[str, float]:
    """The FAQ that the nearest linked inquiries used most, and the share of them that did."""
    near, _ = nearest_among(vectors, known, top_k=_NEAR)
    votes = Counter(slug for row in near.ravel().tolist() for slug in slugs[row])
    if not votes:
        return "", 0.0
    slug, count = min(votes.items(), key=lambda item: (-item[1], item[0]))
    return slug, count / near.size


def _typical_answer(db: Database, inquiry_ids: Sequence[int]) -> str:
    """The answer that shares the most words with the others: where a draft may begin."""
    sql = """
        SELECT messages.text FROM inquiries JOIN messages ON messages.id = inquiries.answer_id
        WHERE inquiries.id IN (SELECT value FROM json_each(?)) ORDER BY inquiries.id
    """
    answers = [row[0] for row in db.conn.execute(sql, [json.dumps(list(inquiry_ids))])]
    bags = [frozenset(answer.split()) for answer in answers]
    best, most = "", -1.0
    for answer, bag in zip(answers, bags, strict=True):
        shared = sum(len(bag & other) / max(len(bag | other), 1) for other in bags)
        if shared > most:
            best, most = answer, shared
    return best


def _keep(db: Database, rows: list[dict[str, Any]], members: list[list[int]], version: str) -> int:
    """Store gaps under the numbers they had before: how many are new."""
    moment, fresh = now(), 0
    with write(db):
        before: dict[int, set[int]] = {}
        sql = """
            SELECT gap_id, inquiry_id FROM gap_inquiries
            JOIN gaps ON gaps.id = gap_id WHERE state <> 'closed'
        """
        for gap_id, inquiry_id in db.conn.execute(sql):
            before.setdefault(gap_id, set()).add(inquiry_id)
        for row, inquiry_ids in zip(rows, members, strict=True):
            held = set(inquiry_ids)
            gap_id = _same(before, held)
            values = row | {"encoder_version": version, "seen_at": moment}
            if gap_id is None:
                gap_id = insert(db, "gaps", values | {"state": "open", "found_at": moment})
                fresh += 1
            else:
                del before[gap_id]
                db.table("gaps").update(gap_id, values)
                db.execute(
                    "UPDATE gaps SET state = 'open' WHERE id = ? AND state = 'dismissed' "
                    "AND n >= ? * settled_n",
                    [gap_id, gaps.GROWN],
                )
                db.execute("DELETE FROM gap_inquiries WHERE gap_id = ?", [gap_id])
            db.conn.executemany(
                "INSERT INTO gap_inquiries (gap_id, inquiry_id, place) VALUES (?, ?, ?)",
                [(gap_id, item, place) for place, item in enumerate(inquiry_ids, 1)],
            )
        # What is open and was not found again is no gap any more; what was set aside is remembered.
        for gap_id in before:
            if scalar(db, "SELECT state FROM gaps WHERE id = ?", [gap_id]) == "open":
                db.table("gaps").delete(gap_id)
    return fresh


def _same(before: dict[int, set[int]], held: set[int]) -> int | None:
    """The gap of before that shares most with a group: at least half of the smaller."""
    best, most = None, 0
    for gap_id, had in before.items():
        shared = len(had & held)
        if shared > most and 2 * shared >= min(len(had), len(held)):
            best, most = gap_id, shared
    return best
