"""The team's own saved replies: texts that agents send again and again, beside the FAQs.

Kept and searched here, each change so that it can be taken back (`saved_reply_changes.py`). Which
answers hold one is read in `saved_reply_uses.py`; which fits an inquiry, `saved_reply_advice.py`
says; files are `saved_reply_tables.py`'s.
"""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from .audit import Actor, record
from .clock import now
from .database import Row, one, write
from .errors import ConflictError, InputError, NotFoundError
from .html import to_plain_text
from .own_texts import OwnTexts
from .saved_reply_changes import changing
from .text import fold_line

FIELDS: Final = ("title", "body", "category", "language")
MOST_NAME: Final = 80


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


def by_id(db: Database, reply_id: int) -> SavedReply:
    """A saved reply by its number.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, _SELECT + " WHERE id = ?", [reply_id])
    if row is None:
        raise NotFoundError(f"No saved reply {reply_id}.")
    return _reply(row)


def row_of(db: Database, reply_id: int) -> Row:
    """The row of a reply that is there."""
    row = one(db, "SELECT * FROM saved_replies WHERE id = ?", [reply_id])
    if row is None:
        raise NotFoundError(f"No saved reply {reply_id}.")
    return row


def listed(db: Database, *, every: bool = False) -> list[SavedReply]:
    """Saved replies, the most used first; retired ones where asked for."""
    where = "" if every else " WHERE active = 1"
    return [_reply(row) for row in db.query(_SELECT + where + " ORDER BY used DESC, title, id")]


def search(db: Database, text: str, *, limit: int = 10, every: bool = False) -> list[SavedReply]:
    """Those that hold every word typed, with it in the title first; retired ones if asked for."""
    words = [word.casefold() for word in text.split()]
    found = []
    for reply in listed(db, every=every):
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
        InputError: title or body is blank, or there is personal data in it.
        ConflictError: the name is taken.
    """
    values = cleaned({"title": title, "body": body, "category": category, "language": language})
    name = (name.strip() or values["title"])[:MOST_NAME]
    OwnTexts(db).refuse_personal(values | {"name": name})
    with write(db):
        if one(db, "SELECT 1 FROM saved_replies WHERE name = ?", [name]):
            raise ConflictError(f"There is a saved reply {name!r} already. Choose another name.")
        with changing(db, actor, "created", name) as change:
            change.insert(new_row(name, values))
        record(db, actor, "reply.created", f"reply:{name}", detail={"change": change.id})
    return get(db, name)


def edit(db: Database, actor: Actor, name: str, **fields: str) -> SavedReply:
    """Change a saved reply; fields that are not named stay.

    Raises:
        NotFoundError: there is none.
        InputError: a field is unknown, title or body would be blank, or there is personal data in
            what is new.
    """
    unknown = fields.keys() - set(FIELDS)
    if unknown:
        raise InputError(f"No field {min(unknown)!r}. There are: {', '.join(FIELDS)}.")
    with write(db):
        reply = get(db, name)
        before = {field: getattr(reply, field) for field in FIELDS}
        values = cleaned(before | fields)
        OwnTexts(db).refuse_personal(values, before=before)
        if values != before:
            with changing(db, actor, "edited", name) as change:
                change.update(row_of(db, reply.id), values | {"updated_at": now()})
            changed = sorted(field for field in FIELDS if values[field] != before[field])
            detail = {"change": change.id, "fields": changed}
            record(db, actor, "reply.edited", f"reply:{name}", detail=detail)
    return get(db, name)


def switch(db: Database, actor: Actor, name: str, *, active: bool) -> SavedReply:
    """Retire a saved reply, or let it be suggested again.

    Raises:
        NotFoundError: there is none.
    """
    with write(db):
        reply = get(db, name)
        if reply.active != active:
            with changing(db, actor, "restored" if active else "retired", name) as change:
                values = {"active": int(active), "updated_at": now()}
                change.update(row_of(db, reply.id), values)
            kind = "reply.restored" if active else "reply.retired"
            record(db, actor, kind, f"reply:{name}", detail={"change": change.id})
    return get(db, name)


def new_row(name: str, values: dict[str, str]) -> Row:
    """The row of a reply that is made now."""
    moment = now()
    return {"name": name, **values, "created_at": moment, "updated_at": moment}


def cleaned(values: dict[str, str]) -> dict[str, str]:
    """Fields as they are kept: plain text, all but the body in one line.

    Raises:
        InputError: title or body is blank.
    """
    clean = {field: to_plain_text(values[field]).spelled.strip() for field in FIELDS}
    for field in ("title", "category", "language"):
        clean[field] = fold_line(clean[field])
    for field in ("title", "body"):
        if not clean[field]:
            raise InputError(f"A saved reply needs a {field}.")
    return clean


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
