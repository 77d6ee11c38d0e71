"""Builds the index of past inquiries whose vectors a vector engine holds: the rest is words.

The engine is brought up to date first. One that is away stops no training: what is missing there is
sent by the worker once it is back, and until then read from desk.db.
"""

from pathlib import Path

import numpy as np
from sqlite_utils import Database

from support import embeddings, learned
from support.artifact import Artifact, write_artifact
from support.encoder import SentenceEncoder
from support.errors import IndexServerError
from support.hybrid import mix_for
from support.lexical_index import LexicalIndex
from support.milvus_index import MilvusPlace
from support.vector_index import Ids
from support.vector_sync import Inquiries, sync

from .progress import Progress, silent


def build_shared_index(
    db: Database,
    encoder: SentenceEncoder,
    place: MilvusPlace,
    *,
    folder: Path,
    progress: Progress = silent,
) -> Artifact:
    """Send an encoder's vectors to the engine, and write the words as a model folder.

    Args:
        db: the desk's database; every inquiry is encoded.
        encoder: whose vectors.
        place: the engine.
        folder: where the words shall be; written whole or not at all.
        progress: told done, total and a message; may raise.
    """
    collection = ""
    try:
        found = sync(db, place, Inquiries(encoder.version, encoder.dim), progress=progress)
        collection = found.name if found else ""
    except IndexServerError as error:
        progress(0, 1, f"vectors were not all sent, the worker goes on: {error}")
    # Read before the rows: what is removed meanwhile is then removed once more, harmlessly.
    tombstone = embeddings.last_tombstone(db)
    seq, ids = _encoded(db, encoder.version)
    words = LexicalIndex()
    words.add(ids, embeddings.texts(db, ids.tolist()))
    progress(0, 1, "writing the index")

    def write(temporary: Path) -> None:
        words.snapshot(temporary)
        learned.save(temporary, ids.tolist())

    return write_artifact(
        folder,
        kind="index",
        config={
            "engine": "milvus",
            "place": place.uri,
            "collection": collection,  # as of now; desk.db knows it if it is built anew
            "encoder_version": encoder.version,
            "dim": encoder.dim,
            "mix": mix_for(encoder),
            "count": len(ids),
            "embedding_seq": seq,
            "tombstone_seq": tombstone,
        },
        files=write,
        metrics={"count": len(ids)},
    )


def _encoded(db: Database, encoder_version: str) -> tuple[int, Ids]:
    """The newest position, and the inquiries that an encoder encoded, as they came."""
    sql = "SELECT seq, item_id FROM embeddings WHERE encoder_version = ? ORDER BY seq"
    rows = db.conn.execute(sql, [encoder_version]).fetchall()
    return (rows[-1][0] if rows else 0), np.array([row[1] for row in rows], np.int64)
