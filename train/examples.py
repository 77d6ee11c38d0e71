"""Labelled inquiries, their splits by time, and the labels that can be learned from them."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """One past inquiry with the FAQs that its answers linked.

    `labels` may hold FAQs outside the label set, which makes the inquiry out of scope; when empty,
    nobody linked anything, which is no evidence at all. `at` is ISO 8601 in UTC.
    """

    text: str
    labels: tuple[str, ...]
    at: str
    inquiry_id: int


@dataclass(frozen=True, slots=True)
class Split:
    """Three parts in order of time."""

    train: list[Example]
    validation: list[Example]
    test: list[Example]


def usable(examples: Iterable[Example]) -> list[Example]:
    """Those with text and evidence, oldest first."""
    found = [example for example in examples if example.labels and example.text.strip()]
    return sorted(found, key=lambda example: (example.at, example.inquiry_id))


def split_by_fraction(
    examples: Iterable[Example], *, train: float = 0.70, validation: float = 0.15
) -> Split:
    """Cut by share of the usable examples; the newest are the test."""
    if not (train > 0 and validation >= 0 and train + validation <= 1):
        raise ValueError(
            f"train {train} and validation {validation} must be shares that sum to at most 1."
        )
    found = usable(examples)
    first, second = round(len(found) * train), round(len(found) * (train + validation))
    return Split(found[:first], found[first:second], found[second:])


def split_by_date(
    examples: Iterable[Example], *, validation_from: str, test_from: str, test_until: str = "9999"
) -> Split:
    """Cut at moments written as `Example.at`; each part begins with its own moment."""
    if not validation_from <= test_from <= test_until:
        raise ValueError(
            f"The dates must be in order: {validation_from}, {test_from}, {test_until}."
        )
    found = usable(examples)
    return Split(
        [e for e in found if e.at < validation_from],
        [e for e in found if validation_from <= e.at < test_from],
        [e for e in found if test_from <= e.at < test_until],
    )


def count_labels(examples: Iterable[Example]) -> Counter[str]:
    """How many examples each label has."""
    return Counter(label for example in examples for label in dict.fromkeys(example.labels))


def choose_labels(examples: Iterable[Example], *, min_examples: int) -> list[str]:
    """The labels with enough examples, the most frequent first."""
    counts = count_labels(examples)
    kept = [label for label, count in counts.items() if count >= min_examples]
    return sorted(kept, key=lambda label: (-counts[label], label))


def label_rows(examples: Iterable[Example], labels: Sequence[str]) -> list[tuple[str, int]]:
    """Rows of (text, label_id) as single-label learners want them: one for each label kept."""
    ids = {label: i for i, label in enumerate(labels)}
    return [
        (example.text, ids[label])
        for example in examples
        for label in dict.fromkeys(example.labels)
        if label in ids
    ]


def hash_examples(examples: Sequence[Example]) -> str:
    """A SHA-256 sum of what was learned from, in order."""
    digest = hashlib.sha256()
    for example in examples:
        fields = (str(example.inquiry_id), example.at, example.text, *example.labels)
        digest.update("\x1f".join(fields).encode("utf-8", "replace") + b"\x1e")
    return digest.hexdigest()
