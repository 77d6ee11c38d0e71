"""Takes any export: finds out by content what it is, and reads it.

What no helpdesk's reader knows and is a table gets its columns guessed; people may name them.
"""

import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final

from sqlite_utils import Database

from ..audit import Actor
from ..errors import ImportFileError, InputError, MappingError, PasswordNeededError
from ..seal import Seal
from . import files as text_files
from . import json_stream, mail, workbook
from .conversation import RawConversation, Rejected
from .files import Numbered
from .format import Format, Intake
from .guess import Guess, guess
from .helpdesks import FORMATS
from .json_stream import Record
from .load import Progress, run_items
from .mapping import DEFAULT_PAIRS, Mapping as ColumnMapping
from .mapping import LinkRules, QuestionColumns
from .message_rows import message_format
from .opening import file_encoding, open_text, place, read_sample
from .pairs import Item, conversations
from .report import ImportReport, Reading
from .spool import Spool

LOOKED_AT: Final = 200  # objects of a file that say what it is
MAIL: Final = "mail"
TABLE: Final = "table"
TITLES: Final[Mapping[str, str]] = {
    **{name: known.title for name, known in FORMATS.items()},
    MAIL: "E-mail",
    TABLE: "Table",
}
_TELL_EVERY: Final = 500  # objects
_NOTHING_ASKED: Final = "conversation that no customer wrote in"
MAX_UNZIPPED: Final = 8 << 30  # bytes of an archive's files


@dataclass(frozen=True, kw_only=True)
class Options:
    """What people may say of an export; what they leave empty is found out."""

    format: str = ""  # one of `TITLES`
    source: str = ""  # with an inquiry's id, its name for ever; empty: the format's own name
    password: str = ""  # of a workbook or archive
    columns: Mapping[str, str] = field(default_factory=dict)  # field to column of a table
    ours: tuple[str, ...] = ()  # the team's own mail addresses and domains
    timezone: str = "Asia/Seoul"  # of a table's times that name no offset
    links: LinkRules | None = None  # how FAQ links look; None: as the desk's settings say


@dataclass(frozen=True, slots=True)
class Found:
    """What files are: a format of `TITLES`, and of a table what its columns mean.

    `rows` are the first ones of a table, to be shown to whoever says what its columns mean.
    """

    format: str
    encoding: str
    table: Guess | None = None
    rows: tuple[Mapping[str, Any], ...] = ()


def detect(files: list[Path], options: Options | None = None) -> Found:
    """Find out what files are.

    Raises:
        ImportFileError: one is missing, empty, or of no kind that is read.
        PasswordNeededError: one has a password.
        InputError: there is no such format.
    """
    options = options or Options()
    with _unpacked(files, options.password) as unpacked:
        return _detect(unpacked, options)


def import_export(
    db: Database,
    seal: Seal,
    files: list[Path],
    *,
    actor: Actor,
    options: Options | None = None,
    dry_run: bool = False,
    progress: Progress = lambda done, total, message: None,
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

    Raises:
        ImportFileError: a file cannot be read at all.
        PasswordNeededError: one has a password, and it was not given.
        MappingError: nobody can tell which column of a table is the question.
    """
    options = options or Options()
    with _unpacked(files, options.password) as unpacked:
        found = _detect(unpacked, options)
        reading = Reading(found.format, found.encoding)
        items = _items(unpacked, found, options, reading, progress)
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
        path for path, sample in samples.items() if mail.is_mbox(sample) or mail.is_mail(sample)
    ]
    if options.format == MAIL or (len(mails) == len(files) and not options.format):
        return Found(MAIL, encoding)
    votes: Counter[str] = Counter()
    heads: list[Mapping[str, Any]] = []
    for path in files:
        for record in islice(_records(path, options.password), LOOKED_AT):
            if record.value is None:
                continue
            heads.append(record.value)
            votes.update(name for name, known in FORMATS.items() if known.fits(record.value))
    known, count = (votes.most_common(1) or [("", 0)])[0]
    if options.format in FORMATS:
        return Found(options.format, encoding)
    if known and count * 3 >= len(heads) and options.format != TABLE and not options.columns:
        return Found(known, encoding)
    rows = [
        row
        for _, row in islice(_table_rows(files[0], options.password), LOOKED_AT)
        if not isinstance(row, Rejected)
    ]
    return Found(TABLE, encoding, guess(rows, options.columns), tuple(rows))


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
        return _spooled_mail(files, options, reading, progress)
    if found.format in FORMATS:
        known = FORMATS[found.format]
        return _spooled(files, known, options, reading, progress)
    return _table(files, found, options, reading, progress)


def _table(
    files: list[Path], found: Found, options: Options, reading: Reading, progress: Progress
) -> Iterator[Item]:
    table = found.table
    if table is None or table.missing:
        what = ", ".join(table.missing) if table else "question"
        has = ", ".join(map(repr, table.columns)) if table else "none"
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
            f"{', '.join(map(repr, table.columns))}."
        )
    reading.notes += [f"{column!r} is taken for the {name}" for name, column in fields.items()]
    mapping = ColumnMapping(timezone=options.timezone)
    if table.kind == "messages":
        known = message_format(options.source or "csv", fields, zone=mapping.zone)
        return _spooled(files, known, options, reading, progress, tables=True)
    text = fields.pop("question")
    columns = QuestionColumns(text=text, answer=fields.pop("answer", ""), **fields)
    if columns == DEFAULT_PAIRS:
        columns = DEFAULT_PAIRS
    return conversations(
        files,
        replace(mapping, questions=columns),
        read=lambda path: _table_rows(path, options.password),
    )


def _spooled(
    files: list[Path],
    known: Format,
    options: Options,
    reading: Reading,
    progress: Progress,
    *,
    tables: bool = False,
) -> Iterator[Item]:
    """Read all pieces, then put the conversations together."""
    with closing(Spool()) as spool:
        intake = Intake(spool, reading.left_out)
        total = sum(path.stat().st_size for path in files)
        before = 0
        for path in files:
            at = _Place()
            pieces = (
                (
                    Record("", None, number, row.reason)
                    if isinstance(row, Rejected)
                    else Record("", row, number)
                    for number, row in _table_rows(path, options.password)
                )
                if tables
                else _records(path, options.password, at)
            )
            for count, record in enumerate(pieces, 1):
                if count % _TELL_EVERY == 0:
                    progress(before + at.bytes(), total, "reading")
                if record.value is None:
                    yield Rejected(path.name, record.line, record.reason)
                    continue
                try:
                    known.take(record.value, record.where, intake)
                except ValueError as error:
                    yield Rejected(path.name, record.line, str(error))
            before += path.stat().st_size
            progress(before, total, "reading")
        yield from _together(spool, known.settle, reading, files)


def _spooled_mail(
    files: list[Path], options: Options, reading: Reading, progress: Progress
) -> Iterator[Item]:
    with closing(Spool()) as spool:
        reader = mail.MailReader(Intake(spool, reading.left_out), ours=options.ours)
        total, before = sum(path.stat().st_size for path in files), 0
        for path in files:

            def tell(done: int, before: int = before) -> None:
                progress(before + done, total, "reading")

            for number, item in mail.mails(path, tell=tell):
                try:
                    reader.take(item)
                # What odd mails raise in the standard library's parser is not told beforehand.
                except (ValueError, LookupError, AttributeError, TypeError) as error:
                    yield mail.rejected(path, number, error)
            before += path.stat().st_size
        reading.notes += reader.end()
        yield from _together(spool, reader.settle, reading, files)


def _together(spool: Spool, settle: Any, reading: Reading, files: list[Path]) -> Iterator[Item]:
    reading.total, reading.repeats = len(spool), spool.repeats
    for name, count in spool.orphans():
        what = f"{count} messages of the conversation {name!r}, which is not in the files"
        yield Rejected(files[-1].name, 0, what)
    for raw in spool.conversations():
        settle(raw, spool)
        asked = raw.subject.strip() and not raw.messages
        if not asked and not any(message.role == "customer" for message in raw.messages):
            reading.left_out[_NOTHING_ASKED] += 1
            continue
        yield _dated(raw)


def _dated(raw: RawConversation) -> RawConversation:
    """Give what has no time that of what stands beside it."""
    if not raw.opened_at:
        raw.opened_at = next((message.at for message in raw.messages if message.at), "")
    if not raw.opened_at:
        from ..clock import now

        raw.opened_at = now()
    last = raw.opened_at
    for message in raw.messages:
        message.at = last = message.at or last
    return raw


class _Place:
    """How many bytes of a file are read."""

    def __init__(self) -> None:
        self._file: IO[str] | None = None

    def watch(self, file: IO[str]) -> None:
        self._file = file

    def bytes(self) -> int:
        return place(self._file)() if self._file is not None and not self._file.closed else 0


def _records(path: Path, password: str, at: _Place | None = None) -> Iterator[Record]:
    """The objects of a file: of JSON of any shape, or the rows of a table."""
    if workbook.is_workbook(path):
        for sheet in workbook.sheet_names(path, password=password):
            try:
                for number, row in workbook.rows(path, sheet=sheet, password=password):
                    yield _record(sheet, number, row)
            except PasswordNeededError:
                raise
            except ImportFileError:
                continue  # a sheet of pictures or sums beside those that are read
        return
    sample = read_sample(path)
    encoding = file_encoding(path, sample)
    start = sample.decode(encoding, errors="replace").lstrip("\ufeff \r\n\t")
    if not start.startswith(("{", "[")):
        for number, row in text_files.rows(path):
            yield _record("", number, row)
        return
    with open_text(path, encoding) as file:
        if at is not None:
            at.watch(file)
        try:
            yield from json_stream.records(file, encoding=encoding)
        except ValueError as error:
            raise ImportFileError(
                f"{path.name} ends before its time: {error}. What stands behind it was not read; "
                "save it as JSON Lines, where one broken row costs no other."
            ) from error


def _record(where: str, number: int, row: dict[str, Any] | Rejected) -> Record:
    if isinstance(row, Rejected):
        return Record(where, None, number, row.reason)
    return Record(where, row, number)


def _table_rows(path: Path, password: str) -> Iterator[Numbered]:
    if workbook.is_workbook(path):
        return workbook.rows(path, password=password)
    return text_files.rows(path)


@contextmanager
def _unpacked(files: list[Path], password: str) -> Iterator[list[Path]]:
    """The files, those of archives unpacked into a folder that is gone afterwards.

    Whether Channel Talk's password is on the workbook or on an archive around it was not verified:
    both are opened.
    """
    if not any(_is_archive(path) for path in files):
        yield files
        return
    with TemporaryDirectory() as folder:
        out: list[Path] = []
        for number, path in enumerate(files):
            inside = Path(folder) / str(number)
            out += _unzip(path, inside, password) if _is_archive(path) else [path]
        yield out


def _is_archive(path: Path) -> bool:
    if not path.is_file() or workbook.is_workbook(path):
        return False
    with path.open("rb") as file:
        return file.read(4) == workbook.ZIPPED


def _unzip(path: Path, folder: Path, password: str) -> list[Path]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [
                entry
                for entry in archive.infolist()
                if not entry.is_dir() and not Path(entry.filename).name.startswith((".", "__"))
            ]
            if sum(entry.file_size for entry in entries) > MAX_UNZIPPED:
                raise ImportFileError(f"{path.name} would unpack to more than 8 GB.")
            out = []
            for number, entry in enumerate(entries):
                if entry.flag_bits & 1 and not password:
                    raise PasswordNeededError(f"{path.name} has a password. Give it: --password")
                # Only the last part of a name: no archive says where files go.
                target = folder / str(number) / Path(entry.filename).name
                target.parent.mkdir(parents=True)
                with archive.open(entry, pwd=password.encode() or None) as read:
                    with target.open("wb") as written:
                        while chunk := read.read(1 << 20):
                            written.write(chunk)
                out.append(target)
            return out
    except RuntimeError as error:  # what zipfile raises over a wrong password
        raise PasswordNeededError(f"{path.name} does not open with this password.") from error
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        raise ImportFileError(f"Cannot unpack {path}: {error}.") from error
