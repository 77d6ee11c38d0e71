"""Imports the help centre's pages, and the table of their old and localized addresses."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from .. import faqs, settings
from ..audit import Actor, record
from ..database import write
from ..errors import ImportFileError
from ..html import to_plain_text
from ..links import LinkReader
from ..own_texts import PERSONAL, OwnTexts
from .conversation import Rejected
from .files import rows
from .load import link_settings
from .mapping import Mapping

_TEXTS: Final = ("title", "title_en", "body", "category", "url")  # of an FAQ


def import_faqs(
    db: Database, path: Path, mapping: Mapping, *, actor: Actor
) -> tuple[int, int, list[Rejected]]:
    """Add or update FAQs from a file.

    A file without a slug column gives it through its URLs.

    Returns:
        How many were added, how many changed, and the rows that were rejected.
    """
    columns = mapping.faqs
    if mapping.links.hosts:
        settings.change(db, actor, **link_settings(settings.load(db), mapping.links))
    patterns = settings.load(db).link_patterns
    reader = LinkReader(patterns, {})
    rejected: list[Rejected] = []
    items: dict[str, faqs.Faq] = {}
    known = {faq.slug: faq for faq in faqs.every(db)}
    old_names = faqs.aliases(db)
    own = OwnTexts(db)
    for number, row in _usable(path, rejected):
        url = str(row.get(columns.url, ""))
        slug = str(row.get(columns.slug, "")) or reader.slug(url) or ""
        title = str(row.get(columns.title, ""))
        if not slug or not title.strip():
            what = "title" if slug else f"{columns.slug} or known {columns.url}"
            rejected.append(Rejected(path.name, number, f"an FAQ without {what}"))
            continue
        if own.kinds(slug):
            rejected.append(Rejected(path.name, number, f"an FAQ whose name {PERSONAL}"))
            continue
        if slug in old_names:
            what = f"{slug!r} is an old name of FAQ {old_names[slug]!r}"
            rejected.append(Rejected(path.name, number, what))
            continue
        # A column that the file has not leaves what is known.
        given: dict[str, Any] = {
            name: str(row[column])
            for name, column in (
                ("title_en", columns.title_en),
                ("body", columns.body),
                ("category", columns.category),
                ("url", columns.url),
            )
            if column in row
        }
        if "body" in given:
            given["body"] = to_plain_text(given["body"]).text
        blank = faqs.Faq(slug=slug, title="", url=patterns[0].address(slug) if patterns else "")
        items[slug] = replace(
            known.get(slug, blank), title=to_plain_text(title).text, discovered=False, **given
        )
    # A help centre's pages are public; what is the desk's own there is not masked.
    for slug, item in items.items():
        texts: dict[str, Any] = {name: own.masked(getattr(item, name)) for name in _TEXTS}
        items[slug] = replace(item, **texts)
    with write(db):
        added, changed = faqs.save(db, list(items.values()))
        record(db, actor, "faqs.imported", path.name, detail={"added": added, "changed": changed})
    return added, changed, rejected


def import_aliases(
    db: Database, path: Path, mapping: Mapping, *, actor: Actor
) -> tuple[int, list[Rejected]]:
    """Add aliases; an alias may be given as a slug or as a path or URL that holds it.

    Returns:
        How many were new, and the rows that were rejected.
    """
    columns = mapping.aliases
    if mapping.links.hosts:
        settings.change(db, actor, **link_settings(settings.load(db), mapping.links))
    reader = LinkReader(settings.load(db).link_patterns, {})
    rejected: list[Rejected] = []
    pairs: dict[str, str] = {}
    for number, row in _usable(path, rejected):
        alias, slug = str(row.get(columns.alias, "")), str(row.get(columns.slug, ""))
        if not alias or not slug:
            rejected.append(Rejected(path.name, number, "an alias row with an empty column"))
            continue
        pairs[reader.slug(alias) or alias] = slug
    with write(db):
        fresh = faqs.save_aliases(db, pairs)
        record(db, actor, "aliases.imported", path.name, detail={"added": fresh})
    return fresh, rejected


def _usable(path: Path, rejected: list[Rejected]) -> Iterator[tuple[int, dict[str, Any]]]:
    seen = False
    for number, row in rows(path):
        if isinstance(row, Rejected):
            rejected.append(row)
            continue
        seen = True
        yield number, row
    if not seen:
        raise ImportFileError(f"{path} holds no usable row.")
