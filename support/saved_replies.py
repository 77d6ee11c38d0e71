"""The team's own saved replies: texts that agents send again and again, beside the FAQs.

Kept, searched, and taken in from a file here. Which answers hold one is read in
`saved_reply_uses.py`; which fits an inquiry, `saved_reply_advice.py` says.
"""

import csv
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from .audit import Actor, record
from .clock import now
from .database import Row, insert, one, write
from .errors import ConflictError, ImportFileError, InputError, NotFoundError
from .html import to_plain_text
from .importing.conversation import Rejected
from .importing.files import rows as read_rows
from .text import fold_line

FIELDS: Final = ("title", "body", "category", "language")
_NAMES: Final = ("name", "id", "saved_reply_id", "shortcut", "short_code")  # what files call it
_TITLES: Final = ("title", "subject", "name")
_BODIES: Final = ("body", "text", "content", "answer")
_MOST_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class SavedReply:
    """One saved reply. `name` is what its source calls it; `used` counts answers that hold it."""

    id: int
    name: str
    title: str
    body: str
    category: str
    language: str
    active: bool
    used: int


@dataclass(frozen=True, slots=True)
class RepliesTaken:
    """What taking a file in did, and the rows that were rejected."""

    added: int
    changed: int
    same: int
    rejected: tuple[Rejected, ...]


_SELECT = """
    SELECT saved_replies.*, (SELECT count(*) FROM saved_reply_uses
        WHERE reply_id = saved_replies.id) AS used FROM saved_replies
"""


def get(db: Database, name: str) -> SavedReply:
    """A saved reply by its name.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, _SELECT + " WHERE name = ?", [name])
    if row is None:
        raise NotFoundError(f"No saved reply {name!r}. List them: faqdesk replies list")
    return _reply(row)


def listed(db: Database, *, every: bool = False) -> list[SavedReply]:
    """Saved replies, the most used first; retired ones where asked for."""
    where = "" if every else " WHERE active = 1"
    return [_reply(row) for row in db.query(_SELECT + where + " ORDER BY used DESC, title, id")]


def search(db: Database, text: str, *, limit: int = 10) -> list[SavedReply]:
    """Active ones that hold every word typed, those with it in the title first."""
    words = [word.casefold() for word in text.split()]
    found = []
    for reply in listed(db):
        title, whole = reply.title.casefold(), f"{reply.title} {reply.name} {reply.body}".casefold()
        if all(word in whole for word in words):
            found.append((not all(word in title for word in words), reply))
    found.sort(key=lambda item: item[0])  # stable: the most used first among equals
    return [reply for _, reply in found[:limit]]


def create(
    db: Database,
    actor: Actor,
    *,
    title: str,
    body: str,
    name: str = "",
    category: str = "",
    language: str = "",
) -> SavedReply:
    """Save a reply.

    Raises:
        InputError: title or body is blank.
        ConflictError: the name is taken.
    """
    values = _clean({"title": title, "body": body, "category": category, "language": language})
    name = (name.strip() or values["title"])[:_MOST_NAME]
    with write(db):
        if one(db, "SELECT 1 FROM saved_replies WHERE name = ?", [name]):
            raise ConflictError(f"There is a saved reply {name!r} already. Choose another name.")
        _insert(db, name, values)
        record(db, actor, "reply.created", f"reply:{name}")
    return get(db, name)


def edit(db: Database, actor: Actor, name: str, **fields: str) -> SavedReply:
    """Change a saved reply; fields that are not named stay.

    Raises:
        NotFoundError: there is none.
        InputError: a field is unknown, or title or body would be blank.
    """
    unknown = fields.keys() - set(FIELDS)
    if unknown:
        raise InputError(f"No field {min(unknown)!r}. There are: {', '.join(FIELDS)}.")
    with write(db):
        reply = get(db, name)
        before = {field: getattr(reply, field) for field in FIELDS}
        values = _clean(before | fields)
        if values != before:
            db.table("saved_replies").update(reply.id, values | {"updated_at": now()})
            changed = sorted(field for field in FIELDS if values[field] != before[field])
            record(db, actor, "reply.edited", f"reply:{name}", detail={"fields": changed})
    return get(db, name)


def switch(db: Database, actor: Actor, name: str, *, active: bool) -> SavedReply:
    """Retire a saved reply, or let it be suggested again.

    Raises:
        NotFoundError: there is none.
    """
    with write(db):
        reply = get(db, name)
        if reply.active != active:
            db.table("saved_replies").update(reply.id, {"active": int(active)})
            record(db, actor, "reply.restored" if active else "reply.retired", f"reply:{name}")
    return get(db, name)


def take(db: Database, actor: Actor, path: Path, *, overwrite: bool = False) -> RepliesTaken:
    """Take saved replies from a file: CSV, TSV or JSON, as helpdesks export their macros.

    Columns: a name (name, id, shortcut), a title (title, subject), a body (body, text, content),
    category, language. One that is there stays as it is unless it shall be overwritten.

    Raises:
        ImportFileError: the file cannot be read, or has no row that can be used.
    """
    rejected: list[Rejected] = []
    added = changed = same = 0
    with write(db):
        for line, row in read_rows(path):
            if isinstance(row, Rejected):
                rejected.append(row)
                continue
            values = {
                "title": _first(row, _TITLES),
                "body": _first(row, _BODIES),
                "category": _first(row, ("category",)),
                "language": _first(row, ("language", "locale")),
            }
            name = (_first(row, _NAMES) or values["title"])[:_MOST_NAME]
            try:
                clean = _clean(values)
            except InputError as error:
                rejected.append(Rejected(path.name, line, str(error)))
                continue
            known = one(db, "SELECT * FROM saved_replies WHERE name = ?", [name])
            if known is None:
                _insert(db, name, clean)
                added += 1
            elif overwrite and any(known[field] != clean[field] for field in FIELDS):
                db.table("saved_replies").update(known["id"], clean | {"updated_at": now()})
                changed += 1
            else:
                same += 1
        if not added + changed + same:
            raise ImportFileError(
                f"{path} holds no saved reply: a row needs a title and a body. "
                f"{rejected[0].reason if rejected else ''}".strip()
            )
        detail = {"added": added, "changed": changed}
        record(db, actor, "replies.imported", path.name, detail=detail)
    return RepliesTaken(added, changed, same, tuple(rejected))


def export(db: Database, path: Path) -> int:
    """Write all saved replies as CSV, or as JSON Lines by the suffix: how many."""
    found = listed(db, every=True)
    columns = ("name", *FIELDS, "active", "used")
    beside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with beside.open(
            "w", encoding="utf-8" if path.suffix == ".jsonl" else "utf-8-sig", newline=""
        ) as file:
            table = [[getattr(reply, column) for column in columns] for reply in found]
            if path.suffix == ".jsonl":
                for row in table:
                    content = dict(zip(columns, row, strict=True))
                    file.write(json.dumps(content, ensure_ascii=False) + "\n")
            else:
                writer = csv.writer(file)
                writer.writerow(columns)
                writer.writerows([_no_formula(cell) for cell in row] for row in table)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return len(found)


def _insert(db: Database, name: str, values: dict[str, str]) -> None:
    moment = now()
    times = {"created_at": moment, "updated_at": moment}
    insert(db, "saved_replies", {"name": name, **values, **times})


def _clean(values: dict[str, str]) -> dict[str, str]:
    clean = {field: to_plain_text(values[field]).spelled.strip() for field in FIELDS}
    for field in ("title", "category", "language"):
        clean[field] = fold_line(clean[field])
    for field in ("title", "body"):
        if not clean[field]:
            raise InputError(f"A saved reply needs a {field}.")
    return clean


def _first(row: dict[str, Any], names: tuple[str, ...]) -> str:
    """The first of some columns that holds anything."""
    found = (str(row[name]).strip() for name in names if row.get(name) is not None)
    text = next((value for value in found if value), "")
    return text[1:] if text.startswith("'") and _no_formula(text[1:]) == text else text


def _no_formula(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    formula = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{cell}" if formula else cell


def _reply(row: Row) -> SavedReply:
    return SavedReply(
        id=row["id"],
        name=row["name"],
        title=row["title"],
        body=row["body"],
        category=row["category"],
        language=row["language"],
        active=bool(row["active"]),
        used=row["used"],
    )
