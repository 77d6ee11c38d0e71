"""Learns how much each voice of moderation counts, on listings that no voice had learned from.

Every listing is judged once by voices that did not learn from it. On those answers the blend is
fitted, which calibrates it by the same stroke; the best of blend and single voices is kept.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from listings.moderation.classes import NORMAL
from listings.moderation.model import ModerationModel, Scores, hear
from listings.moderation.reading import Reading, read
from listings.moderation.rules import RuleSet

from .category_fusion import Fitted, fit_fusion
from .metrics import macro, score_labels
from .moderation_voices import Example, ModerationConfig, Voices, fit_voices
from .progress import Progress, Steps, silent

_FEW: Final = 6_000  # listings up to which each is judged in turn; of more a fifth is enough
Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figures:
    """How good a voice, or the blend, is on listings that it did not learn from."""

    accuracy: float
    macro_f1: float
    normal_recall: float
    log_loss: float


@dataclass(frozen=True, slots=True)
class Blended:
    """A model with what it said of the listings it was calibrated on, before it learned them."""

    model: ModerationModel
    rows: npt.NDArray[np.int64]  # numbers of the listings judged
    said: Probabilities  # (rows, labels), by neither voices nor blend that had learned from them
    figures: dict[str, Figures]  # of the blend and of each voice alone
    form: str


def fit_blended(
    examples: Sequence[Example],
    labels: Sequence[str],
    *,
    rules: RuleSet,
    config: ModerationConfig,
    weak: Sequence[tuple[Reading, str]] = (),
    progress: Progress = silent,
) -> Blended:
    """Fit voices on parts of the listings, their blend on the answers, and all voices once more.

    Args:
        examples: each of one of `labels`.
        labels: in the order of the columns.
        rules: that speak beside.
        config: settings.
        weak: more listings, with labels that rules alone gave; nothing is calibrated on them.
        progress: told done, total and a message; may raise.
    """
    readings = [read(example.listing, example.signals) for example in examples]
    of = [example.label for example in examples]
    groups = groups_of(examples)
    parts = parts_of(examples, config.num_folds, seed=config.seed)
    parts = parts if len(examples) <= _FEW else parts[:1]
    steps = Steps(progress, {f"part {n + 1}": 1.0 for n in range(len(parts))} | {"all": 1.0})
    rows: list[int] = []
    heard: list[Mapping[str, Scores]] = []
    for number, out in enumerate(parts):
        steps.start(f"part {number + 1}")
        judged = set(out)
        stay = [i for i in range(len(examples)) if i not in judged]
        voices = fit_voices(
            [readings[i] for i in stay], [of[i] for i in stay], labels,
            rules=rules, config=config, weak=weak, progress=_within(steps),
        )  # fmt: skip
        rows += out
        heard.append(_hear(voices, [readings[i] for i in out]))
    said = {name: np.concatenate([part[name] for part in heard]) for name in heard[0]}
    right = np.array([list(labels).index(of[i]) for i in rows])
    near = [groups[i] for i in rows]
    blend = fit_fusion(said, right, groups=near, seed=config.seed)
    alone = {
        name: fit_fusion({name: scores}, right, groups=near, seed=config.seed)
        for name, scores in said.items()
    }
    best = min([blend, *alone.values()], key=lambda fitted: fitted.log_loss)
    steps.start("all")
    voices = fit_voices(
        readings, of, labels, rules=rules, config=config, weak=weak, progress=_within(steps)
    )
    model = ModerationModel(
        labels,
        texts=[text for text in voices.texts if text.name in best.fusion.voices],
        network=voices.network if "network" in best.fusion.voices else None,
        rules=voices.rules,
        fusion=best.fusion,
    )
    figures = {"blend": judge(blend, right, labels)} | {
        name: judge(fitted, right, labels) for name, fitted in alone.items()
    }
    return Blended(model, np.array(rows), best.held_out, figures, best.form)


def judge(fitted: Fitted, right: npt.NDArray[np.int64], labels: Sequence[str]) -> Figures:
    """Figures of what was said of rows that were not learned from."""
    first = [labels[i] for i in fitted.held_out.argmax(axis=1).tolist()]
    truth = [labels[i] for i in right.tolist()]
    scores = score_labels(first, [{label} for label in truth], list(labels))
    normal = next((row.recall for row in scores if row.label == NORMAL), 0.0)
    accuracy = float(np.mean([a == b for a, b in zip(first, truth, strict=True)]))
    return Figures(accuracy, macro(scores)[0], normal, fitted.log_loss)


def groups_of(examples: Sequence[Example]) -> list[int]:
    """The group of each; those that stand alone get numbers nobody else has."""
    free = max((e.group for e in examples if e.group is not None), default=-1) + 1
    return [free + i if e.group is None else e.group for i, e in enumerate(examples)]


def parts_of(examples: Sequence[Example], count: int, *, seed: int = 0) -> list[list[int]]:
    """Rows in so many parts: no group is cut, every class is spread over all.

    Args:
        examples: what is cut.
        count: of parts; fewer come back where there are fewer groups.
        seed: of the draw.
    """
    draw = random.Random(seed)
    members: dict[int, list[int]] = {}
    for row, group in enumerate(groups_of(examples)):
        members.setdefault(group, []).append(row)
    by_label: dict[str, list[list[int]]] = {}
    for rows in members.values():
        by_label.setdefault(examples[rows[0]].label, []).append(rows)
    parts: list[list[int]] = [[] for _ in range(count)]
    turn = 0
    for label in sorted(by_label):
        draw.shuffle(by_label[label])
        for rows in by_label[label]:
            parts[turn % count] += rows
            turn += 1
    return [sorted(part) for part in parts if part]


def _hear(voices: Voices, readings: Sequence[Reading]) -> Mapping[str, Scores]:
    return hear(readings, texts=voices.texts, network=voices.network, rules=voices.rules)


def _within(steps: Steps) -> Progress:
    def tell(done: int, total: int, message: str) -> None:
        steps.at(done / max(total, 1), message)

    return tell
