"""`faqdesk evaluate`."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from support import clock

from .common import json_option, print_json, progress_line, workspace


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
@click.option(
    "--reliability",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a reliability diagram: share right against the probability stated.",
)
@json_option
def evaluate_command(
    validation_from: str | None,
    test_from: str | None,
    test_until: str | None,
    min_examples: int,
    seed: int,
    plot: Path | None,
    reliability: Path | None,
    as_json: bool,
) -> None:
    """Measure the recipe on the newest history: trained before it, beside baselines.

    \b
    Example:
      faqdesk evaluate --plot coverage.svg --reliability reliability.svg
      faqdesk evaluate --validation-from 2025-03-01 --test-from 2025-06-01 --min-examples 10 --json
    """
    dates = _dates(validation_from, test_from, test_until)
    for option, file in (("--plot", plot), ("--reliability", reliability)):
        if file:
            _try_to_write(option, file)
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
    if reliability:
        reliability.write_text(report.reliability(), encoding="utf-8")
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


def _try_to_write(option: str, file: Path) -> None:
    """Refuse a file that cannot be written, before the long work and not after it."""
    folder = file.absolute().parent
    if not folder.is_dir() or not os.access(file if file.exists() else folder, os.W_OK):
        raise click.UsageError(f"{option}: cannot write {file}. Name a file in a folder of yours.")
