"""FAQs as a table: written out whole, and taken in row by row after a look at each.

What `table` gives, written to a file, `read` takes back. A row is new, changed, the same, a
duplicate, or invalid; nothing that is there is changed unless that is asked for, and a whole import
is one change that can be taken back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from sqlite_utils import Database

from . import faqs, settings
from .audit import Actor
from .clock import now
from .database import Row
from .errors import FaqdeskError, ImportFileError
from .faq_changes import changing
from .faq_edit import FIELDS, cleaned, insert_faq
from .faq_slugs import refuse_foreign, refuse_unfit
from .importing.conversation import Rejected
from .importing.files import Numbered
from .importing.files import rows as read_rows
from .links import LinkReader
from .own_texts import OwnTexts
from .table_rows import MOST_ROWS, doubles, switch

RowState = Literal["new", "changed", "same", "duplicate", "old_name", "invalid"]
COLUMNS: Final = ("slug", *FIELDS, "active", "aliases", "sent", "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a file of FAQs, and what taking it in would do.

    `fields` are those that the file names; `was` is what stands in their place now.
    """

    line: int
    state: RowState
    slug: str
    fields: dict[str, str]
    was: dict[str, str]
    active: bool | None = None  # None: the file does not say
    reason: str = ""  # why it cannot be taken in


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did; change 0 where nothing was to be done."""

    change_id: int
    added: int
    changed: int
    passed_over: int


def table(db: Database, *, every: bool = False) -> list[Row]:
    """FAQs as rows of a table, as `read` reads them; retired ones where asked for."""
    old: dict[str, list[str]] = {}
    for alias, slug in sorted(faqs.aliases(db).items()):
        old.setdefault(slug, []).append(alias)
    where = "" if every else "WHERE active = 1"
    sql = f"""
        SELECT faqs.*, (SELECT count(*) FROM labels WHERE labels.slug = faqs.slug) AS sent
        FROM faqs {where} ORDER BY category, slug
    """  # noqa: S608 - only the fixed words above are put in
    return [
        {name: row[name] for name in COLUMNS if name != "aliases"}
        | {"aliases": " ".join(old.get(row["slug"], ()))}
        for row in db.query(sql)
    ]


def read(db: Database, path: Path) -> list[TableRow]:
    """Read a file of FAQs and say of each row what taking it in would do. Stores nothing.

    Raises:
        ImportFileError: the file cannot be read, is empty, or has too many rows.
    """
    return judge(db, read_rows(path), str(path))


def judge(db: Database, rows: Iterable[Numbered], name: str) -> list[TableRow]:
    """Say of each row what taking it in would do. Stores nothing.

    The slug is read from the address where there is no column of slugs.

    Args:
        db: the desk's database.
        rows: line numbers with rows, or why they were rejected.
        name: the file's.

    Raises:
        ImportFileError: the file cannot be read, is empty, or has too many rows.
    """
    known = {row["slug"]: row for row in db.query("SELECT * FROM faqs")}
    aliases = faqs.aliases(db)
    reader = LinkReader(settings.load(db).link_patterns, {})
    own = OwnTexts(db)
    found: list[TableRow] = []
    for line, row in rows:
        if len(found) == MOST_ROWS:
            raise ImportFileError(f"{name} has more than {MOST_ROWS:,} rows. Cut it in parts.")
        if isinstance(row, Rejected):
            found.append(TableRow(line, "invalid", "", {}, {}, reason=row.reason))
        else:
            found.append(_judge(line, row, known, aliases, reader, own))
    if not found:
        raise ImportFileError(f"{name} holds no row.")
    for place, reason in doubles([(row.slug, row.fields) for row in found]).items():
        found[place] = replace(found[place], state="duplicate", active=None, reason=reason)
    return found


def take(
    db: Database,
    actor: Actor,
    rows: Iterable[TableRow],
    *,
    name: str,
    overwrite: bool = False,
) -> Taken:
    """Take rows in: new ones, and where asked for, changed ones.

    Args:
        db: the desk's database.
        actor: who imports.
        rows: what `read` gave, or those of it that a person chose.
        name: of the file, for the list of changes.
        overwrite: change FAQs that are there.

    Returns:
        What was done; what is there by now and was not when the file was read is passed over.
    """
    rows = list(rows)
    wanted = [row for row in rows if row.state == "new" or (overwrite and row.state == "changed")]
    if not wanted:
        return Taken(0, 0, 0, len(rows))
    added = changed = 0
    with changing(db, actor, "imported", name) as change:
        known = {row["slug"]: row for row in db.query("SELECT * FROM faqs")}
        for row in wanted:
            there = known.get(row.slug)
            if row.state == "new" and there is None:
                made = insert_faq(db, change, row.slug, row.fields)
                if row.active is False:
                    change.update("faqs", made, {"active": 0})
                added += 1
            elif row.state == "changed" and there is not None:
                active = {} if row.active is None else {"active": int(row.active)}
                values = {**row.fields, **active, "updated_at": now()}
                change.update("faqs", there, values)
                changed += 1
    return Taken(change.id, added, changed, len(rows) - added - changed)


def _judge(
    line: int,
    row: dict[str, Any],
    known: dict[str, Row],
    aliases: dict[str, str],
    reader: LinkReader,
    own: OwnTexts,
) -> TableRow:
    given: dict[str, str] = {name: _plain(row[name]) for name in FIELDS if name in row}
    slug = _plain(row.get("slug", "")) or reader.slug(given.get("url", "")) or ""
    active = switch(row, "active")
    try:
        refuse_unfit(slug)
        there = known.get(slug)
        fields = cleaned(given if "title" in given or there is None else {**given, "title": "-"})
        fields = {name: value for name, value in fields.items() if name in given}
        own.refuse_personal(fields | {"slug": slug}, before=there)
        if there is None or fields.get("url", there["url"]) != there["url"]:
            refuse_foreign(fields.get("url", ""))
    except FaqdeskError as error:
        return TableRow(line, "invalid", slug, given, {}, reason=str(error))
    if not there and not fields.get("title"):
        return TableRow(line, "invalid", slug, fields, {}, reason="An FAQ needs a title.")
    if slug in aliases:
        reason = f"{slug!r} is an old name of FAQ {aliases[slug]!r}"
        return TableRow(line, "old_name", slug, fields, {}, active, reason)
    if there is None:
        return TableRow(line, "new", slug, fields, {}, active)
    if not fields.get("url"):  # no address is no news: links to it would lead nowhere
        fields.pop("url", None)
    was = {name: str(there[name]) for name in fields}
    same = was == fields and (active is None or active == bool(there["active"]))
    return TableRow(line, "same" if same else "changed", slug, fields, was, active)


def _plain(value: object) -> str:
    return "" if value is None else str(value).strip()
