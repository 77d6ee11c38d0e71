"""Trains vectors of pieces so that their sums agree with what people say of whole texts.

Four lessons at once, for each alone spoils another: degrees of similarity are ranked (paraphrases
alone teach the topic, and lose the degree), texts that say the same are told from the rest of the
batch, so are a title and the text below it, and a text that follows from another is told from one
that contradicts it. The one door to torch in this package. Knows nothing of where texts come from.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch import Tensor

Matrix = npt.NDArray[np.float32]
Pieces = npt.NDArray[np.int64]
_MEAN, _SQUARE = 0.9, 0.999  # how slowly Adam forgets slopes and their squares
_WARM = 20  # steps until the learning rate is whole
_FLOOR = 0.05  # of the learning rate, at the last step


@dataclass(frozen=True, slots=True)
class Lessons:
    """What is learned from, each text as the numbers of its pieces.

    Attributes:
        graded: two texts and their similarity, from 0 to 1.
        groups: texts that say the same, two or more.
        pairs: lists of a short text and a longer one, a list a source.
        rivals: a text, one that follows from it, one that contradicts it.
    """

    graded: Sequence[tuple[Pieces, Pieces, float]]
    groups: Sequence[Sequence[Pieces]]
    pairs: Sequence[Sequence[tuple[Pieces, Pieces]]]
    rivals: Sequence[tuple[Pieces, Pieces, Pieces]]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingConfig:
    """Settings of the training."""

    num_steps: int = 500
    learning_rate: float = 2e-3  # of a piece's vector, whose numbers are about 0.05 at first
    learning_rate_shared: float = 1e-3  # of the matrix that turns every vector alike
    sharpness: float = 20.0  # what a cosine is multiplied by
    graded: float = 1.0  # weight of a lesson
    groups: float = 1.0
    pairs: float = 1.0
    rivals: float = 0.2
    batch_graded: int = 128
    batch_groups: int = 256
    batch_pairs: tuple[int, ...] = (64, 24)  # a number a list of pairs
    batch_rivals: int = 48
    pairs_every: int = 2  # steps: long texts cost most
    longest: int = 300  # pieces read of a text
    snippets: float = 0.3  # share of short texts that are replaced by a run of the longer one
    seed: int = 0


def train_pieces(
    vectors: Matrix,
    lessons: Lessons,
    *,
    config: TrainingConfig,
    told: Callable[[float], None],
) -> Matrix:
    """Train, from vectors that are already good.

    Args:
        vectors: (pieces, dim).
        lessons: what is learned from.
        config: settings.
        told: is told the share of steps that is done; may raise.

    Returns:
        (pieces, dim) float32.
    """
    import torch

    torch.manual_seed(config.seed)
    chance = random.Random(config.seed)
    table = torch.from_numpy(vectors.copy())
    kept = _Rows(table, config.learning_rate, torch.zeros_like(table), torch.zeros_like(table))
    shared = torch.eye(table.shape[1], requires_grad=True)
    optimizer = torch.optim.Adam([shared], lr=config.learning_rate_shared)
    batches = _Batches(lessons, config, chance)
    for step in range(config.num_steps):
        told(step / config.num_steps)
        left = max(_FLOOR, 1 - step / config.num_steps)
        optimizer.param_groups[0]["lr"] = config.learning_rate_shared * left
        batch = batches.draw(with_pairs=step % config.pairs_every == 0)
        # Only the rows of this batch take part: an optimizer over the whole table is ten times
        # slower, and so is torch's own sparse one.
        present, places = torch.unique(torch.from_numpy(batch.pieces), return_inverse=True)
        rows = table[present].requires_grad_()
        sums = torch.nn.functional.embedding_bag(
            places, rows, torch.from_numpy(batch.starts), mode="sum"
        )
        loss = _loss(torch.nn.functional.normalize(sums @ shared, dim=1), batch, config)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        rate = left * min(1.0, (step + 1) / _WARM)
        rate *= (1 - _SQUARE ** (step + 1)) ** 0.5 / (1 - _MEAN ** (step + 1))
        with torch.no_grad():
            kept.step(present, rows, rate)
    with torch.no_grad():
        found: Matrix = (table @ shared).numpy().astype(np.float32)
    return found


@dataclass(frozen=True, slots=True)
class _Rows:
    """A table of which every step changes a few rows, by Adam."""

    table: "Tensor"
    learning_rate: float
    slopes: "Tensor"
    squares: "Tensor"

    def step(self, present: "Tensor", old: "Tensor", rate: float) -> None:
        slope: Any = old.grad
        mean = self.slopes[present].lerp_(slope, 1 - _MEAN)
        square = self.squares[present].lerp_(slope * slope, 1 - _SQUARE)
        self.slopes[present], self.squares[present] = mean, square
        self.table[present] = old - self.learning_rate * rate * mean / (square.sqrt() + 1e-8)


@dataclass(frozen=True, slots=True)
class _Batch:
    pieces: Pieces  # of all texts, one after the other
    starts: Pieces  # where each text begins
    spans: dict[str, slice]  # which texts belong to which lesson
    scores: Matrix


class _Batches:
    """Draws texts for every lesson."""

    def __init__(self, lessons: Lessons, config: TrainingConfig, chance: random.Random) -> None:
        self._lessons, self._config, self._chance = lessons, config, chance
        # Half of the sets are drawn among the large ones, which are few but rich.
        self._large = [group for group in lessons.groups if len(group) >= 8]
        self._small = [group for group in lessons.groups if len(group) < 8]

    def draw(self, *, with_pairs: bool) -> _Batch:
        texts: list[Pieces] = []
        spans: dict[str, slice] = {}

        def put(name: str, added: Sequence[Pieces]) -> None:
            spans[name] = slice(len(texts), len(texts) + len(added))
            texts.extend(added)

        config, lessons = self._config, self._lessons
        graded = self._sample(lessons.graded, config.batch_graded)
        put("graded-1", [one for one, _, _ in graded])
        put("graded-2", [other for _, other, _ in graded])
        half = config.batch_groups // 2
        groups = [*self._sample(self._large, half), *self._sample(self._small, half)]
        twos = [self._chance.sample(list(group), 2) for group in groups]
        put("groups-1", [one for one, _ in twos])
        put("groups-2", [other for _, other in twos])
        rivals = self._sample(lessons.rivals, config.batch_rivals)
        for place in range(3):
            put(f"rivals-{place + 1}", [three[place] for three in rivals])
        for number, pairs in enumerate(lessons.pairs if with_pairs else ()):
            drawn = [self._pair(*pair) for pair in self._sample(pairs, config.batch_pairs[number])]
            put(f"pairs{number}-1", [short for short, _ in drawn])
            put(f"pairs{number}-2", [long for _, long in drawn])
        lengths = np.array([len(text) for text in texts])
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
        scores = np.array([score for _, _, score in graded], dtype=np.float32)
        return _Batch(np.concatenate(texts), starts, spans, scores)

    def _sample(self, population: Sequence[Any], size: int) -> list[Any]:
        return self._chance.sample(population, min(size, len(population)))

    def _pair(self, short: Pieces, long: Pieces) -> tuple[Pieces, Pieces]:
        """A pair, or a run of the longer text with what is left of it."""
        long = long[: self._config.longest]
        if len(long) <= 24 or self._chance.random() >= self._config.snippets:
            return short, long
        length = self._chance.randint(4, 10)
        start = self._chance.randint(0, len(long) - length)
        run = long[start : start + length]
        if self._chance.random() < 0.5:
            return run, long
        return run, np.concatenate([long[:start], long[start + length :]])


def _loss(vectors: "Tensor", batch: _Batch, config: TrainingConfig) -> "Tensor":
    """The lessons' losses together. `vectors` has unit rows, a row a text."""
    import torch

    at = {name: vectors[span] for name, span in batch.spans.items()}
    found = torch.zeros(())
    if len(batch.scores):
        cosines = (at["graded-1"] * at["graded-2"]).sum(1) * config.sharpness
        scores = torch.from_numpy(batch.scores)
        # Every pair that people found less alike should come out less alike (CoSENT).
        wrong = (cosines[:, None] - cosines[None, :])[scores[:, None] < scores[None, :]]
        found = config.graded * torch.logsumexp(torch.cat([torch.zeros(1), wrong]), 0)
    lessons = {"groups": config.groups, "rivals": config.rivals}
    lessons |= {name[:-2]: config.pairs for name in at if name.startswith("pairs")}
    for lesson, weight in lessons.items():
        asked, right = at[f"{lesson}-1"], at[f"{lesson}-2"]
        if not len(asked):
            continue
        against = torch.cat([right, at["rivals-3"]]) if lesson == "rivals" else right
        logits = config.sharpness * (asked @ against.T)
        target = torch.arange(len(asked))
        found = found + weight * torch.nn.functional.cross_entropy(logits, target)
    return found
