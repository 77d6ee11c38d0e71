"""Takes a change of FAQs back: every row stands as it stood before, or nothing is touched."""

import json
from typing import Final

from sqlite_utils import Database

from . import faqs, settings
from .audit import Actor, record
from .clock import now
from .database import Row, scalar, write
from .errors import UndoRefusedError
from .faq_changes import FaqChange, get, key_of, row_by_key, search_row
from .html import to_plain_text
from .links import LinkReader

_MOVED: Final = ("renamed", "merged")  # after which answers are read by another name


def undo(db: Database, actor: Actor, change_id: int) -> FaqChange:
    """Take a change back: every row stands as it stood before.

    Answers that came after a renaming or merging are read again, so that their labels are those of
    a desk that never had it.

    Raises:
        NotFoundError: there is no such change.
        UndoRefusedError: it was taken back already, or a later change has touched the same rows.
    """
    with write(db):
        change = get(db, change_id)
        if change.undone_at:
            raise UndoRefusedError(
                f"Change {change_id} was taken back already ({change.undone_at}).", why="undone"
            )
        for slug in _made(db, change):
            _refuse_orphans(db, change, slug)
            _refuse_dangling(db, change, slug)
        if change.kind == "renamed":
            _refuse_dangling(db, change, change.into_slug)
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


def _made(db: Database, change: FaqChange) -> list[str]:
    """The FAQs that a change made: an import makes many."""
    sql = """
        SELECT after ->> 'slug' AS slug FROM faq_change_rows
        WHERE change_id = ? AND name = 'faqs' AND before IS NULL ORDER BY seq
    """
    return [row["slug"] for row in db.query(sql, [change.id])]


def _refuse_orphans(db: Database, change: FaqChange, slug: str) -> None:
    """Refuse to take away an FAQ that answers have linked since."""
    sql = """
        SELECT count(*) FROM labels WHERE slug = ? AND CAST(id AS TEXT) NOT IN
            (SELECT key FROM faq_change_rows WHERE change_id = ? AND name = 'labels')
    """
    since = scalar(db, sql, [slug, change.id])
    if since:
        raise UndoRefusedError(
            f"{since} answers are labelled with {slug!r} since it was made. Retire it "
            f"instead: faqdesk faqs retire {slug}",
            why="used",
            n=since,
        )


def _refuse_dangling(db: Database, change: FaqChange, slug: str) -> None:
    """Refuse to take away a name that others stand for since: they would lead nowhere."""
    sql = """
        SELECT alias FROM faq_aliases WHERE slug = ? AND alias NOT IN
            (SELECT key FROM faq_change_rows WHERE change_id = ? AND name = 'faq_aliases')
        ORDER BY alias
    """
    old = scalar(db, sql, [slug, change.id])
    if old is not None:
        raise _refusal(db, change, "faq_aliases", old)


def _put_back(db: Database, change: FaqChange, row: Row) -> None:
    name, key = row["name"], row["key"]
    before: Row | None = None if row["before"] is None else json.loads(row["before"])
    after: Row | None = None if row["after"] is None else json.loads(row["after"])
    current = row_by_key(db, name, key)
    if name == "labels":
        if not _inquiry_there(db, before or after or {}):
            return  # forgotten with its inquiry: there is nothing to label any more
        if after is None and before is not None:
            _label_again(db, before, taken=current is not None)
            return
    if current != after:
        raise _refusal(db, change, name, key)
    if before is None:
        db.table(name).delete(key_of(name, key))
        if name == "faqs":
            search_row(db, None, gone=after)
        return
    if after is None:
        db.table(name).insert(before)
    else:
        db.table(name).update(key_of(name, key), before)
    if name == "faqs":
        search_row(db, before, gone=after)


def _refusal(db: Database, change: FaqChange, name: str, key: str) -> UndoRefusedError:
    """Why a row cannot be put back, with the newest change that must be taken back before."""
    sql = """
        SELECT max(faq_changes.id) FROM faq_change_rows
        JOIN faq_changes ON faq_changes.id = change_id
        WHERE name = ? AND key = ? AND change_id > ? AND undone_at IS NULL
    """
    later = scalar(db, sql, [name, key, change.id])
    cure = (
        "It was not a change that is kept: write it as it shall be."
        if later is None
        else f"Take the later change {later} back first: faqdesk faqs undo {later}"
    )
    return UndoRefusedError(
        f"Change {change.id} cannot be taken back: what it wrote ({name} {key}) was changed "
        f"since. {cure}",
        why="outside" if later is None else "later",
        later=later,
    )


def _label_again(db: Database, label: Row, *, taken: bool) -> None:
    """Put a label back that went; numbers are given out again, so that its own may be taken."""
    sql = "SELECT 1 FROM labels WHERE inquiry_id = ? AND slug = ?"
    if not scalar(db, sql, [label["inquiry_id"], label["slug"]]):
        db.table("labels").insert(
            {column: value for column, value in label.items() if column != "id" or not taken}
        )


def _read_again(db: Database, change: FaqChange) -> None:
    """Give answers sent since a renaming the labels that their links stand for now.

    After a renaming both names are one FAQ's: whatever came since is labelled with the old one.
    """
    sql = """
        SELECT labels.*, messages.text FROM labels
        JOIN messages ON messages.id = labels.message_id
        WHERE labels.slug = ? AND labels.id > (SELECT last_label FROM faq_changes WHERE id = ?)
    """
    rows = list(db.query(sql, [change.into_slug, change.id]))
    reader = LinkReader(settings.load(db).link_patterns, faqs.aliases(db))
    for row in rows:
        linked = reader.slugs(to_plain_text(row["text"]).links)
        if change.kind == "renamed" or (change.slug in linked and change.into_slug not in linked):
            db.execute(
                "UPDATE OR IGNORE labels SET slug = ? WHERE id = ?", [change.slug, row["id"]]
            )


def _inquiry_there(db: Database, label: Row) -> bool:
    return bool(scalar(db, "SELECT 1 FROM inquiries WHERE id = ?", [label["inquiry_id"]]))
