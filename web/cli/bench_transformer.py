"""`faqdesk bench transformer`: how quick a transformer is here, and what it learns from nothing."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import click

from .common import json_option, print_json, progress_line

_FILE = click.Path(path_type=Path, dir_okay=False)
_SHAPES = ("koelectra-small", "klue-roberta-small", "kobert")
_PRECISIONS = ("auto", "float32", "bfloat16", "float16")


@click.command("transformer")
@click.option("--shape", default=_SHAPES[0], show_default=True, type=click.Choice(_SHAPES))
@click.option(
    "--batch", default=32, show_default=True, type=click.IntRange(1), help="Texts a step."
)
@click.option(
    "--length", default=64, show_default=True, type=click.IntRange(8, 512), help="Pieces a text."
)
@click.option("--steps", default=20, show_default=True, type=click.IntRange(2))
@click.option(
    "--precision", default="auto", show_default=True, type=click.Choice(_PRECISIONS),
    help="auto: half on a GPU, full on a CPU.",
)  # fmt: skip
@click.option("--device", help="Such as cpu; a GPU where there is one by default.")
@click.option("--set", "name", help="Learn a public set too, as in bench category; with --data.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the public data; it is read only.",
)  # fmt: skip
@click.option("--train", type=_FILE, help="Learn your own too: title, description, category.")
@click.option("--test", type=_FILE, help="Your own listings to judge on.")
@click.option("--start", help="Learn from these weights, a name or folder; else from random ones.")
@click.option("--epochs", default=20, show_default=True, type=click.IntRange(1))
@click.option("--rate", default=5e-4, show_default=True, help="The learning rate at its highest.")
@click.option("--minutes", type=click.FloatRange(0.01), help="The longest the learning may take.")
@json_option
def transformer(
    shape: str,
    batch: int,
    length: int,
    steps: int,
    precision: str,
    device: str | None,
    name: str | None,
    data: Path | None,
    train: Path | None,
    test: Path | None,
    start: str | None,
    epochs: int,
    rate: float,
    minutes: float | None,
    as_json: bool,
) -> None:
    """Time training steps and scoring of a known shape with random weights, on CPU or GPU.

    With --set or --train it also learns those listings by their words and judges on the rest.

    \b
    Example:
      faqdesk bench transformer
      faqdesk bench transformer --train A.jsonl --test B.jsonl --epochs 20 --json
    """
    if (name is None) != (data is None) or (train is None) != (test is None) or (name and train):
        raise click.UsageError("Name --set with --data, --train with --test, or neither.")
    from train.bench_transformer import learn, measure

    found: dict[str, Any]
    with progress_line("Transformer") as progress:
        found = measure(
            shape, batch_size=batch, length=length, steps=steps, device=device,
            precision=precision, progress=progress,  # type: ignore[arg-type]
        )  # fmt: skip
        if name or train:
            parts = _parts(name, data, train, test)
            from train.transformer_config import TransformerConfig

            config = TransformerConfig(
                num_epochs=epochs, batch_size=batch, learning_rate=rate, max_length=length,
                patience=4, precision=precision, minutes=minutes,  # type: ignore[arg-type]
            )  # fmt: skip
            found["learned"] = learn(
                *parts, start=start, shape=shape, config=config, device=device, progress=progress
            )
    if as_json:
        print_json(found)
        return
    _print(found, click.echo)


def _parts(
    name: str | None, data: Path | None, train: Path | None, test: Path | None
) -> list[tuple[list[str], list[str]]]:
    """Texts and paths of the training part, and of the test part."""
    from train.category_sets import PUBLIC, load_files

    with TemporaryDirectory() as scratch:
        if name and data:
            if name not in PUBLIC:
                raise click.UsageError(
                    f"No set is called {name!r}. Name one of {', '.join(PUBLIC)}."
                )
            rows = PUBLIC[name](data, Path(scratch))
        else:
            rows = load_files(cast(Path, train), cast(Path, test))
    return [([row.listing.text for row in part], [row.path for row in part])
            for part in (rows.train, rows.test)]  # fmt: skip


def _print(found: dict[str, Any], say: Callable[[str], None], indent: str = "") -> None:
    for key, value in found.items():
        if isinstance(value, dict):
            say(f"{indent}{key}")
            _print(value, say, indent + "  ")
        else:
            say(f"{indent}{key:24} {value}")
