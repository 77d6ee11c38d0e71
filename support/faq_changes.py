"""Changes of FAQs, kept with every row before and after, so that each can be taken back exactly.

A change is a few rows of `faqs`, `faq_aliases` and `labels`, written through a `Change` in one
transaction. Taking it back puts the rows back as they were, and refuses where a later change has
touched them.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from sqlite_utils import Database

from . import faqs, settings
from .audit import Actor, record
from .clock import now
from .database import Row, insert, one, scalar, write
from .errors import ConflictError, NotFoundError
from .html import to_plain_text
from .links import LinkReader
from .text import bigrams

Kind = Literal[
    "created", "edited", "renamed", "merged", "retired", "restored", "labelled", "imported"
]
Name = Literal["faqs", "faq_aliases", "labels"]
_KEY: Final[dict[str, str]] = {"faqs": "id", "faq_aliases": "alias", "labels": "id"}
_MOVED: Final = ("renamed", "merged")  # after which answers are read by another name


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
        found = _row(self._db, name, key)
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
        self._note(name, key, before, _row(self._db, name, key))

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


def undo(db: Database, actor: Actor, change_id: int) -> FaqChange:
    """Take a change back: every row stands as it stood before.

    Answers that came after a renaming or merging are read again, so that their labels are those of
    a desk that never had it.

    Raises:
        NotFoundError: there is no such change.
        ConflictError: it was taken back already, or a later change has touched the same rows.
    """
    with write(db):
        change = get(db, change_id)
        if change.undone_at:
            raise ConflictError(f"Change {change_id} was taken back already ({change.undone_at}).")
        if change.kind == "created":
            _refuse_orphans(db, change)
        sql = "SELECT * FROM faq_change_rows WHERE change_id = ? ORDER BY seq DESC"
        for row in list(db.query(sql, [change_id])):
            _put_back(db, change, row)
        if change.kind in _MOVED:
            _read_again(db, change)
        db.table("faq_changes").update(change_id, {"undone_at": now(), "undone_by": actor.name})
        db.execute(
            "UPDATE gaps SET state = 'open', settled_by = '', settled_at = NULL WHERE id = "
            "(SELECT gap_id FROM faq_changes WHERE id = ?) AND state = 'closed'",
            [change_id],
        )
        record(db, actor, "faq.change_undone", f"faq:{change.slug}", detail={"change": change_id})
    return get(db, change_id)


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


def _refuse_orphans(db: Database, change: FaqChange) -> None:
    """Refuse to take away an FAQ that answers have linked since."""
    sql = """
        SELECT count(*) FROM labels WHERE slug = ? AND CAST(id AS TEXT) NOT IN
            (SELECT key FROM faq_change_rows WHERE change_id = ? AND name = 'labels')
    """
    since = scalar(db, sql, [change.slug, change.id])
    if since:
        raise ConflictError(
            f"{since} answers are labelled with {change.slug!r} since it was made. Retire it "
            f"instead: faqdesk faqs retire {change.slug}"
        )


def _put_back(db: Database, change: FaqChange, row: Row) -> None:
    name, key = row["name"], row["key"]
    before: Row | None = None if row["before"] is None else json.loads(row["before"])
    after: Row | None = None if row["after"] is None else json.loads(row["after"])
    current = _row(db, name, key)
    if name == "labels":
        if not _inquiry_there(db, before or after or {}):
            return  # forgotten with its inquiry: there is nothing to label any more
        if after is None and before is not None:
            _label_again(db, before, taken=current is not None)
            return
    if current != after:
        raise ConflictError(
            f"Change {change.id} cannot be taken back: what it wrote ({name} {key}) was changed "
            f"since. {_cure(db, change, name, key)}"
        )
    if before is None:
        db.table(name).delete(_key(name, key))
        if name == "faqs":
            search_row(db, None, gone=after)
        return
    if after is None:
        db.table(name).insert(before)
    else:
        db.table(name).update(_key(name, key), before)
    if name == "faqs":
        search_row(db, before, gone=after)


def _cure(db: Database, change: FaqChange, name: str, key: str) -> str:
    """The newest change that must be taken back before."""
    sql = """
        SELECT max(faq_changes.id) FROM faq_change_rows
        JOIN faq_changes ON faq_changes.id = change_id
        WHERE name = ? AND key = ? AND change_id > ? AND undone_at IS NULL
    """
    later = scalar(db, sql, [name, key, change.id])
    if later is None:
        return "It was not a change that is kept: write it as it shall be."
    return f"Take the later change {later} back first: faqdesk faqs undo {later}"


def _label_again(db: Database, label: Row, *, taken: bool) -> None:
    """Put a label back that went; numbers are given out again, so that its own may be taken."""
    sql = "SELECT 1 FROM labels WHERE inquiry_id = ? AND slug = ?"
    if not scalar(db, sql, [label["inquiry_id"], label["slug"]]):
        db.table("labels").insert(
            {column: value for column, value in label.items() if column != "id" or not taken}
        )


def _read_again(db: Database, change: FaqChange) -> None:
    """Give answers sent since a renaming the labels that their links stand for now."""
    sql = """
        SELECT labels.*, messages.text FROM labels
        JOIN messages ON messages.id = labels.message_id
        WHERE labels.slug = ? AND labels.id > (SELECT last_label FROM faq_changes WHERE id = ?)
    """
    rows = list(db.query(sql, [change.into_slug, change.id]))
    reader = LinkReader(settings.load(db).link_patterns, faqs.aliases(db))
    for row in rows:
        linked = reader.slugs(to_plain_text(row["text"]).links)
        if change.slug in linked and change.into_slug not in linked:
            db.execute(
                "UPDATE OR IGNORE labels SET slug = ? WHERE id = ?", [change.slug, row["id"]]
            )


def _inquiry_there(db: Database, label: Row) -> bool:
    return bool(scalar(db, "SELECT 1 FROM inquiries WHERE id = ?", [label["inquiry_id"]]))


def _row(db: Database, name: str, key: object) -> Row | None:
    sql = f"SELECT * FROM {name} WHERE {_KEY[name]} = ?"  # noqa: S608 - names of our own tables
    return one(db, sql, [_key(name, key)])


def _key(name: str, key: object) -> int | str:
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
