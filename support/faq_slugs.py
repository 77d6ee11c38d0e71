"""Names of FAQs: finding one by its slug, and slugs that are free and can stand in an address."""

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

from sqlite_utils import Database

from . import faqs
from .database import Row, one, scalar
from .errors import ConflictError, InputError, NotFoundError

_SLUG_LENGTH: Final = 60
_LONGEST: Final = 200
_LONGEST_URL: Final = 2_000
_FIT = re.compile(r"\w[^\s/?#%&]*")  # begins as no formula, and as no step to another folder
_RESERVED: Final = frozenset({"to-mend"})  # pages of the console stand there


def row_of(db: Database, slug: str) -> Row:
    """An FAQ's row.

    Raises:
        NotFoundError: there is no such FAQ.
    """
    row = one(db, "SELECT * FROM faqs WHERE slug = ?", [slug])
    if row is None:
        into = faqs.aliases(db).get(slug)
        also = f" It is called {into!r} now." if into else " List them: faqdesk faqs list"
        raise NotFoundError(f"No FAQ {slug!r}.{also}")
    return row


def active_row(db: Database, slug: str) -> Row:
    """The row of an FAQ that can be suggested.

    Raises:
        NotFoundError: there is no such FAQ.
        ConflictError: it is retired.
    """
    row = row_of(db, slug)
    if not row["active"]:
        raise ConflictError(f"{slug!r} is retired. Restore it first: faqdesk faqs restore {slug}")
    return row


def free_slug(db: Database, title: str) -> str:
    """A slug made of a title, with a number behind it where it is taken."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", title).lower())
    base = "-".join(words)[:_SLUG_LENGTH].strip("-") or "faq"
    slug, number = base, 1
    while slug in _RESERVED or taken(db, slug):
        number += 1
        slug = f"{base}-{number}"
    return slug


def refuse_taken(db: Database, slug: str) -> None:
    """Refuse a slug that cannot stand in an address, or is taken.

    Raises:
        InputError: it is blank, or holds what would end it in an address.
        ConflictError: it is an FAQ's or an alias already.
    """
    refuse_unfit(slug)
    if taken(db, slug):
        into = faqs.aliases(db).get(slug, slug)
        raise ConflictError(f"{slug!r} is the name of FAQ {into!r} already. Choose another.")


def refuse_unfit(slug: str) -> None:
    """Refuse a slug that cannot stand in an address.

    Raises:
        InputError: it is blank, holds what would end it there, begins with neither a letter nor a
            digit, is too long, or a page of the console has that address.
    """
    fits = _FIT.fullmatch(slug) and slug.isprintable() and slug not in _RESERVED
    if not fits or len(slug) > _LONGEST:
        raise InputError(
            f"A slug stands in an address: it begins with a letter or a digit, holds no blanks nor "
            f"any of / ? # % &, has at most {_LONGEST} characters, and is not "
            f"{' or '.join(_RESERVED)}; got {slug[:_LONGEST]!r}."
        )


def refuse_foreign(url: str) -> None:
    """Refuse what is no address of a page: agents put it in answers, and customers follow it.

    Raises:
        InputError: it is neither blank nor an address with http or https and a host.
    """
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fits = False
    if url and not (fits and url.isprintable() and " " not in url and len(url) <= _LONGEST_URL):
        raise InputError(
            f"The link of an FAQ begins with http:// or https:// and names a host, in at most "
            f"{_LONGEST_URL:,} characters without blanks; got {url[:_LONGEST]!r}."
        )


def taken(db: Database, slug: str) -> bool:
    """Whether a slug is an FAQ's or an alias."""
    sql = "SELECT 1 FROM faqs WHERE slug = ? UNION ALL SELECT 1 FROM faq_aliases WHERE alias = ?"
    return scalar(db, sql, [slug, slug]) is not None
