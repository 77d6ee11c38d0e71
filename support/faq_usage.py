"""How FAQs are used: counts of each for a list, and what happened to one of them.

FAQs that were renamed or merged since are counted under today's name.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from sqlite_utils import Database

from . import faqs
from .links import LinkReader
from .promise import Promise


@dataclass(frozen=True, slots=True)
class Usage:
    """Counts of one FAQ in a span of time."""

    sent: int = 0  # answers that linked it
    suggested: int = 0  # suggestions that showed it
    accepted: int = 0  # of those, followed by an answer that linked it
    missed: int = 0  # answers that linked it though it was not suggested


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to one FAQ in a span of time, inquiry by inquiry.

    `first` says how often it was right where it stood first and an FAQ was sent.
    """

    sent: int = 0
    suggested: int = 0
    accepted: int = 0
    passed_over: int = 0
    missed: int = 0
    dismissed: dict[str, int] = field(default_factory=dict)  # reason to count, the most first
    first: Promise = field(default_factory=lambda: Promise.of(0, 0))


def usage(db: Database, *, since: str) -> dict[str, Usage]:
    """Counts of every FAQ since a moment, under its slug; what was not used is left out."""
    today = LinkReader((), faqs.aliases(db)).canonical
    sent = _counts(
        db, "SELECT slug, count(*) FROM labels WHERE at >= ? GROUP BY slug", since, today
    )
    shown: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    # CROSS: from the moment on, not through all that was ever suggested.
    sql = """
        SELECT f.slug, count(*), sum(f.outcome IS 'accepted') FROM suggestions s
        CROSS JOIN suggestion_faqs f ON f.suggestion_id = s.id
        WHERE s.at >= ? AND s.inquiry_id IS NOT NULL GROUP BY f.slug
    """
    for slug, n, right in db.conn.execute(sql, [since]):
        shown[today(slug)] += n
        accepted[today(slug)] += right
    missed = _counts(
        db,
        "SELECT m.slug, count(*) FROM suggestions s CROSS JOIN misses m "
        "ON m.suggestion_id = s.id WHERE s.at >= ? GROUP BY m.slug",
        since,
        today,
    )
    return {
        slug: Usage(sent[slug], shown[slug], accepted[slug], missed[slug])
        for slug in sent.keys() | shown.keys() | missed.keys()
    }


def names_of(db: Database, slug: str) -> list[str]:
    """An FAQ's slug and every name that stands for it."""
    aliases = faqs.aliases(db)
    today = LinkReader((), aliases).canonical
    return [slug, *(alias for alias in sorted(aliases) if alias != slug and today(alias) == slug)]


def story(db: Database, slug: str, *, since: str) -> Story:
    """What happened to one FAQ since a moment."""
    names = json.dumps(names_of(db, slug))
    named = {"names": names, "slug": slug, "since": since}
    # One line an inquiry: it may have been opened, and suggested for, more than once.
    sql = """
        SELECT min(f.rank) = 1, max(f.outcome IS 'accepted'), max(f.outcome IS 'passed_over'),
            EXISTS (SELECT 1 FROM labels l WHERE l.inquiry_id = s.inquiry_id AND l.origin = 'sent'),
            EXISTS (SELECT 1 FROM labels l WHERE l.inquiry_id = s.inquiry_id
                AND l.origin = 'sent' AND l.slug = :slug)
        FROM suggestion_faqs f JOIN suggestions s ON s.id = f.suggestion_id
        WHERE f.slug IN (SELECT value FROM json_each(:names)) AND s.at >= :since
            AND s.inquiry_id IS NOT NULL
        GROUP BY s.inquiry_id
    """
    rows = db.conn.execute(sql, named).fetchall()
    judged = [right for first, _, _, linked, right in rows if first and linked]
    reasons = """
        SELECT f.reason, count(DISTINCT s.inquiry_id) FROM suggestion_faqs f
        JOIN suggestions s ON s.id = f.suggestion_id
        WHERE f.slug IN (SELECT value FROM json_each(:names)) AND s.at >= :since
            AND f.outcome = 'dismissed' GROUP BY f.reason ORDER BY 2 DESC, 1
    """
    missed = """
        SELECT count(DISTINCT s.inquiry_id) FROM misses m JOIN suggestions s ON s.id = suggestion_id
        WHERE m.slug IN (SELECT value FROM json_each(:names)) AND s.at >= :since
    """
    sent = "SELECT count(*) FROM labels WHERE slug = :slug AND at >= :since"
    return Story(
        sent=db.conn.execute(sent, named).fetchone()[0],
        suggested=len(rows),
        accepted=sum(row[1] for row in rows),
        passed_over=sum(row[2] for row in rows),
        missed=db.conn.execute(missed, named).fetchone()[0],
        dismissed=dict(db.conn.execute(reasons, named).fetchall()),
        first=Promise.of(sum(judged), len(judged)),
    )


def recent(db: Database, slug: str, *, limit: int = 10) -> list[int]:
    """The inquiries whose answers linked an FAQ last, newest first."""
    sql = "SELECT inquiry_id FROM labels WHERE slug = ? ORDER BY at DESC, id DESC LIMIT ?"
    return [row[0] for row in db.conn.execute(sql, [slug, limit])]


def followers(db: Database, slug: str, into: str) -> tuple[int, int]:
    """What a merging would move: labels of one FAQ, and how many of their answers linked both."""
    sql = """
        SELECT count(*), coalesce(sum(EXISTS (SELECT 1 FROM labels b
            WHERE b.inquiry_id = a.inquiry_id AND b.slug = :into)), 0)
        FROM labels a WHERE a.slug = :slug
    """
    n, both = db.conn.execute(sql, {"slug": slug, "into": into}).fetchone()
    return int(n), int(both)


def old_names(db: Database, slugs: Collection[str]) -> dict[str, list[str]]:
    """Other names of FAQs that are in use, each list in order."""
    aliases = faqs.aliases(db)
    today = LinkReader((), aliases).canonical
    found: dict[str, list[str]] = {}
    for alias in sorted(aliases):
        slug = today(alias)
        if slug in slugs:
            found.setdefault(slug, []).append(alias)
    return found


def _counts(db: Database, sql: str, since: str, today: Callable[[str], str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for slug, n in db.conn.execute(sql, [since]):
        found[today(slug)] += n
    return found
