"""Copies of a desk, and whom they shall forget: upgrade copies are cleaned, backups get a note.

A backup is left as it was made: its sums prove that it is whole. Beside it lies a note of whom the
desk was told to forget since, as keyed hashes; who brings it back forgets them again.
"""

import json
import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from . import forgotten, upgrading
from .backups import known_bundles
from .errors import WorkspaceError
from .forgotten import Entry
from .whole_files import whole_file
from .workspace import Workspace

SUFFIX: Final = ".forgotten.json"  # after a bundle's name
_FORMAT: Final = 1


def upgrade_copies(workspace: Workspace) -> list[Path]:
    """The databases that were put aside before an upgrade, the newest first."""
    return upgrading.backups(workspace.database_path)


def bundles(workspace: Workspace, db: Database) -> list[Path]:
    """The backups that the desk knows of and that are there."""
    return known_bundles(workspace, db)


def scrub(copy: Path, forget: Callable[[Database], object]) -> None:
    """Change a copy where it lies, leaving nothing in its free pages; its age stays what it was.

    Raises:
        WorkspaceError: it cannot be opened or written.
    """
    try:
        times = copy.stat()
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")
            forget(Database(connection))
        # Copies go by their age: a cleaned one is no newer.
        os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))
    except (OSError, sqlite3.Error) as error:
        raise WorkspaceError(
            f"The copy {copy} could not be cleaned of who was forgotten: {error}. Delete it, or "
            f"check the folder's rights and run the same command again."
        ) from error


def tell_all(workspace: Workspace, db: Database) -> list[str]:
    """Let the note beside every backup that is there say whom the desk was told to forget.

    Compared each time, so that nothing hangs on the moment: on a backup that was being made then,
    a disk that was away, or a note that nobody took along.

    Returns:
        What could not be done, in sentences.
    """
    known, amiss = forgotten.entries(db), []
    for bundle in bundles(workspace, db) if known else ():
        try:
            tell(bundle, known)
        except WorkspaceError as error:
            amiss.append(str(error))
    return amiss


def tell(bundle: Path, entries: Iterable[Entry]) -> None:
    """Write beside a backup whom to forget when it is brought back; what stood there stays.

    A damaged note is written anew, of `entries` alone: all whom the desk was told to forget.

    Raises:
        WorkspaceError: the note cannot be written.
    """
    try:
        before = {(entry.kind, entry.hash): entry for entry in told(bundle)}
    except WorkspaceError:
        before = {}
    known = dict(before)
    for entry in entries:
        key = (entry.kind, entry.hash)
        if key not in known or known[key].at < entry.at:
            known[key] = entry
    if known == before:
        return
    place = _beside(bundle)
    words = json.dumps(
        {"format": _FORMAT, "forgotten": [asdict(entry) for entry in known.values()]}, indent=2
    )
    try:
        with whole_file(place, mode=0o600) as half:
            half.write_text(words + "\n", encoding="utf-8")
    except OSError as error:
        raise WorkspaceError(
            f"{place} could not be written ({error}): brought back, {bundle.name} would hold again "
            f"who was forgotten. Make its folder writable, or look at the room on its disk; then "
            f"give the same command again, or wait an hour. Or delete that backup."
        ) from error


def told(bundle: Path) -> list[Entry]:
    """Whom a backup shall forget when it is brought back.

    Raises:
        WorkspaceError: the note is damaged; without it somebody would come back.
    """
    place = _beside(bundle)
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
        return [Entry(**entry) for entry in found["forgotten"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(
            f"{place} says whom to forget when {bundle.name} is brought back, and cannot be read "
            f"({error}). The desk at work writes it anew within the hour, where the backup lies. "
            f"Where there is none bring the note back from a copy of it, or delete it, and forget "
            f"again whom you know of: faqdesk forget"
        ) from error


def _beside(bundle: Path) -> Path:
    return bundle.with_name(bundle.name + SUFFIX)
