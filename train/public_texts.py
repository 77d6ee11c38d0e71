"""Reads the public texts that the shipped encoder is learned from, and leaves out the tested ones.

`public_sources.py` says what is read. A text that equals a tested one, apart from spaces, marks and
capitals, is dropped wherever it occurs. Knows nothing of models.
"""

import csv
import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.errors import ImportFileError
from support.html import to_plain_text

from .public_sources import PARAKQC_LEARNED, SOURCES, THUNDERBIRD_UNTIL

_SET = 10  # consecutive rows of ParaKQC and StyleKQC that say the same


@dataclass(frozen=True, slots=True)
class Graded:
    """Two texts and how similar people found them, from 0 to 1."""

    one: str
    other: str
    score: float


@dataclass(frozen=True, slots=True)
class PublicTexts:
    """What there is to learn from.

    Attributes:
        plain: texts by source, without anything beside them.
        groups: texts that say the same.
        petitions: titles, each with the text below it.
        questions: the same, of a support forum.
        graded: pairs with a degree.
        dropped: how many rows were left out because a tested text is among them, by source.
    """

    plain: dict[str, list[str]]
    groups: list[tuple[str, ...]]
    petitions: list[tuple[str, str]]
    questions: list[tuple[str, str]]
    graded: list[Graded]
    dropped: dict[str, int] = field(default_factory=dict)


def read_public(data: Path, *, parakqc_sets: int = PARAKQC_LEARNED) -> PublicTexts:
    """Read everything that may be learned from.

    Args:
        data: the folder of public data, or its `support` folder.
        parakqc_sets: how many sets of ParaKQC to learn from; fewer leaves some to choose on.

    Raises:
        ImportFileError: a file is missing.
    """
    root = support_folder(data)
    found = PublicTexts({}, [], [], [], [])
    tested = _Tested(measured_texts(root), found.dropped)
    _read_graded(root, found, tested)
    for name, sets in (("parakqc", parakqc_sets), ("stylekqc", None)):
        groups = [
            kept for group in _sets(root, name)[:sets] if len(kept := tested.keep(name, group)) > 1
        ]
        found.groups.extend(groups)
        found.plain[name] = [text for group in groups for text in group]
    _read_cores(root, found, tested)
    for row in _dicts(root / "question_pair" / "train.txt", "\t"):
        one, other = row["question1"], row["question2"]
        if tested.any("question_pair", (one, other)):
            continue
        found.plain.setdefault("question_pair", []).extend((one, other))
        if row["is_duplicate"] == "0" and one != other:  # so named, yet 0 means the same
            found.groups.append((one, other))
    with _open(root / "nsmc" / "reviews.jsonl.gz") as file:
        reviews = [json.loads(line)["review"] for line in file]
    found.plain["nsmc"] = list(tested.keep("nsmc", reviews))
    banking = [row["text"] for row in _dicts(root / "banking77" / "train.csv", ",")]
    found.plain["banking77"] = list(tested.keep("banking77", banking))
    with _open(root / "clinc150" / "data_full.json.gz") as file:
        parts = json.load(file)
    clinc = [text for part in ("train", "val") for text, _ in parts[part]]
    found.plain["clinc150"] = list(tested.keep("clinc150", clinc))
    _read_petitions(root, found, tested)
    for title, text in _questions(root, learned=True):
        if title and text and not tested.any("thunderbird", (title, text)):
            found.questions.append((title, text))
            found.plain.setdefault("thunderbird", []).extend((title, text))
    return found


def measured_texts(data: Path) -> Iterator[str]:
    """Every text that a benchmark measures on; read only to be left out."""
    root = support_folder(data)
    for row in _dicts(root / "kornlu" / "sts-test.tsv", "\t"):
        yield from (row["sentence1"], row["sentence2"])
    for row in _dicts(root / "kornlu" / "sts-dev.tsv", "\t"):
        yield from (row["sentence1"], row["sentence2"])
    for row in _dicts(root / "kornlu" / "xnli.test.ko.tsv", "\t"):
        yield from (row["sentence1"], row["sentence2"])
    for group in _sets(root, "parakqc")[PARAKQC_LEARNED:]:
        yield from group
    for row in _dicts(root / "banking77" / "test.csv", ","):
        yield row["text"]
    with _open(root / "clinc150" / "data_full.json.gz") as file:
        parts = json.load(file)
    for part in ("test", "oos_test"):
        yield from (text for text, _ in parts[part])
    for path in sorted((root / "petitions").glob("petitions_2019-0[678].jsonl.gz")):
        for title, text in _petitions(path):
            yield from (title, text)
    # Titles such as "Help" are left alone: it is the text that tells one question from another.
    yield from (text for _, text in _questions(root, learned=False))
    for row in _dicts(root / "question_pair" / "test.txt", "\t"):
        yield from (row["question1"], row["question2"])


def graded_validation(data: Path) -> list[Graded]:
    """The pairs that settings are chosen on."""
    return [
        Graded(row["sentence1"], row["sentence2"], float(row["score"]) / 5)
        for row in _dicts(support_folder(data) / "kornlu" / "sts-dev.tsv", "\t")
    ]


def support_folder(data: Path) -> Path:
    """The folder that holds the sets, given it or the one above.

    Raises:
        ImportFileError: it holds none of them.
    """
    root = data / "support" if (data / "support").is_dir() else data
    missing = [
        str(path)
        for source in SOURCES
        for name in source.files
        if not (path := root / source.name / name).is_file()
    ]
    if missing:
        raise ImportFileError(
            f"{missing[0]} is not there ({len(missing)} files are missing). Name the folder that "
            f"holds the public sets: faqdesk train encoder --public DIR"
        )
    return root


def _read_graded(root: Path, found: PublicTexts, tested: "_Tested") -> None:
    plain = found.plain.setdefault("kornlu", [])
    for row in _dicts(root / "kornlu" / "sts-train.tsv", "\t"):
        one, other = row["sentence1"], row["sentence2"]
        if not tested.any("kornlu", (one, other)):
            found.graded.append(Graded(one, other, float(row["score"]) / 5))
            plain.extend((one, other))
    for row in _dicts(root / "kornlu" / "xnli.dev.ko.tsv", "\t"):
        one, other = row["sentence1"], row["sentence2"]
        if not tested.any("kornlu", (one, other)):
            plain.extend((one, other))


def _read_cores(root: Path, found: PublicTexts, tested: "_Tested") -> None:
    """A request and its core; every request of a core goes when one of them is tested on."""
    pairs = [(row[0], row[1]) for row in _rows(root / "sae4k" / "sae4k_v1.txt")]
    spoilt = {key(core) for request, core in pairs if tested.holds(request) or tested.holds(core)}
    by_core: dict[str, list[str]] = {}
    for request, core in pairs:
        if key(core) in spoilt:
            tested.count("sae4k")
        else:
            by_core.setdefault(core, []).append(request)
    found.groups.extend((core, *requests) for core, requests in by_core.items())
    found.plain["sae4k"] = [t for core, said in by_core.items() for t in (core, *said)]


def _read_petitions(root: Path, found: PublicTexts, tested: "_Tested") -> None:
    for source in SOURCES:
        for name in source.files if source.name == "petitions" else ():
            for title, text in _petitions(root / "petitions" / name):
                if title and text and not tested.any("petitions", (title, text)):
                    found.petitions.append((title, text))
                    found.plain.setdefault("petitions", []).extend((title, text))


def _questions(root: Path, *, learned: bool) -> Iterator[tuple[str, str]]:
    """Title and text of the forum's questions: the earlier ones are learned from."""
    for row in _dicts(root / "thunderbird" / "questions.csv.gz", ","):
        if (row["created"] < THUNDERBIRD_UNTIL) == learned:
            yield row["title"].strip(), to_plain_text(row["content"]).text.strip()


def _petitions(path: Path) -> Iterator[tuple[str, str]]:
    with _open(path) as file:
        for line in file:
            petition = json.loads(line)
            yield petition["title"].strip(), petition["content"].strip()


class _Tested:
    """The texts that are measured on, and a count of what they made us drop."""

    def __init__(self, texts: Iterable[str], dropped: dict[str, int]) -> None:
        self._keys = {key(text) for text in texts} - {""}
        self._dropped = dropped

    def holds(self, text: str) -> bool:
        return key(text) in self._keys

    def count(self, source: str) -> None:
        self._dropped[source] = self._dropped.get(source, 0) + 1

    def any(self, source: str, texts: Iterable[str]) -> bool:
        """Whether a row is to be dropped."""
        if found := any(self.holds(text) for text in texts):
            self.count(source)
        return found

    def keep(self, source: str, texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(text for text in texts if not self.any(source, (text,)))


def key(text: str) -> str:
    """Letters and digits alone, in lower case: what makes two texts the same."""
    return "".join(filter(str.isalnum, text.lower()))


def _sets(root: Path, name: str) -> list[tuple[str, ...]]:
    if name == "parakqc":
        texts = [row[2] for row in _rows(root / name / "paraKQC_v1.txt")]
    else:
        texts = [row["sentence"] for row in _dicts(root / name / "train.tsv", "\t")]
    return [tuple(texts[start : start + _SET]) for start in range(0, len(texts), _SET)]


def _open(path: Path) -> Any:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        return opener(path, "rt", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise ImportFileError(
            f"{path} cannot be read ({error}). Name the folder that holds the public sets: "
            f"faqdesk train encoder --public DIR"
        ) from error


def _rows(path: Path) -> Iterator[list[str]]:
    """The fields of a file of tabs, whose quotes mean nothing."""
    with _open(path) as file:
        yield from (line.rstrip("\r\n").split("\t") for line in file if line.strip())


def _dicts(path: Path, delimiter: str) -> Iterator[dict[str, str]]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with _open(path) as file:
        if delimiter == "\t":
            yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        else:
            yield from csv.DictReader(file, delimiter=delimiter)
