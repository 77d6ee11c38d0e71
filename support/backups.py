"""The bundles that the desk knows of: where they lie, whether the last is good and new enough."""

import contextlib
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from . import key_mark, settings
from .bundle import SIDECAR
from .clock import from_iso, now
from .database import insert, one, write
from .workspace import Workspace

LATE_HOURS: Final = 26  # after the last good one, where one a day is to be made
_STAMP: Final = r"\d{8}T\d{6}Z"


@dataclass(frozen=True, slots=True)
class Known:
    """What became of a backup; `state` is whole, failed or dropped."""

    path: Path
    at: str
    state: str
    size: int
    error: str


def name(key: str, moment: datetime) -> str:
    """What a bundle is called: desks that share a folder do not drop each other's."""
    return f"faqdesk-{key[:8]}-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar"


def in_folder(folder: Path, key: str) -> list[Path]:
    """The bundles of one desk in a folder, by its key's fingerprint, the newest first."""
    ours = re.compile(rf"faqdesk-{re.escape(key[:8])}-{_STAMP}\.tar")
    found: list[Path] = []
    with contextlib.suppress(OSError):  # not there, or not to be looked into
        found = [folder / each for each in os.listdir(folder) if ours.fullmatch(each)]
    return sorted(found, key=lambda path: path.name, reverse=True)


def known_bundles(workspace: Workspace, db: Database) -> list[Path]:
    """Every bundle of the desk that is there: those that it remembers, and what lies beside them.

    Of what a restored desk was brought back from it knows the one alone, and a desk that was moved
    none by where it was put; by their names they are found all the same.
    """
    there = [path for path in _remembered(workspace, db) if os.path.isfile(path)]
    put = [workspace.home / row["path"] for row in db.query("SELECT DISTINCT path FROM backups")]
    named = settings.load(db).backup_folder
    folders = [workspace.home / "backups", *(path.parent for path in put)]
    key = key_mark.of(workspace.seal())
    for folder in dict.fromkeys([*folders, Path(named)] if named else folders):
        there += in_folder(folder, key)
    return list(dict.fromkeys(there))


def missing_bundles(workspace: Workspace, db: Database) -> list[Path]:
    """Bundles that are not where they were put: a disk that is away, or somebody moved them."""
    found = {path.name for path in known_bundles(workspace, db)}
    return [path for path in _remembered(workspace, db) if path.name not in found]


def _remembered(workspace: Workspace, db: Database) -> list[Path]:
    rows = db.query("SELECT path FROM backups WHERE state = 'whole' GROUP BY path ORDER BY min(id)")
    return [workspace.home / row["path"] for row in rows]


def last(db: Database, *, state: str = "whole") -> Known | None:
    """The newest backup in a state; None where there is none."""
    row = one(db, "SELECT * FROM backups WHERE state = ? ORDER BY id DESC LIMIT 1", [state])
    if row is None:
        return None
    return Known(Path(row["path"]), row["at"], row["state"], row["size"], row["error"])


def failed_since(db: Database) -> Known | None:
    """The last backup, where it failed; None where it is good, or there was none."""
    row = one(db, "SELECT state FROM backups WHERE state <> 'dropped' ORDER BY id DESC LIMIT 1")
    return last(db, state="failed") if row and row["state"] == "failed" else None


def late(db: Database) -> bool:
    """Whether one a day is to be made and the last good one is too old."""
    if not settings.load(db).backup_folder:
        return False
    since = settings.changed(db).get("backup_folder", ("", ""))[0]
    found = last(db)
    moments = [moment for moment in (since, found.at if found else "") if moment]
    age = datetime.now(UTC) - from_iso(max(moments)) if moments else timedelta.max
    # From the future: the clock went back since, and nobody knows how old it is.
    return abs(age) > timedelta(hours=LATE_HOURS)


def note(db: Database, path: Path, *, at: str, size: int = 0, error: str = "") -> None:
    """Remember a backup, or why there is none."""
    with write(db):
        row = {"path": str(path), "at": at or now(), "size": size, "error": error[:500]}
        insert(db, "backups", row | {"state": "failed" if error else "whole"})


def rotate(db: Database, folder: Path, key: str, *, keep: int) -> list[Path]:
    """Delete all but the newest bundles of this desk in a folder; returns those that went."""
    gone = []
    for path in in_folder(folder, key)[keep:]:
        with contextlib.suppress(OSError):
            path.unlink()
            path.with_name(path.name + SIDECAR).unlink(missing_ok=True)
            gone.append(path)
    with write(db):
        for path in gone:
            db.execute("UPDATE backups SET state = 'dropped' WHERE path = ?", [str(path)])
    return gone
