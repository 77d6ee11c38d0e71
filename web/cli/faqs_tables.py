"""`faqdesk faqs export` and `faqdesk faqs import`."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from .common import actor, json_option, print_json, workspace

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("export")
@click.argument("file", type=_FILE)
@click.option("--all", "every", is_flag=True, help="Retired ones too.")
def export_command(file: Path, every: bool) -> None:
    """Write all FAQs as CSV, or as JSON Lines or XLSX where the name ends in .jsonl or .xlsx.

    \b
    Example:
      faqdesk faqs export faqs.csv
    """
    from support import faq_tables

    from ..table_files import save

    with closing(workspace().database()) as db:
        count = save(faq_tables.table(db, every=every), faq_tables.COLUMNS, file)
    click.echo(f"{count:,} FAQs in {file}.")


@click.command("import")
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="Say what each row would do; store nothing.")
@click.option("--overwrite", is_flag=True, help="Change FAQs that are there.")
@json_option
def import_command(file: Path, dry_run: bool, overwrite: bool, as_json: bool) -> None:
    """Take FAQs from a file; one change, that can be taken back.

    Columns: slug or url, title, title_en, body, category, url, active. What is there stays as it
    is without --overwrite.

    \b
    Example:
      faqdesk faqs import faqs.csv --dry-run
      faqdesk faqs import faqs.csv --overwrite
    """
    from support import faq_tables

    from ..table_files import rows as read_rows

    with closing(workspace().database()) as db:
        rows = faq_tables.judge(db, read_rows(file), str(file))
        taken = None
        if not dry_run:
            taken = faq_tables.take(db, actor(), rows, name=file.name, overwrite=overwrite)
    if as_json:
        print_json(
            {"rows": [asdict(row) for row in rows], "taken": asdict(taken) if taken else None}
        )
        return
    for row in rows:
        if dry_run or row.reason:
            click.echo(f"{row.line}\t{row.state}\t{row.slug}\t{row.reason}", err=not dry_run)
    if taken:
        undo = f" Take it back: faqdesk faqs undo {taken.change_id}" if taken.change_id else ""
        click.echo(
            f"{taken.added:,} added, {taken.changed:,} changed, "
            f"{taken.passed_over:,} passed over.{undo}"
        )
