"""`faqdesk week`: what the suggestions were worth, and what to do next."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from support import week, week_todo
from support.promise import Promise
from support.taking_away import taken
from support.week import Figures
from support.week_todo import Todo

from .common import actor, json_option, print_json, reason_option, workspace

_WORDS = {
    "coverage": "shown a Likely FAQ",
    "coverage_3": "shown any FAQ",
    "accepted": "accepted",
    "first_right": "right at rank 1",
    "misses": "missed an FAQ",
    "gaps": "answered without any FAQ",
}
_TODO = {
    "write_faq": "Write an FAQ: {n:,} answered inquiries ask the same, {title!r} (gap {gap_id}).",
    "link_faq": "Link the FAQ {slug}: {n:,} answers to what it says did not (gap {gap_id}).",
    "fix_faq": "Mend the FAQ {slug}, {title!r}: dismissed for its content {n:,} times.",
    "raise_threshold": (
        "Raise the threshold of {slug}: {n:,} of {of:,} were wrong. faqdesk tune --faq {slug}"
    ),
    "train": "Train again: {of:,} answers with an FAQ since the last time. faqdesk train",
    "answer_waiting": "Answer what waits: {n:,} inquiries for more than a day.",
}


@click.command("week")
@click.option("--back", default=0, type=click.IntRange(0), help="So many weeks earlier.")
@click.option("--csv", "csv_path", type=click.Path(path_type=Path), help="Write FAQs as CSV.")
@click.option("--xlsx", "xlsx_path", type=click.Path(path_type=Path), help="Write all as XLSX.")
@reason_option
@json_option
def week_command(
    back: int, csv_path: Path | None, xlsx_path: Path | None, reason: str, as_json: bool
) -> None:
    """Sum up a week, Monday to Monday: with counts and intervals, and three things to do next.

    \b
    Example:
      faqdesk week
      faqdesk week --back 1 --xlsx week.xlsx --reason "monthly review"
    """
    space = workspace()
    db = space.database()
    present = datetime.now().astimezone()
    since, until = week.week_of(present, back=back)
    found = week.report(db, since=since, until=until, zone=present.tzinfo or UTC)
    todos = week_todo.todos(space, db, found)
    if csv_path or xlsx_path:
        from web.sheets import write_csv, write_xlsx
        from web.week_sheets import sheets

        tables = sheets(found, todos)
        if csv_path:
            csv_path.write_bytes(write_csv(tables[1]))
        if xlsx_path:  # it holds what each colleague did
            taken(db, actor(), "week.exported", reason, what="week.xlsx", day=since[:10])
            xlsx_path.write_bytes(write_xlsx(tables))
    if as_json:
        moved = {name: asdict(change) for name, change in week.changes(found).items()}
        print_json(asdict(found) | {"changes": moved, "todos": [asdict(todo) for todo in todos]})
        return
    click.echo(f"{since} to {until}: {found.figures.n:,} answered, {found.waiting:,} wait.")
    _tell(found.figures, found.before)
    for name, change in week.changes(found).items():
        if change.sure:
            click.echo(
                f"  Since {found.by_release[-1].name}: {_WORDS[name]} {change.difference:+.0%} "
                f"({change.low:+.0%} to {change.high:+.0%})"
            )
    for number, todo in enumerate(todos, 1):
        click.echo(f"{number}. {_said(todo)}")


def _tell(figures: Figures, before: Figures) -> None:
    for name, words in _WORDS.items():
        now, then = getattr(figures, name), getattr(before, name)
        click.echo(f"  {words:26}{_share(now):38}before: {_share(then)}")
    minutes = figures.minutes
    if minutes.n:
        click.echo(
            f"  {'minutes to the answer':26}{minutes.median:.0f} ({minutes.low:.0f} to "
            f"{minutes.high:.0f}; median of {minutes.n:,})"
        )


def _share(promise: Promise) -> str:
    if not promise.n:
        return "none"
    return (
        f"{promise.share:.0%} ({promise.low:.0%} to {promise.high:.0%}; "
        f"{promise.right:,} of {promise.n:,})"
    )


def _said(todo: Todo) -> str:
    return _TODO[todo.kind].format(**asdict(todo))
