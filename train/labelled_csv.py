"""Reads a file of texts with their labels: CSV, TSV or JSON Lines in any usual encoding.

Stops at the first row that cannot be used: a figure over most of a file would be taken for one over
all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.errors import ImportFileError
from support.importing.conversation import Rejected
from support.importing.files import rows

SEPARATOR = "|"  # between several labels of one text


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """A text and its labels; none means that no FAQ answers it."""

    text: str
    labels: tuple[str, ...]


def read_labelled(path: Path, *, columns: Mapping[str, str] | None = None) -> list[LabelledRow]:
    """Read every row.

    Args:
        path: the file.
        columns: what the columns `text` and `label` are called there, where they are not.

    Raises:
        ImportFileError: the file or a row cannot be read, a column is missing, or a text is blank.
    """
    names = columns or {"text": "text", "label": "label"}
    found: list[LabelledRow] = []
    for line, row in rows(path):
        if isinstance(row, Rejected):
            raise ImportFileError(f"{path}, line {line}: {row.reason}. Mend the row.")
        absent = [name for name in names.values() if name not in row]
        if absent:
            raise ImportFileError(
                f"{path}, line {line}: no column {absent[0]!r} among {', '.join(row)}. "
                f"The first line must read: {','.join(names.values())}"
            )
        text, label = str(row[names["text"]]), str(row[names["label"]])
        if not text.strip():
            raise ImportFileError(
                f"{path}, line {line}: the text is blank. Give it a text or take the row out."
            )
        labels = [part.strip() for part in label.split(SEPARATOR)]
        found.append(LabelledRow(text, tuple(dict.fromkeys(part for part in labels if part))))
    if not found:
        raise ImportFileError(f"{path} holds no rows below its first line. Give it some.")
    return found
