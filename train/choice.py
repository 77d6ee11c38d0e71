"""Fits every setting on the training part, keeps what ranks validation best, and calibrates.

What comes out is a recipe with its promises; `train/faq.py` fits it again on everything.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from support.calibration import Calibration
from support.faq import Voice
from support.fasttext_voice import FastTextConfig
from support.features import Features
from support.neighbour_voice import NeighbourConfig

from .blend import Scores, Targets, targets_of, weigh_heads
from .calibrate import HeldOut, calibrate
from .examples import Example
from .faq_config import FaqConfig
from .faq_report import VoiceReport, report_voices, worth
from .heads import LinearSettings, choose_linear, prior_of, score_heads
from .linear_voice import Sources, fit_linear, fit_outside
from .newcomers import title_rows
from .progress import Steps
from .voices import choose_dense, choose_fasttext, choose_neighbours


@dataclass(slots=True)
class Chosen:
    """What the training part gave: settings, and scores of the validation part by each voice."""

    fasttext: FastTextConfig
    linear: LinearSettings
    heads: dict[str, Scores]
    gate: Scores | None
    voices: dict[str, Scores]
    neighbours: NeighbourConfig
    dense_penalty: float | None = None
    mixture: dict[str, float] = field(default_factory=dict)
    calibrations: list[Calibration] = field(default_factory=list)
    reports: list[VoiceReport] = field(default_factory=list)
    held_out: HeldOut | None = None  # with every voice heard

    def settings(self) -> dict[str, Any]:
        """Plain JSON; `narrow` takes it back."""
        heard = Voice.NEIGHBOURS in self.voices
        return {
            "fasttext": asdict(self.fasttext),
            **asdict(self.linear),
            "neighbours": asdict(self.neighbours) if heard else None,
            "dense_penalty": self.dense_penalty,
            "mixture": self.mixture,
        }


def choose(
    train: Sequence[Example],
    validation: Sequence[Example],
    labels: Sequence[str],
    config: FaqConfig,
    sources: Sources,
    steps: Steps,
    scratch: Path,
) -> Chosen:
    """Fit every setting on the training part, keep what ranks validation best, and calibrate."""
    learn = [example for example in train if set(example.labels) & set(labels)]
    learn_targets = targets_of([e.labels for e in learn], labels)
    targets = targets_of([e.labels for e in validation], labels)
    asked = [e.text for e in validation]
    steps.start("features")
    read = [*learn, *title_rows(labels, sources.faq_texts)]
    read_targets = targets_of([e.labels for e in read], labels)
    texts = [e.text for e in read]
    features = Features.fit(
        texts,
        config=config.features.sized(len(labels)),
        progress=lambda n: steps.at(n / len(texts) / 3),
    )
    rows = features.transform(texts, progress=lambda n: steps.at((1 + n / len(texts)) / 3))
    asked_rows = features.transform(asked, progress=lambda n: steps.at((2 + n / len(asked)) / 3))

    steps.start("fastText")
    fasttext, scores = choose_fasttext(
        learn, labels, asked, targets, config=config, folder=scratch, progress=steps.at
    )
    voices = {Voice.FASTTEXT.value: scores}

    steps.start("linear")
    newest = config.newest(len(read))
    linear = choose_linear(
        rows[newest], read_targets[newest], asked_rows, targets,
        config=config, progress=lambda share: steps.at(0.4 * share),
    )  # fmt: skip
    parts = fit_linear(
        features, read, rows, read_targets, labels, linear, config, sources,
        before=validation[0].at, progress=lambda share: steps.at(0.4 + 0.6 * share),
    )  # fmt: skip
    heads = score_heads(parts, asked_rows)
    gate = fit_outside(features, train, read, rows, labels)

    steps.start("neighbours")
    neighbours, dense_penalty = config.neighbours[0], None
    if sources.encoder is not None:
        neighbours, voices[Voice.NEIGHBOURS.value] = choose_neighbours(
            sources.encoder, learn, labels, asked, targets,
            prior=prior_of(learn_targets), config=config,
        )  # fmt: skip
        steps.at(0.5)
        if sources.same_encoder:
            dense_penalty, voices[Voice.DENSE.value] = choose_dense(
                sources.encoder, learn, learn_targets, asked, targets, config=config
            )
    chosen = Chosen(
        fasttext=fasttext,
        linear=linear,
        heads=heads,
        gate=gate(asked_rows)[:, 0].astype(np.float64) if gate else None,
        voices=voices,
        neighbours=neighbours,
        dense_penalty=dense_penalty,
    )
    steps.start("calibration")
    _calibrate(chosen, targets, prior_of(learn_targets), config, steps)
    return chosen


def _calibrate(
    chosen: Chosen,
    targets: Targets,
    prior: npt.NDArray[np.float32],
    config: FaqConfig,
    steps: Steps,
) -> None:
    """Calibrate all voices, then each set that remains when parts are missing.

    The dense voice stays only where held-out inquiries are ranked better with it than without.
    """

    def fit(names: Sequence[Voice], *, linear: bool) -> tuple[Calibration, HeldOut]:
        return calibrate(
            {name.value: chosen.voices[name.value] for name in names},
            targets,
            heads=chosen.heads if linear else {},
            beside=chosen.voices,
            prior=prior,
            gate=chosen.gate if linear else None,
            share_right=config.share_right,
            share_right_three=config.share_right_three,
            seed=config.seed,
        )

    order = (Voice.FASTTEXT, Voice.NEIGHBOURS, Voice.DENSE)
    names = [name for name in order if name in chosen.voices]
    found = fit(names, linear=True)
    steps.at(0.3)
    if Voice.DENSE in chosen.voices:
        dense = chosen.voices.pop(Voice.DENSE.value)
        without = fit(names[:-1], linear=True)
        worths = [worth(held_out.blended[:, :-1], targets) for _, held_out in (found, without)]
        if worths[0] > worths[1]:
            chosen.voices[Voice.DENSE.value] = dense
        else:
            names, found, chosen.dense_penalty = names[:-1], without, None
    steps.at(0.6)
    pairs = [found]
    pairs += [fit(names[:count], linear=True) for count in range(len(names) - 1, 0, -1)]
    pairs.append(fit(names[:1], linear=False))
    chosen.held_out = found[1]
    for calibration, held_out in pairs:
        chosen.calibrations.append(calibration)
        chosen.reports.append(report_voices(calibration, held_out, targets))
    chosen.mixture = weigh_heads(chosen.voices, chosen.heads, targets)
