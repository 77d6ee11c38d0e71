"""What a FAQ's own text is worth before anybody was sent it: its inquiries are taken away.

Some labels lose every inquiry of training and validation; a classifier that knows of these FAQs
their text alone is judged on their later inquiries, and on those of all others beside one that does
not know of them.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from support.errors import TooFewLabelsError
from support.faq import FaqClassifier

from .examples import Example, usable
from .faq import FaqConfig, fit_faq
from .metrics import hit_rate
from .progress import Progress, silent

FEWEST = 3  # later inquiries that a label needs to be held out: fewer tell nothing


@dataclass(frozen=True, slots=True)
class Hits:
    """How many inquiries were judged, and in what share a right FAQ was among the first k."""

    n: int
    hit_1: float
    hit_3: float
    hit_5: float


@dataclass(frozen=True, slots=True)
class UnseenReport:
    """The held-out labels known by text; all others with them and without them."""

    labels: tuple[str, ...]
    unseen: Hits
    others: Hits
    others_before: Hits

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


def bench_unseen(
    train: Sequence[Example],
    validation: Sequence[Example],
    test: Sequence[Example],
    *,
    faq_texts: Mapping[str, str],
    held_out: int = 10,
    config: FaqConfig | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> UnseenReport:
    """Hold labels out and suggest them from their text. Encoders and neighbours take no part.

    Args:
        train: labelled inquiries.
        validation: later ones.
        test: later still; labels with three or more here and a text may be drawn.
        faq_texts: title, line break and body of each FAQ by label.
        held_out: how many labels to draw.
        config: settings of both classifiers.
        seed: of the draw.
        progress: told done, total and a message; may raise.

    Raises:
        TooFewLabelsError: fewer labels than `held_out` can be drawn.
    """
    config = config or FaqConfig()
    past, judged = usable([*train, *validation]), usable(test)
    counts = Counter(label for example in judged for label in set(example.labels))
    learned = {label for example in past for label in example.labels}
    able = sorted(
        label
        for label, count in counts.items()
        if count >= FEWEST and label in learned and faq_texts.get(label, "").strip()
    )
    if len(able) < held_out:
        raise TooFewLabelsError(
            f"Only {len(able)} labels have a text and {FEWEST} later inquiries; {held_out} are to "
            f"be held out. Hold fewer out, or judge on more inquiries."
        )
    drawn = np.random.default_rng(seed).permutation(len(able))[:held_out]
    chosen = sorted(able[i] for i in drawn.tolist())
    new = set(chosen)
    kept = [_without(part, new) for part in (train, validation)]
    known = {label for part in kept for example in part for label in example.labels}
    theirs = [example for example in judged if set(example.labels) & new]
    rest = [e for e in judged if not set(e.labels) & new and set(e.labels) & known]
    texts = {label: text for label, text in faq_texts.items() if label in new | known}
    ranked: dict[int, tuple[list[list[str]], list[list[str]]]] = {}
    for newcomers in (0, held_out):
        with TemporaryDirectory() as folder:
            fit_faq(
                *kept,
                folder=Path(folder) / "faq",
                config=replace(config, recount=True, newcomers=newcomers),
                faq_texts=texts if newcomers else {k: v for k, v in texts.items() if k in known},
                progress=progress,
            )
            classifier = FaqClassifier.load(Path(folder) / "faq")
            ranked[newcomers] = _rank(classifier, theirs), _rank(classifier, rest)
    return UnseenReport(
        labels=tuple(chosen),
        unseen=_hits(ranked[held_out][0], [set(e.labels) & new for e in theirs]),
        others=_hits(ranked[held_out][1], [e.labels for e in rest]),
        others_before=_hits(ranked[0][1], [e.labels for e in rest]),
    )


def _without(examples: Sequence[Example], labels: Collection[str]) -> list[Example]:
    """Examples that none of the labels answered."""
    return [example for example in examples if not set(example.labels) & set(labels)]


def _rank(classifier: FaqClassifier, examples: Sequence[Example]) -> list[list[str]]:
    predictions = classifier.predict([example.text for example in examples])
    return [[item.label for item in prediction.scored] for prediction in predictions]


def _hits(ranked: Sequence[Sequence[str]], right: Sequence[Collection[str]]) -> Hits:
    return Hits(len(ranked), *(round(hit_rate(ranked, right, k), 4) for k in (1, 3, 5)))
