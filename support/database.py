"""One SQLite file, opened the same way everywhere.

WAL lets the console read while an import writes; `BEGIN IMMEDIATE` takes the write lock at the
start, so that two writers wait for each other instead of failing half way. Knows no table.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from .errors import WorkspaceError

BUSY_SECONDS = 30.0  # how long a writer waits for another before it gives up

Row = dict[str, Any]


def connect(path: Path) -> Database:
    """Open the database file `path`, making it when it is not there.

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
    except sqlite3.Error as error:
        raise WorkspaceError(
            f"Cannot open {path} as a database ({error}). Check the folder's rights and space, "
            f"or restore it from a backup."
        ) from error
    return Database(connection)


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
        raise
    db.conn.commit()


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
