"""Words that a team sticks on inquiries. They stand in `inquiries.tags`; triggers index them."""

import json
from collections.abc import Iterable
from typing import Final

from sqlite_utils import Database

from .audit import Actor, record
from .database import one, write
from .errors import InputError, NotFoundError
from .read_limit import limited
from .redact import Redactor
from .text import fold_line

MOST_TAGS: Final = 20  # of one inquiry
LONGEST: Final = 40  # characters of a tag


def of(db: Database, inquiry_id: int) -> tuple[str, ...]:
    """The tags of an inquiry, in the order they were put on.

    Raises:
        NotFoundError: there is no such inquiry.
    """
    row = one(db, "SELECT tags FROM inquiries WHERE id = ?", [inquiry_id])
    if row is None:
        raise NotFoundError(f"No inquiry {inquiry_id}.")
    return tuple(str(tag) for tag in json.loads(row["tags"]))


def change(
    db: Database,
    actor: Actor,
    inquiry_id: int,
    *,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
) -> tuple[str, ...]:
    """Put tags on an inquiry and take others off; returns those it has then.

    Letter case is kept, but two tags never differ in it alone.

    Raises:
        InputError: a tag is blank, too long, holds a comma or personal data, or there are too many.
        NotFoundError: there is no such inquiry.
    """
    fresh = [_clean(tag) for tag in add]
    gone = {fold_line(tag).casefold() for tag in remove}
    with write(db):
        before = of(db, inquiry_id)
        kept = {tag.casefold(): tag for tag in before if tag.casefold() not in gone}
        for tag in fresh:
            kept.setdefault(tag.casefold(), _spelled(db, tag))
        after = tuple(kept.values())
        if len(after) > MOST_TAGS:
            raise InputError(f"An inquiry has at most {MOST_TAGS} tags, not {len(after)}.")
        if after != before:
            words = json.dumps(after, ensure_ascii=False)
            db.execute("UPDATE inquiries SET tags = ? WHERE id = ?", [words, inquiry_id])
            detail = {"tags": list(after), "before": list(before)}
            record(db, actor, "inquiry.tagged", f"inquiry:{inquiry_id}", detail=detail)
    return after


@limited
def known(db: Database, start: str = "", *, limit: int = 20) -> list[tuple[str, int]]:
    """Tags in use that begin with what was typed, each with its inquiries, the commonest first."""
    typed = fold_line(start)
    escaped = typed.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    sql = r"""
        SELECT tag, count(*) AS n FROM inquiry_tags WHERE tag LIKE ? || '%' ESCAPE '\'
        GROUP BY tag ORDER BY n DESC, tag LIMIT ?
    """
    return [(row["tag"], row["n"]) for row in db.query(sql, [escaped, limit])]


def _clean(tag: str) -> str:
    folded = fold_line(tag)
    if not folded or "," in folded or len(folded) > LONGEST:
        raise InputError(f"A tag is 1 to {LONGEST} characters without a comma, got {tag!r}.")
    if Redactor(()).redact(folded).text != folded:
        raise InputError("A tag holds no personal data, such as a telephone number.")
    return folded


def _spelled(db: Database, tag: str) -> str:
    """The tag as the team spells it already, where it is in use."""
    row = one(db, "SELECT tag FROM inquiry_tags WHERE tag = ? LIMIT 1", [tag])
    if row is None and tag.isascii():
        sql = "SELECT tag FROM inquiry_tags WHERE tag = ? COLLATE NOCASE LIMIT 1"
        row = one(db, sql, [tag])
    return str(row["tag"]) if row else tag
