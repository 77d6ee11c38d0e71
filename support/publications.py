"""In which order releases were in force, and where a rollback goes: a stack for each line.

A move is written here first, then the file that says what is in force is replaced, then the move is
marked done. One that was cut off before the file is struck out by the next: the file is the truth,
and who reads it says what it names (`live`).
"""

from dataclasses import dataclass

from sqlite_utils import Database

from .audit import Actor, record
from .clock import now
from .database import Row, insert, one, write


@dataclass(frozen=True, slots=True)
class Move:
    """Why a release is moved, in somebody's words.

    `forced`: it was told to be worse, and somebody insisted. `rolled_back`: a way back, not a
    publication.
    """

    reason: str = ""
    forced: bool = False
    rolled_back: bool = False


@dataclass(frozen=True, slots=True)
class Reign:
    """A time in which a release was in force; `until` is None for the one that is."""

    release: str
    since: str
    until: str | None
    actor: str
    move: Move


def begin(
    db: Database, name: str, *, line: str, back_to: int | None, actor: Actor, move: Move
) -> int:
    """Write down that a release is about to come into force.

    Args:
        db: the desk's database.
        name: the release.
        line: the line that it moves on.
        back_to: the publication that a rollback goes back to.
        actor: who moves it.
        move: why, and which way.

    Returns:
        The publication's id, for `finish`.
    """
    row = {"release": name, "line": line, "back_to": back_to, "at": now(), "actor": actor.name}
    why = {"reason": move.reason, "forced": move.forced, "rolled_back": move.rolled_back}
    return insert(db, "publications", row | why | {"done": 0})


def finish(db: Database, publication: int) -> None:
    """Mark a move done: the file names its release."""
    with write(db):
        db.execute("UPDATE publications SET done = 1 WHERE id = ?", [publication])


def settle(db: Database, live: str | None, *, line: str, actor: Actor) -> None:
    """Mark a move done that was cut off after the file, strike out one cut off before it.

    Args:
        db: the desk's database.
        live: the release that the file names.
        line: the line that it names it for.
        actor: who finds it.
    """
    with write(db):
        cut = "SELECT id, release FROM publications WHERE line = ? AND done = 0"
        for row in list(db.query(cut, [line])):
            if row["release"] == live:
                finish(db, row["id"])
            else:
                db.execute("DELETE FROM publications WHERE id = ?", [row["id"]])
                record(db, actor, "release.cut_off", f"release:{row['release']}")


def newest(db: Database, name: str | None) -> Row | None:
    """The newest publication of a release; None where there is none."""
    sql = "SELECT * FROM publications WHERE release = ? ORDER BY id DESC LIMIT 1"
    return one(db, sql, [name])


def last_times(db: Database, live: str | None, *, line: str) -> dict[str, Row]:
    """When each release of a line came into force last, and by whom, by name.

    A move that was cut off, or is at work, is left out unless the file (`live`) names its release.
    """
    sql = "SELECT * FROM publications WHERE line = ? AND (done OR release = ?) ORDER BY id"
    return {row["release"]: row for row in db.query(sql, [line, live])}


def before(db: Database, release: Row) -> str:
    """The release that was in force on its line when one was made; empty where none was.

    Args:
        db: the desk's database.
        release: its row of `releases`.
    """
    sql = """
        SELECT release FROM publications
        WHERE line = :line AND done AND at <= :created_at AND release <> :name
            AND id < coalesce((SELECT min(id) FROM publications WHERE release = :name), 1e18)
        ORDER BY id DESC LIMIT 1
    """
    row = one(db, sql, {key: release[key] for key in ("line", "created_at", "name")})
    return str(row["release"]) if row else ""


def way_back(db: Database, live: str | None) -> list[str]:
    """The releases that rolling back again and again leads to, the next one first."""
    sql = "SELECT id, release, back_to FROM publications ORDER BY id"
    rows = {row["id"]: row for row in db.query(sql)}
    mine = [key for key, row in rows.items() if row["release"] == live]
    row = rows[mine[-1]] if mine else None
    found: dict[str, None] = {}
    while row is not None:
        row = rows.get(row["back_to"])
        if row is not None and row["release"] != live:
            found[row["release"]] = None
    return list(found)


def history(db: Database, live: str | None, *, line: str, limit: int = 20) -> list[Reign]:
    """What was in force when, by whom and why, newest first.

    `live` is the release that the file names, as for `last_times`.
    """
    sql = """
        SELECT * FROM publications WHERE line = ? AND (done OR release = ?)
        ORDER BY id DESC LIMIT ?
    """
    found = []
    until = None
    for row in db.query(sql, [line, live, limit]):
        move = Move(row["reason"], bool(row["forced"]), bool(row["rolled_back"]))
        found.append(Reign(row["release"], row["at"], until, row["actor"], move))
        until = row["at"]
    return found
