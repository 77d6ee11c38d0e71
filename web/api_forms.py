"""What programs send about a listing: JSON, or a form with pictures beside the same fields."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError
from webargs.flaskparser import abort
from werkzeug.datastructures import FileStorage

from support.errors import InputError
from support.scratch import scratch

from .database import desk
from .listing_uploads import MAX_PICTURES, write_small

_FORM = "multipart/form-data"


def json_or_form(plain: type[Schema], with_pictures: type[Schema]) -> dict[str, Any]:
    """The body as openapi.json describes it."""
    return {
        "required": True,
        "content": {
            "application/json": {"schema": plain},
            _FORM: {"schema": with_pictures},
        },
    }


def posted(schema: Schema) -> dict[str, Any]:
    """The fields that were sent, in either shape; 422 where they will not do."""
    given = request.form.to_dict() if request.mimetype == _FORM else request.get_json()
    try:
        asked: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        abort(422, exc=error, messages=error.messages)
    return asked


def posted_files() -> list[FileStorage]:
    """The pictures that were sent, unread.

    Raises:
        InputError: there are too many.
    """
    files = request.files.getlist("pictures")
    if len(files) > MAX_PICTURES:
        raise InputError(f"At most {MAX_PICTURES} pictures, got {len(files)}.")
    return files


@contextmanager
def posted_pictures() -> Iterator[tuple[tuple[Path, ...], list[str]]]:
    """The pictures that were sent, and why others could not be read; gone afterwards."""
    files = posted_files()
    with scratch("asked", desk().workspace.home) as folder:
        paths: list[Path] = []
        wrong: list[str] = []
        for number, file in enumerate(files):
            path = folder / f"{number}.jpg"
            try:
                write_small(file, path)
                paths.append(path)
            except InputError as error:
                wrong.append(str(error))
        yield tuple(paths), wrong
