"""`faqdesk train`, `faqdesk index` and `faqdesk evaluate`."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from support import clock
from support.calibration import Band

from .common import actor, json_option, print_json, progress_line, workspace


@click.group("train", invoke_without_command=True)
@click.pass_context
def train_command(context: click.Context) -> None:
    """Train encoder, index and FAQ classifier, and publish them; or one of them by name.

    \b
    Example:
      faqdesk train
      faqdesk train encoder --model ./my-sentence-transformer
      faqdesk train faq
    """
    if context.invoked_subcommand is not None:
        return
    from train.desk import train_all

    space = workspace()
    with progress_line("Training") as progress:
        release = train_all(space, space.database(), actor=actor(), progress=progress)
    missing = "" if "faq" in release.parts else " (no classifier yet: too few labels)"
    click.echo(f"Release {release.name} is in force{missing}.")


@train_command.command("encoder")
@click.option("--model", help="Any sentence-transformers model, by name or folder.")
def encoder(model: str | None) -> None:
    """Learn a sentence encoder from the desk's own texts, or take one.

    \b
    Example:
      faqdesk train encoder
      faqdesk train encoder --model ./multilingual-e5-small
    """
    from train.desk import train_encoder

    space = workspace()
    with progress_line("Learning the encoder") as progress:
        version = train_encoder(space, space.database(), model=model, progress=progress)
    click.echo(f"Encoder {version} is written. Next, to put it in force: faqdesk train faq")


@train_command.command("faq")
@click.option("--min-examples", default=4, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=0, show_default=True)
@json_option
def faq(min_examples: int, seed: int, as_json: bool) -> None:
    """Train the FAQ classifier on the labels, and publish it.

    \b
    Example:
      faqdesk train faq
    """
    from train.desk import train_faq
    from train.faq import FaqConfig

    space = workspace()
    config = FaqConfig(min_examples=min_examples, seed=seed)
    with progress_line("Training the classifier") as progress:
        release, report = train_faq(
            space, space.database(), actor=actor(), config=config, progress=progress
        )
    if as_json:
        print_json({"release": release.name} | report.as_dict())
        return
    click.echo(
        f"Learned {report.labels} FAQs from {report.train + report.validation:,} inquiries in "
        f"{report.seconds:.0f} s; release {release.name} is in force."
    )
    for voices in report.voices:
        click.echo(
            f"  {' + '.join(voices.voices):35} hit@1 {voices.hit_1:.3f}  hit@3 {voices.hit_3:.3f}"
            f"  hit@5 {voices.hit_5:.3f}"
        )
    click.echo(_band("Likely", report.likely))
    click.echo(_band("Possible", report.possible))


@click.command("index")
@click.option("--newest", is_flag=True, help="Take the newest encoder, in force or not.")
def index_command(newest: bool) -> None:
    """Encode what is not encoded yet, write a new index, and publish it.

    Answers sent since the last one are found without it; it only makes search quick again.

    \b
    Example:
      faqdesk index
    """
    from train.desk import rebuild_index

    space = workspace()
    with progress_line("Indexing") as progress:
        release = rebuild_index(
            space, space.database(), actor=actor(), newer_encoder=newest, progress=progress
        )
    click.echo(f"Release {release.name} is in force.")


@click.command("evaluate")
@click.option("--validation-from", help="ISO time; default: the newest 30 % are cut off by share.")
@click.option("--test-from", help="ISO time.")
@click.option("--test-until", help="ISO time; default: to the end.")
@click.option("--min-examples", default=4, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write coverage against share right.",
)
@json_option
def evaluate_command(
    validation_from: str | None,
    test_from: str | None,
    test_until: str | None,
    min_examples: int,
    seed: int,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Measure the recipe on the newest history: trained before it, beside baselines.

    \b
    Example:
      faqdesk evaluate --plot coverage.svg
      faqdesk evaluate --validation-from 2025-03-01 --test-from 2025-06-01 --min-examples 10 --json
    """
    dates = _dates(validation_from, test_from, test_until)
    if plot:
        _try_to_write(plot)
    from train.evaluate_desk import evaluate_desk
    from train.faq import FaqConfig

    space = workspace()
    with progress_line("Evaluating") as progress:
        report = evaluate_desk(
            space,
            space.database(),
            config=replace(FaqConfig(), min_examples=min_examples, seed=seed),
            dates=dates,
            progress=progress,
        )
    if plot:
        plot.write_text(report.plot(), encoding="utf-8")
    if as_json:
        print_json(report.as_dict())
    else:
        click.echo(report.table())


def _dates(
    validation_from: str | None, test_from: str | None, test_until: str | None
) -> tuple[str, str, str] | None:
    """The three moments, as the desk writes them; None where none is given."""
    given = {
        "--validation-from": validation_from,
        "--test-from": test_from,
        "--test-until": test_until,
    }
    moments = {name: _moment(name, text) for name, text in given.items() if text}
    if not moments:
        return None
    if not {"--validation-from", "--test-from"} <= set(moments):
        raise click.UsageError("Give --validation-from and --test-from together.")
    until = moments.get("--test-until", "9999")
    if not moments["--validation-from"] < moments["--test-from"] < until:
        words = ", ".join(f"{name} {moment}" for name, moment in moments.items())
        raise click.UsageError(f"These moments are not in order: {words}.")
    return moments["--validation-from"], moments["--test-from"], until


def _moment(name: str, text: str) -> str:
    try:
        return clock.iso(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise click.UsageError(
            f"{name} {text!r} is no ISO time; write it as 2025-03-01 or 2025-03-01T09:00:00+09:00."
        ) from error


def _try_to_write(file: Path) -> None:
    """Refuse a file that cannot be written, before the long work and not after it."""
    folder = file.absolute().parent
    if not folder.is_dir() or not os.access(file if file.exists() else folder, os.W_OK):
        raise click.UsageError(f"--plot: cannot write {file}. Name a file in a folder of yours.")


def _band(name: str, band: Band) -> str:
    if band.threshold is None:
        return f"  {name}: never; on held-out inquiries no threshold keeps the share stated"
    promise = band.promise
    return (
        f"  {name}: from {band.threshold:.2f}, {band.coverage:.0%} of inquiries, right in "
        f"{promise.right} of {promise.n} ({promise.low:.0%} to {promise.high:.0%})"
    )
