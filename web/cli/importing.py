"""`faqdesk import` and `faqdesk import-faqs`."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes
from tempfile import TemporaryDirectory

import click
from sqlite_utils import Database

from support.importing.faqs import import_aliases, import_faqs
from support.importing.load import ImportReport, run_import
from support.importing.mapping import Mapping, read_mapping
from support.seal import KEY_BYTES, Seal
from support.workspace import Workspace

from .common import actor, json_option, print_json, progress_line, workspace

_FILES = click.Path(path_type=Path, dir_okay=False)


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=_FILES)
@click.option("--mapping", "mapping_file", type=_FILES, help="TOML: which column means what.")
@click.option("--source", help="The source's name; with a row's id, its name for ever.")
@click.option("--dry-run", is_flag=True, help="Report, but store nothing.")
@json_option
def import_command(
    files: tuple[Path, ...],
    mapping_file: Path | None,
    source: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import a team's history: CSV, TSV or JSON Lines of questions and answers.

    Text is masked before it is stored. A second import of the same rows adds nothing; killed half
    way, it goes on where it stopped.

    \b
    Example:
      faqdesk import history.csv
      faqdesk import questions.csv.gz answers.csv.gz --mapping forum.toml --dry-run
    """
    mapping = _mapping(mapping_file, source)
    with _desk(dry_run=dry_run) as (db, seal), progress_line("Importing") as progress:
        report = run_import(
            db, seal, list(files), mapping, actor=actor(), dry_run=dry_run, progress=progress
        )
    if as_json:
        print_json(report.as_dict())
    else:
        _print(report)


@click.command("import-faqs")
@click.argument("file", type=_FILES)
@click.option("--mapping", "mapping_file", type=_FILES, help="TOML: which column means what.")
@click.option("--aliases", type=_FILES, help="A file of old and localized slugs.")
@json_option
def import_faqs_command(
    file: Path, mapping_file: Path | None, aliases: Path | None, as_json: bool
) -> None:
    """Import the help centre's pages (slug, title, body, category, url), and their aliases.

    \b
    Example:
      faqdesk import-faqs faqs.csv
      faqdesk import-faqs pages.csv --aliases old_addresses.csv --mapping forum.toml
    """
    mapping = _mapping(mapping_file, None)
    space = workspace().create()
    db = space.database()
    added, changed, rejected = import_faqs(db, file, mapping, actor=actor())
    fresh = 0
    if aliases:
        fresh, more = import_aliases(db, aliases, mapping, actor=actor())
        rejected += more
    if as_json:
        print_json(
            {
                "added": added,
                "changed": changed,
                "aliases": fresh,
                "rejected": [[item.file, item.line, item.reason] for item in rejected],
            }
        )
        return
    click.echo(f"{added} FAQs added, {changed} changed, {fresh} aliases added.")
    for item in rejected[:20]:
        click.echo(f"  {item.file}, line {item.line}: {item.reason}", err=True)


@contextmanager
def _desk(*, dry_run: bool) -> Iterator[tuple[Database, Seal]]:
    """The desk to import into; for a dry run where there is none, one that is gone afterwards."""
    space = workspace()
    if not dry_run or space.exists():
        space.create()
        with closing(space.database()) as db:
            yield db, space.seal()
        return
    with (
        TemporaryDirectory() as folder,
        closing(Workspace(Path(folder)).database(create=True)) as db,
    ):
        # A key of its own: `create` would write one where FAQDESK_KEY_FILE says.
        yield db, Seal(token_bytes(KEY_BYTES))


def _mapping(file: Path | None, source: str | None) -> Mapping:
    mapping = read_mapping(file) if file else Mapping()
    return replace(mapping, source=source) if source else mapping


def _print(report: ImportReport) -> None:
    would = "would be " if report.dry_run else ""
    click.echo(
        f"{report.rows:,} inquiries read, {report.inquiries:,} {would}added, "
        f"{report.already_there:,} there already; {report.messages:,} messages {would}added."
    )
    click.echo(
        f"{report.pairs:,} have an answer, {report.labelled:,} an FAQ link in an answer "
        f"({report.links:,} links)."
    )
    if report.unknown_links:
        n = len(report.unknown_links)
        first = sorted(report.unknown_links.items(), key=lambda item: -item[1])[:5]
        words = ", ".join(f"{slug} ({count})" for slug, count in first)
        click.echo(f"Links to {n:,} pages that were no FAQ yet: {words}{' ...' if n > 5 else ''}")
    if report.masked:
        words = ", ".join(f"{kind} {count:,}" for kind, count in sorted(report.masked.items()))
        click.echo(f"Masked: {words}.")
    if report.rejected:
        click.echo(f"{report.rejected:,} rows rejected:", err=True)
        for item in report.rejections[:20]:
            click.echo(f"  {item.file}, line {item.line}: {item.reason}", err=True)
