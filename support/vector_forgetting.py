"""Takes what was removed from desk.db out of every vector engine too, as far as they answer.

Nobody finds it any more as soon as desk.db forgot it; this is about what still lies elsewhere.
"""

import sqlite3

from sqlite_utils import Database

from . import embeddings, vector_collections, vector_engine
from .errors import FaqdeskError, SettingError
from .vector_collections import Collection
from .vector_sync import take_out

_CURE = "FAQDESK_VECTORS={engine} faqdesk vectors {act}"


def forget_there(db: Database) -> str:
    """Send the engine what was removed; what is left to do, in sentences, '' where nothing is.

    Raises nothing, whatever the engine, the disk or the database says: whoever was forgotten is,
    and the worker goes on.
    """
    if not vector_collections.listed(db):
        return ""
    why = ""
    try:
        place = vector_engine.place()
        for found in vector_collections.listed(db):
            here = place is not None and found.engine == place.uri
            if place and here and found.state == "used" and _owes(db, found):
                take_out(db, place, found)
    except (FaqdeskError, sqlite3.Error, OSError) as error:
        why = str(error)
    return " ".join(_left(db, why))


def _left(db: Database, why: str) -> list[str]:
    try:
        place = vector_engine.place()
    except SettingError:
        place = None
    words = []
    owing = [found for found in vector_collections.listed(db) if _owes(db, found)]
    if place and any(found.engine == place.uri and found.state != "left" for found in owing):
        because = f" ({why})" if why else ""
        words.append(
            f"The vector engine {place.uri} holds vectors of what was forgotten until it is sent "
            f"word{because}: the worker does so within a minute of its answering, or: faqdesk "
            f"vectors sync."
        )
    for engine in sorted({found.engine for found in owing if found.state != "left"}):
        if place is None or engine != place.uri:
            cure = _CURE.format(engine=engine, act="drop")
            words.append(
                f"The vector engine {engine}, which is not the one that is set, holds them too: "
                f"{cure}"
            )
    for engine in sorted({found.engine for found in owing if found.state == "left"}):
        cure = _CURE.format(engine=engine, act="drop --left")
        words.append(
            f"Collections in {engine} may be at work for the desk that this one is a copy of, and "
            f"hold them too: forget them there, or if that desk is gone: {cure}"
        )
    return words


def _owes(db: Database, found: Collection) -> bool:
    """Whether a collection was not told of everything that was removed."""
    return found.kind == "inquiries" and found.tombstone < embeddings.last_tombstone(db)
