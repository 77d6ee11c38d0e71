"""Fits the FAQ classifier: choose on validation, calibrate on held-out, refit on everything, write.

The order keeps us from fooling ourselves. (1) Voices learn from the training part alone. (2) On the
validation part, which lies later in time, a few settings are chosen. (3) Blend, scales, bands and
promises are cross-fitted over the validation part (see `train/blend.py`). (4) The voices are fitted
again with the chosen settings on training and validation together; the calibration of (3) is kept
and errs to the safe side, as the refitted voices have seen more.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file
from scipy import sparse

from support.artifact import write_artifact
from support.calibration import Band, Calibration
from support.encoder import SentenceEncoder
from support.errors import TooFewLabelsError
from support.faq import KIND, Voice
from support.fasttext_voice import FastTextConfig, FastTextVoice
from support.features import FeatureConfig, Features
from support.linear import LinearVoice
from support.neighbour_voice import NeighbourConfig, NeighbourVoice

from .blend import Scores, Targets, fit_blend, targets_of
from .calibrate import HeldOut, calibrate
from .examples import Example, choose_labels, count_labels, hash_examples, label_rows, usable
from .linear import Weights, fit_logistic, fit_svm, mix
from .metrics import expected_calibration_error
from .nearest import nearest
from .progress import Progress, Steps, silent

_SVM_SCALE = 4.0  # margins and similarities, brought to about the size of logits,
_TEXT_SCALE = 20.0  # so that the blend's penalty weighs on all heads alike


@dataclass(frozen=True, kw_only=True, slots=True)
class FaqConfig:
    """Settings of a training run; those with several values are chosen from on validation."""

    min_examples: int = 4  # of a label in the training part
    recount: bool = True  # before the last fit, let in labels that have enough with validation
    share_right: float = 0.80  # stated for the Likely band: first right
    share_right_three: float = 0.50  # stated for the Possible band: any of three right
    features: FeatureConfig = field(default_factory=FeatureConfig)
    fasttext: tuple[FastTextConfig, ...] = (
        FastTextConfig(num_epochs=25),
        FastTextConfig(num_epochs=50),
        FastTextConfig(num_epochs=100, learning_rate=0.25),
    )
    svm_costs: tuple[float, ...] = (0.6, 2.0)
    logistic_penalty: float = 0.1
    neighbours: tuple[NeighbourConfig, ...] = (
        NeighbourConfig(top_k=50, sharpness=10),
        NeighbourConfig(top_k=50, sharpness=20),
    )
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("share_right", "share_right_three"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} must be between 0 and 1, got {getattr(self, name)}.")
        if not (self.fasttext and self.svm_costs and self.neighbours):
            raise ValueError("fasttext, svm_costs and neighbours each need at least one setting.")


@dataclass(frozen=True, slots=True)
class VoiceReport:
    """What one set of voices was worth on validation, cross-fitted."""

    voices: tuple[str, ...]
    weights: dict[str, float]
    hit_1: float
    hit_3: float
    hit_5: float
    ece: float
    likely: Band
    possible: Band


@dataclass(frozen=True, slots=True)
class FaqReport:
    """What a training run found; the whole, then each fallback."""

    folder: Path
    version: str
    labels: int
    train: int
    validation: int
    settings: dict[str, Any]
    voices: tuple[VoiceReport, ...]
    seconds: float

    @property
    def likely(self) -> Band:
        """The Likely band of all voices."""
        return self.voices[0].likely

    @property
    def possible(self) -> Band:
        """The Possible band of all voices."""
        return self.voices[0].possible

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "folder": str(self.folder)}


@dataclass(frozen=True, slots=True)
class _Recipe:
    """The chosen settings."""

    fasttext: FastTextConfig
    svm_cost: float
    neighbours: NeighbourConfig
    mixture: dict[str, float]


def fit_faq(
    train: Sequence[Example],
    validation: Sequence[Example],
    *,
    folder: Path,
    config: FaqConfig | None = None,
    encoder: SentenceEncoder | None = None,
    encoder_version: str | None = None,
    faq_texts: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> FaqReport:
    """Fit the classifier and write its model folder.

    Args:
        train: past inquiries with the FAQs that answered them.
        validation: later ones, to choose and calibrate on.
        folder: where the model shall be; written whole or not at all.
        config: settings.
        encoder: finds neighbours among the training part; without it that voice is left out. One
            that has read the answers to the validation part would make that voice look too good.
        encoder_version: the encoder that will serve beside the model, where it is another one.
        faq_texts: title, line break and body of each FAQ by label; they speak too.
        progress: told done, total and a message; may raise, which leaves nothing behind.

    Raises:
        TooFewLabelsError: too few labels or labelled inquiries to learn or to calibrate.
    """
    config = config or FaqConfig()
    started = time.monotonic()
    faq_texts = faq_texts or {}
    train, validation = usable(train), usable(validation)
    labels = choose_labels(train, min_examples=config.min_examples)
    _check(labels, train, validation, config)
    scratch = folder.absolute().parent
    scratch.mkdir(parents=True, exist_ok=True)
    steps = Steps(
        progress,
        {"features": 4, "fastText": 25, "linear": 25, "neighbours": 2, "calibration": 3,
         "linear on everything": 12, "fastText on everything": 12, "writing": 1},
    )  # fmt: skip

    learn = [example for example in train if set(example.labels) & set(labels)]
    learn_targets = targets_of([e.labels for e in learn], labels)
    targets = targets_of([e.labels for e in validation], labels)
    recipe, heads, voices = _choose(
        learn,
        learn_targets,
        validation,
        targets,
        labels,
        config,
        encoder,
        faq_texts,
        steps,
        scratch,
    )
    steps.start("calibration")
    calibrations: list[Calibration] = []
    reports: list[VoiceReport] = []
    neighbours = {Voice.NEIGHBOURS.value: voices[Voice.NEIGHBOURS]} if encoder else {}
    fasttext = {Voice.FASTTEXT.value: voices[Voice.FASTTEXT]}
    sets = [(heads, fasttext | neighbours), (heads, fasttext), ({}, fasttext)]
    for number, (some_heads, others) in enumerate(sets if encoder else sets[1:]):
        calibration, held_out = calibrate(
            others,
            targets,
            heads=some_heads,
            share_right=config.share_right,
            share_right_three=config.share_right_three,
            seed=config.seed,
        )
        calibrations.append(calibration)
        reports.append(_report(calibration, held_out, targets))
        steps.at((number + 1) / len(sets))

    everything = usable([*train, *validation])
    if config.recount:
        known = set(labels)
        more = choose_labels(everything, min_examples=config.min_examples)
        labels = labels + [label for label in more if label not in known]
    final = [example for example in everything if set(example.labels) & set(labels)]
    final_targets = targets_of([e.labels for e in final], labels)
    steps.start("linear on everything")
    features = Features.fit([e.text for e in final], config=config.features)
    rows = features.transform([e.text for e in final])
    parts = _fit_heads(
        rows, final_targets, recipe.svm_cost, config, features, labels, faq_texts, steps
    )
    merged = mix([(recipe.mixture[name], part) for name, part in parts.items()])
    linear = LinearVoice.quantise(features, merged.weights, merged.bias)
    steps.start("fastText on everything")
    voice = FastTextVoice.fit(
        label_rows(final, labels), len(labels), config=recipe.fasttext, folder=scratch
    )
    prior = _prior(final_targets)

    def write(temporary: Path) -> None:
        voice.save(temporary)
        linear.save(temporary / "linear")
        save_file({"prior": prior}, temporary / "prior.safetensors")

    steps.start("writing")
    settings = {
        "fasttext": asdict(recipe.fasttext),
        "svm_cost": recipe.svm_cost,
        "neighbours": asdict(recipe.neighbours) if encoder else None,
        "mixture": recipe.mixture,
    }
    artifact = write_artifact(
        folder,
        kind=KIND,
        config={
            "labels": labels,
            "label_counts": dict(count_labels(final)),
            "seed": config.seed,
            "data_hash": hash_examples(everything),
            "encoder_version": encoder_version or (encoder.version if encoder else None),
            "settings": settings,
            "neighbour_config": asdict(recipe.neighbours),
            "calibrations": [calibration.as_dict() for calibration in calibrations],
        },
        files=write,
        metrics={
            "train": len(train),
            "validation": len(validation),
            "voices": [asdict(report) for report in reports],
        },
    )
    steps.at(1.0)
    return FaqReport(
        folder=artifact.folder,
        version=artifact.version,
        labels=len(labels),
        train=len(train),
        validation=len(validation),
        settings=settings,
        voices=tuple(reports),
        seconds=round(time.monotonic() - started, 1),
    )


def _check(
    labels: Sequence[str],
    train: Sequence[Example],
    validation: Sequence[Example],
    config: FaqConfig,
) -> None:
    if len(labels) < 2:
        raise TooFewLabelsError(
            f"Only {len(labels)} FAQ has {config.min_examples} or more of the {len(train)} "
            f"labelled inquiries; at least 2 are needed. Import more history with FAQ links, or "
            f"lower min_examples."
        )
    inside = sum(bool(set(example.labels) & set(labels)) for example in validation)
    if inside < 10:
        raise TooFewLabelsError(
            f"Only {inside} later inquiries carry a FAQ that can be learned; calibration needs at "
            f"least 10. Import more history, or move the cut between training and validation back."
        )


def _choose(
    learn: Sequence[Example],
    learn_targets: Targets,
    validation: Sequence[Example],
    targets: Targets,
    labels: Sequence[str],
    config: FaqConfig,
    encoder: SentenceEncoder | None,
    faq_texts: Mapping[str, str],
    steps: Steps,
    scratch: Path,
) -> tuple[_Recipe, dict[str, Scores], dict[str, Scores]]:
    """Fit every setting on the training part; keep what ranks the validation part best."""
    texts, asked = [e.text for e in learn], [e.text for e in validation]
    steps.start("features")
    features = Features.fit(
        texts, config=config.features, progress=lambda n: steps.at(n / len(texts) / 3)
    )
    rows = features.transform(texts, progress=lambda n: steps.at((1 + n / len(texts)) / 3))
    asked_rows = features.transform(asked, progress=lambda n: steps.at((2 + n / len(asked)) / 3))

    steps.start("fastText")
    tried: list[tuple[float, FastTextConfig, Scores]] = []
    for number, setting in enumerate(config.fasttext):
        seeded = replace(setting, seed=config.seed)
        voice = FastTextVoice.fit(
            label_rows(learn, labels), len(labels), config=seeded, folder=scratch
        )
        scores = voice.log_probabilities(asked).astype(np.float64)
        tried.append((_worth(scores, targets), seeded, scores))
        steps.at((number + 1) / len(config.fasttext), f"{number + 1}/{len(config.fasttext)}")
    _, fasttext, fasttext_scores = max(tried, key=lambda item: item[0])

    steps.start("linear")
    machines: list[tuple[float, float, Scores]] = []
    share = 0.6 / len(config.svm_costs)
    for number, cost in enumerate(config.svm_costs):
        before = number * share
        svm = fit_svm(
            rows, learn_targets, cost=cost,
            progress=lambda done, before=before: steps.at(before + done * share),  # type: ignore[misc]
        )  # fmt: skip
        scores = _SVM_SCALE * svm(asked_rows).astype(np.float64)
        machines.append((_worth(scores, targets), cost, scores))
    _, cost, svm_scores = max(machines, key=lambda item: item[0])
    logistic = fit_logistic(
        rows, learn_targets, penalty=config.logistic_penalty,
        progress=lambda done: steps.at(0.6 + 0.4 * done),
    )  # fmt: skip
    heads: dict[str, Scores] = {
        "logistic": logistic(asked_rows).astype(np.float64),
        "svm": svm_scores,
    }
    for name, part in _text_heads(features, labels, faq_texts).items():
        heads[name] = part(asked_rows).astype(np.float64)
    mixture = fit_blend(heads, targets).weights
    voices = {Voice.FASTTEXT.value: fasttext_scores}

    steps.start("neighbours")
    neighbours = config.neighbours[0]
    if encoder:
        wanted = max(setting.top_k for setting in config.neighbours)
        near = nearest(encoder, asked, learn, top_k=wanted)
        options = []
        for option in config.neighbours:
            counted = NeighbourVoice(labels, _prior(learn_targets), option)
            scores = counted.log_probabilities(near).astype(np.float64)
            options.append((_worth(scores, targets), option, scores))
        _, neighbours, voices[Voice.NEIGHBOURS.value] = max(options, key=lambda item: item[0])
    return _Recipe(fasttext, cost, neighbours, mixture), heads, voices


def _fit_heads(
    rows: sparse.csr_array,
    targets: Targets,
    cost: float,
    config: FaqConfig,
    features: Features,
    labels: Sequence[str],
    faq_texts: Mapping[str, str],
    steps: Steps,
) -> dict[str, Weights]:
    svm = fit_svm(rows, targets, cost=cost, progress=lambda done: steps.at(0.5 * done))
    logistic = fit_logistic(
        rows, targets, penalty=config.logistic_penalty,
        progress=lambda done: steps.at(0.5 + 0.5 * done),
    )  # fmt: skip
    scaled = Weights(np.float32(_SVM_SCALE) * svm.weights, np.float32(_SVM_SCALE) * svm.bias)
    return {"logistic": logistic, "svm": scaled, **_text_heads(features, labels, faq_texts)}


def _text_heads(
    features: Features, labels: Sequence[str], faq_texts: Mapping[str, str]
) -> dict[str, Weights]:
    """The likeness of inquiry and FAQ, by its title and by its whole text.

    It is linear in the inquiry's features, hence a head like the others. A FAQ without text is
    taken to be as like as the others are on average.
    """
    found: dict[str, Weights] = {}
    if not any(faq_texts.get(label, "").strip() for label in labels):
        return found
    for name in ("title", "text"):
        texts = [faq_texts.get(label, "").strip() for label in labels]
        if name == "title":
            texts = [text.split("\n", 1)[0] for text in texts]
        rows = features.transform(texts).toarray()
        missing = ~rows.any(axis=1)
        rows[missing] = rows[~missing].mean(axis=0) if not missing.all() else 0
        weights = np.ascontiguousarray(_TEXT_SCALE * rows.T, dtype=np.float32)
        found[name] = Weights(weights, np.zeros(len(labels), dtype=np.float32))
    return found


def _prior(targets: Targets) -> npt.NDArray[np.float32]:
    counts = targets.sum(axis=0) + 1.0
    return np.asarray(counts / counts.sum(), dtype=np.float32)


def _worth(scores: Scores, targets: Targets) -> float:
    return sum(_hits(scores, targets))


def _hits(scores: Scores, targets: Targets) -> tuple[float, float, float]:
    """hit@1, hit@3 and hit@5 over the inquiries in scope."""
    inside = targets.any(axis=1)
    order = np.argsort(-scores[inside], axis=1, kind="stable")[:, :5]
    right = np.take_along_axis(targets[inside], order, axis=1)
    first, three, five = (float(right[:, :k].any(axis=1).mean()) for k in (1, 3, 5))
    return first, three, five


def _report(calibration: Calibration, held_out: HeldOut, targets: Targets) -> VoiceReport:
    hits = _hits(held_out.blended[:, :-1], targets)
    first = held_out.blended[:, :-1].argmax(axis=1)
    right = targets[np.arange(len(targets)), first]
    return VoiceReport(
        voices=tuple(calibration.blend.weights),
        weights=calibration.blend.weights,
        hit_1=hits[0],
        hit_3=hits[1],
        hit_5=hits[2],
        ece=expected_calibration_error(held_out.probabilities.tolist(), right.tolist()),
        likely=calibration.likely,
        possible=calibration.possible,
    )
