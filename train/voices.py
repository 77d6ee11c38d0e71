"""Fits the voices beside the linear one, and keeps the settings that rank validation best."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from support.encoder import SentenceEncoder
from support.fasttext_voice import FastTextConfig, FastTextVoice
from support.neighbour_voice import NeighbourConfig, NeighbourVoice
from support.similar import READ

from .blend import Scores, Targets
from .dense import fit_dense
from .examples import Example, label_rows
from .faq_config import FaqConfig
from .faq_report import worth
from .nearest import nearest


def choose_fasttext(
    learn: Sequence[Example],
    labels: Sequence[str],
    asked: Sequence[str],
    targets: Targets,
    *,
    config: FaqConfig,
    folder: Path,
    progress: Callable[[float], None],
) -> tuple[FastTextConfig, Scores]:
    """Try each setting on the newest rows, then fit the best on all of them.

    Returns:
        The setting, and what it makes of the asked texts: (n, labels) log-probabilities.
    """
    newest = learn[config.newest(len(learn))]
    steps = len(config.fasttext) + 1

    def fit(rows: Sequence[Example], setting: FastTextConfig) -> Scores:
        voice = FastTextVoice.fit(
            label_rows(rows, labels), len(labels), config=setting, folder=folder
        )
        return voice.log_probabilities(asked).astype(np.float64)

    settings = [replace(setting, seed=config.seed) for setting in config.fasttext]
    if len(settings) == 1:
        return settings[0], fit(learn, settings[0])
    tried: list[tuple[float, FastTextConfig, Scores]] = []
    for number, setting in enumerate(settings, start=1):
        scores = fit(newest, setting)
        tried.append((worth(scores, targets), setting, scores))
        progress(number / steps)
    _, best, scores = max(tried, key=lambda item: item[0])
    return best, scores if len(newest) == len(learn) else fit(learn, best)


def choose_neighbours(
    encoder: SentenceEncoder,
    learn: Sequence[Example],
    labels: Sequence[str],
    asked: Sequence[str],
    targets: Targets,
    *,
    prior: npt.NDArray[np.float32],
    config: FaqConfig,
) -> tuple[NeighbourConfig, Scores]:
    """How to count neighbours, and what they make of the asked texts: (n, labels)."""
    near = nearest(encoder, asked, learn, top_k=max(setting.top_k for setting in config.neighbours))
    tried: list[tuple[float, NeighbourConfig, Scores]] = []
    for setting in config.neighbours:
        scores = NeighbourVoice(labels, prior, setting).log_probabilities(near).astype(np.float64)
        tried.append((worth(scores, targets), setting, scores))
    _, best, scores = max(tried, key=lambda item: item[0])
    return best, scores


def choose_dense(
    encoder: SentenceEncoder,
    learn: Sequence[Example],
    learn_targets: Targets,
    asked: Sequence[str],
    targets: Targets,
    *,
    config: FaqConfig,
) -> tuple[float, Scores]:
    """The dense voice's penalty, and what it makes of the asked texts: (n, labels) logits.

    Penalties are tried on the newest rows; the best is fitted on all of them.
    """
    vectors = encoder.encode([example.text for example in learn])
    asked_vectors = encoder.encode([text[:READ] for text in asked])

    def fit(rows: slice, penalty: float) -> Scores:
        voice = fit_dense(vectors[rows], learn_targets[rows], penalty=penalty)
        return voice.logits(asked_vectors).astype(np.float64)

    newest = config.newest(len(learn))
    tried: list[tuple[float, float, Scores]] = []
    for penalty in config.dense_penalties:
        scores = fit(newest, penalty)
        tried.append((worth(scores, targets), penalty, scores))
    _, best, scores = max(tried, key=lambda item: item[0])
    return best, scores if newest == slice(None) else fit(slice(None), best)
