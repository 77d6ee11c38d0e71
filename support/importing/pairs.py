"""Rows to conversations: one table of question/answer pairs, or questions and answers apart."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import clock
from ..errors import MappingError
from .conversation import RawConversation, RawMessage, Rejected
from .files import rows
from .mapping import AnswerColumns, Mapping, QuestionColumns

Item = RawConversation | Rejected
Row = dict[str, Any]

_STATUS = {
    "open": "open", "new": "open", "pending": "open", "대기": "open", "접수": "open",
    "answered": "answered", "solved": "answered", "resolved": "answered", "답변완료": "answered",
    "closed": "closed", "완료": "closed", "종료": "closed",
}  # fmt: skip
_AGENT_ROLES = {"agent": "agent", "manager": "agent", "customer": "customer", "user": "customer",
                "visitor": "customer", "bot": "bot", "system": "system"}  # fmt: skip


def conversations(files: list[Path], mapping: Mapping) -> Iterator[Item]:
    """Read the files of an import, in order.

    Raises:
        MappingError: a column that the mapping names is not in the file.
        ImportFileError: a file cannot be read at all.
    """
    if mapping.answers is None:
        for path in files:
            yield from _pairs(path, mapping.questions)
        return
    questions, answers = _two_files(files, mapping.questions, mapping.answers)
    replies: dict[str, list[tuple[int, Row]]] = defaultdict(list)
    columns = mapping.answers
    for number, row in rows(answers):
        if isinstance(row, Rejected):
            yield row
            continue
        _check(row, columns, answers)
        if not row[columns.question] or not row[columns.text].strip():
            reason = "no question id" if not row[columns.question] else "an answer without text"
            yield Rejected(answers.name, number, reason)
            continue
        replies[row[columns.question]].append((number, row))
    for item in _pairs(questions, mapping.questions):
        if isinstance(item, RawConversation):
            for number, row in replies.pop(item.source_id, ()):
                message = _reply(row, columns, item, answers.name, number)
                if isinstance(message, Rejected):
                    yield message
                else:
                    item.messages.append(message)
            item.messages.sort(key=lambda message: message.at)
        yield item
    for orphans in replies.values():
        for number, row in orphans:
            reason = f"answers the question {row[columns.question]!r}, which is not in the file"
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


def _pairs(path: Path, columns: QuestionColumns) -> Iterator[Item]:
    checked = False
    seen: set[str] = set()
    for number, row in rows(path):
        if isinstance(row, Rejected):
            yield row
            continue
        if not checked:
            _check(row, columns, path)
            checked = True
        item = _conversation(row, columns, path.name, number)
        if isinstance(item, RawConversation):
            if item.source_id in seen:
                yield Rejected(path.name, number, f"the id {item.source_id!r} stands twice")
                continue
            seen.add(item.source_id)
        yield item


def _check(row: Row, columns: QuestionColumns | AnswerColumns, path: Path) -> None:
    """Refuse a mapping whose named columns are missing; defaults may be."""
    needed = [columns.text] if isinstance(columns, QuestionColumns) else [
        columns.text, columns.question
    ]  # fmt: skip
    if columns is not _default():
        needed += [
            getattr(columns, name)
            for name in type(columns).__dataclass_fields__
            if name not in ("file", "url") and getattr(columns, name)
        ]
    missing = sorted({name for name in needed if name not in row})
    if missing:
        raise MappingError(
            f"{path.name} has no column {', '.join(map(repr, missing))}; it has "
            f"{', '.join(map(repr, row))}. Name its columns in a file given with --mapping."
        )


def _default() -> QuestionColumns:
    from .mapping import DEFAULT_PAIRS

    return DEFAULT_PAIRS


def _conversation(row: Row, columns: QuestionColumns, file: str, number: int) -> Item:
    def cell(column: str) -> str:
        value = row.get(column, "") if column else ""
        return value if isinstance(value, str) else str(value)

    subject, text, answer = cell(columns.subject), cell(columns.text), cell(columns.answer)
    if not text.strip() and not subject.strip():
        return Rejected(file, number, "a question without text")
    try:
        opened_at = clock.parse(cell(columns.at)) if cell(columns.at) else ""
        answered_at = clock.parse(cell(columns.answered_at)) if cell(columns.answered_at) else ""
    except ValueError as error:
        return Rejected(file, number, str(error))
    # Rows without an id are known by what they say, so that a second import adds nothing.
    digest = hashlib.sha256(
        "\0".join((subject, text, answer, opened_at)).encode("utf-8", "replace")
    )
    source_id = cell(columns.id) or digest.hexdigest()[:24]
    opened_at = opened_at or answered_at or clock.now()
    item = RawConversation(
        source_id=source_id,
        opened_at=opened_at,
        subject=subject,
        url=columns.url.replace("{id}", source_id),
        channel=cell(columns.channel) or "none",
        language=cell(columns.language),
        category=cell(columns.category),
        tags=_tags(row.get(columns.tags, "") if columns.tags else ""),
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


def _reply(
    row: Row, columns: AnswerColumns, question: RawConversation, file: str, number: int
) -> RawMessage | Rejected:
    def cell(column: str) -> str:
        return str(row.get(column, "")) if column else ""

    try:
        at = clock.parse(cell(columns.at)) if cell(columns.at) else question.opened_at
    except ValueError as error:
        return Rejected(file, number, str(error))
    author = cell(columns.author)
    if columns.role:
        role = _AGENT_ROLES.get(cell(columns.role).strip().lower(), "")
        if not role:
            return Rejected(file, number, f"the role {cell(columns.role)!r} is unknown")
    else:
        role = "customer" if author and author == question.customer_id else "agent"
    source_id = cell(columns.id)
    if not source_id:
        words = "\0".join((author, at, cell(columns.text)))
        source_id = hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:24]
    public = cell(columns.public).strip().lower() not in ("false", "0", "no", "n")
    return RawMessage(
        source_id=source_id,
        role=role,
        text=cell(columns.text),
        at=at,
        author=author if role == "agent" else "",
        public=public,
    )


def _tags(value: Any) -> list[str]:
    parts = value if isinstance(value, list) else re.split(r"[;,|]", str(value))
    return [str(part).strip() for part in parts if str(part).strip()]
