"""`faqdesk imports`: what was imported, and taking it back."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from dataclasses import asdict

import click

from support.importing import undo

from .common import actor, json_option, print_json, progress_line, workspace


@click.group("imports")
def imports_command() -> None:
    """List imports; take a whole one back.

    \b
    Example:
      faqdesk imports list
      faqdesk imports undo 3
    """


@imports_command.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@json_option
def list_command(limit: int, as_json: bool) -> None:
    """Show the newest imports, newest first.

    \b
    Example:
      faqdesk imports list --json
    """
    found = undo.listed(workspace().database(), limit=limit)
    if as_json:
        print_json([asdict(item) for item in found])
        return
    if not found:
        click.echo("Nothing was imported yet: faqdesk import FILE")
    for item in found:
        name = item.format or item.source
        who = f", by {item.started_by}" if item.started_by else ""
        when = f", taken back {item.undone_at} by {item.undone_by}" if item.undone_at else ""
        click.echo(
            f"{item.id:>4}  {item.started_at}  {item.state:<11}  {name}: "
            f"{item.inquiries:,} inquiries, {item.messages:,} messages "
            f"({', '.join(item.files)}){who}{when}"
        )


@imports_command.command("undo")
@click.argument("import_id", type=int)
@click.option(
    "--keep-worked", is_flag=True, help="Leave inquiries that were worked on since; take the rest."
)
@json_option
def undo_command(import_id: int, keep_worked: bool, as_json: bool) -> None:
    """Take a whole import back: its inquiries, messages, labels, and what it changed of others.

    What was worked on since is never taken away: without --keep-worked nothing is. Killed half way,
    the same command goes on.

    \b
    Example:
      faqdesk imports undo 3
    """
    db = workspace().database()
    with progress_line("Taking back") as progress:
        gone = undo.undo(db, actor(), import_id, keep_worked=keep_worked, progress=progress)
    if as_json:
        print_json(asdict(gone))
        return
    click.echo(
        f"Import {import_id} is taken back: {gone.inquiries:,} inquiries, {gone.messages:,} "
        f"messages and {gone.faqs:,} FAQs known only from it are gone."
    )
    if gone.kept:
        click.echo(f"{gone.kept:,} inquiries were worked on since, and stay.")
