"""`faqdesk inquiries`: what waits and what was answered: listed, searched, written as a table."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import json
from collections.abc import Callable
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import click

from support import archive, settings, snoozing, tagging, worklist
from support.archive import ArchiveRow, Filters
from support.redact import Redactor
from support.taking_away import taken

from .common import actor, reason_option, workspace

COLUMNS = (
    *("id", "answered_at", "agent", "channel", "language", "category", "faqs", "subject"),
    "snippet",
)


@click.group("inquiries")
def inquiries_command() -> None:
    """List open and answered inquiries; tag and snooze them.

    \b
    Example:
      faqdesk inquiries answered --faq refund --since 2026-11-01T00:00:00Z
    """


@inquiries_command.command("open")
@click.option("--scope", type=click.Choice(worklist.SCOPES), default="all", show_default=True)
@click.option("--agent", "agent_id", type=int, default=0, help="Whose: their number.")
@click.option("--tag", default="", help="Only those with this tag.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
@click.option("--jsonl", is_flag=True, help="Print one JSON object a line.")
def list_open(scope: Any, agent_id: int, tag: str, limit: int, jsonl: bool) -> None:
    """List what waits, oldest first.

    \b
    Example:
      faqdesk inquiries open --scope mine --agent 3
    """
    db = workspace().database()
    for row in worklist.waiting(db, agent_id, scope=scope, tag=tag, limit=limit):
        if jsonl:
            click.echo(json.dumps(asdict(row), ensure_ascii=False))
            continue
        held = f"[{row.held.name}] " if row.held else ""
        until = f"[until {row.snoozed_until}] " if row.snoozed_until else ""
        tags = " ".join(f"#{tag}" for tag in row.tags)
        click.echo(f"{row.id:>8}  {row.opened_at}  {held}{until}{row.snippet[:80]} {tags}".rstrip())


def _filters(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a search, one for each field of `Filters`."""
    for name, words in reversed(
        (
            ("words", "That holds every word, in question or answer."),
            ("since", "Answered from this moment in UTC on."),
            ("until", "Answered before this moment in UTC."),
            ("agent", "agent:3, or author:NAME of an import."),
            ("faq", "Whose answer linked this FAQ."),
            ("category", ""),
            ("channel", ""),
            ("language", ""),
            ("tag", ""),
        )
    ):
        command = click.option(f"--{name}", default="", help=words or f"Of this {name}.")(command)
    choice = click.Choice([value for value in archive.SUGGESTED if value])
    return click.option("--suggested", type=choice, help="What was suggested.")(command)


@inquiries_command.command("answered")
@_filters
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
@click.option("--jsonl", is_flag=True, help="Print one JSON object a line.")
@click.option("--csv", "csv_path", type=click.Path(path_type=Path), help="Write all as CSV.")
@click.option("--xlsx", "xlsx_path", type=click.Path(path_type=Path), help="Write all as XLSX.")
@reason_option
def list_answered(
    limit: int,
    jsonl: bool,
    csv_path: Path | None,
    xlsx_path: Path | None,
    reason: str,
    suggested: Any,
    **chosen: str,
) -> None:
    """List what was answered, newest first.

    \b
    Example:
      faqdesk inquiries answered --words 환불 --channel app
      faqdesk inquiries answered --faq refund --suggested missed --csv missed.csv --reason audit
    """
    db = workspace().database()
    filters = Filters(suggested=suggested or "", **chosen)
    if csv_path or xlsx_path:
        from web.sheets import Sheet, write_csv, write_xlsx

        told = {name: value for name, value in asdict(filters).items() if value}
        if filters.words:
            told["words"] = Redactor(settings.load(db).allow).redact(filters.words).text
        taken(db, actor(), "answers.exported", reason, filters=told)
        rows = [_cells(row) for row in archive.each(db, filters)]
        sheet = Sheet("answered", COLUMNS, rows)
        if csv_path:
            csv_path.write_bytes(write_csv(sheet))
        if xlsx_path:
            xlsx_path.write_bytes(write_xlsx([sheet]))
        click.echo(f"{len(rows):,} inquiries written.")
        return
    for row in islice(archive.each(db, filters), limit):
        if jsonl:
            click.echo(json.dumps(asdict(row), ensure_ascii=False))
            continue
        linked = " ".join(row.slugs)
        click.echo(f"{row.id:>8}  {row.answered_at}  {row.agent:12} {row.snippet[:70]}  {linked}")
    n, more = archive.count(db, filters)
    click.echo(f"{n:,}{' and more' if more else ''} in all", err=True)


@inquiries_command.command("tag")
@click.argument("inquiry_id", type=int)
@click.option("--add", multiple=True, help="A tag to put on.")
@click.option("--remove", multiple=True, help="A tag to take off.")
def tag(inquiry_id: int, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
    """Put tags on an inquiry, or take them off.

    \b
    Example:
      faqdesk inquiries tag 17 --add 급함 --remove vip
    """
    tags = tagging.change(workspace().database(), actor(), inquiry_id, add=add, remove=remove)
    click.echo(", ".join(tags) or "No tags.")


@inquiries_command.command("snooze")
@click.argument("inquiry_id", type=int)
@click.argument("until", default="")
def snooze(inquiry_id: int, until: str) -> None:
    """Hide an open inquiry until a moment in UTC; without one, bring it back.

    \b
    Example:
      faqdesk inquiries snooze 17 2026-11-23T00:00:00Z
      faqdesk inquiries snooze 17
    """
    db = workspace().database()
    if until:
        snoozing.snooze(db, actor(), inquiry_id, until)
        click.echo(f"Hidden until {until}.")
        return
    snoozing.wake(db, actor(), inquiry_id)
    click.echo("Back in the inbox.")


def _cells(row: ArchiveRow) -> tuple[Any, ...]:
    return (
        *(row.id, row.answered_at, row.agent, row.channel, row.language, row.category),
        *(" ".join(row.slugs), row.subject, row.snippet),
    )
