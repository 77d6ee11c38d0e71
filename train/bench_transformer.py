"""How quick a transformer of a known shape is here: training steps, and scoring, on CPU or GPU.

Weights are random: time does not depend on them. `learn` says how well the shape does on labelled
texts where it starts from nothing.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from listings.transformer_engine import best_device, engines, score_rows
from support.errors import InputError

from .bench_probe import quantiles
from .progress import Progress, silent
from .transformer import fit_transformer
from .transformer_config import Precision, TransformerConfig
from .transformer_loop import Training
from .transformer_scratch import SHAPES, Shape, make_start


def measure(
    shape: str | Shape = "koelectra-small",
    *,
    batch_size: int = 32,
    length: int = 64,
    num_labels: int = 38,
    steps: int = 20,
    precision: Precision = "auto",
    device: str | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Time training steps and scoring of one shape with random weights.

    Args:
        shape: one, or a key of `transformer_scratch.SHAPES`.
        batch_size: texts a step.
        length: pieces of each text.
        num_labels: outputs.
        steps: training steps that are timed, after three that are not.
        precision: to compute in.
        device: such as `cpu`; a GPU where there is one by default.
        progress: told steps done, steps in all and a message; may raise.

    Returns:
        Plain JSON: device, precision, parameters, milliseconds a step (p50, p95, p99), texts a
        second in training and in scoring, peak memory of a GPU in MB.
    """
    torch, transformers = engines()
    device = device or best_device(torch)
    chosen = _shape(shape)
    config = TransformerConfig(
        num_epochs=1, batch_size=batch_size, max_length=length, precision=precision, validation=0
    )
    random = np.random.default_rng(0)
    rows = random.integers(5, chosen.vocab_size, (batch_size * (steps + 3), length)).tolist()
    targets = random.integers(0, num_labels, len(rows))
    model = transformers.AutoModelForSequenceClassification.from_config(
        chosen.config(transformers, num_labels=num_labels)
    ).to(device)
    training = Training(
        model, rows, targets, config=config, pad_id=0,
        learned=np.arange(len(rows)), judged=np.empty(0, np.int64),
    )  # fmt: skip
    if model.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    times: list[float] = []
    started = time.perf_counter()

    def note(done: int, total: int, message: str) -> None:
        # A step's loss is read from the device before this, so what it computes has ended.
        nonlocal started
        now = time.perf_counter()
        if 3 < done <= total and len(times) < steps:
            times.append(1000 * (now - started))
        progress(done, total, message)
        started = time.perf_counter()

    training.run(progress=note)
    some = rows[: max(batch_size, 256)]
    score_rows(model, some[:batch_size], pad_id=0)
    started = time.perf_counter()
    score_rows(model, some, pad_id=0)
    scoring = time.perf_counter() - started
    gpu = model.device.type == "cuda"
    return {
        "shape": shape if isinstance(shape, str) else asdict(shape),
        "parameters": sum(p.numel() for p in model.parameters()),
        "device": torch.cuda.get_device_name() if gpu else "cpu",
        "threads": None if gpu else torch.get_num_threads(),
        "cores": os.cpu_count(),
        "precision": training.precision,
        "batch_size": batch_size,
        "length": length,
        "step_ms": quantiles(times),
        "train_texts_per_second": round(1000 * batch_size * len(times) / sum(times), 1),
        "score_texts_per_second": round(len(some) / scoring, 1),
        "peak_mb": round(torch.cuda.max_memory_allocated() / 1e6) if gpu else None,
    }


def learn(
    train: tuple[Sequence[str], Sequence[str]],
    test: tuple[Sequence[str], Sequence[str]],
    *,
    start: str | Path | None = None,
    shape: str | Shape = "koelectra-small",
    config: TransformerConfig | None = None,
    device: str | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Train on labelled texts and judge on others.

    Args:
        train: texts, and the label of each.
        test: the same, to judge on.
        start: pretrained weights by name or folder; random ones of the shape where None.
        shape: one, or a key of `transformer_scratch.SHAPES`.
        config: settings; for random weights by default 20 epochs at 5e-4.
        device: such as `cpu`; a GPU where there is one by default.
        progress: told steps done, steps in all and a message; may raise.

    Returns:
        Plain JSON: accuracy, hit@3, seconds, and the notes of the training.
    """
    with TemporaryDirectory() as folder:
        if start is None:
            config = config or TransformerConfig(num_epochs=20, learning_rate=5e-4, patience=4)
            start = make_start(Path(folder) / "start", train[0], shape=_shape(shape))
        started = time.perf_counter()
        model = fit_transformer(
            start, train[0], train[1], config=config, device=device, progress=progress
        )
    seconds = time.perf_counter() - started
    first = np.argsort(-model.log_scores(test[0]), axis=1)[:, :3]
    ranked = [[model.labels[i] for i in row] for row in first]
    hits = [label in row for row, label in zip(ranked, test[1], strict=True)]
    right = [label == row[0] for row, label in zip(ranked, test[1], strict=True)]
    return {
        "n_train": len(train[0]),
        "n_test": len(test[0]),
        "labels": len(model.labels),
        "accuracy": round(float(np.mean(right)), 4),
        "hit@3": round(float(np.mean(hits)), 4),
        "seconds": round(seconds, 1),
        "training": model.notes,
    }


def _shape(name: str | Shape) -> Shape:
    if isinstance(name, Shape):
        return name
    if name not in SHAPES:
        raise InputError(f"No shape is called {name!r}. Name one of {', '.join(SHAPES)}.")
    return SHAPES[name]
