"""Files that wait to be imported, as their jobs tell of them: whose they are, what was found.

There is no table of them: a look and an import are jobs, and the files are there or gone.
"""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from support.database import one, scalar
from support.errors import NotFoundError
from support.seal import Seal
from support.workspace import Workspace

from . import import_look, import_work, jobs
from .import_look import Look
from .jobs import Job

LOOKED_AT: Final = 50  # of somebody's newest jobs


@dataclass(frozen=True, slots=True)
class Asked:
    """A look at files, or their import: its job, what was asked for, what was found.

    `files` is empty once they are imported or gone.
    """

    job: Job
    arguments: dict[str, Any]
    files: tuple[Path, ...]
    look: Look

    @property
    def token(self) -> str:
        """What the files go by."""
        return str(self.arguments["token"])

    @property
    def dry_run(self) -> bool:
        """Whether it is a look, not an import."""
        return bool(self.arguments["dry_run"])

    @property
    def options(self) -> dict[str, Any]:
        """What was said of the files."""
        names = ("format", "source", "ours", "timezone", "columns")
        return {name: self.arguments[name] for name in names if name in self.arguments}

    @property
    def needs(self) -> str:
        """What must be said before they can be imported; empty: nothing."""
        if self.look.needs or not self.dry_run:
            return self.look.needs
        return "" if self.job.state == "done" else "look"


def get(db: Database, workspace: Workspace, job_id: int, actor: str) -> Asked:
    """A look or an import that somebody asked for.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    row = one(
        db,
        "SELECT arguments FROM jobs WHERE id = ? AND kind = 'import' AND created_by = ? "
        "AND json_extract(arguments, '$.waits')",
        [job_id, actor],
    )
    if row is None:
        raise NotFoundError(f"Job {job_id} is no import of yours.")
    arguments = json.loads(row["arguments"])
    files = import_work.kept(workspace, arguments["token"])
    found = import_look.read(files[0].parent, arguments["look"]) if files else Look()
    return Asked(jobs.get(db, job_id), arguments, tuple(files), found)


def listed(db: Database, workspace: Workspace, actor: str) -> list[Asked]:
    """Somebody's files that wait: each with the last that was asked of them, the newest first."""
    sql = """
        SELECT max(id) AS id FROM (
            SELECT id, json_extract(arguments, '$.token') AS token FROM jobs
            WHERE kind = 'import' AND created_by = ? AND json_extract(arguments, '$.waits')
            ORDER BY id DESC LIMIT ?
        ) GROUP BY token ORDER BY 1 DESC
    """
    rows = list(db.query(sql, [actor, LOOKED_AT]))
    found = [get(db, workspace, row["id"], actor) for row in rows]
    return [asked for asked in found if asked.files]


def at_work(db: Database, token: str) -> int | None:
    """The job that reads or imports these files, or is about to; None where there is none."""
    sql = """
        SELECT max(id) FROM jobs WHERE kind = 'import' AND state IN ('queued', 'running')
        AND json_extract(arguments, '$.token') = ?
    """
    found = scalar(db, sql, [token])
    return None if found is None else int(found)


def imported(db: Database, token: str) -> int | None:
    """The import that these files became; None: none yet."""
    sql = """
        SELECT max(json_extract(result, '$.import_id')) FROM jobs
        WHERE kind = 'import' AND json_extract(arguments, '$.token') = ?
    """
    found = scalar(db, sql, [token])
    return None if found is None else int(found)


def undoing(db: Database, import_id: int) -> Job | None:
    """The last job that takes an import back, or did; None where nobody asked for one."""
    sql = """
        SELECT max(id) FROM jobs
        WHERE kind = 'undo-import' AND json_extract(arguments, '$.import_id') = ?
    """
    found = scalar(db, sql, [import_id])
    return None if found is None else jobs.get(db, found)


def before(db: Database, job_id: int) -> Job | None:
    """The job that runs now, for which another one waits; None where none does."""
    found = scalar(db, "SELECT max(id) FROM jobs WHERE state = 'running' AND id <> ?", [job_id])
    return None if found is None else jobs.get(db, found)


def password(seal: Seal, asked: Asked) -> str:
    """The password that was given for the files before; empty: none."""
    sealed = str(asked.arguments.get("password", ""))
    return seal.open_up(base64.b64decode(sealed)) if sealed else ""
