"""The kept answers: the FAQs that labels name, their aliases, and the search over them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlite_utils import Database

from .clock import now
from .database import Row, insert, one, write
from .errors import NotFoundError
from .links import LinkReader
from .read_limit import limited
from .text import bigram_query, bigrams
from .thresholds import Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class Faq:
    """One page of the help centre. `slug` is its name in links and labels."""

    slug: str
    title: str
    url: str
    title_en: str = ""
    body: str = ""
    category: str = ""
    discovered: bool = False
    active: bool = True
    sent: int = field(default=0, compare=False)  # inquiries whose answer linked it

    def titled(self, language: str) -> str:
        """The title in a language, or the one there is."""
        return self.title_en if language == "en" and self.title_en else self.title

    @property
    def learning_text(self) -> str:
        """What a model may read of it."""
        return "\n".join(part for part in (self.title, self.title_en, self.body) if part)


_SELECT = """
    SELECT faqs.*, (SELECT count(*) FROM labels WHERE labels.slug = faqs.slug) AS sent FROM faqs
"""


def get(db: Database, slug: str) -> Faq:
    """Find an FAQ by its canonical slug.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, _SELECT + " WHERE slug = ?", [slug])
    if row is None:
        raise NotFoundError(f"No FAQ {slug!r}. Add it with `faqdesk import-faqs`.")
    return _faq(row)


def listed(db: Database) -> list[Faq]:
    """Every active FAQ, by category and title."""
    sql = _SELECT + " WHERE active = 1 ORDER BY category, title"
    return [_faq(row) for row in db.query(sql)]


def uncounted(db: Database) -> list[Faq]:
    """As `listed`, without `sent`: to choose from, however many labels there are."""
    sql = "SELECT faqs.*, 0 AS sent FROM faqs WHERE active = 1 ORDER BY category, title"
    return [_faq(row) for row in db.query(sql)]


def every(db: Database) -> list[Faq]:
    """Every FAQ, retired ones too, by category and title."""
    return [_faq(row) for row in db.query(_SELECT + " ORDER BY category, title")]


def named(db: Database, slugs: Iterable[str]) -> dict[str, Faq]:
    """The active ones among some slugs, each under its slug; `sent` is not counted here.

    Every suggestion asks for twenty: counting their labels walks hundreds of thousands of rows on a
    large desk.
    """
    sql = """
        SELECT faqs.*, 0 AS sent FROM faqs
        WHERE active = 1 AND slug IN (SELECT value FROM json_each(?))
    """
    return {row["slug"]: _faq(row) for row in db.query(sql, [json.dumps(list(slugs))])}


def aliases(db: Database) -> dict[str, str]:
    """Old and localized slugs, each with the slug it stands for."""
    return {row["alias"]: row["slug"] for row in db.query("SELECT * FROM faq_aliases")}


def aliases_over(db: Database, slugs: Iterable[str]) -> dict[str, str]:
    """All aliases where one of some slugs is one by now, else none.

    Every suggestion asks: a desk may have thousands of aliases, and hardly any is a model's label.
    """
    sql = "SELECT 1 FROM json_each(?) JOIN faq_aliases ON faq_aliases.alias = value LIMIT 1"
    found = db.conn.execute(sql, [json.dumps(list(slugs))]).fetchone()
    return aliases(db) if found else {}


def today(db: Database, slugs: Iterable[str]) -> dict[str, Faq]:
    """The active ones that some slugs stand for by now, each under the slug that was asked for."""
    asked = list(slugs)
    reader = LinkReader((), aliases_over(db, asked))
    found = named(db, [reader.canonical(slug) for slug in asked])
    now = {slug: found.get(reader.canonical(slug)) for slug in asked}
    return {slug: faq for slug, faq in now.items() if faq is not None}


def thresholds_of(db: Database, found: Thresholds) -> Thresholds:
    """Thresholds that people set, by what the FAQs are called today."""
    aliased = aliases_over(db, found.of_faq) if found.of_faq else {}
    return found.today(aliased) if aliased else found


@limited
def search(db: Database, text: str, *, limit: int = 10) -> list[Faq]:
    """FAQs that hold every word typed, also inside longer Korean words; titles first.

    Blank text lists the most used.
    """
    typed = text.strip()
    query = bigram_query(typed)
    if not typed:
        sql = _SELECT + " WHERE active = 1 ORDER BY sent DESC, title LIMIT ?"
        return [_faq(row) for row in db.query(sql, [limit])]
    if len(query.strip('"* ')) < 2:
        # A bigram index cannot find the single syllable of a word just begun.
        sql = _SELECT + (
            " WHERE active = 1 AND instr(lower(title || ' ' || title_en), lower(?))"
            " ORDER BY sent DESC LIMIT ?"
        )
        return [_faq(row) for row in db.query(sql, [typed, limit])]
    sql = _SELECT + (
        " JOIN faq_search ON faq_search.rowid = faqs.id"
        " WHERE active = 1 AND faq_search MATCH ?"
        " ORDER BY bm25(faq_search, 8.0, 1.0), sent DESC LIMIT ?"
    )
    return [_faq(row) for row in db.query(sql, [query, limit])]


def save(db: Database, items: list[Faq]) -> tuple[int, int]:
    """Add new FAQs and update known ones by slug.

    Returns:
        How many were added, and how many changed.
    """
    added = changed = 0
    with write(db):
        for item in items:
            known = one(db, "SELECT * FROM faqs WHERE slug = ?", [item.slug])
            row = {
                "slug": item.slug,
                "title": item.title,
                "title_en": item.title_en,
                "body": item.body,
                "category": item.category,
                "url": item.url,
                "discovered": int(item.discovered),
                "active": int(item.active),
            }
            if known is None:
                moment = now()
                times = {"created_at": moment, "updated_at": moment}
                faq_id = insert(db, "faqs", row | times)
                added += 1
            elif any(known[name] != value for name, value in row.items()):
                faq_id = known["id"]
                db.table("faqs").update(faq_id, row | {"updated_at": now()})
                changed += 1
            else:
                continue
            db.execute("DELETE FROM faq_search WHERE rowid = ?", [faq_id])
            db.execute(
                "INSERT INTO faq_search (rowid, title, body) VALUES (?, ?, ?)",
                [faq_id, bigrams(f"{item.title} {item.title_en}"), bigrams(item.body)],
            )
    return added, changed


def save_aliases(db: Database, pairs: Mapping[str, str]) -> int:
    """Add aliases, and give labels that were made under one their FAQ's own slug.

    Returns:
        How many aliases were new.
    """
    with write(db):
        known = aliases(db)
        fresh = {alias: slug for alias, slug in pairs.items() if known.get(alias) != slug}
        fresh = {alias: slug for alias, slug in fresh.items() if alias != slug}
        db.conn.executemany(
            "INSERT OR REPLACE INTO faq_aliases (alias, slug) VALUES (?, ?)", list(fresh.items())
        )
        # OR IGNORE: the inquiry may hold the FAQ's own slug already; then the alias row goes.
        for alias, slug in fresh.items():
            db.execute("UPDATE OR IGNORE labels SET slug = ? WHERE slug = ?", [slug, alias])
            db.execute("DELETE FROM labels WHERE slug = ?", [alias])
    return len(fresh)


def _faq(row: Row) -> Faq:
    return Faq(
        slug=row["slug"],
        title=row["title"],
        title_en=row["title_en"],
        body=row["body"],
        category=row["category"],
        url=row["url"],
        discovered=bool(row["discovered"]),
        active=bool(row["active"]),
        sent=row["sent"],
    )
