"""The look at a file before it is taken in: its rows by what each would do, chosen one by one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from flask import request

from . import knowledge_words
from .table_files import left_out

SHOWN: Final = 300  # rows on a page
CHOOSABLE: Final = ("new", "changed")


class Row(Protocol):
    """One row of a file, of FAQs or of saved replies."""

    @property
    def line(self) -> int:
        """Where it stands."""

    @property
    def state(self) -> str:
        """What taking it in would do."""

    @property
    def fields(self) -> dict[str, str]:
        """What the file says."""

    @property
    def was(self) -> dict[str, str]:
        """What stands in its place now."""


R = TypeVar("R", bound=Row)


def preview(rows: Sequence[Row]) -> dict[str, Any]:
    """What the template of a preview shows: counts, and the rows of the state asked for."""
    counts = Counter(row.state for row in rows)
    state = request.args.get("state", "")
    if state not in counts:
        state = ""
    found = [row for row in rows if row.state == state or (not state and row.state != "same")]
    return {
        "rows": found[:SHOWN],
        "hidden": len(found) - len(found[:SHOWN]),
        "counts": {name: counts[name] for name in knowledge_words.ROWS if counts[name]},
        "state": state,
        "total": len(rows),
        "choosable": CHOOSABLE,
        "changed": changed,
    }


def changed(row: Row) -> list[tuple[str, str, str]]:
    """The fields that would change: name, old value, new value."""
    was: Mapping[str, str] = row.was
    return [(name, was[name], text) for name, text in row.fields.items() if was.get(name) != text]


def taken(rows: Sequence[R]) -> list[R]:
    """The rows that somebody did not leave out."""
    out = left_out(request.form.get("shown", ""), request.form.getlist("line"))
    return [row for row in rows if row.line not in out]
