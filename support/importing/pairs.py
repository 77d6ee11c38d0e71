"""Rows to conversations: one table of question/answer pairs, or questions and answers apart."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Any

from .. import clock
from ..errors import MappingError
from .conversation import GENERATED, MAX_QUOTED, RawConversation, RawMessage, Rejected, quoted
from .files import Numbered, rows
from .mapping import DEFAULT_PAIRS, AnswerColumns, Mapping, QuestionColumns

Item = RawConversation | Rejected
Row = dict[str, Any]
Read = Callable[[Path], Iterator[Numbered]]

MAX_DIGITS = 7  # of a count of votes
PATIENCE = 20  # rows without a column before the mapping is at fault, not the rows

_STATUS = {
    "open": "open", "new": "open", "pending": "open", "대기": "open", "접수": "open",
    "answered": "answered", "solved": "answered", "resolved": "answered", "답변완료": "answered",
    "closed": "closed", "완료": "closed", "종료": "closed",
}  # fmt: skip
_AGENT_ROLES = {"agent": "agent", "manager": "agent", "customer": "customer", "user": "customer",
                "visitor": "customer", "bot": "bot", "system": "system"}  # fmt: skip


def conversations(files: list[Path], mapping: Mapping, *, read: Read = rows) -> Iterator[Item]:
    """Read the files of an import, in order.

    Args:
        files: one or more; two with a mapping of two tables.
        mapping: what their columns mean.
        read: gives the rows of a file.

    Raises:
        MappingError: a column that the mapping names is not in the file.
        ImportFileError: a file cannot be read at all.
    """
    zone = mapping.zone
    if mapping.answers is None:
        for path in files:
            yield from _pairs(path, mapping.questions, zone, read)
        return
    questions, answers = _two_files(files, mapping.questions, mapping.answers)
    replies: dict[str, list[tuple[int, Row]]] = defaultdict(list)
    columns = mapping.answers
    for number, row in _complete(answers, columns, read):
        if isinstance(row, Rejected):
            yield row
            continue
        try:
            question, text = _cell(row, columns.question), _cell(row, columns.text)
        except ValueError as error:
            yield Rejected(answers.name, number, str(error))
            continue
        if not question or not text.strip():
            reason = "no question id" if not question else "an answer without text"
            yield Rejected(answers.name, number, reason)
            continue
        replies[question].append((number, row))
    for item in _pairs(questions, mapping.questions, zone, read):
        if isinstance(item, RawConversation):
            for number, row in replies.pop(item.source_id, ()):
                try:
                    item.messages.append(_reply(row, columns, item, zone))
                except ValueError as error:
                    yield Rejected(answers.name, number, str(error))
            item.messages.sort(key=lambda message: message.at)
        yield item
    for question, orphans in replies.items():
        for number, _ in orphans:
            reason = f"answers the question {quoted(question)}, which is not in the file"
            yield Rejected(answers.name, number, reason)


def _two_files(
    files: list[Path], questions: QuestionColumns, answers: AnswerColumns
) -> tuple[Path, Path]:
    if len(files) != 2:
        raise MappingError(f"A mapping with [answers] takes two files, got {len(files)}.")
    by_name = {path.name: path for path in files}
    for table in (questions.file, answers.file):
        if table and table not in by_name:
            raise MappingError(f"The mapping names {table!r}; given are {', '.join(by_name)}.")
    first = by_name.get(questions.file, files[0])
    second = by_name.get(answers.file, files[1] if first == files[0] else files[0])
    return first, second


def _pairs(path: Path, columns: QuestionColumns, zone: tzinfo, read: Read) -> Iterator[Item]:
    seen: set[str] = set()
    for number, row in _complete(path, columns, read):
        if isinstance(row, Rejected):
            yield row
            continue
        try:
            item = _conversation(row, columns, zone)
        except ValueError as error:
            yield Rejected(path.name, number, str(error))
            continue
        if item.source_id in seen:
            made_up = item.source_id.startswith(GENERATED)
            what = "the same row" if made_up else f"the id {quoted(item.source_id)}"
            yield Rejected(path.name, number, f"{what} stands twice")
            continue
        seen.add(item.source_id)
        yield item


def _complete(
    path: Path, columns: QuestionColumns | AnswerColumns, read: Read
) -> Iterator[Numbered]:
    """Read rows that hold the columns nothing can be done without, and reject the others.

    Raises:
        MappingError: a column that the mapping names is in none of the first rows.
    """
    needed = {columns.text}
    if isinstance(columns, AnswerColumns):
        needed.add(columns.question)
    lacking = needed if columns is DEFAULT_PAIRS else needed | _named(columns)
    held: list[tuple[int, Row]] = []  # until each column was seen once
    for number, row in read(path):
        if isinstance(row, Rejected):
            yield number, row
            continue
        held.append((number, row))
        if lacking:
            lacking = lacking - set(row)
        if lacking and len(held) < PATIENCE:
            continue
        if lacking:
            break
        for place, complete in held:
            missing = sorted(needed - set(complete))
            reason = f"no column {', '.join(map(quoted, missing))}"
            yield place, Rejected(path.name, place, reason) if missing else complete
        held = []
    if held:
        has = ", ".join(quoted(name) for name in dict.fromkeys(n for _, row in held for n in row))
        raise MappingError(
            f"{path.name} has no column {', '.join(map(repr, sorted(lacking)))}; it has "
            f"{has}. Name its columns in a file given with --mapping."
        )


def _named(columns: QuestionColumns | AnswerColumns) -> set[str]:
    names = set(type(columns).__dataclass_fields__) - {"file", "url"}
    return {getattr(columns, name) for name in names} - {""}


def _cell(row: Row, column: str) -> str:
    """Read a cell; no such column: empty.

    Raises:
        ValueError: it holds a list or an object.
    """
    value = row.get(column, "") if column else ""
    if not isinstance(value, str):
        kind = "a list" if isinstance(value, list) else "an object"
        raise ValueError(f"the column {quoted(column)} holds {kind} where text is needed")
    return value


def _time(text: str, zone: tzinfo) -> str:
    if not text.strip():
        return ""
    if len(text) > MAX_QUOTED:
        raise ValueError(f"Cannot read {quoted(text)} as a time.")
    return clock.parse(text, zone=zone)


def _conversation(row: Row, columns: QuestionColumns, zone: tzinfo) -> RawConversation:
    """Turn a row into an inquiry.

    Raises:
        ValueError: it cannot be used; the message is the reason.
    """

    def cell(column: str) -> str:
        return _cell(row, column)

    subject, text, answer = cell(columns.subject), cell(columns.text), cell(columns.answer)
    if not text.strip() and not subject.strip():
        raise ValueError("a question without text")
    opened_at = _time(cell(columns.at), zone)
    answered_at = _time(cell(columns.answered_at), zone)
    # Rows without an id are known by what they say, so that a second import adds nothing.
    digest = hashlib.sha256(
        "\0".join((subject, text, answer, opened_at)).encode("utf-8", "replace")
    )
    given_id = cell(columns.id)
    source_id = given_id or GENERATED + digest.hexdigest()[:24]
    opened_at = opened_at or answered_at or clock.now()
    item = RawConversation(
        source_id=source_id,
        opened_at=opened_at,
        subject=subject,
        url=columns.url.replace("{id}", given_id) if given_id else "",
        channel=cell(columns.channel) or "none",
        language=cell(columns.language),
        category=cell(columns.category),
        tags=_tags(row, columns.tags),
        customer_id=cell(columns.customer),
        status=_STATUS.get(cell(columns.status).strip().lower(), ""),
        answer_source_id=cell(columns.solution),
    )
    item.messages.append(RawMessage("q", "customer", text, opened_at))
    if answer.strip():
        item.messages.append(
            RawMessage("a", "agent", answer, answered_at or opened_at, author=cell(columns.agent))
        )
    return item


def _reply(row: Row, columns: AnswerColumns, question: RawConversation, zone: tzinfo) -> RawMessage:
    """Turn a row into an answer.

    Raises:
        ValueError: it cannot be used; the message is the reason.
    """

    def cell(column: str) -> str:
        return _cell(row, column)

    at = _time(cell(columns.at), zone) or question.opened_at
    author = cell(columns.author)
    if columns.role:
        role = _AGENT_ROLES.get(cell(columns.role).strip().lower(), "")
        if not role:
            raise ValueError(f"the role {quoted(cell(columns.role))} is unknown")
    else:
        role = "customer" if author and author == question.customer_id else "agent"
    source_id = cell(columns.id)
    if not source_id:
        words = "\0".join((author, at, cell(columns.text)))
        digest = hashlib.sha256(words.encode("utf-8", "replace"))
        source_id = GENERATED + digest.hexdigest()[:24]
    public = cell(columns.public).strip().lower() not in ("false", "0", "no", "n")
    return RawMessage(
        source_id=source_id,
        role=role,
        text=cell(columns.text),
        at=at,
        author=author if role == "agent" else "",
        public=public,
        helpful=_votes(cell(columns.helpful)) - _votes(cell(columns.unhelpful)),
    )


def _votes(text: str) -> int:
    """A count; what is none counts nothing, for no answer is lost over its votes."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < MAX_DIGITS else 0


def _tags(row: Row, column: str) -> list[str]:
    value = row.get(column, "") if column else ""
    if isinstance(value, list):
        # Each must be text in its turn.
        parts = [_cell({column: part}, column) for part in value]
    else:
        parts = re.split(r"[;,|]", _cell(row, column))
    return [part.strip() for part in parts if part.strip()]
