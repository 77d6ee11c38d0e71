"""Vectors live in the database: one row an inquiry and encoder. Every index is a snapshot of them.

`seq` only grows, so that "what came after the snapshot" is one indexed read.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
from sqlite_utils import Database

from .database import scalar, write
from .encoder import SentenceEncoder
from .errors import EmptyTextError
from .vector_index import Ids, Vectors

_READ = 20_000  # vectors read at once
BATCH = 512  # inquiries encoded and stored at once: what a killed run does again at most

Progress = Callable[[int, int, str], None]


def missing(db: Database, encoder_version: str) -> list[int]:
    """Answered inquiries that this encoder has not encoded yet, oldest first."""
    sql = """
        SELECT id FROM inquiries WHERE answer_id IS NOT NULL AND text <> '' AND NOT EXISTS (
            SELECT 1 FROM embeddings WHERE item_id = inquiries.id AND encoder_version = ?)
        ORDER BY id
    """
    return [row["id"] for row in db.query(sql, [encoder_version])]


def texts(db: Database, inquiry_ids: Sequence[int]) -> list[str]:
    """The masked texts of inquiries, in the order asked for; '' of one that is gone."""
    sql = "SELECT id, text FROM inquiries WHERE id IN (SELECT value FROM json_each(?))"
    found = dict(db.conn.execute(sql, [json.dumps(list(inquiry_ids))]).fetchall())
    return [found.get(inquiry_id, "") for inquiry_id in inquiry_ids]


def encode_missing(db: Database, encoder: SentenceEncoder, *, progress: Progress) -> int:
    """Encode every answered inquiry that this encoder has not seen.

    Killed half way, the next call goes on with the rest. One that holds nothing an encoder reads is
    left out.

    Returns:
        How many were encoded.
    """
    todo, done = missing(db, encoder.version), 0
    for start in range(0, len(todo), BATCH):
        ids = todo[start : start + BATCH]
        told = texts(db, ids)
        places, vectors = encode_each(encoder, told)
        done += save_told(
            db, encoder.version, [ids[i] for i in places], [told[i] for i in places], vectors
        )
        progress(start + len(ids), len(todo), "encoding past inquiries")
    return done


def encode_each(encoder: SentenceEncoder, told: Sequence[str]) -> tuple[list[int], Vectors]:
    """Encode the texts of a batch that hold something an encoder reads.

    Returns:
        The places of those n texts, and (n, dim) float32 vectors.
    """
    try:
        return list(range(len(told))), encoder.encode(told)
    except EmptyTextError:
        pass
    places, vectors = [], [np.empty((0, encoder.dim), np.float32)]
    for place, text in enumerate(told):
        with suppress(EmptyTextError):
            vectors.append(encoder.encode([text]))
            places.append(place)
    return places, np.concatenate(vectors)


def save_told(
    db: Database, encoder_version: str, ids: Sequence[int], told: Sequence[str], vectors: Vectors
) -> int:
    """Store the vectors of inquiries whose texts are what they were when they were read.

    Passed over are those that were forgotten or changed since, and those that have a vector.

    Args:
        db: the desk's database.
        encoder_version: which encoder made them.
        ids: n inquiry ids.
        told: their texts as they were read.
        vectors: (n, dim) float32, rows of length 1.

    Returns:
        How many were stored.
    """
    with write(db):
        now = texts(db, ids)
        sql = """
            SELECT item_id FROM embeddings
            WHERE encoder_version = ? AND item_id IN (SELECT value FROM json_each(?))
        """
        have = {row[0] for row in db.conn.execute(sql, (encoder_version, json.dumps(list(ids))))}
        keep = [
            place
            for place, (item, then, text) in enumerate(zip(ids, told, now, strict=True))
            if then == text and item not in have
        ]
        save(db, encoder_version, [ids[place] for place in keep], vectors[keep])
    return len(keep)


def save(db: Database, encoder_version: str, ids: Sequence[int], vectors: Vectors) -> None:
    """Store vectors, replacing older ones of the same inquiries and encoder.

    Args:
        db: the desk's database.
        encoder_version: which encoder made them.
        ids: n inquiry ids.
        vectors: (n, dim) float32, rows of length 1.
    """
    rows = [
        (int(item), encoder_version, np.asarray(vector, "<f4").tobytes())
        for item, vector in zip(ids, vectors, strict=True)
    ]
    with write(db):
        # REPLACE gives a new seq, so that the new vector is found in the tail.
        db.conn.executemany(
            "INSERT OR REPLACE INTO embeddings (item_id, encoder_version, vector) VALUES (?, ?, ?)",
            rows,
        )


def count(db: Database, encoder_version: str) -> int:
    """How many inquiries have a vector of an encoder."""
    sql = "SELECT count(*) FROM embeddings WHERE encoder_version = ?"
    return int(scalar(db, sql, [encoder_version]) or 0)


def forget(db: Database, inquiry_id: int) -> None:
    """Remove an inquiry's vectors, and tell every index through a tombstone."""
    with write(db):
        db.execute("DELETE FROM embeddings WHERE item_id = ?", [inquiry_id])
        db.table("tombstones").insert({"item_id": inquiry_id})


def after(
    db: Database, encoder_version: str, seq: int, *, most: int = -1
) -> tuple[int, Ids, Vectors]:
    """Vectors stored after `seq`, the first `most` of them; below 0: all.

    Returns:
        The newest seq, (n,) ids and (n, dim) float32 vectors; (0, 0) where there are none.
    """
    cursor = db.conn.execute(
        "SELECT seq, item_id, vector FROM embeddings WHERE encoder_version = ? AND seq > ? "
        "ORDER BY seq LIMIT ?",
        (encoder_version, seq, most),
    )
    ids, blocks = [], []
    # A million rows held as Python's own objects would take twice the memory of their vectors.
    while rows := cursor.fetchmany(_READ):
        seq = int(rows[-1][0])
        ids += [row[1] for row in rows]
        joined = b"".join(row[2] for row in rows)
        blocks.append(np.frombuffer(joined, "<f4").reshape(len(rows), -1))
    if not blocks:
        return seq, np.empty(0, np.int64), np.empty((0, 0), np.float32)
    vectors = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
    return seq, np.array(ids, np.int64), vectors


def removed_after(db: Database, seq: int) -> tuple[int, Ids]:
    """Inquiries removed after the tombstone `seq`: the newest tombstone, and their ids."""
    rows = db.conn.execute(
        "SELECT seq, item_id FROM tombstones WHERE seq > ? ORDER BY seq", (seq,)
    ).fetchall()
    if not rows:
        return seq, np.empty(0, np.int64)
    return int(rows[-1][0]), np.array([row[1] for row in rows], np.int64)


def last_tombstone(db: Database) -> int:
    """The newest tombstone's seq; 0 before the first."""
    return int(scalar(db, "SELECT seq FROM sqlite_sequence WHERE name = 'tombstones'") or 0)
