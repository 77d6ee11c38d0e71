"""Makes the map of a desk's inquiries, and places newcomers on it without moving the others.

A map is kept by encoder: as long as the encoder stays and not too much has come in, it stays as
people know it, and what is new is put beside what it is most like.
"""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from sqlite_utils import Database

from support import embeddings
from support.clock import now
from support.database import write
from support.encoder import SentenceEncoder
from support.errors import EmptyTextError, ModelMissingError
from support.inquiry_map import StoredMap, stored
from support.vector_index import Ids, Vectors
from support.workspace import Workspace

from .gaps import encoder_in_force
from .near import nearest_among
from .progress import Progress, silent
from .tsne import Points, TsneConfig, lay_out

NEW_SHARE: Final = 0.2  # newcomers beside what is placed; with more, all is laid out anew
_BESIDE: Final = 5  # neighbours that a newcomer is put between
_WARMTH: Final = 20.0  # how much more the likest of them counts


@dataclass(frozen=True, slots=True)
class MapMade:
    """What making a map came to."""

    points: int
    placed: int  # newcomers put beside others
    anew: bool  # whether all of it was laid out
    encoder_version: str


def make_map(
    workspace: Workspace,
    db: Database,
    *,
    anew: bool = False,
    config: TsneConfig | None = None,
    threads: int = 1,
    progress: Progress = silent,
) -> MapMade:
    """Lay the map out, or place what is new on it.

    Args:
        workspace: the desk.
        db: its database.
        anew: lay all of it out, whatever there is.
        config: how; the default is what pages expect.
        threads: cores to use.
        progress: told done, total and a message; may raise. A killed run goes on where it was.

    Raises:
        ModelMissingError: there is no encoder yet, or no inquiry.
    """
    config = config or TsneConfig()
    encoder = encoder_in_force(workspace)
    embeddings.encode_missing(db, encoder, progress=progress)
    ids, vectors = _every(db, encoder)
    if not len(ids):
        raise ModelMissingError("There is no inquiry to draw. Import some: faqdesk import FILE")
    old = None if anew else _kept(db, encoder.version)
    placed = 0
    if old is not None:
        fresh = ~np.isin(ids, old.ids)
        placed = int(fresh.sum())
        if placed > NEW_SHARE * max(len(ids) - placed, 1):
            old = None
    if old is None:
        with _Notes(workspace, encoder.version, ids, config) as notes:
            points = lay_out(
                vectors, config=config, notes=notes.folder, threads=threads, progress=progress
            )
            _store(db, encoder.version, ids, points, config)
        return MapMade(len(ids), 0, True, encoder.version)
    points = _place(ids, vectors, old)
    _store(db, encoder.version, ids, points, config, made_at=None if placed else old.made_at)
    return MapMade(len(ids), placed, False, encoder.version)


class _Notes:
    """A folder for a run's notes, named by what is laid out; gone when the run has ended."""

    def __init__(self, workspace: Workspace, version: str, ids: Ids, config: TsneConfig) -> None:
        what = json.dumps([version, asdict(config)]).encode() + ids.tobytes()
        self.folder = workspace.home / "map" / hashlib.sha256(what).hexdigest()[:16]

    def __enter__(self) -> "_Notes":
        place = self.folder.parent
        if place.exists():  # notes of other runs are of no use any more
            for other in place.iterdir():
                if other != self.folder:
                    shutil.rmtree(other, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            shutil.rmtree(self.folder.parent, ignore_errors=True)


def _every(db: Database, encoder: SentenceEncoder) -> tuple[Ids, Vectors]:
    """All inquiries with a text, open ones too, by id: (n,) and (n, dim).

    The vectors of open ones are not kept: an index shall find answered ones alone.
    """
    _, ids, vectors = embeddings.after(db, encoder.version, 0)
    sql = "SELECT id FROM inquiries WHERE text <> '' AND joined_to IS NULL ORDER BY id"
    there = np.array([row[0] for row in db.conn.execute(sql)], np.int64)
    known = np.isin(ids, there)
    ids, vectors = ids[known], vectors[known]
    waiting = there[~np.isin(there, ids)]
    for start in range(0, len(waiting), embeddings.BATCH):
        batch = waiting[start : start + embeddings.BATCH]
        found_ids, found = _encoded(db, encoder, batch.tolist())
        ids = np.concatenate([ids, np.array(found_ids, np.int64)])
        vectors = np.concatenate([vectors.reshape(-1, encoder.dim), found])
    order = np.argsort(ids, kind="stable")
    return ids[order], np.ascontiguousarray(vectors.reshape(-1, encoder.dim)[order])


def _encoded(db: Database, encoder: SentenceEncoder, ids: list[int]) -> tuple[list[int], Vectors]:
    """Vectors of some inquiries; those that hold nothing an encoder reads are left out."""
    texts = embeddings.texts(db, ids)
    try:
        return ids, encoder.encode(texts)
    except EmptyTextError:
        kept, rows = [], []
        for item, text in zip(ids, texts, strict=True):
            try:
                rows.append(encoder.encode([text])[0])
                kept.append(item)
            except EmptyTextError:
                continue
        return kept, np.array(rows, np.float32).reshape(-1, encoder.dim)


def _kept(db: Database, version: str) -> StoredMap | None:
    try:
        found = stored(db)
    except ModelMissingError:
        return None
    return found if found.encoder_version == version else None


def _place(ids: Ids, vectors: Vectors, old: StoredMap) -> Points:
    """Points of all inquiries: where they were, and newcomers between those they are most like."""
    known = np.isin(ids, old.ids)
    points = np.empty((len(ids), 2), np.float32)
    points[known] = old.points[np.searchsorted(old.ids, ids[known])]
    fresh = np.flatnonzero(~known)
    if len(fresh):
        near, likeness = nearest_among(vectors[fresh], vectors[known], top_k=_BESIDE)
        weight = np.exp(_WARMTH * (likeness - likeness[:, :1]))
        weight /= weight.sum(axis=1, keepdims=True)
        points[fresh] = np.einsum("nk,nkd->nd", weight, points[known][near])
    return points


def _store(
    db: Database,
    version: str,
    ids: Ids,
    points: Points,
    config: TsneConfig,
    *,
    made_at: str | None = None,
) -> None:
    row = {
        "encoder_version": version,
        "ids": np.asarray(ids, "<i8").tobytes(),
        "points": np.asarray(points, "<f4").tobytes(),
        "settings": json.dumps(asdict(config)),
        "made_at": made_at or now(),
    }
    with write(db):
        db.execute("DELETE FROM maps")  # of other encoders: nobody could read them together
        db.table("maps").insert(row)
