"""Fits the FAQ classifier: choose on validation, calibrate on held-out, refit on everything, write.

The order keeps us from fooling ourselves. (1) Voices learn from the training part alone. (2) On the
validation part, which lies later in time, a few settings are chosen. (3) Blend, scales, bands and
promises are cross-fitted over the validation part (see `train/calibrate.py`). (4) The voices are
fitted again with the chosen settings on training and validation together; the calibration of (3) is
kept and errs to the safe side, as the refitted voices have seen more.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from support import learned
from support.artifact import write_artifact
from support.encoder import SentenceEncoder
from support.errors import TooFewLabelsError
from support.faq import KIND
from support.fasttext_voice import FastTextVoice
from support.features import Features
from support.held_out import HeldOutRows
from support.hybrid import mix_for
from support.linear import Gate, LinearVoice

from .answered import Answered
from .blend import targets_of
from .choice import Chosen, choose
from .dense import fit_dense
from .examples import Example, choose_labels, count_labels, hash_examples, label_rows, usable
from .faq_config import FaqConfig, narrow
from .faq_report import FaqReport, VoiceReport
from .heads import prior_of
from .history import ALWAYS
from .linear import mix
from .linear_voice import Sources, fit_linear, fit_outside
from .newcomers import introduce, title_rows
from .progress import Progress, Steps, silent

__all__ = ["FaqConfig", "FaqReport", "VoiceReport", "fit_faq", "narrow"]


def fit_faq(
    train: Sequence[Example],
    validation: Sequence[Example],
    *,
    folder: Path,
    config: FaqConfig | None = None,
    encoder: SentenceEncoder | None = None,
    encoder_version: str | None = None,
    faq_texts: Mapping[str, str] | None = None,
    answered: Sequence[Answered] = (),
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
        encoder_version: the encoder that will serve beside the model, where it is another one; then
            there is no dense voice, which could not read the other's vectors.
        faq_texts: title, line break and body of each FAQ by label; they speak too.
        answered: inquiries with what agents replied, labelled or not; none of the replies later
            than what the model may know. Those of validation and later are kept from the voices
            that are judged there.
        progress: told done, total and a message; may raise, which leaves nothing behind.

    Raises:
        TooFewLabelsError: too few labels or labelled inquiries to learn or to calibrate.
    """
    config = config or FaqConfig()
    started = time.monotonic()
    train, validation = usable(train), usable(validation)
    labels = choose_labels(train, min_examples=config.min_examples)
    _check(labels, train, validation, config)
    scratch = folder.absolute().parent
    scratch.mkdir(parents=True, exist_ok=True)
    steps = Steps(
        progress,
        {"features": 4, "fastText": 20, "linear": 30, "neighbours": 3, "calibration": 3,
         "linear on everything": 14, "fastText on everything": 10, "writing": 1},
    )  # fmt: skip
    everything = usable([*train, *validation])
    sources = Sources(
        faq_texts or {},
        answered,
        frozenset(example.inquiry_id for example in everything),
        encoder,
        encoder is not None and encoder_version in (None, encoder.version),
    )
    chosen = choose(train, validation, labels, config, sources, steps, scratch)
    settings = chosen.settings()
    calibrated = tuple(labels)

    if config.recount:
        known = set(labels)
        more = choose_labels(everything, min_examples=config.min_examples)
        labels = labels + [label for label in more if label not in known]
    introduced = introduce(
        everything, labels, sources.faq_texts, most=config.newcomers if config.recount else 0
    )
    labels = labels + [example.labels[0] for example in introduced]
    final = [example for example in everything if set(example.labels) & set(labels)]
    write_voices = _refit(
        [*introduced, *final], everything, labels, calibrated, chosen, config, sources, steps,
        scratch,
    )  # fmt: skip
    held_out = held_out_rows(validation, chosen)

    def write(temporary: Path) -> None:
        write_voices(temporary)
        held_out.save(temporary)
        said = (item.inquiry_id for item in sources.answered)
        learned.save(temporary, sources.labelled.union(said))

    steps.start("writing")
    artifact = write_artifact(
        folder,
        kind=KIND,
        config={
            "labels": labels,
            "label_counts": dict(count_labels(final)),
            "seed": config.seed,
            "data_hash": hash_examples(everything),
            "encoder_version": encoder_version or (encoder.version if encoder else None),
            "mix": mix_for(encoder) if encoder else None,
            "settings": settings,
            "neighbour_config": asdict(chosen.neighbours),
            "calibrations": [calibration.as_dict() for calibration in chosen.calibrations],
        },
        files=write,
        metrics={
            "train": len(train),
            "validation": len(validation),
            "first": min(example.at for example in everything),
            "last": max(example.at for example in everything),
            "voices": [asdict(report) for report in chosen.reports],
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
        voices=tuple(chosen.reports),
        seconds=round(time.monotonic() - started, 1),
    )


def held_out_rows(validation: Sequence[Example], chosen: Chosen) -> HeldOutRows:
    """What was said of each validation inquiry without its own label, to try thresholds on."""
    found = chosen.held_out
    assert found is not None  # noqa: S101 - `choose` calibrates
    return HeldOutRows(
        inquiry_ids=np.array([example.inquiry_id for example in validation], np.int64),
        first=found.blended[:, :-1].argmax(axis=1).astype(np.int64),
        probability=found.probabilities,
        right=found.right,
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


def _refit(
    final: Sequence[Example],
    everything: Sequence[Example],
    labels: Sequence[str],
    calibrated: Sequence[str],
    chosen: Chosen,
    config: FaqConfig,
    sources: Sources,
    steps: Steps,
    scratch: Path,
) -> Callable[[Path], None]:
    """Fit the chosen voices on training and validation together; returns what writes them.

    `calibrated` are the labels that settings were chosen and confidence was learned with.
    """
    targets = targets_of([e.labels for e in final], labels)
    texts = [e.text for e in final]
    steps.start("linear on everything")
    read = [*final, *title_rows(labels, sources.faq_texts)]
    read_targets = targets_of([e.labels for e in read], labels)
    read_texts = [e.text for e in read]
    features = Features.fit(read_texts, config=config.features.sized(len(labels)))
    rows = features.transform(read_texts)
    parts = fit_linear(
        features, read, rows, read_targets, labels, chosen.linear, config, sources,
        before=ALWAYS, progress=steps.at,
    )  # fmt: skip
    shares = dict(chosen.mixture)
    for name in set(shares) - set(parts):  # nobody is left to teach
        shares["logistic"] += shares.pop(name)
    merged = mix([(share, parts[name]) for name, share in shares.items()])
    gate = None
    if chosen.gate is not None:
        gate = fit_outside(features, everything, read, rows, calibrated)
    linear = LinearVoice.quantise(
        features,
        merged.weights,
        merged.bias,
        gate=Gate.quantise(gate.weights[:, 0], float(gate.bias[0])) if gate else None,
    )
    steps.start("fastText on everything")
    voice = FastTextVoice.fit(
        label_rows(final, labels), len(labels), config=chosen.fasttext, folder=scratch
    )
    dense = None
    if chosen.dense_penalty is not None and sources.encoder is not None:
        vectors = sources.encoder.encode(texts)
        dense = fit_dense(vectors, targets, penalty=chosen.dense_penalty)
    prior = prior_of(targets)

    def write(temporary: Path) -> None:
        voice.save(temporary)
        linear.save(temporary / "linear")
        if dense is not None:
            dense.save(temporary / "dense")
        save_file({"prior": prior}, temporary / "prior.safetensors")

    return write
