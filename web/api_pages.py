"""Pages of long lists for programs: `limit` and `cursor` in, `next` out.

A cursor is what the caller hands back and need not understand: the key of the last row of a page,
so that what comes or goes meanwhile moves nothing.
"""

import base64
import binascii
import json
from typing import Any, Final

from marshmallow import Schema, fields, validate

from support.errors import InputError

MAX_CURSOR: Final = 400  # characters
MAX_PAGE: Final = 200  # rows
_INTEGERS: Final = 2**63  # SQLite's end before it


class PageSchema(Schema):
    """Which page of a list."""

    limit = fields.Integer(
        load_default=50, validate=validate.Range(1, MAX_PAGE), metadata={"description": "Rows."}
    )
    cursor = fields.String(
        load_default="",
        validate=validate.Length(max=MAX_CURSOR),
        metadata={"description": "The `next` of the page before; without it the first page."},
    )


def next_field() -> fields.String:
    """The field that leads to the next page."""
    return fields.String(
        required=True, allow_none=True, metadata={"description": "null: this is the last page."}
    )


def write_cursor(*key: str | int) -> str:
    """A cursor for the row with this key."""
    words = json.dumps(key, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(words.encode()).decode().rstrip("=")


def read_cursor(text: str, *kinds: type[str] | type[int]) -> tuple[Any, ...] | None:
    """Read what `write_cursor` wrote; None where a list begins.

    Args:
        text: the cursor.
        kinds: of the parts of the key.

    Raises:
        InputError: it is something else.
    """
    if not text:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True).decode())
        if isinstance(key, list) and [type(part) for part in key] == list(kinds):
            "".join(part for part in key if isinstance(part, str)).encode()  # no half letters
            if all(abs(part) < _INTEGERS for part in key if isinstance(part, int)):
                return tuple(key)
    except (UnicodeError, ValueError, binascii.Error, RecursionError):
        pass
    raise InputError(f"No page begins at the cursor {text[:40]!r}. Start without one.")
