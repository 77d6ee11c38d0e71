"""Decided listings to measure moderation on: a public set, or a user's own files. Fits nothing."""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from listings.listing import Listing
from listings.moderation.classes import NORMAL, Signals
from support.errors import ImportFileError
from support.importing.conversation import Rejected
from support.importing.files import rows as read_rows

from .moderation_voices import Example

_FOLDER: Final = ("listings", "joonggonara")
_OTHER: Final = f"{NORMAL}\0"  # what a file calls so that has another name for normal listings


@dataclass(frozen=True, slots=True)
class ModerationSet:
    """Examples to cut into folds, or to learn from where `test` is there."""

    name: str
    train: tuple[Example, ...]
    test: tuple[Example, ...] = ()
    undecided: tuple[Listing, ...] = ()
    doubtful: tuple[Example, ...] = ()  # judged beside the folds' test parts, and told apart
    normal: str = NORMAL  # how the set itself calls normal listings; here they are `NORMAL`

    def name_of(self, label: str) -> str:
        """A label as the set calls it."""
        return self.normal if label == NORMAL else NORMAL if label == _OTHER else label


def load_joonggonara(data: Path) -> ModerationSet:
    """Titles of a second-hand forum that two readers agree on, with how often they were posted.

    Raises:
        ImportFileError: the set is not in the folder.
    """
    folder = data.joinpath(*_FOLDER)
    labelled = _table(folder / "labelled.tsv")
    examples = [
        Example(
            Listing(row["title"]),
            row["label"],
            Signals(repeats=max(0, int(row["repost_count"] or 1) - 1)),
            group=_number(row["title"]),
            doubtful=row["label"] != row["second_label"],
        )
        for row in labelled
    ]
    # No title that anybody read is among those that rules may speak of.
    read = {row["title"] for row in labelled}
    undecided = [
        Listing(row["title"]) for row in _table(folder / "titles.tsv") if row["title"] not in read
    ]
    return ModerationSet(
        "joonggonara",
        tuple(example for example in examples if not example.doubtful),
        undecided=tuple(undecided),
        doubtful=tuple(example for example in examples if example.doubtful),
    )


def load_files(train: Path, test: Path, *, normal: str = NORMAL) -> ModerationSet:
    """A user's own files, with the columns text and label; others are ignored.

    Args:
        train: to learn from.
        test: to judge on.
        normal: how the files call a normal listing.

    Raises:
        ImportFileError: a file cannot be read, or none of its listings is normal.
    """
    learned, judged = (tuple(_examples(path, normal)) for path in (train, test))
    for path, rows in ((train, learned), (test, judged)):
        if not any(row.label == NORMAL for row in rows):
            raise ImportFileError(
                f"{path} has no listing with the label {normal!r}. Say how normal ones are called: "
                "--normal LABEL"
            )
    if all(row.label == NORMAL for row in learned):
        raise ImportFileError(
            f"{train} has listings with the label {normal!r} alone. There is nothing to tell them "
            "from: add listings of other labels."
        )
    return ModerationSet(train.stem, learned, judged, normal=normal)


def _examples(path: Path, normal: str) -> list[Example]:
    found = []
    for line, row in read_rows(path):
        if isinstance(row, Rejected):
            raise ImportFileError(f"{path}, line {line}: {row.reason}. Mend the row.")
        missing = [name for name in ("text", "label") if name not in row]
        if missing:
            raise ImportFileError(
                f"{path}, line {line}: there is no {' and no '.join(missing)}. The columns that "
                "are read are called text and label."
            )
        text, label = (_cell(row[name]) for name in ("text", "label"))
        if not label:
            raise ImportFileError(f"{path}, line {line}: the label is empty. Say what it is.")
        title, _, rest = text.partition("\n")
        found.append(Example(Listing(title, rest), _own(label, normal), group=_number(text)))
    return found


def _cell(value: object) -> str:
    return "" if value is None else str(value).strip()


def _own(label: str, normal: str) -> str:
    """A file's label as it is called here, where `NORMAL` means one thing alone."""
    if label == normal:
        return NORMAL
    return _OTHER if label == NORMAL else label


def _table(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except OSError as error:
        raise ImportFileError(
            f"{path} cannot be read: {error}. Name the folder of the public data: --data DIR"
        ) from error


def _number(text: str) -> int:
    """The same for the same words, however they are spaced: no cut parts such listings."""
    plain = "".join(text.lower().split())
    return int(hashlib.md5(plain.encode(), usedforsecurity=False).hexdigest()[:12], 16)
