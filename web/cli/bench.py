"""`faqdesk bench`: measured, never asserted."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import signal
from pathlib import Path
from typing import Any

import click

from train.bench_scale_table import BY_NAME

from .bench_category import category
from .bench_faq import SETS, faq, unseen
from .bench_import import import_
from .bench_index_server import index_server
from .bench_label import label
from .bench_load import load
from .bench_moderation import moderation
from .bench_moderation_speed import moderation_speed
from .bench_processes import processes
from .bench_scale import scale
from .bench_search import retrieval, similar, sts
from .bench_similar_listings import similar_listings
from .bench_similar_speed import similar_speed
from .bench_speed import speed
from .bench_transformer import transformer
from .bench_web import web
from .common import json_option, print_json, progress_line

_DATA = click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the public data; it is read only.",
)


@click.group("bench")
@click.pass_context
def bench_command(context: click.Context) -> None:
    """Measure quality and speed, on public data or on the desk's own.

    \b
    Example:
      faqdesk bench faq --train A.csv --test B.csv
      faqdesk bench speed
    """
    # Ended by `kill` as by Ctrl-C: the temporary desks may hold gigabytes.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    context.call_on_close(lambda: signal.signal(signal.SIGTERM, before))


for command in (
    category, transformer, label, moderation, moderation_speed, similar_listings, faq, unseen, sts,
    retrieval, similar, speed, similar_speed, scale, web, load, processes, import_,
    index_server,
):  # fmt: skip
    bench_command.add_command(command)


@bench_command.command("forum")
@_DATA
@click.option("--seeds", default=1, show_default=True, type=click.IntRange(1))
@json_option
def forum(data: Path, seeds: int, as_json: bool) -> None:
    """Import, train, index, evaluate and suggest on a real product's support forum.

    \b
    Example:
      faqdesk bench forum --data ../public-data --json
    """
    from train.bench_forum import bench_forum

    with progress_line("Forum") as progress:
        found = bench_forum(data, seeds=seeds, progress=progress)
    _print(found, as_json=as_json)


@bench_command.command("loop")
@_DATA
@click.option("--every", default=3, show_default=True, type=click.IntRange(1), help="Months.")
@click.option("--months", default=18, show_default=True, type=click.IntRange(1))
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Write a plot, as SVG."
)
@json_option
def loop(data: Path, every: int, months: int, plot: Path | None, as_json: bool) -> None:
    """Play a forum's last months again, with and without retraining every few months.

    \b
    Example:
      faqdesk bench loop --data ../public-data --plot loop.svg
    """
    from train.bench_loop import bench_loop

    with progress_line("Loop") as progress:
        found = bench_loop(data, every=every, months=months, progress=progress)
    if plot:
        plot.write_text(found.plot(), encoding="utf-8")
    if as_json:
        print_json(found.as_dict())
    else:
        click.echo(found.table())


@bench_command.command("all")
@_DATA
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(1))
@click.pass_context
def run_all(context: click.Context, data: Path, seeds: int) -> None:
    """Run every benchmark that needs public data. Takes hours.

    \b
    Example:
      faqdesk bench all --data ../public-data
    """
    for name in SETS:
        context.invoke(faq, name=name, data=data, seeds=seeds, as_json=False)
    context.invoke(faq, name="banking77", data=data, seeds=seeds, per_label=10, as_json=False)
    context.invoke(unseen, data=data, as_json=False)
    context.invoke(sts, file=data / "support" / "kornlu" / "sts-test.tsv", as_json=False)
    context.invoke(similar, data=data, test=True, as_json=False)
    context.invoke(loop, data=data, every=3, months=18, plot=None, as_json=False)
    context.invoke(forum, data=data, seeds=1, as_json=False)
    sizes = [10_000, 100_000, 1_000_000]
    context.invoke(speed, data=data, sizes=sizes, engines=True, as_json=False)
    context.invoke(
        scale, sizes=sizes[:2], only=list(BY_NAME), out=Path("bench-scale"), data=data, times=1,
        limit=30.0, report=None, as_json=False,
    )  # fmt: skip


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
