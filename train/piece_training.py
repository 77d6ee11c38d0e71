"""Trains vectors of pieces so that their sums agree with what people say of whole texts.

Four lessons at once, for each alone spoils another: degrees of similarity are ranked (paraphrases
alone teach the topic, and lose the degree), texts that say the same are told from the rest of the
batch, so are a title and the text below it, and cosines stay near those of an exact TF-IDF of the
same pieces. Each piece also learns a weight. The one door to torch in this package. Knows nothing
of where texts come from.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

if TYPE_CHECKING:
    from torch import Tensor

Matrix = npt.NDArray[np.float32]
Counts = sparse.csr_matrix  # a row a text: how often each piece occurs in it
_MEAN, _SQUARE = 0.9, 0.999  # how slowly Adam forgets slopes and their squares
_WARM = 20  # steps until the learning rate is whole
_FLOOR = 0.05  # of the learning rate, at the last step
_LARGE = 8  # texts; half of the groups are drawn among so large ones, which are few but rich


@dataclass(frozen=True, slots=True)
class Lessons:
    """What is learned from.

    Attributes:
        graded: two texts a row and the rows' similarity, from 0 to 1.
        groups: texts, those that say the same one after the other.
        sizes: how many texts each group has, two or more.
        pairs: short texts and a longer one for each, a pair a source.
        rarity: (pieces,) weights of the exact TF-IDF, all above 0 for what counts.
    """

    graded: tuple[Counts, Counts, Matrix]
    groups: Counts
    sizes: Sequence[int]
    pairs: Sequence[tuple[Counts, Counts]]
    rarity: Matrix


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingConfig:
    """Settings of the training."""

    num_steps: int = 300
    learning_rate: float = 1e-3  # of a piece's vector; faster, degrees are learned by heart
    learning_rate_weight: float = 1e-2  # of the logarithm of its weight
    sharpness: float = 20.0  # what a cosine is multiplied by, where texts are told apart
    sharpness_graded: float = 10.0  # where degrees are ranked
    graded: float = 2.0  # weight of a lesson
    groups: float = 1.2
    pairs: float = 0.7
    lexical: float = 100.0
    batch_graded: int = 512
    batch_groups: int = 256
    batch_pairs: tuple[int, ...] = (64, 24)  # a number a source
    pairs_every: int = 3  # steps: long texts cost most
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

    table = torch.from_numpy(vectors.astype(np.float32))
    kept = _Rows(table, config.learning_rate, torch.zeros_like(table), torch.zeros_like(table))
    weight = torch.zeros(len(vectors), requires_grad=True)
    optimizer = torch.optim.Adam([weight], lr=config.learning_rate_weight)
    batches = _Batches(lessons, config)
    for step in range(config.num_steps):
        told(step / config.num_steps)
        left = max(_FLOOR, 1 - step / config.num_steps)
        optimizer.param_groups[0]["lr"] = config.learning_rate_weight * left
        batch = batches.draw(with_pairs=step % config.pairs_every == 0)
        # Only the rows of this batch take part: an optimizer over the whole table is ten times
        # slower, and so is torch's own sparse one.
        present, places = np.unique(batch.counts.indices, return_inverse=True)
        numbers = torch.from_numpy(present.astype(np.int64))
        rows = table[numbers].requires_grad_()
        sums = torch.nn.functional.embedding_bag(
            torch.from_numpy(places.astype(np.int64)),
            rows * weight[numbers].exp()[:, None],
            torch.from_numpy(batch.counts.indptr[:-1].astype(np.int64)),
            mode="sum",
            per_sample_weights=torch.from_numpy(batch.counts.data),
        )
        loss = _loss(torch.nn.functional.normalize(sums, dim=1), batch, lessons.rarity, config)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        rate = left * min(1.0, (step + 1) / _WARM)
        rate *= (1 - _SQUARE ** (step + 1)) ** 0.5 / (1 - _MEAN ** (step + 1))
        with torch.no_grad():
            kept.step(numbers, rows, rate)
    with torch.no_grad():
        found: Matrix = (table * weight.exp()[:, None]).numpy().astype(np.float32)
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
    counts: Counts
    spans: dict[str, slice]  # which rows belong to which lesson
    scores: Matrix


class _Batches:
    """Draws texts for every lesson."""

    def __init__(self, lessons: Lessons, config: TrainingConfig) -> None:
        self._lessons, self._config = lessons, config
        self._chance = random.Random(config.seed)
        starts = np.cumsum([0, *lessons.sizes])
        spans = [range(starts[i], starts[i + 1]) for i in range(len(lessons.sizes))]
        self._large = [span for span in spans if len(span) >= _LARGE]
        self._small = [span for span in spans if len(span) < _LARGE]

    def draw(self, *, with_pairs: bool) -> _Batch:
        counts: list[Counts] = []
        spans: dict[str, slice] = {}
        filled = 0

        def put(name: str, texts: Counts, rows: Sequence[int]) -> None:
            nonlocal filled
            spans[name] = slice(filled, filled + len(rows))
            filled += len(rows)
            counts.append(texts[list(rows)])

        config, lessons = self._config, self._lessons
        one, other, scores = lessons.graded
        rows = self._sample(range(len(scores)), config.batch_graded)
        put("graded-1", one, rows)
        put("graded-2", other, rows)
        half = config.batch_groups // 2
        groups = [*self._sample(self._large, half), *self._sample(self._small, half)]
        twos = [self._chance.sample(group, 2) for group in groups]
        put("groups-1", lessons.groups, [two[0] for two in twos])
        put("groups-2", lessons.groups, [two[1] for two in twos])
        for number, (short, long) in enumerate(lessons.pairs if with_pairs else ()):
            drawn = self._sample(range(short.shape[0]), config.batch_pairs[number])
            put(f"pairs{number}-1", short, drawn)
            put(f"pairs{number}-2", long, drawn)
        return _Batch(sparse.vstack(counts, format="csr"), spans, scores[rows])

    def _sample(self, population: Sequence[Any], size: int) -> list[Any]:
        return self._chance.sample(population, min(size, len(population)))


def lexical_cosines(counts: Counts, rarity: Matrix) -> Matrix:
    """(n, n) cosines of texts by an exact TF-IDF, frequency taken by its logarithm."""
    weighted = counts.copy()
    weighted.data = (1 + np.log(weighted.data)) * rarity[weighted.indices]
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    weighted = sparse.diags(1 / np.maximum(lengths, 1e-9)) @ weighted
    return np.asarray((weighted @ weighted.T).toarray(), dtype=np.float32)


def _loss(vectors: "Tensor", batch: _Batch, rarity: Matrix, config: TrainingConfig) -> "Tensor":
    """The lessons' losses together. `vectors` has unit rows, a row a text."""
    import torch

    at = {name: vectors[span] for name, span in batch.spans.items()}
    found = torch.zeros(())
    if len(batch.scores):
        cosines = (at["graded-1"] * at["graded-2"]).sum(1) * config.sharpness_graded
        scores = torch.from_numpy(batch.scores)
        # Every pair that people found less alike should come out less alike (CoSENT).
        wrong = (cosines[:, None] - cosines[None, :])[scores[:, None] < scores[None, :]]
        found = config.graded * torch.logsumexp(torch.cat([torch.zeros(1), wrong]), 0)
    lessons = {"groups": config.groups}
    lessons |= {name[:-2]: config.pairs for name in at if name.startswith("pairs")}
    for lesson, weight in lessons.items():
        asked, right = at[f"{lesson}-1"], at[f"{lesson}-2"]
        if len(asked):
            logits = config.sharpness * (asked @ right.T)
            target = torch.arange(len(asked))
            found = found + weight * torch.nn.functional.cross_entropy(logits, target)
    exact = torch.from_numpy(lexical_cosines(batch.counts, rarity))
    off = 1 - torch.eye(len(exact))
    weights = (exact + 0.1) * off  # most pairs have nothing in common, and matter less
    missed = ((vectors @ vectors.T - exact) ** 2 * weights).sum() / weights.sum()
    return found + config.lexical * missed
