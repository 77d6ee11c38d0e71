"""What must hold of a desk at any moment, however it was left."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from support import audit_chain
from support.artifact import read_artifact
from support.database import connect
from support.migrations import migrations
from support.release import LINES, current
from support.restore import STAGE
from support.workspace import Workspace

MODELS = {"encoder", "index", "faq", "category", "moderation", "similar"}


def assert_sound(space: Workspace) -> None:
    """Databases and audit trail are whole, what can be loaded as a model is one, releases load."""
    if not space.exists():
        return  # none was made yet, or none was brought back
    for path in sorted(space.home.glob("**/*.db")):
        with closing(connect(path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)], path
            assert db.execute("PRAGMA foreign_key_check").fetchall() == [], path
            for name in _searched(db.conn):
                db.execute(f"INSERT INTO {name}({name}, rank) VALUES ('integrity-check', 0)")
    for folder in model_folders(space):
        read_artifact(folder, folder.parent.name)
    for line in LINES:
        assert_in_force(space, line)
    with closing(connect(space.database_path)) as db:
        chained = not migrations.pending(db)
    if (space.home / STAGE).exists():
        return  # it is being brought back: once that has ended its trail goes on
    if chained:  # which brings a desk up to date
        with closing(space.database()) as db:
            assert audit_chain.verify(db).broken is None


def assert_in_force(space: Workspace, line: str) -> None:
    """What a line's file names is there, and the desk knows it."""
    release = current(space.models, line=line)
    if release is None:
        return
    with closing(connect(space.database_path)) as db:
        sql = "SELECT parts FROM releases WHERE name = ? AND line = ?"
        known = db.execute(sql, [release.name, line]).fetchone()
    assert known, f"{release.name} is in force, and the desk does not know it"
    for kind, part in json.loads(known[0]).items():
        assert release.parts[kind] == part["version"]
        assert read_artifact(space.models / kind / part["version"], kind).version == part["hash"]


def model_folders(space: Workspace) -> list[Path]:
    """Whatever a command could be told to load."""
    found = (path for kind in sorted(MODELS) for path in (space.models / kind).glob("*"))
    return [path for path in found if not path.name.startswith(".")]


def strays(folder: Path) -> list[str]:
    """Files that are of no use once everything has ended."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if _stray(path.name))


def _stray(name: str) -> bool:
    half = name.startswith((".", "tmp")) or name.endswith((".half", ".tmp", "-journal"))
    return half and name not in (".lock", ".gitkeep")


def _searched(db: sqlite3.Connection) -> Iterator[str]:
    sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%USING FTS5%'"
    yield from (row[0] for row in db.execute(sql).fetchall())
