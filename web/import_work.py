"""Imports as jobs: a file that was sent is read by the worker, and taken back by it.

Files wait in a folder that only the desk's own user may read, until their job ends.
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
from support.errors import InputError, NotFoundError
from support.importing import undo
from support.importing.door import Options, import_export
from support.seal import Seal
from support.workspace import Workspace

from .job_run import Progress, Work

MAX_FILES: Final = 20
KEPT_SECONDS: Final = 24 * 3600  # after which files whose job never ran are thrown away
_TOKEN = re.compile(r"[0-9a-f]{32}")


def keep(workspace: Workspace, files: Sequence[FileStorage]) -> str:
    """Keep files for a job; returns the token they go by.

    Raises:
        InputError: there is none, or there are too many.
    """
    named = [file for file in files if file.filename]
    if not 1 <= len(named) <= MAX_FILES:
        raise InputError(f"Send 1 to {MAX_FILES} files as `files`, got {len(named)}.")
    _sweep(workspace)
    token = secrets.token_hex(16)
    place = _place(workspace, token)
    place.mkdir(parents=True, mode=0o700)
    for number, file in enumerate(named):
        name = re.sub(r"[^\w.() -]", "_", Path(file.filename or "").name)[-100:]
        target = place / (name.lstrip(".") or f"file-{number}")
        if target.exists():
            target = target.with_name(f"{number}-{target.name}")
        file.save(target)
    return token


def arguments(token: str, options: dict[str, Any], *, dry_run: bool, seal: Seal) -> dict[str, Any]:
    """What an import's job gets; a password is sealed, for jobs are rows that people see.

    Args:
        token: of `keep`.
        options: what is known of the files: format, source, password, columns, ours, timezone.
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
    place = _place(workspace, str(asked["token"]))
    if not place.is_dir():
        raise NotFoundError("The files of this import are gone. Send them once more.")
    seal = workspace.seal()
    sealed = str(asked.get("password", ""))
    options = Options(
        format=str(asked.get("format", "")),
        source=str(asked.get("source", "")),
        password=seal.open_up(base64.b64decode(sealed)) if sealed else "",
        columns=dict(asked.get("columns", {})),
        ours=tuple(asked.get("ours", ())),
        timezone=str(asked.get("timezone") or "Asia/Seoul"),
    )
    try:
        report = import_export(
            db,
            seal,
            sorted(path for path in place.iterdir() if path.is_file()),
            actor=actor,
            options=options,
            dry_run=bool(asked.get("dry_run")),
            progress=progress,
        )
    finally:
        shutil.rmtree(place, ignore_errors=True)
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


def _place(workspace: Workspace, token: str) -> Path:
    if not _TOKEN.fullmatch(token):
        raise NotFoundError("The files of this import are gone. Send them once more.")
    return workspace.home / "uploads" / "imports" / token


def _sweep(workspace: Workspace) -> None:
    edge = time.time() - KEPT_SECONDS
    for place in (workspace.home / "uploads" / "imports").glob("*"):
        if place.stat().st_mtime < edge:
            shutil.rmtree(place, ignore_errors=True)


IMPORT_WORKS: Final[dict[str, Work]] = {"import": import_files, "undo-import": undo_import}
