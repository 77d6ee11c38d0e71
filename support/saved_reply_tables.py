"""Saved replies as a table: written out whole, and taken in row by row after a look at each.

Columns as helpdesks name them in their exports of macros and canned responses. A whole import is
one change that can be taken back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from sqlite_utils import Database

from .audit import Actor, record
from .clock import now
from .database import Row, write
from .errors import ImportFileError, InputError
from .importing.conversation import Rejected
from .importing.files import Numbered
from .importing.files import rows as read_rows
from .own_texts import OwnTexts
from .saved_replies import FIELDS, MOST_NAME, cleaned, listed, new_row
from .saved_reply_changes import changing
from .table_rows import MOST_ROWS, doubles, switch

RowState = Literal["new", "changed", "same", "duplicate", "invalid"]
COLUMNS: Final = ("name", *FIELDS, "active", "used")
_NAMES: Final = ("name", "id", "saved_reply_id", "shortcut", "short_code")  # what files call it
_TITLES: Final = ("title", "subject", "name")
_BODIES: Final = ("body", "text", "content", "answer")


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """One row of a file of saved replies, and what taking it in would do.

    `was` is what stands in the place of its fields now.
    """

    line: int
    state: RowState
    name: str
    fields: dict[str, str]
    was: dict[str, str]
    active: bool | None = None  # None: the file does not say
    reason: str = ""  # why it cannot be taken in


@dataclass(frozen=True, slots=True)
class RepliesTaken:
    """What taking a file in did, and the rows that were rejected; change 0: nothing was done."""

    added: int
    changed: int
    same: int
    rejected: tuple[Rejected, ...]
    change_id: int = 0


def read(db: Database, rows: Iterable[Numbered], name: str) -> list[ReplyRow]:
    """Say of each row of a file what taking it in would do. Stores nothing.

    Args:
        db: the desk's database.
        rows: line numbers with rows, or why they were rejected.
        name: the file's.

    Raises:
        ImportFileError: the file cannot be read, is empty, or has too many rows.
    """
    known = {row["name"]: row for row in db.query("SELECT * FROM saved_replies")}
    own = OwnTexts(db)
    found: list[ReplyRow] = []
    for line, row in rows:
        if len(found) == MOST_ROWS:
            raise ImportFileError(f"{name} has more than {MOST_ROWS:,} rows. Cut it in parts.")
        if isinstance(row, Rejected):
            found.append(ReplyRow(line, "invalid", "", {}, {}, reason=row.reason))
        else:
            found.append(_judge(line, row, known, own))
    if not found:
        raise ImportFileError(f"{name} holds no row.")
    named = [("" if row.state == "invalid" else row.name, row.fields) for row in found]
    for place, reason in doubles(named).items():
        found[place] = replace(found[place], state="duplicate", reason=reason)
    return found


def take_rows(
    db: Database, actor: Actor, rows: Iterable[ReplyRow], *, name: str, overwrite: bool = False
) -> RepliesTaken:
    """Take rows in: new ones, and where asked for, changed ones. One change.

    Args:
        db: the desk's database.
        actor: who imports.
        rows: what `read` gave, or those of it that a person chose.
        name: of the file.
        overwrite: change replies that are there.
    """
    rows = list(rows)
    rejected = tuple(
        Rejected(name, row.line, row.reason)
        for row in rows
        if row.state in ("invalid", "duplicate")
    )
    wanted = [row for row in rows if row.state == "new" or (overwrite and row.state == "changed")]
    if not wanted:
        return RepliesTaken(0, 0, len(rows) - len(rejected), rejected)
    added = changed = 0
    with write(db), changing(db, actor, "imported", name) as change:
        known = {row["name"]: row for row in db.query("SELECT * FROM saved_replies")}
        for row in wanted:
            there = known.get(row.name)
            active = {} if row.active is None else {"active": int(row.active)}
            if there is None:
                change.insert(new_row(row.name, row.fields) | active)
                added += 1
            elif row.state == "changed":
                change.update(there, row.fields | active | {"updated_at": now()})
                changed += 1
        detail = {"change": change.id, "added": added, "changed": changed}
        record(db, actor, "replies.imported", name, detail=detail)
    same = len(rows) - len(rejected) - added - changed
    return RepliesTaken(added, changed, same, rejected, change.id)


def take(
    db: Database,
    actor: Actor,
    path: Path,
    *,
    rows: Iterable[Numbered] | None = None,
    overwrite: bool = False,
) -> RepliesTaken:
    """Take saved replies from a file: CSV, TSV or JSON, as helpdesks export their macros.

    Columns: a name (name, id, shortcut), a title (title, subject), a body (body, text, content),
    category, language. One that is there stays as it is unless it shall be overwritten.

    Args:
        db: the desk's database.
        actor: who imports.
        path: the file.
        rows: what is in it, where it is of a kind that is read elsewhere.
        overwrite: change replies that are there.

    Raises:
        ImportFileError: the file cannot be read, or has no row that can be used.
    """
    found = read(db, read_rows(path) if rows is None else rows, path.name)
    if all(row.state == "invalid" for row in found):
        raise ImportFileError(
            f"{path} holds no saved reply: a row needs a title and a body. "
            f"{found[0].reason}".strip()
        )
    return take_rows(db, actor, found, name=path.name, overwrite=overwrite)


def table(db: Database) -> list[Row]:
    """All saved replies, retired ones too, as `take` reads them."""
    return [
        {column: getattr(reply, column) for column in COLUMNS} for reply in listed(db, every=True)
    ]


def _judge(line: int, row: dict[str, Any], known: dict[str, Row], own: OwnTexts) -> ReplyRow:
    values = {
        "title": _first(row, _TITLES),
        "body": _first(row, _BODIES),
        "category": _first(row, ("category",)),
        "language": _first(row, ("language", "locale")),
    }
    name = (_first(row, _NAMES) or values["title"])[:MOST_NAME]
    active = switch(row, "active")
    try:
        fields = cleaned(values)
        own.refuse_personal(fields | {"name": name}, before=known.get(name))
    except InputError as error:
        return ReplyRow(line, "invalid", name, values, {}, reason=str(error))
    there = known.get(name)
    if there is None:
        return ReplyRow(line, "new", name, fields, {}, active)
    was = {field: str(there[field]) for field in FIELDS}
    same = was == fields and (active is None or active == bool(there["active"]))
    return ReplyRow(line, "same" if same else "changed", name, fields, was, active)


def _first(row: dict[str, Any], names: tuple[str, ...]) -> str:
    """The first of some columns that holds anything."""
    found = (str(row[name]).strip() for name in names if row.get(name) is not None)
    return next((value for value in found if value), "")
