"""Labelled sets to measure on: the public ones, read from a folder the user names, and any CSV's.

Gives rows in their official parts and cuts what has none; fits and judges nothing. A row that is
out of scope carries a label of its own: evidence that no FAQ answers it, never a label to learn.
"""

import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from support.errors import ImportFileError

from .answered import Answered
from .draw import OUTSIDE, cut_stratified, draw_per_label, draw_some, out_of_scope
from .examples import Example, split_by_date, usable
from .labelled_csv import LabelledRow, read_labelled

VALIDATION = 0.15  # of the training rows, where a set has no validation part of its own
FEW_VALIDATION = 0.2  # of a few rows a label: two of ten
LEAST_VALIDATION = 40  # rows to choose on, where a set is small, but
MOST_VALIDATION = 0.4  # no more of its rows than these
PETITIONS_TEST = "2019-07-01T00:00:00Z"
PETITIONS = ("2017-08", "2019-04", "2019-05", "2019-06", "2019-07", "2019-08")
NO_MOMENT = "1970-01-01T00:00:00Z"  # of rows that have none: no row is older than another


@dataclass(frozen=True, slots=True)
class FaqSet:
    """One set, cut into parts.

    `texts` is what an encoder may read: nothing that was written after the first row to choose or
    to judge on. `answered` holds what agents replied before the first row to judge on, where the
    source has replies. `faq_texts` holds a title, or title and body, by label.
    """

    name: str
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    faq_texts: Mapping[str, str]
    texts: tuple[str, ...]
    answered: tuple[Answered, ...] = ()
    min_examples: int = 2  # of a label, to be learned
    recount: bool = True  # whether validation rows help a label to enough

    @property
    def past(self) -> list[Example]:
        """What may be learned from: train and validation."""
        return [*self.train, *self.validation]


@dataclass(frozen=True, slots=True)
class Rows:
    """A set as its source gives it; `validation` is empty where the source has none.

    `corpora` holds, where the source has more than the inquiries, the texts an encoder may read, by
    the moment up to which they were written; `answered` are its inquiries with every reply.
    """

    name: str
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    faq_texts: Mapping[str, str]
    by_time: bool = False  # whether parts are cut at moments, not at random
    min_examples: int = 2
    recount: bool = True
    corpora: Mapping[str, Sequence[str]] = field(default_factory=dict)
    answered: tuple[Answered, ...] = ()

    def cut(
        self,
        *,
        seed: int = 0,
        per_label: int | None = None,
        validate: bool = False,
        limit: int | None = None,
    ) -> FaqSet:
        """Make the three parts.

        Args:
            seed: of what is drawn: the validation share, the rows of a label, a limit.
            per_label: learn from so many rows a label, drawn from the training part; the rows to
                choose on are among them.
            validate: judge on the validation part instead of the test part, which is not read.
            limit: rows at most of train and of test, for a quick look.

        Raises:
            ValueError: `per_label` or `limit` leaves nothing.
        """
        if per_label is not None and per_label < 2:
            raise ValueError(f"per_label must be at least 2, got {per_label}.")
        train, validation, test = list(self.train), list(self.validation), list(self.test)
        if validate:
            if not validation:
                train, validation = self._cut_off(train, seed, VALIDATION)
            train, validation, test = train, [], validation
        if per_label is not None:
            train, validation = draw_per_label(train, per_label, seed=seed), []
        if limit is not None:
            train, validation = draw_some(train, limit, seed), draw_some(validation, limit, seed)
            test = draw_some(test, limit, seed)
        if not validation:
            share = FEW_VALIDATION if per_label is not None else VALIDATION
            share = max(share, min(LEAST_VALIDATION / max(len(train), 1), MOST_VALIDATION))
            train, validation = self._cut_off(train, seed, share)
        return FaqSet(
            name=self.name if per_label is None else f"{self.name}, {per_label} a label",
            train=tuple(train),
            validation=tuple(validation),
            test=tuple(test),
            faq_texts=self.faq_texts,
            texts=self._texts(train, [*validation, *test]),
            answered=self._answered(test),
            min_examples=self.min_examples,
            recount=self.recount,
        )

    def _cut_off(
        self, rows: list[Example], seed: int, share: float
    ) -> tuple[list[Example], list[Example]]:
        if not self.by_time:
            return cut_stratified(rows, share, seed=seed)
        ordered = usable(rows)
        kept = len(ordered) - round(len(ordered) * share)
        return ordered[:kept], ordered[kept:]

    def _answered(self, judged: Sequence[Example]) -> tuple[Answered, ...]:
        """Inquiries with the replies of before the first that is judged."""
        first = min((example.at for example in judged), default="9999")
        found = []
        for item in self.answered:
            replies = tuple(reply for reply in item.replies if reply.at < first)
            if replies:
                found.append(replace(item, replies=replies))
        return tuple(found)

    def _texts(self, read: Sequence[Example], judged: Sequence[Example]) -> tuple[str, ...]:
        """The newest corpus written before anything that is judged, or the inquiries themselves."""
        first = min((example.at for example in judged), default="9999")
        known = [moment for moment in self.corpora if moment <= first]
        if known:
            return tuple(self.corpora[max(known)])
        return tuple(example.text for example in read)


def load_banking77(data: Path) -> Rows:
    """Bank inquiries, 77 labels; no validation part."""
    folder = folder_of(data, "banking77", "train.csv", "test.csv")
    names = {"text": "text", "label": "category"}
    train = examples_of(read_labelled(folder / "train.csv", columns=names))
    test = examples_of(read_labelled(folder / "test.csv", columns=names), start=len(train))
    return Rows("banking77", train, (), test, titles([*train, *test]))


def load_clinc150(data: Path) -> Rows:
    """Short requests, 150 labels, and out-of-scope ones in every part."""
    folder = folder_of(data, "clinc150", "data_full.json.gz")
    with gzip.open(folder / "data_full.json.gz", "rt", encoding="utf-8") as file:
        content = json.load(file)
    parts: list[tuple[Example, ...]] = []
    start = 0
    for part in ("train", "val", "test"):
        rows = [LabelledRow(text, (label,)) for text, label in content[part]]
        rows += [LabelledRow(text, ()) for text, _ in content[f"oos_{part}"]]
        parts.append(examples_of(rows, start=start))
        start += len(rows)
    learned, chosen, judged = parts
    return Rows("clinc150", learned, chosen, judged, titles(learned))


def load_petitions(data: Path) -> Rows:
    """Korean petitions, 17 categories, by time."""
    names = [f"petitions_{month}.jsonl.gz" for month in PETITIONS]
    folder = folder_of(data, "petitions", *names)
    found: list[Example] = []
    for name in names:
        with gzip.open(folder / name, "rt", encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                text = f"{row['title']}\n{row['content']}"
                at = f"{row['begin']}T00:00:00Z"
                found.append(Example(text, (row["category"],), at, len(found)))
    split = split_by_date(found, validation_from=PETITIONS_TEST, test_from=PETITIONS_TEST)
    return Rows(
        "petitions",
        tuple(split.train),
        (),
        tuple(split.test),
        titles(split.train),
        by_time=True,
    )


def load_thunderbird(data: Path) -> Rows:
    """A product's support forum, imported like any desk's history; by time, several labels."""
    from .bench_forum import read_forum

    return read_forum(data)


PUBLIC: dict[str, Callable[[Path], Rows]] = {
    "banking77": load_banking77,
    "clinc150": load_clinc150,
    "thunderbird": load_thunderbird,
    "petitions": load_petitions,
}


def load_csv(train: Path, test: Path, validation: Path | None = None) -> Rows:
    """Anybody's own parts: columns `text,label`; no label is out of scope, `|` parts several.

    Raises:
        ImportFileError: a file or a row cannot be read; with file and line.
    """
    parts: list[tuple[Example, ...]] = []
    start = 0
    for path in (train, validation, test):
        rows = read_labelled(path) if path else []
        parts.append(examples_of(rows, start=start))
        start += len(rows)
    learned, chosen, judged = parts
    return Rows(train.stem, learned, chosen, judged, titles([*learned, *chosen]))


def examples_of(rows: Iterable[LabelledRow], *, start: int = 0) -> tuple[Example, ...]:
    """Rows without a moment, numbered from `start`."""
    return tuple(
        Example(row.text, row.labels or out_of_scope(number), NO_MOMENT, number)
        for number, row in enumerate(rows, start=start)
    )


def titles(rows: Iterable[Example]) -> dict[str, str]:
    """What a label's own name says, where there is no FAQ to read."""
    labels = {label for row in rows for label in row.labels if not label.startswith(OUTSIDE)}
    return {label: label.replace("_", " ") for label in sorted(labels)}


def folder_of(data: Path, name: str, *files: str) -> Path:
    """The set's folder, looked for where the public data has it.

    Raises:
        ImportFileError: it, or a file in it, is not there.
    """
    places = [data / "support" / name, data / name, data]
    for place in places:
        missing = [file for file in files if not (place / file).is_file()]
        if not missing:
            return place
    folder = places[0]
    if not folder.is_dir():
        raise ImportFileError(
            f"No folder {folder}. Name the folder that holds support/{name}: --data DIR"
        )
    absent = [file for file in files if not (folder / file).is_file()]
    raise ImportFileError(
        f"{folder} lacks {', '.join(absent)}. Put the public set there whole, or name another "
        f"folder that holds support/{name}: --data DIR"
    )
