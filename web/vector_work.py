"""Keeps the vector engine up to date: what the worker does every minute, and a command at once."""

import json
import time
from collections.abc import Callable
from contextlib import closing

import structlog
from sqlite_utils import Database

from listings.similar.collections import ListingSource
from support import vector_collections, vector_engine
from support.database import one
from support.encoder import SentenceEncoder
from support.errors import IndexServerError
from support.milvus_collection import MilvusPlace
from support.recommender import Recommender
from support.vector_collections import Collection, Kind
from support.vector_sync import Inquiries, Source, drop_due, sync
from support.workspace import Workspace

Progress = Callable[[int, int, str], None]

log = structlog.get_logger("faqdesk.vectors")

# Of each kind the model that described last: its vectors are the ones in use.
_NEWEST = (
    "SELECT version, positions, vectors FROM listing_vectors WHERE kind = ? AND vectors <> '' "
)
_KINDS: dict[str, Kind] = {"text": "listing_texts", "picture": "listing_pictures"}


def keep(workspace: Workspace, *, seconds: float) -> None:
    """Bring the engine up to date again and again, in a thread of its own; never returns.

    One that is away is noted, and asked again.
    """
    place = vector_engine.place()
    if place is None:
        return
    recommender = Recommender(workspace)
    while True:
        try:
            with closing(workspace.database()) as db:
                similar = recommender.models().similar
                encoder = similar.encoder if similar is not None else None
                bring_up(db, place, encoder=encoder, wait=False)
        except IndexServerError as error:
            log.warning("vector engine away", why=str(error))
        except Exception:  # a full disk, a locked database: the next look may do better
            log.error("vectors were not sent", exc_info=True)
        time.sleep(seconds)


def bring_up(
    db: Database,
    place: MilvusPlace,
    *,
    encoder: SentenceEncoder | None,
    wait: bool = True,
    anew: bool = False,
    progress: Progress = lambda done, total, message: None,
) -> None:
    """Bring every collection up to date, make those that are missing, drop those that shall go.

    Args:
        db: the desk's database.
        place: the engine.
        encoder: the one in force; None: there is none yet.
        wait: for another run to end; without, that one is left to it.
        anew: build every collection under another name, and drop those that were there.
        progress: told rows done, all of them and a message; may raise.

    Raises:
        IndexServerError: the engine does not answer, or refuses; that is noted.
    """
    try:
        done = [
            sync(db, place, source, wait=wait, anew=anew, progress=progress)
            for source in sources(db, place, encoder)
        ]
        drop_due(db, place, wait=wait)
    except IndexServerError as error:
        vector_collections.note_away(db, place.uri, str(error))
        raise
    if None not in done:  # else the engine was not asked: another run knows
        vector_collections.note_back(db, place.uri)


def sources(db: Database, place: MilvusPlace, encoder: SentenceEncoder | None) -> list[Source]:
    """What the engine shall hold: the models in use, and those that a rollback goes back to."""
    found: dict[tuple[str, str], Source] = {}
    if encoder is not None:
        found["inquiries", encoder.version] = Inquiries(encoder.version, encoder.dim)
    for name, kind in _KINDS.items():
        row = one(db, _NEWEST + "ORDER BY seq DESC LIMIT 1", [name])
        if row is not None:
            pictures = max(len(json.loads(row["positions"])), 1)
            dim = len(row["vectors"]) // 4 // pictures
            found[kind, row["version"]] = ListingSource(kind, row["version"], dim)
    for at in vector_collections.listed(db):
        if at.engine != place.uri or at.state != "used" or (at.kind, at.version) in found:
            continue
        found[at.kind, at.version] = source_of(at)
    return list(found.values())


def source_of(at: Collection) -> Source:
    """What of desk.db a collection holds."""
    if at.kind == "inquiries":
        return Inquiries(at.version, at.dim)
    return ListingSource(at.kind, at.version, at.dim)
