"""`/api/v1/imports`: any export in, tried first, and a whole import taken back.

A file may take minutes: it is read by the desk's worker, and the job is asked for how far it is.
"""

import json
from typing import Any, Final

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError, fields, validate, validates

from support.audit import Actor
from support.errors import ConflictError, NotFoundError
from support.importing import undo
from support.importing.door import TITLES

from . import import_work, jobs
from .api import bp, needs, problems
from .api_forms import posted
from .api_once import once
from .api_pages import PageSchema, next_field, read_cursor, write_cursor
from .api_schemas import zone
from .database import db, desk

__all__ = ["bp"]

_ID: Final = "int(max=9223372036854775807)"
_KINDS: Final = tuple(import_work.IMPORT_WORKS)


class ImportFormSchema(Schema):
    """What is known of files; what is left out is found out by what they hold."""

    dry_run = fields.Boolean(
        load_default=False, metadata={"description": "Only say what importing would do."}
    )
    format = fields.String(
        load_default="",
        validate=validate.OneOf(("", *TITLES)),
        metadata={"description": "Which helpdesk's export; without it, found out."},
    )
    source = fields.String(
        load_default="",
        validate=validate.Length(max=100),
        metadata={"description": "With a row's id, its name for ever; without it, the format's."},
    )
    password = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"description": "Of a workbook or an archive; sealed until it was read."},
    )
    columns = fields.String(
        load_default="",
        validate=validate.Length(max=10_000),
        metadata={
            "description": 'Of a table, a JSON object: {"question": "문의", "answer": "답변"}.'
        },
    )
    ours = fields.String(
        load_default="",
        validate=validate.Length(max=2000),
        metadata={"description": "Of mail: the team's own addresses and domains, by commas."},
    )
    timezone = fields.String(
        load_default="Asia/Seoul",
        validate=[validate.Length(1, 60), zone],
        metadata={"description": "Of times that name no offset."},
    )

    @validates("columns")
    def names(self, value: str, **_: Any) -> None:
        """Refuse what is no object of names."""
        if value:
            _columns(value)


class ImportFilesSchema(ImportFormSchema):
    """The files of one export, and what is known of them."""

    files = fields.List(
        fields.Raw(metadata={"type": "string", "format": "binary"}),
        required=True,
        metadata={"description": f"At most {import_work.MAX_FILES}; tickets and messages apart."},
    )


class UndoImportSchema(Schema):
    """How to take an import back."""

    keep_worked = fields.Boolean(
        load_default=False,
        metadata={"description": "Leave inquiries that were worked on since, take back the rest."},
    )


class ImportJobSchema(Schema):
    """How far an import is, or its taking back."""

    job_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(_KINDS))
    state = fields.String(
        required=True,
        validate=validate.OneOf(
            ("queued", "running", "done", "failed", "cancelled", "interrupted")
        ),
    )
    done = fields.Integer(required=True)
    total = fields.Integer(required=True, metadata={"description": "0 while it is not known."})
    message = fields.String(required=True)
    error = fields.String(required=True, metadata={"description": "Why it failed; or empty."})
    import_id = fields.String(
        required=True, allow_none=True, metadata={"description": "null: not yet, or a dry run."}
    )
    report = fields.Dict(
        required=True,
        metadata={
            "description": "What was done or would be: inquiries, pairs, roles, links, "
            "unknown_links, masked, rejections, encoding and more; empty until it is done."
        },
    )


class ImportSchema(Schema):
    """One import."""

    import_id = fields.String(required=True)
    source = fields.String(required=True)
    format = fields.String(required=True)
    files = fields.List(fields.String(), required=True)
    state = fields.String(
        required=True,
        validate=validate.OneOf(("running", "done", "failed", "interrupted", "undone")),
    )
    inquiries = fields.Integer(required=True, metadata={"description": "There because of it."})
    messages = fields.Integer(required=True)
    report = fields.Dict(required=True)
    started_at = fields.String(required=True)
    finished_at = fields.String(required=True, allow_none=True)
    undone_at = fields.String(required=True, allow_none=True)


class ImportsSchema(Schema):
    """A page of imports, the newest first."""

    imports = fields.List(fields.Nested(ImportSchema), required=True)
    next = next_field()


@bp.post("/imports")
@problems(409, 413, 415)
@needs("imports")
@once
@bp.doc(
    requestBody={
        "required": True,
        "content": {"multipart/form-data": {"schema": ImportFilesSchema}},
    }
)
@bp.response(202, ImportJobSchema)
def import_files() -> ResponseReturnValue:
    """Import the files of an export, or try it; the answer's Location says how far it is."""
    asked = posted(ImportFormSchema())
    dry_run = asked.pop("dry_run")
    asked["columns"] = _columns(asked["columns"]) if asked["columns"] else {}
    asked["ours"] = [part.strip() for part in asked["ours"].split(",") if part.strip()]
    token = import_work.keep(desk().workspace, db(), request.files.getlist("files"))
    arguments = import_work.arguments(token, asked, dry_run=dry_run, seal=desk().seal)
    return _queued("import", arguments)


@bp.get(f"/import-jobs/<{_ID}:job_id>")
@problems(404)
@needs("imports")
@bp.response(200, ImportJobSchema)
def import_job(job_id: int) -> dict[str, Any]:
    """How far an import is, and in the end its report."""
    return _job(job_id)


@bp.get("/imports")
@problems()
@needs("imports")
@bp.arguments(PageSchema, location="query")
@bp.response(200, ImportsSchema)
def list_imports(asked: dict[str, Any]) -> dict[str, Any]:
    """List imports, the newest first."""
    before = read_cursor(asked["cursor"], int)
    found = undo.listed(db(), limit=asked["limit"] + 1, before=before[0] if before else None)
    rows = found[: asked["limit"]]
    more = len(found) > len(rows)
    return {
        "imports": [_told(row) for row in rows],
        "next": write_cursor(rows[-1].id) if more else None,
    }


@bp.get(f"/imports/<{_ID}:import_id>")
@problems(404)
@needs("imports")
@bp.response(200, ImportSchema)
def one_import(import_id: int) -> dict[str, Any]:
    """One import with its report."""
    return _told(undo.get(db(), import_id))


@bp.post(f"/imports/<{_ID}:import_id>/undo")
@problems(404, 409, 413, 415)
@needs("imports")
@once
@bp.arguments(UndoImportSchema)
@bp.response(202, ImportJobSchema)
def undo_import(asked: dict[str, Any], import_id: int) -> ResponseReturnValue:
    """Take a whole import back; the answer's Location says how far it is."""
    found = undo.get(db(), import_id)
    if found.state == "undone":
        raise ConflictError(f"Import {import_id} was taken back already ({found.undone_at}).")
    worked = 0 if asked["keep_worked"] else undo.worked_on(db(), import_id)
    if worked:
        raise ConflictError(
            f"{worked:,} of the inquiries of import {import_id} were worked on since. Nothing was "
            f"taken back. Leave them and take back the rest: keep_worked."
        )
    return _queued("undo-import", {"import_id": import_id, "keep_worked": asked["keep_worked"]})


def _queued(kind: str, arguments: dict[str, Any]) -> ResponseReturnValue:
    job_id = jobs.enqueue(desk().workspace, db(), Actor(g.actor_name), kind, arguments)
    place = url_for("api.import_job", job_id=job_id)
    return _job(job_id), 202, {"Location": place}  # the schema writes it


def _job(job_id: int) -> dict[str, Any]:
    job = jobs.get(db(), job_id)
    if job.kind not in _KINDS:
        raise NotFoundError(f"Job {job_id} is no import.")
    number = job.result.get("import_id")
    return {
        "job_id": str(job.id),
        **{name: getattr(job, name) for name in ("kind", "state", "done", "total", "message")},
        "error": str(job.result.get("error", "")),
        "import_id": None if number is None else str(number),
        "report": job.result.get("report", {}),
    }


def _told(found: undo.Import) -> dict[str, Any]:
    same = ("source", "format", "files", "state", "inquiries", "messages", "report")
    return {
        "import_id": str(found.id),
        **{name: getattr(found, name) for name in (*same, "started_at", "finished_at")},
        "undone_at": found.undone_at,
    }


def _columns(text: str) -> dict[str, str]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValidationError("Write it as a JSON object.") from error
    if not isinstance(read, dict) or not all(isinstance(one, str) for one in read.values()):
        raise ValidationError("Write it as a JSON object of column names.")
    return read
