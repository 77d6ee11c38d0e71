"""One SQLite file, opened the same way everywhere.

WAL lets the console read while an import writes; `BEGIN IMMEDIATE` takes the write lock at the
start, so that two writers wait for each other instead of failing half way. Knows no table.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from .errors import WorkspaceError

# How long a writer waits for another before it gives up.
BUSY_SECONDS = float(os.environ.get("FAQDESK_BUSY_SECONDS", "30"))

Row = dict[str, Any]


class KeyedDatabase(Database):
    """A connection that knows where the desk's key lies, and what to do once it has committed."""

    key_path: Path | None = None
    anchor_path: Path | None = None  # what says where the audit trail ends
    _then: Callable[[], None] | None = None

    def after_commit(self, then: Callable[[], None]) -> None:
        """Do something once the transaction stands, at once outside of one; the last call counts.

        What is not committed is not followed by it.
        """
        if self.conn.in_transaction:
            self._then = then
        else:
            then()

    def ended(self, *, committed: bool) -> None:
        """Be told that the transaction ended."""
        then, self._then = self._then, None
        if then and committed:
            then()


def connect(
    path: Path, *, key_path: Path | None = None, anchor_path: Path | None = None
) -> KeyedDatabase:
    """Open the database file `path`, making it when it is not there.

    Args:
        path: the file.
        key_path: the desk's key; without it no act can be recorded.
        anchor_path: the file beside the key that says where the audit trail ends.

    Raises:
        WorkspaceError: the file is not a database, or cannot be opened.
    """
    try:
        # A web worker hands its connection from thread to thread, one at a time.
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        # FULL: an acknowledged answer survives a power cut, not only a crash.
        connection.execute("PRAGMA synchronous = FULL")
        # What is deleted is overwritten, not only set free; not every build of SQLite does it.
        connection.execute("PRAGMA secure_delete = ON")
    except sqlite3.Error as error:
        raise WorkspaceError(
            f"Cannot open {path} as a database ({error}). Check the folder's rights and space, "
            f"or restore it from a backup."
        ) from error
    database = KeyedDatabase(connection)
    database.key_path, database.anchor_path = key_path, anchor_path
    return database


@contextmanager
def write(db: Database) -> Iterator[Database]:
    """Run a block as one transaction; inside another one, as a part of it."""
    if db.conn.in_transaction:
        with db.atomic():
            yield db
        return
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        yield db
    except BaseException:
        db.conn.rollback()
        _ended(db, committed=False)
        raise
    db.conn.commit()
    _ended(db, committed=True)


def write_if_free(db: Database, sql: str, parameters: Any = None) -> bool:
    """Write what nobody misses, such as when somebody was last seen, without waiting for others.

    Returns:
        Whether it was written: not where somebody else writes, or nothing can be written.
    """
    db.conn.execute("PRAGMA busy_timeout = 0")
    try:
        with write(db):
            db.execute(sql, parameters or ())
    except sqlite3.OperationalError:
        return False
    finally:
        db.conn.execute(f"PRAGMA busy_timeout = {int(1000 * BUSY_SECONDS)}")
    return True


def _ended(db: Database, *, committed: bool) -> None:
    if isinstance(db, KeyedDatabase):
        db.ended(committed=committed)


def settle(db: Database) -> bool:
    """Write the log of changes into the database and empty it: it still holds what was deleted.

    Returns:
        Whether it is empty; false where somebody reads what came before.
    """
    busy, _, _ = db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def one(db: Database, sql: str, parameters: Any = None) -> Row | None:
    """The first row of a query, or None."""
    return next(iter(db.query(sql, parameters)), None)


def scalar(db: Database, sql: str, parameters: Any = None) -> Any:
    """The first column of the first row, or None."""
    row = db.conn.execute(sql, parameters or ()).fetchone()
    return None if row is None else row[0]


def insert(db: Database, table: str, row: Row) -> int:
    """Insert a row into a table with an integer key, and return that key."""
    key = db.table(table).insert(row).last_pk
    assert isinstance(key, int)  # noqa: S101 - every table this is called for has one
    return key
