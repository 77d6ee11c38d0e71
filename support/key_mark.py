"""A fingerprint of the desk's key in its database: another desk's key is told at once.

With a wrong key drafts stay shut, customers get other hashes and the audit trail tears; so nothing
is done with one. A fingerprint is a keyed hash: it shows nobody the key.
"""

import sqlite3
from functools import lru_cache
from pathlib import Path

from sqlite_utils import Database

from .database import KeyedDatabase, scalar
from .errors import WorkspaceError
from .seal import Seal

_WORDS = "this desk's key"


def of(seal: Seal) -> str:
    """The fingerprint of a key, as the database and a backup's manifest hold it."""
    return seal.fingerprint(_WORDS)


def set_mark(db: Database) -> None:
    """Let the database remember its key; one that knows it already stays as it is."""
    path = db.key_path if isinstance(db, KeyedDatabase) else None
    if path is None or not path.exists():
        return
    db.execute(
        "INSERT INTO key_mark (id, fingerprint) VALUES (1, ?) ON CONFLICT (id) DO NOTHING",
        [of(Seal.load(path))],
    )


def check(db: Database, path: Path) -> None:
    """Refuse a key file that is another desk's; a missing one is told when it is needed.

    Raises:
        WorkspaceError: it is.
    """
    try:
        stamp = path.stat().st_mtime_ns
        found = _fingerprint(path, stamp)
    except (OSError, WorkspaceError):
        return
    try:
        mark = scalar(db, "SELECT fingerprint FROM key_mark")
    except sqlite3.OperationalError:  # of a desk that is not up to date
        return
    if mark is not None and mark != found:
        raise WorkspaceError(
            f"The key in {path} (fingerprint {found[:8]}) is another desk's: this one's has the "
            f"fingerprint {mark[:8]}. Put the right key there, or name it with FAQDESK_KEY_FILE."
        )


@lru_cache(maxsize=8)
def _fingerprint(path: Path, _stamp: int) -> str:
    return of(Seal.load(path))
