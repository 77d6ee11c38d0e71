"""Imports as jobs: files that were sent are looked at and read by the worker, and taken back by it.

Files wait in a folder that only the desk's own user may read: those of the API until their job
ends, those of the console until they are imported, or for an hour.
"""

import base64
import json
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database
from werkzeug.datastructures import FileStorage

from support.audit import Actor
from support.database import write
from support.errors import ConflictError, InputError, NotFoundError
from support.importing import undo
from support.importing.door import Options, import_export
from support.importing.pieces import short_name
from support.importing.report import ImportReport
from support.seal import Seal
from support.workspace import Workspace

from . import table_files
from .import_look import look
from .job_run import Progress, Work
from .listing_uploads import Uploads

MAX_FILES: Final = 20
MOST_WAITING: Final = 50  # sets of files, of everybody: each may be a gigabyte
KEPT_SECONDS: Final = 3600  # after which files that no job is about are thrown away
_TOKEN = re.compile(r"[0-9a-f]{32}")


def keep(workspace: Workspace, db: Database, files: Sequence[FileStorage]) -> str:
    """Keep files for a job; returns the token they go by.

    Raises:
        InputError: there is none, or there are too many.
        ConflictError: too many wait already, of whomever.
    """
    named = [file for file in files if file.filename]
    if not 1 <= len(named) <= MAX_FILES:
        raise InputError(f"Send 1 to {MAX_FILES} files as `files`, got {len(named)}.")
    sweep(workspace, db)
    if len(list((workspace.home / "uploads" / "imports").glob("*"))) >= MOST_WAITING:
        raise ConflictError(
            f"{MOST_WAITING} uploads wait to be imported already. Import some or throw them away; "
            "what nobody asks for goes after an hour."
        )
    token = secrets.token_hex(16)
    place = _place(workspace, token)
    place.mkdir(parents=True, mode=0o700)
    try:
        for number, file in enumerate(named):
            name = re.sub(r"[^\w.() -]", "_", Path(file.filename or "").name)
            target = place / (short_name(name).lstrip(".") or f"file-{number}")
            if target.exists():
                target = target.with_name(f"{number}-{target.name}")
            file.save(target)
    except BaseException:  # a full disk: nobody would ever ask for the half that is there
        shutil.rmtree(place, ignore_errors=True)
        raise
    return token


def kept(workspace: Workspace, token: str) -> list[Path]:
    """The files of a token, in the order of their names; empty where they are gone."""
    place = _place(workspace, token)
    if not place.is_dir():
        return []
    # What begins with a dot is what was found out about them: `keep` names no file so.
    return sorted(path for path in place.iterdir() if not path.name.startswith("."))


def throw_away(workspace: Workspace, db: Database, token: str) -> None:
    """Delete the files of a token, what was found out about them, and their password."""
    shutil.rmtree(_place(workspace, token), ignore_errors=True)
    with write(db):
        db.execute(
            "UPDATE jobs SET arguments = json_set(arguments, '$.password', '') "
            "WHERE kind = 'import' AND json_extract(arguments, '$.token') = ?",
            [token],
        )


def sweep(workspace: Workspace, db: Database) -> None:
    """Delete files that were sent, nobody has asked for in a while, and no job is about."""
    sql = """
        SELECT json_extract(arguments, '$.token') AS token FROM jobs
        WHERE kind = 'import' AND state IN ('queued', 'running')
    """
    asked = {row["token"] for row in db.query(sql)}
    edge = time.time() - KEPT_SECONDS
    for place in (workspace.home / "uploads" / "imports").glob("*"):
        if (
            _TOKEN.fullmatch(place.name)
            and place.name not in asked
            and place.stat().st_mtime < edge
        ):
            throw_away(workspace, db, place.name)
    table_files.sweep(workspace)
    Uploads(workspace, 0).sweep()


def arguments(token: str, options: dict[str, Any], *, dry_run: bool, seal: Seal) -> dict[str, Any]:
    """What an import's job gets; a password is sealed, for jobs are rows that people see.

    Args:
        token: of `keep`.
        options: what is known of the files: format, source, password, columns, ours, timezone; of
            the console's also `waits`: files stay until they are imported, and a dry run keeps
            what it finds in `look` (the name that `import_look` gave it).
        dry_run: report, but store nothing.
        seal: the desk's key.
    """
    password = options.get("password", "")
    sealed = base64.b64encode(seal.close_up(password)).decode() if password else ""
    return {"token": token, "dry_run": dry_run, **options, "password": sealed}


def import_files(
    workspace: Workspace, db: Database, actor: Actor, asked: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Import files that were kept, or say what importing them would do."""
    token = str(asked["token"])
    files = kept(workspace, token)
    if not files:
        raise NotFoundError("The files of this import are gone. Send them once more.")
    seal = workspace.seal()
    options = _options(asked, seal)
    waits, dry_run = bool(asked.get("waits")), bool(asked.get("dry_run"))
    try:
        report: ImportReport | None
        if waits and dry_run:
            report = look(db, seal, files, str(asked["look"]), actor, options, progress)
        else:
            report = import_export(
                db, seal, files, actor=actor, options=options, dry_run=dry_run, progress=progress
            )
    except BaseException:
        if not waits:
            throw_away(workspace, db, token)
        raise
    if not (waits and dry_run):
        throw_away(workspace, db, token)
    if report is None:
        return {"import_id": None}
    return {"import_id": report.import_id, "report": json.loads(json.dumps(report.as_dict()))}


def undo_import(
    workspace: Workspace, db: Database, actor: Actor, asked: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Take an import back."""
    done = undo.undo(
        db,
        actor,
        int(asked["import_id"]),
        keep_worked=bool(asked.get("keep_worked")),
        progress=progress,
    )
    counts = {name: getattr(done, name) for name in ("inquiries", "messages", "faqs", "kept")}
    return {"import_id": done.import_id, "report": counts}


def _options(asked: dict[str, Any], seal: Seal) -> Options:
    sealed = str(asked.get("password", ""))
    return Options(
        format=str(asked.get("format", "")),
        source=str(asked.get("source", "")),
        password=seal.open_up(base64.b64decode(sealed)) if sealed else "",
        columns=dict(asked.get("columns", {})),
        ours=tuple(asked.get("ours", ())),
        timezone=str(asked.get("timezone") or "Asia/Seoul"),
    )


def _place(workspace: Workspace, token: str) -> Path:
    if not _TOKEN.fullmatch(token):
        raise NotFoundError("The files of this import are gone. Send them once more.")
    return workspace.home / "uploads" / "imports" / token


IMPORT_WORKS: Final[dict[str, Work]] = {"import": import_files, "undo-import": undo_import}
