"""Describes many listings in shards, by whatever engine shares them out.

The vectors are those that one process makes, byte for byte: pictures are looked at in the same
batches. What is stored is so only of listings that did not change since they were read.
"""

import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlite_utils import Database

from support.database import write
from support.encoder import SentenceEncoder
from support.errors import InputError
from support.parquet_files import Columns
from support.shard_runs import (
    Job,
    Progress,
    Spread,
    Work,
    check_copy,
    model,
    run_shards,
    waiting,
)

from . import vectors
from .describe import BATCH, Describer, Shown, describe_pictures, shown
from .picture_space import PictureSpace

TEXTS: Final = 4096  # listings of a shard, a whole number of batches; of pictures, which take long
PICTURES: Final = 1024
_TEXT_JOB, _PICTURE_JOB = "listing-texts", "listing-pictures"
_MADE: Final = {"id": "int", "positions": "ints", "vectors": "bytes"}


def describe_in_shards(
    db: Database,
    describer: Describer,
    images: Path,
    *,
    encoder: Path,
    space: Path | None,
    spread: Spread,
    progress: Progress,
) -> None:
    """Describe what is missing, where that is more than two shards or a run was cut short.

    What is not described by this, such as what changed meanwhile, `describe_missing` describes.

    Args:
        db: the desk's database.
        describer: whose vectors.
        images: the folder of pictures, that every machine of the engine sees under this name.
        encoder: where its encoder of words lies.
        space: where its space of pictures lies; None: it has none.
        spread: who describes, and where the files lie meanwhile.
        progress: told texts or pictures done, all of them and what is done; may raise.
    """
    job = Job(
        _TEXT_JOB,
        {"version": describer.text_version, "rows": TEXTS},
        _Describing(model(spread, _TEXT_JOB, "encoder"), describer.text_version),
        asked={"id": "int", "text": "text", "as_of": "int"},
        made=_MADE,
        message="words of listings",
        models={"encoder": encoder},
    )
    _run(db, vectors.TEXT, describer.text_version, job, TEXTS, spread, progress)
    if space is None or describer.space is None:
        return
    seen = vectors.missing(db, vectors.PICTURE, describer.picture_version)[: 10 * BATCH]
    files = (file for _, _, file in shown(db, seen))
    probe = next((file for file in files if (images / file).is_file()), "")
    job = Job(
        _PICTURE_JOB,
        {"version": describer.picture_version, "rows": PICTURES, "batch": BATCH},
        _Looking(
            model(spread, _PICTURE_JOB, "space"),
            describer.picture_version,
            str(images),
            probe,
            BATCH,
        ),
        asked={"id": "int", "position": "int", "file": "text", "as_of": "int"},
        made=_MADE,
        message="pictures of listings",
        models={"space": space},
    )
    _run(db, vectors.PICTURE, describer.picture_version, job, PICTURES, spread, progress)


def _run(
    db: Database,
    kind: str,
    version: str,
    job: Job,
    size: int,
    spread: Spread,
    progress: Progress,
) -> None:
    todo = vectors.missing(db, kind, version)
    if len(todo) <= 2 * size and not waiting(spread.folder, job):
        return

    def cut() -> Iterator[Columns]:
        for start in range(0, len(todo), size):
            ids = todo[start : start + size]
            as_of = vectors.last_change(db)  # before they are read
            if kind == vectors.TEXT:
                yield {"id": ids, "text": vectors.texts(db, ids), "as_of": [as_of] * len(ids)}
                continue
            rows = shown(db, ids)
            listing, position, file = zip(*rows, strict=True) if rows else ((), (), ())
            as_ofs = [as_of] * len(rows)
            yield {"id": listing, "position": position, "file": file, "as_of": as_ofs}

    def store(asked: Columns, made: Columns) -> None:
        told, described = _told(kind, asked), _described(made)
        while some := list(islice(described, BATCH)):
            with write(db):
                # A run may be older than a desk that was restored: its changes tell of another.
                now = _now(db, kind, [key for key, _, _ in some])
                same = [one for one in some if now.get(one[0]) == told[one[0]]]
                vectors.save(db, kind, version, same, as_of=asked["as_of"][0])

    run_shards(spread, job, cut=cut, store=store, progress=progress)


def _told(kind: str, asked: Columns) -> dict[int, Any]:
    """What was read of each listing of a shard: its words, or its pictures by position."""
    if kind == vectors.TEXT:
        return dict(zip(asked["id"], asked["text"], strict=True))
    return _by_listing(zip(asked["id"], asked["position"], asked["file"], strict=True))


def _now(db: Database, kind: str, ids: Sequence[int]) -> dict[int, Any]:
    """What is read of some listings now."""
    if kind == vectors.TEXT:
        return dict(zip(ids, vectors.texts(db, ids), strict=True))
    return _by_listing(shown(db, ids))


def _by_listing(rows: Iterable[Shown]) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = {}
    for key, position, file in rows:
        found.setdefault(key, {})[position] = file
    return found


def _described(made: Columns) -> Iterator[vectors.Described]:
    columns = (made["id"], made["positions"], made["vectors"])
    for key, positions, blob in zip(*columns, strict=True):
        rows = max(len(positions), 1) if blob else 0
        yield key, positions, np.frombuffer(blob, "<f4").reshape(rows, -1 if rows else 0)


def _columns(described: Sequence[vectors.Described]) -> Columns:
    return {
        "id": [key for key, _, _ in described],
        "positions": [list(positions) for _, positions, _ in described],
        "vectors": [np.asarray(rows, "<f4").tobytes() for _, _, rows in described],
    }


@dataclass(frozen=True, slots=True)
class _Describing:
    """Opens the encoder of words."""

    encoder: str
    version: str  # of the vectors that the run was begun with

    def open(self) -> Work:
        describer = Describer(SentenceEncoder.load(Path(self.encoder)))
        check_copy(self.encoder, describer.text_version, self.version)
        return lambda rows: _columns(describer.describe_texts(rows["id"], rows["text"]))


@dataclass(frozen=True, slots=True)
class _Looking:
    """Opens the space of pictures."""

    space: str
    version: str  # of the vectors that the run was begun with
    images: str
    probe: str  # a picture that whoever begins the run sees; "" where there is none
    batch: int  # listings whose pictures are looked at together

    def open(self) -> Work:
        images = Path(self.images)
        if self.probe and not (images / self.probe).is_file():
            raise InputError(
                f"{platform.node()} does not see the pictures in {images}. Keep them in a "
                f"folder that every machine has under the same name."
            )
        space = PictureSpace.load(Path(self.space))
        check_copy(self.space, space.version, self.version)

        def look(rows: Columns) -> Columns:
            pictures = list(zip(rows["id"], rows["position"], rows["file"], strict=True))
            ids = list(dict.fromkeys(rows["id"]))
            found = []
            for start in range(0, len(ids), self.batch):
                some = ids[start : start + self.batch]
                among = set(some)
                found += describe_pictures(
                    space, images, some, [row for row in pictures if row[0] in among]
                )
            return _columns(found)

        return look
