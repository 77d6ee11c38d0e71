"""What people write about listings, sellers and reporters, made fit to be kept."""

from typing import Final

from sqlite_utils import Database

from support import settings
from support.redact import Redactor

MAX_TYPED: Final = 1000  # characters kept of a reason or a note


def masked(db: Database, words: str) -> str:
    """Some words without personal data, and without blanks around them."""
    return Redactor(settings.load(db).allow).redact(words.strip()).text


def typed(db: Database, words: str) -> str:
    """A reason or a note as somebody typed it: masked, then cut, or a cut number would slip by."""
    return masked(db, words)[:MAX_TYPED]
