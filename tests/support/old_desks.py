"""Desks of earlier versions, as their code wrote them; texts, names and keys are ours.

`old_desk.sql` is older than 0.1.0 (its schema ended with the step m004), `desk_0_1_0.sql` is of the
tag v0.1.0 (m020).
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from support.database import connect
from support.migrations import migrations
from support.workspace import Workspace

HERE = Path(__file__).parent
FIRST_KEY = "ECsrkx1m2YzB3HLPNTYWFz8g7QpxJDuqXwmgWMvvMO8=\n"
KEY_0_1_0 = "i6QFR8TR0epBbU+8qHTPeX+NxdtdNZm0BvpYNM6QhUo=\n"


def first_desk(folder: Path) -> Workspace:
    return _desk(folder, "old_desk.sql", FIRST_KEY)


def desk_0_1_0(folder: Path) -> Workspace:
    return _desk(folder, "desk_0_1_0.sql", KEY_0_1_0)


def counts(path: Path) -> dict[str, int]:
    """How many rows each table holds, but those that say what was done to the schema."""
    with closing(sqlite3.connect(path)) as db:
        names = db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
            "AND name NOT LIKE '%\\_search\\__%' ESCAPE '\\' AND name <> '_sqlite_migrations'"
        ).fetchall()
        return {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for (name,) in names}


def steps(path: Path) -> list[str]:
    """The steps of the schema that were taken, in order."""
    with closing(connect(path)) as db:
        return [step.name for step in migrations.applied(db)]


def _desk(folder: Path, sql: str, key: str) -> Workspace:
    """As it was left: stopped, its log written back."""
    space = Workspace(folder / "desk")
    space.models.mkdir(parents=True)
    with closing(sqlite3.connect(space.database_path)) as db:
        db.executescript((HERE / sql).read_text(encoding="utf-8"))
        db.execute("PRAGMA journal_mode = WAL")
    space.key_path.write_text(key)
    space.key_path.chmod(0o600)
    return space
