"""Fine-tunes a transformer to name the category of a listing by its words."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from listings.text_transformer import TextTransformer
from listings.transformer_engine import best_device, engines
from support.errors import TooFewLabelsError

from .checkpoints import Checkpoints
from .progress import Progress, silent
from .transformer_batches import Positions, hold_out
from .transformer_config import TransformerConfig
from .transformer_loop import Training
from .transformer_start import find_start, load_start


def fit_transformer(
    name_or_folder: str | Path,
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    validation: Sequence[int] | None = None,
    label_set: Sequence[str] | None = None,
    config: TransformerConfig | None = None,
    device: str | None = None,
    checkpoints: Path | None = None,
    progress: Progress = silent,
) -> TextTransformer:
    """Fine-tune any classifier that transformers knows.

    Rows with a blank text are left out of learning; they count for how often a label occurs. Rows
    of a label that is not in `label_set` are left out altogether.

    Args:
        name_or_folder: where to start: a folder, a name on the hub, or one of
            `transformer_start.KNOWN`.
        texts: as `Listing.text` writes them.
        labels: the category path of each.
        validation: positions of rows to judge each epoch on and not to learn from; a share of
            each label (`config.validation`) where None.
        label_set: the labels in the order of the outputs; all that occur, sorted, where None.
        config: settings.
        device: such as `cpu`; a GPU where there is one by default.
        checkpoints: a folder outside `models/`. A training that was killed goes on from there to
            the weights of an unbroken one. Unfinished checkpoints of other data or settings are
            told of and left alone, finished ones removed.
        progress: told steps done, steps in all and a message; may raise, which cancels.

    Raises:
        TooFewLabelsError: there are fewer than two labels to learn.
        InputError: the model or its tokenizer cannot be used for these texts.
        ModelMissingError: there is no such model, or no network to fetch it from.
        ModelDamagedError: the model cannot be read.
    """
    config = config or TransformerConfig()
    names = list(label_set) if label_set is not None else sorted(set(labels))
    number = {name: i for i, name in enumerate(names)}
    targets = np.array([number.get(label, -1) for label in labels], np.int64)
    learned, judged = _split(texts, targets, validation, config)
    if len(set(targets[learned].tolist())) < 2:
        raise TooFewLabelsError(
            f"{len(learned)} texts of {len(set(targets[learned].tolist()))} label are too few to "
            f"learn from. Give texts of two labels or more."
        )
    folder = find_start(name_or_folder, progress=progress)
    torch, _ = engines()
    device = device or best_device(torch)
    with torch.random.fork_rng(enabled=True):
        torch.manual_seed(config.seed)
        start = load_start(
            folder,
            [texts[i] for i in learned[:500]],
            num_labels=len(names),
            max_length=config.max_length,
        )
        training = Training(
            start.model.to(device),
            start.pieces.encode(texts),
            targets,
            learned=learned,
            judged=judged,
            config=config,
            pad_id=start.pieces.pad_id,
        )
        kept = None
        if checkpoints:
            settings = _settings(folder, texts, labels, names, judged, config, device)
            kept = Checkpoints(checkpoints, settings)
            found = kept.find()
            if found.state is not None:
                training.restore(found.state, found.best)
            if found.message:
                progress(training.done, training.total, found.message)
        training.run(progress=progress, save=kept.save if kept else None)
        if kept:
            kept.finish()
    counts = np.bincount(targets[targets >= 0], minlength=len(names)) + 1.0
    return TextTransformer(
        start.model,
        start.pieces,
        names,
        priors=np.log(counts / counts.sum()).astype(np.float32),
        notes=_notes(str(name_or_folder), training, config, device, len(learned), len(judged)),
    )


def _split(
    texts: Sequence[str],
    targets: np.ndarray[Any, np.dtype[np.int64]],
    validation: Sequence[int] | None,
    config: TransformerConfig,
) -> tuple[Positions, Positions]:
    """Positions to learn from, and to judge on."""
    usable = [i for i, text in enumerate(texts) if text.strip() and targets[i] >= 0]
    spoken = np.array(usable, np.int64)
    if validation is None:
        judged = spoken[hold_out(targets[spoken].tolist(), config.validation, seed=config.seed)]
    else:
        judged = np.intersect1d(spoken, np.asarray(validation, np.int64))
    return np.setdiff1d(spoken, judged), judged


def _settings(
    folder: Path,
    texts: Sequence[str],
    labels: Sequence[str],
    names: Sequence[str],
    judged: Positions,
    config: TransformerConfig,
    device: str,
) -> dict[str, Any]:
    """All that the weights depend on."""
    rows = json.dumps([list(texts), list(labels)]).encode()
    held = json.dumps(judged.tolist()).encode()
    weights = hashlib.sha256()
    for path in sorted(
        [*folder.glob("*.safetensors"), *folder.glob("*.bin"), *folder.glob("*.json")]
    ):
        with path.open("rb") as file:
            weights.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    settings = {**asdict(config), "device": device.split(":")[0], "labels": list(names)}
    settings.pop("checkpoint_seconds")
    return {
        **settings,
        "data": hashlib.sha256(rows).hexdigest()[:16],
        "validation_rows": hashlib.sha256(held).hexdigest()[:16],
        "start": weights.hexdigest()[:16],
    }


def _notes(
    start: str,
    training: Training,
    config: TransformerConfig,
    device: str,
    learned: int,
    judged: int,
) -> dict[str, Any]:
    at = training.at
    return {
        "start": start,
        "config": asdict(config),
        "device": device,
        "learned": learned,
        "judged": judged,
        "seconds": round(at.seconds, 1),
        "stopped": at.stopped,
        "best_epoch": at.best_epoch + 1 if at.best_epoch >= 0 else None,
        "history": at.history,
    }
