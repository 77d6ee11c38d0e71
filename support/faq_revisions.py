"""What an FAQ said before, and what is different since: words that went, words that came."""

import difflib
import re
from dataclasses import dataclass
from typing import Final, Literal

from sqlite_utils import Database

PARTS: Final = ("title", "title_en", "body")
_COMPARED: Final = 6_000  # words of two texts; beyond it they are told apart line by line
_KIN: Final = 0.4  # below it two texts share words by chance: they are shown one after the other
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Revision:
    """What an FAQ said until a moment."""

    until: str
    title: str
    title_en: str
    body: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words that stayed, went or came."""

    kind: Literal["same", "gone", "new"]
    text: str


def before(db: Database, slug: str, *, limit: int = 20) -> list[Revision]:
    """What an FAQ said before today, the newest first."""
    sql = """
        SELECT until, faq_revisions.title, faq_revisions.title_en, faq_revisions.body
        FROM faq_revisions JOIN faqs ON faqs.id = faq_id
        WHERE slug = ? ORDER BY faq_revisions.id DESC LIMIT ?
    """
    return [Revision(*row) for row in db.conn.execute(sql, [slug, limit])]


def difference(then: str, since: str) -> list[Piece]:
    """Two texts as one: what stayed, what went and what came, in the order in which one reads."""
    a, b = _WORD.findall(then), _WORD.findall(since)
    if len(a) + len(b) > _COMPARED:
        a, b = then.splitlines(keepends=True), since.splitlines(keepends=True)
    match = difflib.SequenceMatcher(None, a, b, autojunk=False)
    if match.ratio() < _KIN:
        return _both(then, since)
    found: list[Piece] = []
    for kind, a0, a1, b0, b1 in match.get_opcodes():
        if kind == "equal":
            found.append(Piece("same", "".join(a[a0:a1])))
            continue
        if a1 > a0:
            found.append(Piece("gone", "".join(a[a0:a1])))
        if b1 > b0:
            found.append(Piece("new", "".join(b[b0:b1])))
    return _joined(found)


def in_short(pieces: list[Piece], *, around: int = 30, most: int = 200) -> list[Piece]:
    """The same for a table's cell: of what stayed only the ends, of what changed the beginning.

    Args:
        pieces: as `difference` gives them.
        around: characters shown of what stayed, beside each change.
        most: characters shown of what went or came.
    """
    found = []
    for place, piece in enumerate(pieces):
        text = piece.text
        if piece.kind != "same":
            text = text if len(text) <= most else f"{text[:most]}…"
        elif len(text) > 2 * around + 1:
            head = text[:around] if place else ""
            tail = text[-around:] if place < len(pieces) - 1 else ""
            text = f"{head}…{tail}"
        found.append(Piece(piece.kind, text))
    return found


def _joined(pieces: list[Piece]) -> list[Piece]:
    """A blank alone between two changes belongs to both: whole phrases are easier to read."""
    found: list[Piece] = []
    gone = new = ""
    for place, piece in enumerate(pieces):
        last = place == len(pieces) - 1
        if piece.kind == "gone":
            gone += piece.text
        elif piece.kind == "new":
            new += piece.text
        elif (gone or new) and not piece.text.strip() and "\n" not in piece.text and not last:
            gone, new = gone + piece.text, new + piece.text
        else:
            found += _both(gone, new)
            gone = new = ""
            found.append(piece)
    return found + _both(gone, new)


def _both(gone: str, new: str) -> list[Piece]:
    pieces = (Piece("gone", gone), Piece("new", new))
    return [piece for piece in pieces if piece.text]
