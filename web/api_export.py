"""`/api/v1/export`: what became of suggestions, as a table; the audit trail says who and why."""

import json
import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from flask import Response, g, request, stream_with_context
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from support import clock, feedback, standing, taking_away
from support.audit import Actor
from support.errors import InputError
from support.feedback import What

from .api import bp, needs, problems
from .api_schemas import moment
from .database import db
from .sheets import Sheet, csv_rows, save_xlsx, write_csv
from .table_files import KINDS

__all__ = ["bp"]

MOST_IN_A_BOOK: Final = 100_000  # rows: more take minutes to pack before the first byte is sent
_PIECE: Final = 500  # rows that are sent at once
_BLOCK: Final = 1 << 16  # bytes of a book


class ExportQuerySchema(Schema):
    """Which table, of which span, and why."""

    what = fields.String(
        load_default="feedback",
        validate=validate.OneOf(feedback.WHATS),
        metadata={
            "description": "feedback: each FAQ suggested or missed, and what became of it; "
            "events: what programs told."
        },
    )
    format = fields.String(load_default="csv", validate=validate.OneOf(tuple(KINDS)))
    since = fields.String(
        load_default="",
        validate=[validate.Length(max=40), moment],
        metadata={"description": "Suggestions made from this moment on, ISO 8601."},
    )
    until = fields.String(
        load_default="",
        validate=[validate.Length(max=40), moment],
        metadata={"description": "Made before this moment."},
    )
    reason = fields.String(
        required=True,
        validate=[validate.Length(1, standing.LONGEST), validate.Regexp(r"(?s).*\S")],
        metadata={"description": "What it is needed for; the audit trail keeps it, masked."},
    )


_FILE: Final = {"schema": {"type": "string", "format": "binary"}}
_TEXT: Final = {"schema": {"type": "string"}}


@bp.get("/export")
@problems()
@needs("export")
@bp.arguments(ExportQuerySchema, location="query")
@bp.doc(
    responses={
        "200": {
            "description": "The table: " + "; ".join(
                f"{what}: {', '.join(columns)}" for what, columns in feedback.COLUMNS.items()
            ),
            "content": {
                kind.partition(";")[0]: _FILE if name == "xlsx" else _TEXT
                for name, kind in KINDS.items()
            },
        }
    }
)  # fmt: skip
def export(asked: dict[str, Any]) -> ResponseReturnValue:
    """Take away what became of suggestions."""
    what, kind = asked["what"], asked["format"]
    span = {name: asked[name] and clock.parse(asked[name]) for name in ("since", "until")}
    if kind == "xlsx" and feedback.count(db(), what, **span) > MOST_IN_A_BOOK:
        raise InputError(
            f"A book is made of at most {MOST_IN_A_BOOK:,} rows, and there are more. Ask for csv, "
            f"or for a shorter span: since, until."
        )
    times = {"from": span["since"], "to": span["until"]}
    detail = {"what": what} | {name: value for name, value in times.items() if value}
    who = Actor(g.actor_name, request.remote_addr or "")
    taking_away.taken(db(), who, "feedback.exported", asked["reason"], **detail)
    written = {"csv": _csv, "jsonl": _jsonl, "xlsx": _xlsx}[kind](what, span)
    head = {"Content-Disposition": f'attachment; filename="{what}.{kind}"'}
    return Response(stream_with_context(written), content_type=KINDS[kind], headers=head)


# The database is asked for within these: the one that the view had is closed while this is sent.


def _csv(what: What, span: dict[str, str]) -> Iterator[bytes]:
    yield write_csv(Sheet("", feedback.COLUMNS[what], ()))
    yield from map(csv_rows, _pieces(what, span))


def _jsonl(what: What, span: dict[str, str]) -> Iterator[bytes]:
    columns = feedback.COLUMNS[what]
    for piece in _pieces(what, span):
        lines = (dict(zip(columns, row, strict=True)) for row in piece)
        yield "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def _xlsx(what: What, span: dict[str, str]) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as out:  # a book is a zip: known when its last row is
        save_xlsx([Sheet(what, feedback.COLUMNS[what], feedback.rows(db(), what, **span))], out)
        out.seek(0)
        while block := out.read(_BLOCK):
            yield block


def _pieces(what: What, span: dict[str, str]) -> Iterator[list[tuple[Any, ...]]]:
    found = feedback.rows(db(), what, **span)
    while piece := list(islice(found, _PIECE)):
        yield piece
