"""Listings that hold some words, plainly: what a person types who remembers a few of them.

A few words are like no whole listing; whoever types them wants to see where they stand.
"""

from typing import Final

from sqlite_utils import Database

from support.read_limit import limited

from .vectors import SHOWN

MAX_WORDS: Final = 8  # of what is typed


def typed_words(text: str) -> list[str]:
    """The words of what somebody typed, each once, `MAX_WORDS` at most."""
    return list(dict.fromkeys(text.casefold().split()))[:MAX_WORDS]


@limited
def holding(db: Database, text: str, *, limit: int = 20) -> list[int]:
    """Listings whose title or description holds every word of a text, also inside longer words.

    Args:
        db: the desk's database.
        text: what was typed; blank finds nothing.
        limit: how many at most.

    Returns:
        Ids, the newest first.
    """
    words = typed_words(text)
    if not words:
        return []
    wanted = " AND ".join(
        ["(title LIKE ? ESCAPE '\\' OR description LIKE ? ESCAPE '\\')"] * len(words)
    )
    sql = f"SELECT id FROM listings WHERE {SHOWN} AND {wanted} ORDER BY id DESC LIMIT ?"  # noqa: S608
    patterns = [f"%{_plain(word)}%" for word in words for _ in range(2)]
    return [row[0] for row in db.conn.execute(sql, [*patterns, limit])]


def _plain(word: str) -> str:
    """A word in which no letter means others."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
