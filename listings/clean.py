"""Cleaning all listings of a desk, step by step, with a report of what each step did.

Every run starts from the words as they were collected, so it can be run again after more came in,
with other steps, or be undone. Nothing is deleted: what is left out keeps its row and says why.
"""

from collections import Counter
from typing import Any, Final

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import now
from support.database import write
from support.errors import InputError

from .categories import SEPARATOR
from .clean_duplicates import Progress, group_duplicates
from .clean_phrases import Example, Phrases, learn_phrases, without_written
from .clean_report import SHOWN, CleanReport, CleanRow
from .clean_text import STEPS, folded, text_key
from .stored import PAGE

EMPTY: Final = "empty"

# What `skip` may name, in the order in which it is done.
ALL_STEPS: Final = (*(name for name, _ in STEPS), "phrases", "learned", "near", "pictures")


def clean(
    db: Database,
    *,
    actor: Actor,
    skip: tuple[str, ...] = (),
    dry_run: bool = False,
    progress: Progress = lambda done, total, message: None,
) -> CleanReport:
    """Clean every listing and find duplicates.

    Args:
        db: the desk's database.
        actor: who asks for it.
        skip: steps to leave out, of `ALL_STEPS`.
        dry_run: report, but write nothing.
        progress: called with listings done, all of them, and the step.

    Raises:
        InputError: `skip` names no step.
    """
    unknown = set(skip) - set(ALL_STEPS)
    if unknown:
        raise InputError(f"No step {sorted(unknown)}. There are: {', '.join(ALL_STEPS)}.")
    report = CleanReport(dry_run)
    rows = _read(db)
    report.listings = len(rows)
    for done, row in enumerate(rows):
        row.title = _tidy(row.title, skip, report)
        row.description = _tidy(row.description, skip, report)
        if done % PAGE == 0:
            progress(done, len(rows), "text")
    if "learned" not in skip:
        _unlearned(rows, report)
    for row in rows:
        row.title, row.description = (_spelled(row, part) for part in (0, 1))
        row.key = text_key(row.title, row.description)
        if not folded(row.title):
            row.removed = EMPTY
            report.empty += 1
    group_duplicates(db, rows, skip, report, progress)
    if not dry_run:
        _write(db, rows, actor, report, progress)
    return report


def undo_clean(db: Database, *, actor: Actor) -> int:
    """Bring every listing back to the words it was collected with, none left out or grouped.

    Returns:
        How many listings had been changed.
    """
    with write(db):
        cursor = db.execute(
            """
            UPDATE listings SET
                title = coalesce(collected_title, title), collected_title = NULL,
                description = coalesce(collected_description, description),
                collected_description = NULL, removed = '',
                duplicate_of = NULL, duplicate_by = '', updated_at = ?
            WHERE collected_title IS NOT NULL OR collected_description IS NOT NULL
                OR removed <> '' OR duplicate_of IS NOT NULL
            """,
            [now()],
        )
        record(db, actor, "listings.uncleaned", "listings", detail={"listings": cursor.rowcount})
    return cursor.rowcount


def _read(db: Database) -> list[CleanRow]:
    sql = """
        SELECT id, seller, category, coalesce(collected_title, title),
            coalesce(collected_description, description)
        FROM listings ORDER BY id
    """
    return [
        CleanRow(key, seller, category, (title, description), title, description)
        for key, seller, category, title, description in db.conn.execute(sql)
    ]


def _tidy(text: str, skip: tuple[str, ...], report: CleanReport) -> str:
    steps = [(name, step) for name, step in STEPS if name not in skip and name != "spacing"]
    for name, step in steps:
        text = report.note(name, text, step(text))
    if "phrases" not in skip:
        text = report.note("phrases", text, without_written(text))
    if "spacing" not in skip:
        spacing = dict(STEPS)["spacing"]
        text = report.note("spacing", text, spacing(text))
    return text


def _unlearned(rows: list[CleanRow], report: CleanReport) -> None:
    """Learn what many listings share, and take it out of their descriptions."""
    phrases: Phrases = learn_phrases(
        Example(row.title, row.description, row.seller, row.category.split(SEPARATOR)[0])
        for row in rows
    )
    removed: Counter[str] = Counter()
    for row in rows:
        for segment in phrases.found(row.description, seller=row.seller):
            removed[segment] += 1
        without = phrases.without(row.description, seller=row.seller)
        row.description = report.note("learned", row.description, without)
    report.learned = removed.most_common(SHOWN)


def _spelled(row: CleanRow, part: int) -> str:
    """The cleaned text, or the collected one where nothing but blanks differs.

    So a table of listings that was clean already is not stored twice.
    """
    text = (row.title, row.description)[part]
    return row.collected[part] if text == row.collected[part].strip() else text


def _write(
    db: Database, rows: list[CleanRow], actor: Actor, report: CleanReport, progress: Progress
) -> None:
    moment = now()
    for start in range(0, len(rows), PAGE):
        page = rows[start : start + PAGE]
        with write(db):
            db.conn.executemany(
                """
                UPDATE listings SET title = ?1, description = ?2, collected_title = ?3,
                    collected_description = ?4, text_key = ?5, removed = ?6, duplicate_of = ?7,
                    duplicate_by = ?8, updated_at = ?9
                WHERE id = ?10 AND coalesce(collected_title, title) = ?11
                    AND coalesce(collected_description, description) = ?12
                    AND (title, description, text_key, removed, duplicate_of, duplicate_by)
                        IS NOT (?1, ?2, ?5, ?6, ?7, ?8)
                """,
                [_values(row, moment) for row in page],
            )
        progress(start + len(page), len(rows), "writing")
    with write(db):
        detail = {"listings": report.listings, "empty": report.empty} | report.duplicates
        record(db, actor, "listings.cleaned", "listings", detail=detail)


def _values(row: CleanRow, moment: str) -> tuple[Any, ...]:
    collected = [
        before if before != after else None
        for before, after in zip(row.collected, (row.title, row.description), strict=True)
    ]
    group = row.group or None
    by = (row.by or "near") if group else ""
    return (
        row.title, row.description, *collected, row.key, row.removed, group, by, moment, row.id,
        *row.collected,
    )  # fmt: skip
