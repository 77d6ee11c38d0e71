"""Editing the kept answers: each step is one change that can be taken back.

An FAQ's slug is its name in links and labels. After a renaming or merging the old name is an alias,
so that old links are still read, and its labels follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from . import faqs, settings
from .audit import Actor
from .clock import now
from .database import Row, one
from .errors import ConflictError, InputError
from .faq_changes import Change, changing
from .faq_slugs import free_slug, refuse_foreign, refuse_taken, refuse_unfit, row_of
from .html import to_plain_text
from .links import LinkReader
from .own_texts import OwnTexts

FIELDS: Final[tuple[str, ...]] = ("title", "title_en", "body", "category", "url")


@dataclass(frozen=True, slots=True)
class Moved:
    """What a renaming or merging did: its change, and how many labels followed."""

    change_id: int
    labels: int


def create(
    db: Database,
    actor: Actor,
    *,
    title: str,
    slug: str = "",
    title_en: str = "",
    body: str = "",
    category: str = "",
    url: str = "",
) -> faqs.Faq:
    """Make an FAQ; without a slug it is called after its title.

    Raises:
        InputError: there is no title, slug or link are no part of an address, or there is personal
            data in it.
        ConflictError: the slug is an FAQ's or an alias already.
    """
    fields = {"title": title, "title_en": title_en, "body": body, "category": category, "url": url}
    slug = slug.strip() or free_slug(db, title)
    with changing(db, actor, "created", slug) as change:
        insert_faq(db, change, slug, fields)
    return faqs.get(db, slug)


def insert_faq(db: Database, change: Change, slug: str, fields: Mapping[str, str]) -> Row:
    """Add an FAQ's row as a part of a change.

    Raises:
        InputError: there is no title, slug or link are no part of an address, or there is personal
            data in it.
        ConflictError: the slug is an FAQ's or an alias already.
    """
    refuse_taken(db, slug)
    clean = cleaned(dict.fromkeys(FIELDS, "") | dict(fields))
    OwnTexts(db).refuse_personal(clean | {"slug": slug})
    refuse_foreign(clean["url"])
    moment = now()
    url = clean.pop("url") or _address(db, slug)
    times = {"created_at": moment, "updated_at": moment}
    return change.insert("faqs", {"slug": slug, "url": url, **clean, **times})


def edit(db: Database, actor: Actor, slug: str, **fields: str) -> faqs.Faq:
    """Change what an FAQ says, or where it is; fields that are not named stay.

    Raises:
        NotFoundError: there is no such FAQ.
        InputError: a field is unknown, the title is blank, the link is no address, or there is
            personal data in what is new.
    """
    unknown = fields.keys() - set(FIELDS)
    if unknown:
        raise InputError(f"No field {sorted(unknown)[0]!r}. There are: {', '.join(FIELDS)}.")
    row = row_of(db, slug)
    clean = cleaned({"title": row["title"], **fields})
    OwnTexts(db).refuse_personal(clean, before=row)
    if clean.get("url", row["url"]) != row["url"]:
        refuse_foreign(clean["url"])
    if all(row[name] == value for name, value in clean.items()):
        return faqs.get(db, slug)
    with changing(db, actor, "edited", slug) as change:
        row = row_of(db, slug)
        described = {"discovered": 0} if clean.get("body") else {}
        change.update("faqs", row, {**clean, **described, "updated_at": now()})
    return faqs.get(db, slug)


def rename(db: Database, actor: Actor, slug: str, to: str, *, url: str = "") -> Moved:
    """Give an FAQ another slug: its address has changed. The old one is an alias, labels follow.

    Args:
        db: the desk's database.
        actor: who renames.
        slug: what it is called.
        to: what it shall be called.
        url: its new address; without it, the one that the help centre's pattern gives.

    Raises:
        NotFoundError: there is no such FAQ.
        InputError: the new slug cannot stand in an address, or the link is none.
        ConflictError: the new slug is another FAQ's, or the alias of one.
    """
    to = to.strip()
    row_of(db, slug)
    with changing(db, actor, "renamed", slug, into=to) as change:
        row = row_of(db, slug)
        refuse_unfit(to)
        refuse_foreign(url)
        if to == slug or one(db, "SELECT 1 FROM faqs WHERE slug = ?", [to]):
            raise ConflictError(f"There is an FAQ {to!r} already. Merge them instead.")
        _take_alias(db, change, to, of=slug)
        change.update(
            "faqs", row, {"slug": to, "url": url or _address(db, to), "updated_at": now()}
        )
        labels = _move(db, change, slug, to)
    return Moved(change.id, labels)


def merge(db: Database, actor: Actor, slug: str, into: str) -> Moved:
    """Make one FAQ a part of another: its links and labels are the other's from now on.

    Raises:
        NotFoundError: there is no such FAQ.
        InputError: both are the same.
    """
    if slug == into:
        raise InputError(f"{slug!r} cannot be merged into itself.")
    row_of(db, slug)
    row_of(db, into)
    with changing(db, actor, "merged", slug, into=into) as change:
        row, kept = row_of(db, slug), row_of(db, into)
        if not kept["active"]:
            raise ConflictError(f"{into!r} is retired. Restore it first, or merge the other way.")
        # An alias of what stays would lead into what goes, and both would be a loop.
        _take_alias(db, change, into, of=slug)
        change.update("faqs", row, {"active": 0, "updated_at": now()})
        labels = _move(db, change, slug, into)
    return Moved(change.id, labels)


def retire(db: Database, actor: Actor, slug: str) -> int:
    """Suggest an FAQ no more; its labels stay. Returns the change's id."""
    return _switch(db, actor, slug, active=False)


def restore(db: Database, actor: Actor, slug: str) -> int:
    """Let a retired FAQ be suggested again. Returns the change's id.

    Raises:
        NotFoundError: there is no such FAQ.
        ConflictError: it was merged into another, or is not retired.
    """
    into = faqs.aliases(db).get(slug)
    if into:
        raise ConflictError(
            f"{slug!r} was merged into {into!r}. Take that back: faqdesk faqs changes {slug}"
        )
    return _switch(db, actor, slug, active=True)


def _take_alias(db: Database, change: Change, alias: str, *, of: str) -> None:
    """Free a name that is an alias of `of`, so that it can be a slug of its own.

    Raises:
        ConflictError: it is an alias of another FAQ.
    """
    row = one(db, "SELECT * FROM faq_aliases WHERE alias = ?", [alias])
    if row is None:
        return
    reader = LinkReader((), faqs.aliases(db))
    if reader.canonical(row["slug"]) != reader.canonical(of):
        raise ConflictError(f"{alias!r} is an old name of FAQ {row['slug']!r}. Choose another.")
    change.delete("faq_aliases", row)


def _move(db: Database, change: Change, slug: str, to: str) -> int:
    """Make one slug an alias of another, and let its labels follow: how many there were."""
    old = one(db, "SELECT * FROM faq_aliases WHERE alias = ?", [slug])
    if old is not None:
        change.delete("faq_aliases", old)
    change.insert("faq_aliases", {"alias": slug, "slug": to})
    rows = list(db.query("SELECT * FROM labels WHERE slug = ? ORDER BY id", [slug]))
    sql = "SELECT inquiry_id FROM labels WHERE slug = ?"
    held = {row["inquiry_id"] for row in db.query(sql, [to])}
    for row in rows:
        if row["inquiry_id"] in held:  # its answer linked both
            change.delete("labels", row)
        else:
            change.update("labels", row, {"slug": to})
    return len(rows)


def _switch(db: Database, actor: Actor, slug: str, *, active: bool) -> int:
    row_of(db, slug)
    with changing(db, actor, "restored" if active else "retired", slug) as change:
        row = row_of(db, slug)
        if bool(row["active"]) == active:
            raise ConflictError(f"{slug!r} is {'not ' if active else ''}retired already.")
        change.update("faqs", row, {"active": int(active), "updated_at": now()})
    return change.id


def cleaned(fields: Mapping[str, str]) -> dict[str, str]:
    """Fields as they are kept: plain text, the title in one line.

    Raises:
        InputError: there is no title.
    """
    clean = {name: value.strip() for name, value in fields.items()}
    for name in ("title", "title_en", "body", "category"):
        if name in clean:
            clean[name] = to_plain_text(clean[name]).text
    for name in ("title", "title_en", "category"):
        if name in clean:
            clean[name] = " ".join(clean[name].split())
    if not clean.get("title"):
        raise InputError("An FAQ needs a title.")
    return clean


def _address(db: Database, slug: str) -> str:
    patterns = settings.load(db).link_patterns
    return patterns[0].address(slug) if patterns else ""
