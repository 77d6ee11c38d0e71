"""Takes any export: finds out by content what it is, and reads it.

What no helpdesk's reader knows and is a table gets its columns guessed; people may name them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from .. import settings
from ..audit import Actor
from ..errors import ImportFileError, InputError, MappingError
from ..redact import Redactor
from ..seal import Seal
from . import mapping, mbox, workbook
from .conversation import Rejected, quoted
from .format import Format, Row
from .gathering import spooled, spooled_mail
from .guess import Guess, guess
from .helpdesks import FORMATS
from .load import Progress, See, run_items
from .mapping import DEFAULT_PAIRS, LinkRules, QuestionColumns
from .message_rows import message_format
from .opening import file_encoding, read_sample
from .pairs import Item, conversations
from .pieces import records, table_rows, unpacked
from .report import ImportReport, Reading

LOOKED_AT: Final = 200  # objects of a file that say what it is
SHOWN: Final = 30  # columns that an error names
MAIL: Final = "mail"
TABLE: Final = "table"
TITLES: Final[Mapping[str, str]] = {
    **{name: known.title for name, known in FORMATS.items()},
    MAIL: "E-mail",
    TABLE: "Table",
}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What people may say of an export; what they leave empty is found out."""

    format: str = ""  # one of `TITLES`
    source: str = ""  # with an inquiry's id, its name for ever; empty: the format's own name
    password: str = field(default="", repr=False)  # of a workbook or archive
    columns: Mapping[str, str] = field(default_factory=dict)  # field to column of a table
    ours: tuple[str, ...] = ()  # the team's own mail addresses and domains
    timezone: str = "Asia/Seoul"  # of a table's times that name no offset
    links: LinkRules | None = None  # how FAQ links look; None: as the desk's settings say


@dataclass(frozen=True, slots=True)
class Found:
    """What files are: a format of `TITLES`, and of a table what its columns mean.

    `rows` are the first ones of a table, to be shown to whoever says what its columns mean.
    `signs` are the fields by which a helpdesk's export was known: those of one of its objects.
    """

    format: str
    encoding: str
    table: Guess | None = None
    rows: tuple[Mapping[str, Any], ...] = ()
    signs: tuple[str, ...] = ()


def detect(files: list[Path], options: Options | None = None) -> Found:
    """Find out what files are.

    Raises:
        ImportFileError: one is missing, empty, or of no kind that is read.
        PasswordNeededError: one has a password.
        InputError: there is no such format.
    """
    options = options or Options()
    with unpacked(files, options.password) as paths:
        return _detect(paths, options)


def import_export(
    db: Database,
    seal: Seal,
    files: list[Path],
    *,
    actor: Actor,
    options: Options | None = None,
    dry_run: bool = False,
    progress: Progress = lambda done, total, message: None,
    see: See = lambda item: None,
) -> ImportReport:
    """Import what helpdesks export, mail, or a table.

    Args:
        db: the desk's database.
        seal: its key.
        files: the files of one export; tickets and their messages may stand apart, in any order.
        actor: who imports.
        options: what is known of them beforehand.
        dry_run: report, but store nothing.
        progress: told bytes read and their total ("reading"), then conversations and theirs; what
            it raises ends the import.
        see: given what a dry run would store, masked, one inquiry after the other.

    Raises:
        ImportFileError: a file cannot be read at all.
        PasswordNeededError: one has a password, and it was not given.
        MappingError: nobody can tell which column of a table is the question.
    """
    options = options or Options()
    with unpacked(files, options.password) as paths:
        found = _detect(paths, options)
        check_head(files[0].name, found.table, Redactor(settings.load(db).allow))
        reading = Reading(found.format, found.encoding)
        items = _items(paths, found, options, reading, progress)
        with closing(items):  # type: ignore[type-var]
            return run_items(
                db,
                seal,
                items,
                actor=actor,
                source=options.source or (found.format if found.format != TABLE else "csv"),
                files=[path.name for path in files],
                links=options.links,
                reading=reading,
                dry_run=dry_run,
                progress=progress,
                see=see,
            )


def check_head(name: str, table: Guess | None, redactor: Redactor) -> None:
    """Refuse a table whose first line is somebody's data: it would be taken for names, and shown.

    Raises:
        ImportFileError: it holds personal data.
    """
    if table is not None and any(redactor.redact(column).counts for column in table.columns):
        raise ImportFileError(
            f"{name} begins with somebody's data where the names of its columns should stand. Put "
            "a line of names above it, such as question,answer. Nothing was imported."
        )


def _detect(files: list[Path], options: Options) -> Found:
    if options.format and options.format not in TITLES:
        raise InputError(f"No format {options.format!r}. There are: {', '.join(TITLES)}.")
    if not files:
        raise ImportFileError("No file was given.")
    samples = {path: _sample(path) for path in files}
    first = next((sample for sample in samples.values() if sample), b"")
    encoding = file_encoding(files[0], first) if samples[files[0]] else ""
    mails = [
        path for path, sample in samples.items() if mbox.is_mbox(sample) or mbox.is_mail(sample)
    ]
    if options.format == MAIL or (len(mails) == len(files) and not options.format):
        return Found(MAIL, "")  # each part of a mail names its own
    votes: Counter[str] = Counter()
    heads: list[Row] = []
    reason = ""
    for path in files:
        for record in islice(records(path, options.password), LOOKED_AT):
            if record.value is None:
                reason = reason or f" Its row {record.line}: {record.reason}."
                continue
            heads.append(record.value)
            votes.update(name for name, known in FORMATS.items() if known.fits(record.value))
    if not heads:
        raise ImportFileError(
            f"{files[0].name} holds no row, ticket or message.{reason} Export it again, as JSON, "
            "CSV or XLSX. Nothing was imported."
        )
    known, count = (votes.most_common(1) or [("", 0)])[0]
    if options.format in FORMATS:
        return Found(options.format, encoding)
    if known and count * 3 >= len(heads) and options.format != TABLE and not options.columns:
        own = next(head for head in heads if FORMATS[known].fits(head))
        return Found(known, encoding, signs=_signs(FORMATS[known], own))
    rows = [
        row
        for _, row in islice(table_rows(files[0], options.password), LOOKED_AT)
        if not isinstance(row, Rejected)
    ]
    return Found(TABLE, encoding, guess(rows, options.columns), tuple(rows))


def _signs(known: Format, row: Row) -> tuple[str, ...]:
    """The fewest fields of an object without which it would not be known for what it is."""
    left = dict(row)
    for name in row:
        less = {other: value for other, value in left.items() if other != name}
        if known.fits(less):
            left = less
    return tuple(left)


def _sample(path: Path) -> bytes:
    """The first megabyte; b'' of a workbook.

    Raises:
        ImportFileError: it is missing, empty, or of no kind that is read.
    """
    if not path.is_file():
        raise ImportFileError(f"No file {path}.")
    return b"" if workbook.is_workbook(path) else read_sample(path)


def _items(
    files: list[Path], found: Found, options: Options, reading: Reading, progress: Progress
) -> Iterator[Item]:
    if found.format == MAIL:
        return spooled_mail(files, options.ours, reading, progress)
    if found.format in FORMATS:
        known = FORMATS[found.format]
        return spooled(files, known, options.password, reading, progress)
    return _table(files, found, options, reading, progress)


def _table(
    files: list[Path], found: Found, options: Options, reading: Reading, progress: Progress
) -> Iterator[Item]:
    table = found.table
    if table is None or table.missing:
        what = ", ".join(table.missing) if table else "question"
        has = _some(table.columns) if table else "none"
        raise MappingError(
            f"{files[0].name} is no export that is known, and none of its columns tells its "
            f"{what}. It has {has}. Name them: --column question=COLUMN --column answer=COLUMN, "
            "or in a file given with --mapping."
        )
    fields = dict(table.fields)
    unknown = sorted(column for column in fields.values() if column not in table.columns)
    if unknown:
        raise MappingError(
            f"{files[0].name} has no column {', '.join(map(repr, unknown))}; it has "
            f"{_some(table.columns)}."
        )
    reading.notes += [f"{column!r} is taken for the {name}" for name, column in fields.items()]
    rules = mapping.Mapping(timezone=options.timezone)
    if table.kind == "messages":
        known = message_format(options.source or "csv", fields, zone=rules.zone)
        return spooled(files, known, options.password, reading, progress, tables=True)
    text = fields.pop("question")
    columns = QuestionColumns(text=text, answer=fields.pop("answer", ""), **fields)
    if columns == DEFAULT_PAIRS:
        columns = DEFAULT_PAIRS
    return conversations(
        files,
        replace(rules, questions=columns),
        read=lambda path: table_rows(path, options.password),
    )


def _some(columns: tuple[str, ...]) -> str:
    """The first of some columns, and how many there are beside them."""
    more = len(columns) - SHOWN
    words = ", ".join(quoted(name) for name in columns[:SHOWN])
    return f"{words} and {more:,} more" if more > 0 else words
