"""Changes of FAQs, kept with every row before and after, so that each can be taken back exactly.

A change is a few rows of `faqs`, `faq_aliases` and `labels`, written through a `Change` in one
transaction; `faq_undo.py` puts them back.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal

from sqlite_utils import Database

from .audit import Actor, record
from .clock import now
from .database import Row, insert, one, scalar, write
from .errors import NotFoundError
from .text import bigrams

Kind = Literal[
    "created", "edited", "renamed", "merged", "retired", "restored", "labelled", "imported"
]
Name = Literal["faqs", "faq_aliases", "labels"]
_TIMES: Final = ("created_at", "updated_at")
_KEY: Final[dict[str, str]] = {"faqs": "id", "faq_aliases": "alias", "labels": "id"}


@dataclass(frozen=True, slots=True)
class FaqChange:
    """One change as it stands in the list of changes."""

    id: int
    kind: str
    slug: str
    into_slug: str
    actor: str
    at: str
    undone_at: str | None
    undone_by: str
    labels: int  # labels that it gave, moved or took
    fields: tuple[str, ...] = ()  # of the FAQ that the list is asked for of: what it changed


class Change:
    """Writes rows, and notes what they were."""

    def __init__(self, db: Database, change_id: int) -> None:
        """Go on with a change in the caller's transaction; `changing` begins one."""
        self.id = change_id
        self._db = db
        self._seq = 0

    def insert(self, name: Name, row: Row) -> Row:
        """Insert a row and return it whole, its key included."""
        key = row[_KEY[name]] if name == "faq_aliases" else insert(self._db, name, row)
        if name == "faq_aliases":
            self._db.table(name).insert(row)
        found = row_by_key(self._db, name, key)
        self._note(name, key, None, found)
        assert found is not None  # noqa: S101 - it was inserted a line ago
        return found

    def update(self, name: Name, before: Row, values: Row) -> None:
        """Change a row that was read as `before`; nothing is written where nothing changes."""
        key = before[_KEY[name]]
        fresh = {column: value for column, value in values.items() if before[column] != value}
        if not fresh:
            return
        self._db.table(name).update(key, fresh)
        self._note(name, key, before, row_by_key(self._db, name, key))

    def delete(self, name: Name, before: Row) -> None:
        """Delete a row that was read as `before`."""
        self._db.table(name).delete(before[_KEY[name]])
        self._note(name, before[_KEY[name]], before, None)

    def _note(self, name: Name, key: object, before: Row | None, after: Row | None) -> None:
        self._seq += 1
        if name == "faqs":
            search_row(self._db, after, gone=before)
        self._db.table("faq_change_rows").insert(
            {
                "change_id": self.id,
                "seq": self._seq,
                "name": name,
                "key": str(key),
                "before": None if before is None else _json(before),
                "after": None if after is None else _json(after),
            }
        )


@contextmanager
def changing(
    db: Database,
    actor: Actor,
    kind: Kind,
    slug: str,
    *,
    into: str = "",
    gap_id: int | None = None,
) -> Iterator[Change]:
    """Write a change in one transaction, with its line in the audit trail.

    Args:
        db: the desk's database.
        actor: who changes.
        kind: what is done.
        slug: the FAQ it speaks of, as it is called before; a file's name where many are changed.
        into: what it is called, or part of, afterwards.
        gap_id: the gap that it closes.
    """
    with write(db):
        row = {
            "kind": kind,
            "slug": slug,
            "into_slug": into,
            "gap_id": gap_id,
            "actor": actor.name,
            "at": now(),
        }
        change = Change(db, insert(db, "faq_changes", row))
        yield change
        # After it, not before: numbers of labels that went are given out again.
        last = int(scalar(db, "SELECT max(id) FROM labels") or 0)
        db.table("faq_changes").update(change.id, {"last_label": last})
        detail = {"change": change.id, "into": into} if into else {"change": change.id}
        record(db, actor, f"faq.{kind}", f"faq:{slug}", detail=detail)


def listed(db: Database, *, slug: str = "", limit: int = 50) -> list[FaqChange]:
    """Changes, newest first; of one FAQ where its slug is given."""
    where = "WHERE slug = :slug OR into_slug = :slug" if slug else ""
    sql = f"""
        SELECT *, (SELECT count(*) FROM faq_change_rows
            WHERE change_id = faq_changes.id AND name = 'labels') AS labels
        FROM faq_changes {where} ORDER BY id DESC LIMIT :limit
    """  # noqa: S608 - only the fixed words above are put in
    return [_change(row) for row in db.query(sql, {"slug": slug, "limit": limit})]


def of_faq(
    db: Database, faq_id: int, names: Collection[str], *, limit: int = 50
) -> list[FaqChange]:
    """Changes of one FAQ, newest first: those under any of its names, and imports that touched it.

    Args:
        db: the desk's database.
        faq_id: its row's id.
        names: its slug and the slugs that stand for it.
        limit: changes at most.
    """
    sql = """
        SELECT *, (SELECT count(*) FROM faq_change_rows
            WHERE change_id = faq_changes.id AND name = 'labels') AS labels
        FROM faq_changes WHERE id IN (
            SELECT id FROM faq_changes WHERE kind <> 'imported'
                AND (slug IN (SELECT value FROM json_each(:names))
                    OR into_slug IN (SELECT value FROM json_each(:names)))
            UNION SELECT change_id FROM faq_change_rows WHERE name = 'faqs' AND key = :key
                AND change_id >= :made)
        ORDER BY id DESC LIMIT :limit
    """
    # The number of an FAQ whose making was taken back is given out again.
    made = "SELECT max(change_id) FROM faq_change_rows WHERE name = 'faqs' AND key = ? AND before "
    found = scalar(db, made + "IS NULL", [str(faq_id)]) or 0
    values = {"names": json.dumps(list(names)), "key": str(faq_id), "limit": limit, "made": found}
    rows = list(db.query(sql, values))
    fields: dict[int, tuple[str, ...]] = {}
    sql = "SELECT change_id, before, after FROM faq_change_rows WHERE name = 'faqs' AND key = ?"
    for change_id, before, after in db.conn.execute(sql, [str(faq_id)]):
        if before is not None and after is not None:
            then, since = json.loads(before), json.loads(after)
            fields[change_id] = tuple(
                name for name in since if name not in _TIMES and then.get(name) != since[name]
            )
    return [replace(_change(row), fields=fields.get(row["id"], ())) for row in rows]


def get(db: Database, change_id: int) -> FaqChange:
    """One change.

    Raises:
        NotFoundError: there is none.
    """
    sql = """
        SELECT *, (SELECT count(*) FROM faq_change_rows
            WHERE change_id = faq_changes.id AND name = 'labels') AS labels
        FROM faq_changes WHERE id = ?
    """
    row = one(db, sql, [change_id])
    if row is None:
        raise NotFoundError(f"No change {change_id}. List them: faqdesk faqs changes")
    return _change(row)


def search_row(db: Database, faq: Row | None, *, gone: Row | None = None) -> None:
    """Write the search row of an FAQ anew, in the caller's transaction."""
    for row in (gone, faq):
        if row is not None:
            db.execute("DELETE FROM faq_search WHERE rowid = ?", [row["id"]])
    if faq is not None:
        db.execute(
            "INSERT INTO faq_search (rowid, title, body) VALUES (?, ?, ?)",
            [faq["id"], bigrams(f"{faq['title']} {faq['title_en']}"), bigrams(faq["body"])],
        )


def row_by_key(db: Database, name: str, key: object) -> Row | None:
    """A row of one of the tables that changes write; None where it is not there."""
    sql = f"SELECT * FROM {name} WHERE {_KEY[name]} = ?"  # noqa: S608 - names of our own tables
    return one(db, sql, [key_of(name, key)])


def key_of(name: str, key: object) -> int | str:
    """A key as its table has it, from the text that it is kept as."""
    return int(str(key)) if _KEY[name] == "id" else str(key)


def _json(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False)


def _change(row: Row) -> FaqChange:
    return FaqChange(
        id=row["id"],
        kind=row["kind"],
        slug=row["slug"],
        into_slug=row["into_slug"],
        actor=row["actor"],
        at=row["at"],
        undone_at=row["undone_at"],
        undone_by=row["undone_by"],
        labels=row["labels"],
    )
