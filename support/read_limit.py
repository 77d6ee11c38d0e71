"""How long SQLite may look for what somebody typed: words and filters may ask for anything.

What takes longer is broken off, so that one question never keeps a desk from answering others.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlite_utils import Database

from .errors import SlowReadError

SECONDS: Final = 3.0  # the worst words take 0.4 s among 100,000 inquiries on a busy machine
STEPS: Final = 5_000  # of SQLite's, from one look at the clock to the next: well under 1 ms

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def within(db: Database, *, seconds: float | None = None) -> Iterator[None]:
    """Break off what is read in a block once it takes too long.

    Raises:
        SlowReadError: it was broken off.
    """
    edge = time.monotonic() + (SECONDS if seconds is None else seconds)
    db.conn.set_progress_handler(lambda: time.monotonic() > edge, STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        raise SlowReadError(
            "Looking for this took too long and was broken off. Add a word, or narrow it down: by "
            "days, by person, by category."
        ) from error
    finally:
        db.conn.set_progress_handler(None, 0)


def limited(
    look: Callable[Concatenate[Database, P], T],
) -> Callable[Concatenate[Database, P], T]:
    """Let a function that looks for what somebody typed raise `SlowReadError`."""

    @wraps(look)
    def looked(db: Database, /, *args: P.args, **more: P.kwargs) -> T:
        with within(db):
            return look(db, *args, **more)

    return looked
