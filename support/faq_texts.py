"""What FAQs said before: those whose answers were written to another text than today's."""

import difflib
from collections import defaultdict
from typing import Any, Final

from sqlite_utils import Database

from .database import one, scalar
from .text import fold_line

FEWEST_BEFORE: Final = 3  # answers given before a text changed
_QUOTED: Final = 12  # characters of a sentence that nobody writes by chance
_READ: Final = 500  # newest answers of an FAQ that are searched for its old sentences
_COMPARED: Final = 1_000  # words of two texts


def text_changes(db: Database) -> list[tuple[str, float, dict[str, Any]]]:
    """FAQs that say something else than when their answers were written.

    Returns:
        Each with its slug, its weight, and the evidence.
    """
    revisions: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in db.query("SELECT * FROM faq_revisions ORDER BY id"):
        revisions[row["faq_id"]].append(row)
    found = []
    for faq_id, rows in revisions.items():
        faq = one(db, "SELECT * FROM faqs WHERE id = ? AND active = 1", [faq_id])
        if faq is None:
            continue
        today = _said(faq)
        other = [row for row in rows if _said(row) != today]
        if not other:
            continue  # it was changed and changed back
        changed_at, before = other[-1]["until"], other[-1]
        sql = "SELECT count(*) FROM labels WHERE slug = ? AND at "
        old = int(scalar(db, sql + "< ?", [faq["slug"], changed_at]))
        if old < FEWEST_BEFORE:
            continue
        then = _said(before)
        gone = [line for line in _sentences(then) if line not in set(_sentences(today))]
        quoting = _quoting(db, faq["slug"], changed_at, gone)
        # By words: letter by letter a few hundred changed FAQs would take a minute.
        words = then.split()[:_COMPARED], today.split()[:_COMPARED]
        match = difflib.SequenceMatcher(None, *words, autojunk=False)
        evidence = {
            "changed_at": changed_at,
            "answers_before": old,
            "answers_since": int(scalar(db, sql + ">= ?", [faq["slug"], changed_at])),
            "same_share": round(match.ratio(), 3),
            "gone": gone[:5],
            "quoting": quoting,  # answers that hold a sentence which is gone
        }
        weight = (len(quoting) + 1) * old * (1 - evidence["same_share"])
        found.append((faq["slug"], weight, evidence))
    return found


def _quoting(db: Database, slug: str, before: str, gone: list[str]) -> list[int]:
    """Inquiries whose answers hold a sentence that the FAQ does not say any more."""
    telling = [line for line in gone if len(line) >= _QUOTED]
    if not telling:
        return []
    sql = """
        SELECT labels.inquiry_id, messages.text FROM labels
        JOIN messages ON messages.id = labels.message_id
        WHERE labels.slug = ? AND labels.at < ? ORDER BY labels.at DESC LIMIT ?
    """
    return [
        inquiry_id
        for inquiry_id, text in db.conn.execute(sql, [slug, before, _READ])
        if any(line in fold_line(text) for line in telling)
    ]


def _said(row: dict[str, Any]) -> str:
    return "\n".join(row[name] for name in ("title", "title_en", "body") if row[name])


def _sentences(text: str) -> list[str]:
    parts = [fold_line(line) for line in text.replace(". ", ".\n").splitlines()]
    return [part for part in parts if part]
