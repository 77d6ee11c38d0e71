"""What a first look at files found: what they are, the first rows of a table, a few pairs.

Kept beside the files and gone with them; personal data in it is masked.
"""

import json
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from support import settings
from support.audit import Actor
from support.errors import ImportFileError, MappingError, PasswordNeededError
from support.importing.door import MAIL, Found, Options, check_head, detect, import_export
from support.importing.opening import UNREADABLE
from support.importing.prepare import Prepared
from support.importing.report import ImportReport
from support.redact import Redactor
from support.seal import Seal

from .job_run import Progress

ROWS: Final = 5  # first rows shown
PAIRS: Final = 4  # examples
COLUMNS: Final = 60  # of a table that are offered
CELL: Final = 160  # characters of a cell
TEXT: Final = 600  # of a question or an answer
_NAME: Final = re.compile(r"[0-9a-f]{16}")
# What must be said by a column's name, not by what stands in it, to be believed without asking.
_ASKED: Final = ("question", "answer", "conversation", "role", "text")
_CONTROLS: Final = re.compile("[\0-\x08\x0e-\x1f\x7f\ufffd]")


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found.

    `needs` says what is missing to go on: password, columns, or "other" where the files are of no
    kind that is read (`why` says more); empty: nothing.
    """

    needs: str = ""
    why: str = ""
    format: str = ""
    encoding: str = ""
    signs: list[str] = field(default_factory=list)
    kind: str = ""  # of a table: pairs or messages
    fields: dict[str, str] = field(default_factory=dict)  # what a column is to the column's name
    by_content: list[str] = field(default_factory=list)  # fields told by what stands there
    columns: list[str] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    pairs: list[dict[str, Any]] = field(default_factory=list)


def new_name() -> str:
    """A name for a look that will be."""
    return secrets.token_hex(8)


def read(folder: Path, name: str) -> Look:
    """A look that was kept; an empty one where there is none any more."""
    try:
        return Look(**json.loads(_file(folder, name).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Look()


def look(
    db: Database,
    seal: Seal,
    files: list[Path],
    name: str,
    actor: Actor,
    options: Options,
    progress: Progress,
) -> ImportReport | None:
    """Find out what files are and try to import them; keeps what was found beside them.

    Returns:
        What importing would do; None where somebody must first say more.
    """
    progress(0, 0, "looking")
    redactor = Redactor(settings.load(db).allow)
    pairs: list[dict[str, Any]] = []

    def see(item: Prepared) -> None:
        if len(pairs) < PAIRS and item.answer is not None:
            pairs.append(
                {
                    "question": item.text[:TEXT],
                    "answer": item.answer.text[:TEXT],
                    "slugs": list(item.slugs),
                }
            )

    report, found = None, Look()
    try:
        known = detect(files, options)
        check_head(files[0].name, known.table, redactor)
        found = _found(known, redactor)
        if not found.needs and not _unsure(known, options):
            report = import_export(
                db,
                seal,
                files,
                actor=actor,
                options=options,
                dry_run=True,
                progress=progress,
                see=see,
            )
        elif not found.needs:
            found = _needing(found, "columns")
    except PasswordNeededError:
        found = Look(needs="password", why="wrong" if options.password else "")
    except MappingError as error:
        found = _needing(found, "columns", str(error))
    except ImportFileError as error:
        words = redactor.redact(str(error)).text
        found = _needing(found, "other", _nameless(words, files))
    _write(files[0].parent, name, Look(**{**asdict(found), "pairs": pairs}))
    return report


def _found(known: Found, redactor: Redactor) -> Look:
    table = known.table
    if table is None:
        return Look(format=known.format, encoding=known.encoding, signs=list(known.signs))
    columns = list(table.columns[:COLUMNS])
    rows = [
        {name: _cell(row.get(name, ""), redactor) for name in columns} for row in known.rows[:ROWS]
    ]
    found = Look(
        format=known.format,
        encoding=known.encoding,
        kind=table.kind or "pairs",
        fields=dict(table.fields),
        by_content=list(table.by_content),
        columns=columns,
        rows=rows,
    )
    if not columns or not _is_text(columns, rows):
        return Look(needs="other", format="", encoding=known.encoding)
    return found


def _unsure(known: Found, options: Options) -> bool:
    """Whether people should say what the columns of a table are before it is read."""
    table = known.table
    if table is None or known.format == MAIL:
        return False
    if options.columns:
        return bool(table.missing)
    unanswered = table.kind != "messages" and "answer" not in table.fields
    return bool(table.missing) or unanswered or any(name in table.by_content for name in _ASKED)


def _needing(found: Look, needs: str, why: str = "") -> Look:
    return Look(**{**asdict(found), "needs": needs, "why": why})


def _is_text(columns: list[str], rows: list[dict[str, str]]) -> bool:
    """Whether what was read as a table is one: pictures and programs have lines too."""
    words = "".join([*columns, *(cell for row in rows for cell in row.values())])
    strange = len(_CONTROLS.findall(words)) + words.count(UNREADABLE)
    return strange * 50 <= len(words)


def _cell(value: Any, redactor: Redactor) -> str:
    words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return redactor.redact(words[: 4 * CELL]).text[:CELL]


def _nameless(words: str, files: list[Path]) -> str:
    """An error without the folder that files wait in, or are unpacked into."""
    words = words.replace(f"{files[0].parent}/", "")
    return re.sub(re.escape(tempfile.gettempdir()) + r"/(?:[^\s/]+/)*", "", words)


def _write(folder: Path, name: str, found: Look) -> None:
    words = json.dumps(asdict(found), ensure_ascii=False)
    _file(folder, name).write_text(words, encoding="utf-8", errors="replace")


def _file(folder: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ValueError(f"No look is named {name[:40]!r}.")
    return folder / f".{name}"


def fields_of(kind: str, form: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """What a form says of columns: each field of a kind of table, empty where it has none."""
    return {name: form.get(f"{kind}-{name}", "") for name in names}
