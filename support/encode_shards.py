"""Encodes many inquiries in shards of a fixed size, by whatever engine shares them out.

The vectors are those that one process makes, byte for byte: a shard is cut and encoded in the same
batches. Only masked texts are written, and what is stored was compared with the inquiry as it is by
then: one that was forgotten or changed meanwhile is passed over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from sqlite_utils import Database

from . import embeddings
from .encoder import SentenceEncoder
from .parquet_files import Columns
from .shard_runs import Job, Progress, Spread, Work, check_copy, model, run_shards, waiting

ROWS: Final = 4096  # inquiries of a shard: a whole number of batches
NAME: Final = "encode"


def encode_in_shards(
    db: Database, encoder: SentenceEncoder, folder: Path, *, spread: Spread, progress: Progress
) -> int:
    """Encode what is missing, where that is more than two shards or a run was cut short.

    What is not encoded by this, such as what came meanwhile, `embeddings.encode_missing` encodes.

    Args:
        db: the desk's database.
        encoder: whose vectors.
        folder: where it lies.
        spread: who encodes, and where the files lie meanwhile.
        progress: told inquiries done, all of them and what is done; may raise.

    Returns:
        How many inquiries were looked at.
    """
    about = {"encoder": encoder.version, "rows": ROWS, "batch": embeddings.BATCH}
    job = Job(
        NAME,
        about,
        _Encoding(model(spread, NAME, "encoder"), encoder.version, embeddings.BATCH),
        asked={"id": "int", "text": "text"},
        made={"id": "int", "vector": "bytes"},
        message="encoding past inquiries",
        models={"encoder": folder},
    )
    todo = embeddings.missing(db, encoder.version)
    if len(todo) <= 2 * ROWS and not waiting(spread.folder, job):
        return 0

    def cut() -> Iterator[Columns]:
        for start in range(0, len(todo), ROWS):
            ids = todo[start : start + ROWS]
            yield {"id": ids, "text": embeddings.texts(db, ids)}

    def store(asked: Columns, made: Columns) -> None:
        texts = dict(zip(asked["id"], asked["text"], strict=True))
        for start in range(0, len(made["id"]), embeddings.BATCH):
            ids = made["id"][start : start + embeddings.BATCH]
            blobs = made["vector"][start : start + embeddings.BATCH]
            vectors = np.stack([np.frombuffer(blob, "<f4") for blob in blobs])
            embeddings.save_told(db, encoder.version, ids, [texts[i] for i in ids], vectors)

    return run_shards(spread, job, cut=cut, store=store, progress=progress)


@dataclass(frozen=True, slots=True)
class _Encoding:
    """Opens an encoder to encode shards."""

    folder: str
    version: str
    batch: int  # texts that are encoded together

    def open(self) -> Work:
        encoder = SentenceEncoder.load(Path(self.folder))
        check_copy(self.folder, encoder.version, self.version)
        return lambda rows: self._encode(encoder, rows["id"], rows["text"])

    def _encode(
        self, encoder: SentenceEncoder, ids: Sequence[int], texts: Sequence[str]
    ) -> Columns:
        kept: list[int] = []
        blobs: list[bytes] = []
        for start in range(0, len(ids), self.batch):
            some = texts[start : start + self.batch]
            places, vectors = embeddings.encode_each(encoder, some)
            kept += [ids[start + place] for place in places]
            blobs += [np.asarray(vector, "<f4").tobytes() for vector in vectors]
        return {"id": kept, "vector": blobs}
