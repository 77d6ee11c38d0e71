"""Builds the index of past inquiries: encodes what is not encoded yet, then writes a snapshot."""

from pathlib import Path

import numpy as np
from sqlite_utils import Database

from support import embeddings, learned, vector_engine
from support.artifact import Artifact, write_artifact
from support.encoder import SentenceEncoder
from support.faiss_index import FaissIndex, built_by
from support.hybrid import HybridIndex, mix_for
from support.lexical_index import LexicalIndex
from support.shard_runs import Spread

from .index_shared import build_shared_index
from .progress import Progress, silent


def build_index(
    db: Database,
    encoder: SentenceEncoder,
    *,
    folder: Path,
    spread: Spread | None = None,
    progress: Progress = silent,
) -> Artifact:
    """Write a snapshot of all vectors of an encoder as a model folder.

    Args:
        db: the desk's database.
        encoder: whose vectors.
        folder: where the snapshot shall be; written whole or not at all.
        spread: who builds the parts of a large one; None: this process.
        progress: told done, total and a message; may raise.
    """
    embeddings.encode_missing(db, encoder, progress=progress)
    if (place := vector_engine.place()) is not None:
        return build_shared_index(db, encoder, place, folder=folder, progress=progress)
    # Read before the vectors: what is removed meanwhile is then removed once more, harmlessly.
    tombstone = embeddings.last_tombstone(db)
    seq, ids, vectors = embeddings.after(db, encoder.version, 0)
    index = HybridIndex(FaissIndex(encoder.dim), LexicalIndex(), mix=mix_for(encoder))
    if len(ids):
        index.add(ids, np.asarray(vectors), embeddings.texts(db, ids.tolist()))
    progress(0, 1, "writing the index")

    def write(temporary: Path) -> None:
        index.snapshot(temporary)
        learned.save(temporary, ids.tolist())

    with built_by(index.vectors, spread=spread, progress=progress):
        return write_artifact(
            folder,
            kind="index",
            config={
                "encoder_version": encoder.version,
                "dim": encoder.dim,
                "mix": index.mix,
                "count": len(ids),
                "embedding_seq": seq,
                "tombstone_seq": tombstone,
            },
            files=write,
            metrics={"count": len(ids)},
        )
