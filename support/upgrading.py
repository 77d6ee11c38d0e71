"""A desk of an earlier faqdesk is brought up to date, after a copy of its database was put aside.

The copy is made by SQLite itself, so that it is whole while others read and write. It holds what
the desk held, sealed words among them: two are kept, a week at most. The steps are one transaction:
one that fails or is killed leaves the desk as it was, and the faqdesk before can still open it.
"""

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from .database import scalar, write
from .errors import WorkspaceError
from .migrations import migrations
from .whole_files import sync_to_disk

KEPT: Final = 2  # copies, the newest
KEPT_DAYS: Final = 7  # as long as originals of closed inquiries usually are
ROOM: Final = 1.2  # of the database's size must be free: the copy, and what the steps write


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What was done: the steps, in order, and the copy of before; None: there was nothing yet."""

    steps: tuple[str, ...]
    backup: Path | None


def upgrade(db: Database, path: Path) -> Upgrade:
    """Bring a database's schema up to date; of one that holds a desk, put a copy aside first.

    Several processes may find it old at once: one does it, the others wait.

    Args:
        db: the open database.
        path: its file; copies go to `backups/` beside it.

    Returns:
        What was done; no steps where there was nothing to do.

    Raises:
        WorkspaceError: there is no room for the copy, or a step failed; nothing is changed then.
    """
    if not migrations.pending(db):
        return Upgrade((), None)
    with _alone(path):
        steps = tuple(step.name for step in migrations.pending(db))
        if not steps:  # another process was first
            return Upgrade((), None)
        backup = _put_aside(db, path) if migrations.applied(db) else None
        failed = ""
        try:
            with write(db):
                try:
                    migrations.apply(db)
                except sqlite3.Error:
                    # A full disk ends the whole transaction at once, and the name is lost with it.
                    if db.conn.in_transaction:
                        failed = f"{migrations.pending(db)[0].name}: "
                    raise
        except sqlite3.Error as error:
            kept = f" A copy is in {backup}." if backup else ""
            raise WorkspaceError(
                f"{path} could not be brought up to date, and is as it was: {failed}{error}.{kept} "
                f"Look at the disk's space and the folder's rights, then start faqdesk again."
            ) from error
    return Upgrade(steps, backup)


def forget(path: Path, *, days: int = KEPT_DAYS) -> int:
    """Delete copies that are older than so many days; returns how many."""
    edge = time.time() - days * 86_400
    old = [copy for copy in backups(path) if copy.stat().st_mtime < edge]
    for copy in old:
        copy.unlink(missing_ok=True)
    return len(old)


def backups(path: Path) -> list[Path]:
    """The copies of a database, the newest first."""
    found = (path.parent / "backups").glob("desk-before-*.db")
    return sorted(found, key=lambda copy: copy.stat().st_mtime, reverse=True)


def _put_aside(db: Database, path: Path) -> Path:
    """Copy a database as it is; written beside its place, then renamed."""
    folder = path.parent / "backups"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for half in folder.glob("desk-before-*.half*"):  # of one that was killed
            half.unlink()
        size = scalar(db, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        free = shutil.disk_usage(folder).free
        if free < ROOM * size:
            raise WorkspaceError(
                f"{path} is of an earlier faqdesk, and there is no room for a copy of it before it "
                f"is changed: {free:,} of {int(ROOM * size):,} bytes are free in {folder}. Make "
                f"room, then start faqdesk again."
            )
        first = next(step.name for step in migrations.pending(db)).partition("_")[0]
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        copy = folder / f"desk-before-{first}-{stamp}.db"
        half = copy.with_suffix(".half")
        half.touch(mode=0o600)
        with closing(sqlite3.connect(half)) as other:
            db.conn.backup(other)
            # One file that can be read where it lies, without a log beside it.
            other.execute("PRAGMA journal_mode = DELETE")
            whole = other.execute("PRAGMA quick_check").fetchone()[0]
        if whole != "ok":
            raise WorkspaceError(f"The copy {half} of {path} is damaged: {whole}. Check the disk.")
        sync_to_disk(half)
        half.replace(copy)
        sync_to_disk(folder)  # before the steps are: afterwards only the copy leads back
        for old in backups(path)[KEPT:]:
            old.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise WorkspaceError(
            f"{path} is of an earlier faqdesk, and a copy could not be put into {folder} before it "
            f"is changed: {error}. Check the folder's rights and the disk's space."
        ) from error
    return copy


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold off other processes that would bring the same desk up to date."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
