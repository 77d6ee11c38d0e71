"""`faqdesk bench`: measured, never asserted."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path
from typing import Any

import click

from .common import json_option, print_json, progress_line, workspace

_DATA = click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the public data; it is read only.",
)


@click.group("bench")
def bench_command() -> None:
    """Measure quality and speed, on public data or on the desk's own.

    \b
    Example:
      faqdesk bench forum --data ../shared/data
      faqdesk bench speed
    """


@bench_command.command("forum")
@_DATA
@click.option("--seeds", default=1, show_default=True, type=click.IntRange(1))
@json_option
def forum(data: Path, seeds: int, as_json: bool) -> None:
    """Import, train, index, evaluate and suggest on a real product's support forum.

    \b
    Example:
      faqdesk bench forum --data ../shared/data --json
    """
    from train.bench_forum import bench_forum

    with progress_line("Forum") as progress:
        found = bench_forum(data, seeds=seeds, progress=progress)
    _print(found, as_json=as_json)


@bench_command.command("speed")
@json_option
def speed(as_json: bool) -> None:
    """Time suggestions in process on the workspace's own inquiries.

    \b
    Example:
      faqdesk bench speed --json
    """
    from train.bench_forum import measure_suggest

    space = workspace()
    _print(measure_suggest(space, space.database()), as_json=as_json)


@bench_command.command("all")
@_DATA
@click.pass_context
def run_all(context: click.Context, data: Path) -> None:
    """Run every benchmark that needs public data.

    \b
    Example:
      faqdesk bench all --data ../shared/data
    """
    context.invoke(forum, data=data, seeds=1, as_json=False)


def _print(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if name != "evaluations":
            click.echo(f"{name:24} {value}")
    for number, evaluation in enumerate(found.get("evaluations", [])):
        click.echo(f"\nseed {number}")
        for name, value in evaluation.items():
            if name not in ("faqs", "curve", "curve_3"):
                click.echo(f"{name:24} {value}")
