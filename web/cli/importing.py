"""`faqdesk import` and `faqdesk import-faqs`."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from sqlite_utils import Database

from support.errors import PasswordNeededError
from support.importing import workbook
from support.importing.door import TITLES, Options, detect, import_export
from support.importing.faqs import import_aliases, import_faqs
from support.importing.guess import MESSAGE_FIELDS, PAIR_FIELDS
from support.importing.load import run_import
from support.importing.mapping import Mapping, read_mapping
from support.importing.report import ImportReport
from support.seal import Seal
from support.workspace import Workspace

from .common import actor, ask_secret, json_option, print_json, progress_line, workspace

_FILES = click.Path(path_type=Path, dir_okay=False)


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=_FILES)
@click.option("--mapping", "mapping_file", type=_FILES, help="TOML: which column means what.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="What a column of a table means; question, answer, at, agent ...",
)
@click.option("--format", "format_name", help="What the files are, where content does not tell.")
@click.option("--source", help="The source's name; with a row's id, its name for ever.")
@click.option(
    "--our-mail",
    "ours",
    multiple=True,
    metavar="ADDRESS",
    help="An address or domain of the team; mail from it is an agent's.",
)
@click.option("--dry-run", is_flag=True, help="Report, but store nothing.")
@json_option
def import_command(
    files: tuple[Path, ...],
    mapping_file: Path | None,
    columns: tuple[str, ...],
    format_name: str | None,
    source: str | None,
    ours: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import a team's history: what its helpdesk exports, mail, or a table.

    What the files are is found out by what they hold: Zendesk, Freshdesk, Chatwoot, Zammad, Help
    Scout, FreeScout, Channel Talk, mbox and EML, CSV, TSV, JSON Lines and XLSX. Text is masked
    before it is stored. A second import of the same rows adds nothing; killed half way, it goes on
    where it stopped; `faqdesk imports undo` takes it back. The password of a workbook or an archive
    is asked for where it is needed, or read from standard input.

    \b
    Example:
      faqdesk import tickets.json comments.json --dry-run
      faqdesk import channel.xlsx < password.txt
      faqdesk import history.xlsx --column question=문의 --column answer=답변
      faqdesk import questions.csv.gz answers.csv.gz --mapping forum.toml
    """
    mapping = _mapping(mapping_file, source)
    options = Options(
        format=format_name or "",
        source=source or "",
        columns=_columns(columns),
        ours=ours,
    )
    if mapping_file and (columns or format_name):
        raise click.UsageError("A mapping says what columns mean: leave out --column and --format.")
    with _desk(dry_run=dry_run) as (db, seal):
        known = None
        if not mapping_file:
            known = _known(list(files), options)
        with progress_line("Importing") as progress:
            if known is None:
                report = run_import(
                    db,
                    seal,
                    list(files),
                    mapping,
                    actor=actor(),
                    dry_run=dry_run,
                    progress=progress,
                )
            else:
                report = import_export(
                    db,
                    seal,
                    list(files),
                    actor=actor(),
                    options=known,
                    dry_run=dry_run,
                    progress=progress,
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
    with TemporaryDirectory() as folder:
        # A key of its own: else one would be written where FAQDESK_KEY_FILE says.
        space = Workspace(Path(folder, "desk"), key=Path(folder, "key")).create()
        with closing(space.database()) as db:
            yield db, space.seal()


def _columns(words: tuple[str, ...]) -> dict[str, str]:
    found = {}
    known = dict.fromkeys((*PAIR_FIELDS, *MESSAGE_FIELDS))
    for word in words:
        name, equals, column = word.partition("=")
        if not equals or name not in known:
            raise click.UsageError(
                f"Write FIELD=COLUMN, got {word!r}. The fields are {', '.join(known)}."
            )
        found[name] = column
    return found


def _known(files: list[Path], options: Options) -> Options | None:
    """What is known of the files; None: a plain table of `question` and `answer`."""
    try:
        found = detect(files, options)
    except PasswordNeededError as error:
        password = ask_secret(str(error))
        if not password:
            raise
        options = replace(options, password=password)
        found = detect(files, options)
    plain = found.table is not None and {"question", "answer"} <= set(found.table.columns)
    if plain and not options.columns and not workbook.is_workbook(files[0]):
        return None
    return options


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
    if report.format:
        words = ", ".join(f"{role} {count:,}" for role, count in sorted(report.roles.items()))
        encoding = f", {report.encoding}" if report.encoding else ""
        click.echo(f"Read as {TITLES[report.format]}{encoding}; messages: {words or 'none'}.")
    for note in report.notes:
        click.echo(f"  {note}")
    if report.left_out:
        words = ", ".join(f"{why} {count:,}" for why, count in sorted(report.left_out.items()))
        click.echo(f"Left out: {words}.")
    if report.repeats:
        click.echo(f"{report.repeats:,} stood in the files more than once.")
    if report.saved_replies:
        click.echo(
            f"{sum(report.saved_replies.values()):,} answers name the saved reply they were made "
            f"from ({len(report.saved_replies):,} replies, {report.unknown_replies:,} of them "
            "unknown here: faqdesk replies import)."
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
    if report.import_id and report.inquiries:
        click.echo(f"Take it back: faqdesk imports undo {report.import_id}")
