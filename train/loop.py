"""The learning loop on a desk's history: what it would have been worth, month by month.

The history is played again. At the first month a model is made of what was known by then; after it
four desks go on beside each other, which differ in what they learn from the answers that follow:

- `without`: nothing,
- `neighbours`: the past inquiries nearest to a new one are heard as soon as they were answered,
- `retrained`: the model is made anew every few months, and hears the neighbours of that day,
- `loop`: both.

Settings are chosen once, at the first month; every model reads, its encoder included, only what was
known when it was made.
"""

import time
from collections.abc import Mapping, Sequence

import numpy as np
from sqlite_utils import Database

from support.encoder import SentenceEncoder
from support.errors import TooFewLabelsError
from support.faiss_index import FaissIndex
from support.faq import FaqClassifier
from support.hybrid import HybridIndex, mix_for
from support.lexical_index import LexicalIndex
from support.neighbour_voice import Neighbour
from support.scratch import scratch
from support.similar import READ
from support.workspace import Workspace

from .as_of import AsOf
from .examples import Example
from .faq_config import FaqConfig
from .history import examples
from .loop_report import ARMS, LoopReport, Month
from .metrics import Difference, paired_bootstrap
from .progress import Progress, silent
from .recipe import Recipe

Hit = tuple[bool, bool]  # the first FAQ is right; one of the first three is


def simulate(
    workspace: Workspace,
    db: Database,
    *,
    months: int = 18,
    every: int = 3,
    config: FaqConfig | None = None,
    progress: Progress = silent,
) -> LoopReport:
    """Play the newest months of a desk's history again.

    Args:
        workspace: the desk.
        db: its database.
        months: how many to play, the last one included.
        every: months from one training to the next.
        config: settings of the classifier; choices among them are made at the first month.
        progress: told done, total and a message; may raise.

    Raises:
        TooFewLabelsError: too few labelled inquiries, before the first month or altogether.
    """
    started = time.monotonic()
    found = examples(db)
    names = sorted({example.at[:7] for example in found})[-months:]
    if len(names) < 2:
        raise TooFewLabelsError(
            f"The labelled inquiries span {len(names)} months; the loop needs at least 2. Import "
            f"more history."
        )
    pool = _Pool(db, found)
    recipe = Recipe(config or FaqConfig())
    first: _Model | None = None
    now: _Model | None = None
    rows: list[Month] = []
    hits: dict[str, list[Hit]] = {arm: [] for arm in ARMS}
    trainings = 0
    for place, name in enumerate(names):
        progress(place, len(names), name)
        if place % every == 0:
            now, recipe = _make(workspace, db, recipe, f"{name}-01T00:00:00Z", pool)
            trainings += 1
            first = first or now
        assert first is not None  # noqa: S101 - made in the first month
        assert now is not None  # noqa: S101
        asked = [example for example in found if example.at.startswith(name)]
        at_first = {once: first.ask(asked, at_once=once) for once in (False, True)}
        # Until the second training both are one model: its index has grown, and is not asked twice.
        by_now = at_first
        if now is not first:
            by_now = {once: now.ask(asked, at_once=once) for once in (False, True)}
        rankings = (at_first[False], at_first[True], by_now[False], by_now[True])
        answers = dict(zip(ARMS, rankings, strict=True))
        for arm, row in answers.items():
            hits[arm] += row
        known = set(first.classifier.labels)
        rows.append(
            Month(
                name,
                len(asked),
                sum(not set(example.labels) & known for example in asked),
                {arm: sum(one for one, _ in row) for arm, row in answers.items()},
                {arm: sum(three for _, three in row) for arm, row in answers.items()},
            )
        )
    progress(len(names), len(names), "done")
    assert first is not None  # noqa: S101
    return LoopReport(
        learned=first.learned,
        every=every,
        trainings=trainings,
        months=tuple(rows),
        above={arm: _above(hits, arm, 0) for arm in ARMS[1:]},
        above_3={arm: _above(hits, arm, 1) for arm in ARMS[1:]},
        seconds=round(time.monotonic() - started, 1),
    )


class _Pool:
    """Labelled inquiries in the order in which they were answered."""

    def __init__(self, db: Database, found: Sequence[Example]) -> None:
        sql = "SELECT inquiry_id, min(at) AS at FROM labels GROUP BY inquiry_id"
        at = {row["inquiry_id"]: row["at"] for row in db.query(sql)}
        self.past = sorted(found, key=lambda example: at[example.inquiry_id])
        self.answered = np.array([at[example.inquiry_id] for example in self.past])

    def until(self, moment: str) -> int:
        """How many were answered before a moment."""
        return int(np.searchsorted(self.answered, moment))


class _Heard:
    """An index of the first inquiries of a pool, as it serves; it only grows."""

    def __init__(self, pool: _Pool, encoder: SentenceEncoder) -> None:
        self._pool, self._encoder = pool, encoder
        self._index = HybridIndex(FaissIndex(encoder.dim), LexicalIndex(), mix=mix_for(encoder))
        self._n = 0

    def grow(self, n: int) -> None:
        """Hold the first n of the pool."""
        if n > self._n:
            texts = [example.text for example in self._pool.past[self._n : n]]
            self._index.add(np.arange(self._n, n), self._encoder.encode(texts), texts)
            self._n = n

    def nearest(self, text: str, *, top_k: int) -> list[Neighbour]:
        """The nearest past inquiries as (labels, score), best first."""
        text = text[:READ]
        (hits,) = self._index.search(self._encoder.encode([text]), [text], top_k=top_k)
        pairs = zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)
        return [(self._pool.past[place].labels, score) for place, score in pairs]


class _Model:
    """A classifier of a moment, and the neighbours it hears: of that moment, or up to now."""

    def __init__(
        self, classifier: FaqClassifier, encoder: SentenceEncoder | None, pool: _Pool, before: str
    ) -> None:
        self.classifier = classifier
        self.learned = pool.until(before)
        self._pool, self._encoder = pool, encoder
        self._then = self._now = None
        if encoder is not None and classifier.wants_neighbours:
            self._then, self._now = _Heard(pool, encoder), _Heard(pool, encoder)
            for heard in (self._then, self._now):
                heard.grow(self.learned)

    def ask(self, asked: Sequence[Example], *, at_once: bool) -> list[Hit]:
        """Judge the first FAQs for each inquiry.

        Args:
            asked: inquiries, oldest first, and none older than those asked about before.
            at_once: hear neighbours answered before each inquiry; else before the model was made.
        """
        if not asked:
            return []
        near: list[list[Neighbour]] | None = None
        heard = self._now if at_once else self._then
        if heard is not None:
            near = []
            for example in asked:
                if at_once:
                    heard.grow(self._pool.until(example.at))
                near.append(heard.nearest(example.text, top_k=self.classifier.neighbours_k))
        texts = [example.text for example in asked]
        read = [text[:READ] for text in texts]
        vectors = self._encoder.encode(read) if self._encoder and near is not None else None
        predictions = self.classifier.predict(texts, neighbours=near, vectors=vectors, top_k=3)
        right = [[scored.label in example.labels for scored in prediction.scored]
                 for prediction, example in zip(predictions, asked, strict=True)]  # fmt: skip
        return [(row[0], any(row)) for row in right]


def _make(
    workspace: Workspace, db: Database, recipe: Recipe, before: str, pool: _Pool
) -> tuple[_Model, Recipe]:
    """The model of a moment, and the recipe with what was chosen."""
    with scratch("train") as place:
        then = AsOf(workspace, db, place, before=before)
        report = then.fit(recipe, place / "faq")
        model = _Model(FaqClassifier.load(report.folder), then.encoder(recipe), pool, before)
    return model, recipe.narrowed(report.settings)


def _above(hits: Mapping[str, Sequence[Hit]], arm: str, k: int) -> Difference:
    ours, theirs = ([float(row[k]) for row in hits[name]] for name in (arm, "without"))
    return paired_bootstrap(ours, theirs)
