"""The audit trail is a chain: each row holds the hash of the row before it, and its own.

The hashes are keyed with the desk's key (HMAC-SHA256), not plain: plain ones can be worked out
anew by whoever can write to the database. Without the key no row can be changed, added, moved or
taken out unnoticed. That the newest rows were cut off is told by two more things:

- `audit_head`, a row that names the last act and is sealed with the key. It is renewed in the same
  transaction as each act: whoever has the database cannot make one for an earlier act.
- the anchor, a small file beside the key that says the same. It is renewed after each transaction
  with an act, and never moved back: a whole database put back to an earlier state is noticed,
  which the database alone could not tell. Where the key's folder cannot be written there is none.

An act costs two hashes and one row more. A trail whose end was tampered with is gone on with, so
that no act goes unrecorded, but as a chain begun anew: what happened stays visible for ever.
Nobody who holds the key and the database is stopped: keep them apart.
"""

import fcntl
import json
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from .database import KeyedDatabase, Row, one, scalar, write
from .errors import WorkspaceError
from .seal import Seal

FIELDS: Final = (
    *("id", "at", "actor", "address", "action", "object", "detail", "release", "threshold"),
    *("policy", "automatic", "person"),
)
TRIGGERS: Final = ("audit_no_update", "audit_no_delete", "audit_no_replace")
TORN: Final = "torn"  # stands for the hash before, where what named it was tampered with
_TOGETHER: Final = 1000  # rows that are read at once
_COLUMNS: Final = (*FIELDS, "previous", "hash")
_INSERT: Final = (
    f"INSERT INTO audit ({', '.join(_COLUMNS)}) "  # noqa: S608 - ours
    f"VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
)
_ANCHOR: Final = "{last:020d} {hash} {seal}\n"
_LENGTH: Final = len(_ANCHOR.format(last=0, hash="0" * 64, seal="0" * 64))


@dataclass(frozen=True, slots=True)
class End:
    """The last act, by its row and hash, and the seal that only the key's holder can make."""

    last: int
    hash: str
    seal: str

    def holds(self, seal: Seal) -> bool:
        """Whether the key's holder wrote it."""
        return self == _end(seal, self.last, self.hash)


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the trail is not as it was written.

    `row` is the act's number, 0 where it is not one act. `why`: `changed` (not the words that were
    recorded), `torn` (what came before it is missing, moved, or was put in), `cut` (acts at the end
    are missing), `end` (what names the last act is missing or not the desk's), `earlier` (the
    database is in a state from before what the anchor saw, or another one), `open` (the schema no
    longer keeps rows from being changed), `key` (no row fits this key).
    """

    row: int
    why: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """How many acts there are, where the chain breaks first, and whether there is an anchor."""

    acts: int
    broken: Break | None
    anchored: bool


def append(db: Database, row: Row) -> None:
    """Add an act, linked to the one before; in the caller's transaction when there is one.

    Raises:
        WorkspaceError: the key is missing: an act that cannot be recorded is not done.
    """
    seal = _key(db)
    with write(db):
        head = _head(db)
        newest = scalar(db, "SELECT max(id) FROM audit") or 0
        previous = head.hash if head and head.holds(seal) else TORN
        last = max(newest, head.last if head else 0)
        row = row | {"id": last + 1, "previous": previous}
        row["hash"] = _link(seal, row)
        db.conn.execute(_INSERT, row)
        _renew(db, _end(seal, last + 1, row["hash"]))
    if isinstance(db, KeyedDatabase):
        db.after_commit(lambda: _anchor(db))


def chain(db: Database) -> None:
    """Link the rows of a desk that had no chain yet; they are taken to be what was written.

    Raises:
        WorkspaceError: the key is missing.
    """
    last, previous = 0, ""
    if _key_path(db) is None and not scalar(db, "SELECT 1 FROM audit LIMIT 1"):
        return  # nothing to link, and no desk to go on with
    seal = _key(db)
    for rows in _pieces(db):
        linked = []
        for row in rows:
            hashed = _link(seal, row | {"previous": previous})
            linked.append((previous, hashed, row["id"]))
            last, previous = row["id"], hashed
        db.conn.executemany("UPDATE audit SET previous = ?, hash = ? WHERE id = ?", linked)
    _renew(db, _end(seal, last, previous))


def verify(db: Database, *, progress: Callable[[int], None] | None = None) -> Report:
    """Walk the whole trail, from the first act on.

    Args:
        db: the desk's database.
        progress: is told how many acts were looked at, now and then.

    Raises:
        WorkspaceError: the key is missing.
    """
    seal, anchor = _key(db), _anchored(db)
    acts, broken, last, previous = 0, None, 0, ""
    with _one_moment(db):
        for rows in _pieces(db):
            for row in rows:
                why = _wrong(seal, row, previous)
                if why and broken is None:
                    broken = Break(row["id"], why, _named(row))
                acts, last, previous = acts + 1, row["id"], row["hash"]
            if progress:
                progress(acts)
        if broken and broken.row == _first(db) and broken.why == "changed":
            head = _head(db)
            if head and not head.holds(seal):
                broken = Break(0, "key")
        broken = broken or _end_wrong(db, seal, anchor, last, previous)
    return Report(acts, broken, anchor is not None)


def glance(db: Database) -> Report:
    """What can be told at once, however long the trail: its end, its anchor, its schema."""
    seal, anchor = _key(db), _anchored(db)
    with _one_moment(db):
        row = one(db, "SELECT * FROM audit ORDER BY id DESC LIMIT 1")
        if row and _link(seal, row) != row["hash"]:
            broken: Break | None = Break(row["id"], "changed", _named(row))
        else:
            end = (row["id"], row["hash"]) if row else (0, "")
            broken = _end_wrong(db, seal, anchor, *end)
    return Report(row["id"] if row else 0, broken, anchor is not None)


def head(db: Database) -> End | None:
    """The last act, as a backup's manifest names it; None where it is missing."""
    return _head(db)


def accept(db: Database) -> None:
    """Let the anchor say what the trail's end is now, as after a backup was put back.

    Raises:
        WorkspaceError: the key's folder cannot be written.
    """
    found, path = _head(db), _anchor_path(db)
    if found is None or path is None:
        return
    try:
        with _held(path) as descriptor:
            _write(descriptor, found)
    except OSError as error:
        raise WorkspaceError(
            f"Cannot write {path}, which says where the audit trail ends: {error.strerror}. Let "
            f"faqdesk write to the key's folder."
        ) from error


def _wrong(seal: Seal, row: Row, previous: str) -> str:
    """What speaks against a row."""
    if _link(seal, row) != row["hash"]:
        return "changed"
    return "" if row["previous"] == previous else "torn"


@contextmanager
def _one_moment(db: Database) -> Iterator[None]:
    """Read the trail and what names its end as they were at one moment, whoever adds to them.

    The anchor is read before: it may lag behind them then, and is never ahead.
    """
    if db.conn.in_transaction:
        yield
        return
    db.conn.execute("BEGIN")
    try:
        yield
    finally:
        db.conn.rollback()


def _end_wrong(
    db: Database, seal: Seal, anchor: End | None, last: int, hashed: str
) -> Break | None:
    """What speaks against the trail's end, its anchor and its schema."""
    found = _head(db)
    if found is None or not found.holds(seal):
        return Break(0, "end")
    if found.last > last:
        return Break(last + 1, "cut")
    if (found.last, found.hash) != (last, hashed):
        return Break(0, "end")
    if anchor and (not anchor.holds(seal) or not _reaches(db, anchor)):
        return Break(anchor.last, "earlier")
    sql = "SELECT group_concat(name) FROM sqlite_master WHERE type = 'trigger'"
    there = (scalar(db, sql) or "").split(",")
    missing = [name for name in TRIGGERS if name not in there]
    return Break(0, "open", ", ".join(missing)) if missing else None


def _link(seal: Seal, row: Row) -> str:
    """A row's own hash: of all that it says, its number and the hash before it among that."""
    said = ["act", row["previous"], *(row[name] for name in FIELDS)]
    return _hash(seal, said)


def _end(seal: Seal, last: int, hashed: str) -> End:
    return End(last, hashed, _hash(seal, ["end", last, hashed]))


def _hash(seal: Seal, said: list[Any]) -> str:
    # Bytes may stand where we write words: not ours, and no reason to fail.
    return seal.link(json.dumps(said, ensure_ascii=False, separators=(",", ":"), default=repr))


def _head(db: Database) -> End | None:
    row = one(db, "SELECT last, hash, seal FROM audit_head WHERE id = 1")
    return End(row["last"], row["hash"], row["seal"]) if row else None


def _renew(db: Database, end: End) -> None:
    db.conn.execute(
        "INSERT INTO audit_head (id, last, hash, seal) VALUES (1, ?, ?, ?) ON CONFLICT (id) "
        "DO UPDATE SET last = excluded.last, hash = excluded.hash, seal = excluded.seal",
        (end.last, end.hash, end.seal),
    )


def _pieces(db: Database) -> Iterator[list[Row]]:
    """The trail from its first act on, some rows at a time."""
    after = -math.inf
    sql = "SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT ?"
    while rows := list(db.query(sql, [after, _TOGETHER])):
        yield rows
        after = rows[-1]["id"]


def _first(db: Database) -> int:
    return int(scalar(db, "SELECT min(id) FROM audit"))


def _named(row: Row) -> str:
    return f"{row['at']} {row['actor']} {row['action']} {row['object']}"


# The key, and the anchor beside it


def _key(db: Database) -> Seal:
    path = _key_path(db)
    if path is None:
        raise WorkspaceError(
            "The audit trail is chained with the desk's key, and this connection knows none. "
            "Open the desk with Workspace.database()."
        )
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        stamp = 0
    return _loaded(path, stamp)


def _key_path(db: Database) -> Path | None:
    return db.key_path if isinstance(db, KeyedDatabase) else None


@lru_cache(maxsize=4)
def _loaded(path: Path, _stamp: int) -> Seal:
    """A key, read once: a request has a connection of its own."""
    return Seal.load(path)


def _anchor_path(db: Database) -> Path | None:
    return db.anchor_path if isinstance(db, KeyedDatabase) else None


def _anchored(db: Database) -> End | None:
    """What the anchor says; None where there is none."""
    path = _anchor_path(db)
    if path is None:
        return None
    try:
        return _read(path.read_bytes())
    except OSError:
        return None


def _anchor(db: Database) -> None:
    """Move the anchor on to the trail's end; never back, and never to another trail.

    The trail is written already when this is done, and stays so where the file cannot be: the
    audit page and `faqdesk status` then say that there is no anchor.
    """
    path = _anchor_path(db)
    if path is None:
        return
    with suppress(OSError), _held(path) as descriptor:
        there = _read(os.pread(descriptor, _LENGTH, 0))
        found = _head(db)
        if found and (there is None or (there.last < found.last and _reaches(db, there))):
            _write(descriptor, found)


class _held:  # noqa: N801 - a context manager, read as a word
    """The anchor's file, open, and others kept off it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> int:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _write(descriptor: int, end: End) -> None:
    """One write of one length: it is never seen half done."""
    os.pwrite(descriptor, _ANCHOR.format(last=end.last, hash=end.hash, seal=end.seal).encode(), 0)


def _read(written: bytes) -> End | None:
    """What stands in an anchor; an empty file says nothing yet, and a damaged one is nobody's."""
    if not written:
        return None
    words = written.decode("ascii", "replace").split()
    if len(words) != 3 or not words[0].isdecimal():
        return End(0, "", "")
    return End(int(words[0]), words[1], words[2])


def _reaches(db: Database, anchor: End) -> bool:
    """Whether the act that the anchor saw last is in the trail."""
    found: Any = scalar(db, "SELECT hash FROM audit WHERE id = ?", [anchor.last])
    return bool(found == anchor.hash)
