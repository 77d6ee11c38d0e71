"""What desk.db knows of the collections that a vector engine keeps for it: which, and how far.

A collection holds the vectors of one kind and one model. Its name is drawn by chance, so that no
two databases share one: where this database turns out to be another than the one that filled it
(brought back from a backup, copied by hand), the collection is left alone and a new one is made.
Speaks to no engine.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from sqlite_utils import Database

from .clock import ago, now
from .database import Row, one, write

Kind = Literal["inquiries", "listing_texts", "listing_pictures"]
State = Literal["used", "dropping", "left"]

LATE_MINUTES: Final = 15  # the worker looks every minute
_CHANCE: Final = 8  # bytes of a name


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection.

    Attributes:
        name: what the engine knows it by.
        engine: where it lies, without a secret.
        kind: what its vectors are of.
        version: of the model that made them.
        dim: numbers a vector.
        seq: it holds desk.db's vectors up to here,
        tombstone: and forgot what was removed up to here.
        count: how many it held when all of a batch was acknowledged; None: one is on its way.
        state: `used`; `dropping`: it goes; `left`: another database may be at work with it.
        synced_at: when it was brought up to date last; None: never yet.
    """

    name: str
    engine: str
    kind: Kind
    version: str
    dim: int
    seq: int
    tombstone: int
    count: int | None
    state: State
    synced_at: str | None


def used(db: Database, engine: str, kind: Kind, version: str) -> Collection | None:
    """The collection that holds the vectors of a kind and model; None before the first."""
    sql = """
        SELECT * FROM vector_collections
        WHERE engine = ? AND kind = ? AND version = ? AND state = 'used' AND file = ?
    """
    row = one(db, sql, [engine, kind, version, file_of(db)])
    return _collection(row) if row else None


def listed(db: Database) -> list[Collection]:
    """Every collection that the desk knows of, oldest first; those of a copied file are left."""
    own = file_of(db)
    found = []
    for row in db.query("SELECT * FROM vector_collections ORDER BY made_at, name"):
        foreign = row["state"] == "used" and row["file"] != own
        found.append(_collection(row | ({"state": "left"} if foreign else {})))
    return found


def make(
    db: Database, engine: str, kind: Kind, version: str, *, dim: int, tombstone: int
) -> Collection:
    """Note a new, empty collection for a kind and model; one that was used before goes.

    Args:
        db: the desk's database.
        engine: where it shall lie.
        kind: of what.
        version: of which model.
        dim: numbers a vector.
        tombstone: the newest one: what was removed before it, was never in the collection.
    """
    file = file_of(db)
    name = f"faqdesk_{kind}_{version[:12]}_{secrets.token_hex(_CHANCE)}".replace("-", "_")
    with write(db):
        # Another file's may be another desk's at work: it is left alone.
        db.execute(
            "UPDATE vector_collections SET state = iif(file = ?, 'dropping', 'left') "
            "WHERE engine = ? AND kind = ? AND version = ? AND state = 'used'",
            [file, engine, kind, version],
        )
        row = {
            "name": name, "engine": engine, "kind": kind, "version": version, "dim": dim,
            "tombstone": tombstone, "count": 0, "file": file, "made_at": now(),
        }  # fmt: skip
        db.table("vector_collections").insert(row)
    found = used(db, engine, kind, version)
    assert found is not None  # noqa: S101 - it was made in this moment
    return found


def begin(db: Database, name: str) -> None:
    """Note that a batch is on its way: until it is acknowledged nobody knows how many there are."""
    with write(db):
        db.execute("UPDATE vector_collections SET count = NULL WHERE name = ?", [name])


def advance(db: Database, name: str, *, seq: int, tombstone: int) -> None:
    """Note how far a collection goes, after a batch was acknowledged."""
    with write(db):
        sql = "UPDATE vector_collections SET seq = ?, tombstone = ? WHERE name = ?"
        db.execute(sql, [seq, tombstone, name])


def settle(db: Database, name: str, *, count: int) -> None:
    """Note that a collection is up to date, and how many vectors it holds."""
    with write(db):
        sql = "UPDATE vector_collections SET count = ?, synced_at = ? WHERE name = ?"
        db.execute(sql, [count, now(), name])


def let_go(db: Database, kind: Kind, *, keep: list[str]) -> int:
    """Let the collections of models that are gone be dropped; returns how many."""
    marks = ",".join("?" * len(keep))
    sql = f"""
        UPDATE vector_collections SET state = 'dropping'
        WHERE kind = ? AND state = 'used' AND file = ? AND version NOT IN ({marks})
    """  # noqa: S608 - only question marks are put in
    with write(db):
        return int(db.execute(sql, [kind, file_of(db), *keep]).rowcount)


def let_all_go(db: Database, engine: str, *, left: bool = False) -> int:
    """Let every collection of this database in an engine be dropped, or those left; how many."""
    which = (
        "(state = 'left' OR (state = 'used' AND file <> ?))"
        if left
        else "state = 'used' AND file = ?"
    )
    sql = f"UPDATE vector_collections SET state = 'dropping' WHERE engine = ? AND {which}"  # noqa: S608 - ours
    with write(db):
        return int(db.execute(sql, [engine, file_of(db)]).rowcount)


def leave_all(db: Database) -> int:
    """Leave every collection alone: this database was brought back, and is another from now on."""
    with write(db):
        sql = "UPDATE vector_collections SET state = 'left' WHERE state = 'used'"
        return int(db.execute(sql).rowcount)


def dropped(db: Database, name: str) -> None:
    """Forget a collection that the engine dropped."""
    with write(db):
        db.execute("DELETE FROM vector_collections WHERE name = ?", [name])


def note_away(db: Database, engine: str, why: str) -> None:
    """Note that an engine did not answer; since when is kept while it does not."""
    with write(db):
        db.execute(
            "INSERT INTO vector_engines (engine, away_since, why) VALUES (?, ?, ?) "
            "ON CONFLICT (engine) DO UPDATE SET why = excluded.why",
            [engine, now(), why],
        )


def note_back(db: Database, engine: str) -> None:
    """Note that an engine answered."""
    if away(db, engine) is not None:
        with write(db):
            db.execute("DELETE FROM vector_engines WHERE engine = ?", [engine])


def away(db: Database, engine: str) -> tuple[str, str] | None:
    """Since when an engine has not answered, and why; None where it did when asked last."""
    row = one(db, "SELECT away_since, why FROM vector_engines WHERE engine = ?", [engine])
    return (row["away_since"], row["why"]) if row else None


def late(db: Database, engine: str) -> bool:
    """Whether some collection was not brought up to date for long, though it should be."""
    sql = """
        SELECT 1 FROM vector_collections
        WHERE engine = ? AND state = 'used' AND file = ? AND coalesce(synced_at, made_at) < ?
    """
    return one(db, sql, [engine, file_of(db), ago(minutes=LATE_MINUTES)]) is not None


def file_of(db: Database) -> int:
    """Which file a database is, its inode: a copy of it is another."""
    path = path_of(db)
    return path.stat().st_ino if path else 0


def path_of(db: Database) -> Path | None:
    """Where a database lies; None of one in memory."""
    for _, name, path in db.conn.execute("PRAGMA database_list"):
        if name == "main" and path:
            return Path(path)
    return None


def _collection(row: Row) -> Collection:
    names = Collection.__dataclass_fields__
    return Collection(**{name: row[name] for name in names})
