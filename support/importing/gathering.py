"""Gathers the pieces of an export into conversations, in flat memory.

First all files are read, then each conversation is put together and settled.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from .. import clock
from ..errors import ImportFileError
from . import mail, mbox
from .conversation import RawConversation, Rejected
from .format import Format, Intake
from .json_stream import Record
from .load import Progress
from .mail_parts import parsed
from .pairs import Item
from .pieces import Place, records, table_rows
from .report import Reading
from .spool import Spool

_TELL_EVERY: Final = 500  # objects
_NOTHING_ASKED: Final = "conversation that no customer wrote in"


def spooled(
    files: list[Path],
    known: Format,
    password: str,
    reading: Reading,
    progress: Progress,
    *,
    tables: bool = False,
) -> Iterator[Item]:
    """Read all pieces of an export, then put its conversations together.

    Args:
        files: the export.
        known: how its objects are read.
        password: of its workbooks.
        reading: what is learned on the way.
        progress: told bytes read and their total; may raise.
        tables: read the first sheet of a workbook alone, and JSON row by row.
    """
    with closing(Spool()) as spool:
        intake = Intake(spool, reading.left_out)
        total = sum(path.stat().st_size for path in files)
        before = 0
        for path in files:
            at = Place()
            pieces = (
                (
                    Record("", None, number, row.reason)
                    if isinstance(row, Rejected)
                    else Record("", row, number)
                    for number, row in table_rows(path, password)
                )
                if tables
                else records(path, password, at)
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


def spooled_mail(
    files: list[Path], ours: tuple[str, ...], reading: Reading, progress: Progress
) -> Iterator[Item]:
    """Read all mails, then put their threads together; `ours` are the team's own addresses."""
    with closing(Spool()) as spool:
        reader = mail.MailReader(Intake(spool, reading.left_out), ours=ours)
        total, before = sum(path.stat().st_size for path in files), 0
        for path in files:

            def tell(done: int, before: int = before) -> None:
                progress(before + done, total, "reading")

            for number, item in mbox.mails(path, tell=tell):
                try:
                    if not item:
                        raise ValueError(f"larger than {mbox.MAX_MAIL >> 20} MB")
                    reader.take(parsed(item))
                # What odd mails raise in the standard library's parser is not told beforehand.
                except (
                    ValueError,
                    LookupError,
                    AttributeError,
                    TypeError,
                    RecursionError,
                ) as error:
                    yield mail.rejected(path, number, error)
            before += path.stat().st_size
        reading.notes += reader.end()
        yield from _together(spool, reader.settle, reading, files)


def _together(
    spool: Spool,
    settle: Callable[[RawConversation, Spool], None],
    reading: Reading,
    files: list[Path],
) -> Iterator[Item]:
    reading.total, reading.repeats = len(spool), spool.repeats
    for name, count in spool.orphans():
        what = f"{count} messages of the conversation {name!r}, which is not in the files"
        yield Rejected(files[-1].name, 0, what)
    if reading.total and not spool.count_messages():
        raise ImportFileError(
            f"{files[0].name} holds {reading.total:,} conversations and none of their messages. "
            "Export them with messages, or give the file of messages beside it."
        )
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
        raw.opened_at = clock.now()
    last = raw.opened_at
    for message in raw.messages:
        message.at = last = message.at or last
    return raw
