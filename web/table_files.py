"""Files of FAQs and saved replies on their way in and out: looked at first, then taken in.

A file waits for its reader's decision, for an hour and for them alone.
"""

import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from flask import Response
from werkzeug.datastructures import FileStorage

from support.errors import ImportFileError, InputError, NotFoundError
from support.importing.conversation import Rejected
from support.importing.files import Numbered
from support.importing.files import rows as text_rows
from support.table_rows import as_written
from support.whole_files import whole_file
from support.workspace import Workspace

SUFFIXES: Final = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xlsx")
KINDS: Final = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
KEPT_SECONDS: Final = 3600
MOST_WAITING: Final = 20  # files of one person
_BLOCK: Final = 2_000
_TOKEN = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"[\w-]{0,60}\.?\w{1,10}", re.ASCII)  # it stands in a header


class Waiting:
    """One person's files that wait to be taken in."""

    def __init__(self, workspace: Workspace, agent_id: int) -> None:
        """Name their folder; it is made with the first file."""
        self._workspace = workspace
        self._folder = workspace.home / "uploads" / f"tables-{agent_id}"

    def add(self, file: FileStorage | None) -> str:
        """Keep a file; returns the token it goes by.

        Raises:
            InputError: there is none, it is of no kind that is read, or too many wait already.
        """
        name = Path(file.filename or "").name if file is not None else ""
        suffix = Path(name).suffix.lower()
        if file is None or not name:
            raise InputError("Choose a file.")
        if suffix not in SUFFIXES:
            raise InputError(f"{name} is none of {', '.join(SUFFIXES)}.")
        sweep(self._workspace)
        if len(list(self._folder.glob("*"))) >= MOST_WAITING:
            raise InputError(
                f"{MOST_WAITING} files of yours wait already. Take them in, or wait an hour."
            )
        token = secrets.token_hex(16)
        place = self._folder / token
        place.mkdir(parents=True, mode=0o700)
        stem = re.sub(r"[^\w.() -]", "_", Path(name).stem)[:80] or "file"
        file.save(place / f"{stem}{suffix}")
        return token

    def find(self, token: str) -> Path:
        """The file of a token.

        Raises:
            NotFoundError: it was taken in, or has waited too long.
        """
        place = self._folder / token
        if _TOKEN.fullmatch(token) and place.is_dir():
            for path in place.iterdir():
                return path
        raise NotFoundError("This file is gone. Choose it once more.")

    def remove(self, token: str) -> None:
        """Take a file away."""
        path = self.find(token)
        path.unlink(missing_ok=True)
        path.parent.rmdir()


def sweep(workspace: Workspace) -> None:
    """Delete files, of whomever, that nobody has taken in for an hour."""
    edge = time.time() - KEPT_SECONDS
    for place in (workspace.home / "uploads").glob("tables-*/*"):
        with suppress(FileNotFoundError):  # it is taken in right now
            if place.stat().st_mtime < edge:
                shutil.rmtree(place)


def rows(path: Path) -> Iterator[Numbered]:
    """Read a file row by row: text as `support.importing.files` does, or the sheet of a book.

    Raises:
        ImportFileError: it cannot be read.
    """
    if path.suffix.lower() != ".xlsx":
        yield from text_rows(path)
        return
    from listings.table_values import as_text
    from listings.tables_xlsx import XlsxSource

    source = XlsxSource(path)
    names = source.shape()["columns"]
    if len(set(names)) != len(names):
        raise ImportFileError(f"{path.name}: the first row must name each column once.")
    for block in source.blocks(_BLOCK, lambda share: None):
        for problem in block.problems:
            yield problem.line, Rejected(path.name, problem.line, problem.reason)
        for line, cells in zip(block.lines, block.data, strict=True):
            texts = [as_written(as_text(cell)) for cell in cells]
            yield line, dict(zip(names, texts, strict=True))


def write(table: Sequence[dict[str, Any]], columns: Sequence[str], name: str) -> bytes:
    """A table as a file; its kind is what its name ends in.

    Raises:
        NotFoundError: there is no such kind.
    """
    stem, _dot, kind = name.rpartition(".")
    if kind not in KINDS:
        raise NotFoundError(f"No {name!r}. There are: {', '.join(KINDS)}.")
    if kind == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table).encode()
    from .sheets import Sheet, write_csv, write_xlsx

    sheet = Sheet(stem, tuple(columns), [[row[column] for column in columns] for row in table])
    return write_csv(sheet) if kind == "csv" else write_xlsx([sheet])


def save(table: Sequence[dict[str, Any]], columns: Sequence[str], path: Path) -> int:
    """Write a table, whole or not at all: how many rows. CSV where its name says nothing else."""
    kind = {".jsonl": "jsonl", ".ndjson": "jsonl", ".xlsx": "xlsx"}.get(path.suffix, "csv")
    with whole_file(path) as beside:
        beside.write_bytes(write(table, columns, f"{path.stem}.{kind}"))
    return len(table)


def download(table: Sequence[dict[str, Any]], columns: Sequence[str], name: str) -> Response:
    """A table as a file to take away.

    Raises:
        NotFoundError: there is no such kind.
    """
    if not _NAME.fullmatch(name):
        raise NotFoundError(f"No {name[:100]!r}. There are: {', '.join(KINDS)}.")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    body = write(table, columns, name)
    return Response(body, content_type=KINDS[name.rpartition(".")[2]], headers=headers)


def left_out(shown: str, ticked: Sequence[str]) -> set[int]:
    """The lines that somebody saw and left out.

    Args:
        shown: the lines on the page, with commas between.
        ticked: those that were ticked.
    """
    return _numbers(shown[:200_000].split(",")) - _numbers(ticked)


def _numbers(words: Sequence[str]) -> set[int]:
    return {int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 10}
