"""`faqdesk bench scale`: how the desk grows, measured and on paper."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import os
import sys
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import click

from support.errors import FaqdeskError
from support.workspace import Workspace
from train.bench_scale_ledger import FAILED
from train.bench_scale_table import BY_NAME

from .common import json_option, print_json, progress_line

_TITLES: Final = 4_000  # that the model of categories learns from


def _sizes(context: click.Context, parameter: click.Parameter, value: str) -> list[int]:
    try:
        sizes = [int(float(part.replace("_", ""))) for part in value.split(",")]
    except ValueError:
        raise click.BadParameter(f"numbers parted by commas, got {value!r}.") from None
    if min(sizes) < 100:
        raise click.BadParameter(f"at least 100 rows, got {min(sizes)}.")
    return sizes


def _only(context: click.Context, parameter: click.Parameter, value: str) -> list[str]:
    names = [part.strip() for part in value.split(",")] if value else list(BY_NAME)
    for name in names:
        if name not in BY_NAME:
            raise click.BadParameter(f"{name!r} is none of {', '.join(BY_NAME)}.")
    return names


@click.command("scale")
@click.option(
    "--sizes",
    default="10000,100000",
    show_default=True,
    callback=_sizes,
    help="Numbers of rows; 1e6 is a million.",
)
@click.option(
    "--only", default="", callback=_only, metavar="NAMES", help=f"Of {', '.join(BY_NAME)}."
)
@click.option(
    "--out",
    default="bench-scale",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Keeps what is measured; killed and started again it goes on.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Perturb real texts of the public data in this folder; else the sample's.",
)
@click.option("--times", default=1, show_default=True, type=click.IntRange(1), help="Runs of each.")
@click.option(
    "--limit",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Minutes of one measurement; what would take longer is left, and said.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="FOLDER",
    help="Measure nothing; print the tables of what is measured there, as Markdown.",
)
@json_option
def scale(
    sizes: list[int],
    only: list[str],
    out: Path,
    data: Path | None,
    times: int,
    limit: float,
    report: Path | None,
    as_json: bool,
) -> None:
    """Measure how everything grows with the rows, and reckon what 100 million would need.

    Import, training, search, vectors, labelling, pictures and pages at each size, each in a process
    of its own; then growth as a power law, and machines, hours and memory on paper.

    \b
    Example:
      faqdesk bench scale
      faqdesk bench scale --sizes 1e4,1e5,1e6 --limit 120 --out figures
      faqdesk bench scale --report figures > tables.md
    """
    from train.bench_scale import LEDGER, MATERIAL, Plan, run_scale
    from train.bench_scale_ledger import Ledger
    from train.bench_scale_report import as_dict, as_markdown

    if report is None:
        plan = Plan(
            sizes, only, times=times, limit=60 * limit, source="public" if data else "sample"
        )
        _prepare_apart(out / MATERIAL / plan.source, data)
        with progress_line("Scale") as progress:
            for entry in run_scale(out, plan, progress=progress):
                said = entry.why or f"{entry.seconds:,.0f} s"
                click.echo(f"{entry.rows:>11,}  {entry.measurement:9} {said}", err=True)
    entries = Ledger((report or out) / LEDGER).entries
    if as_json:
        print_json(as_dict(entries))
    else:
        click.echo(as_markdown(entries))
    if any(entry.state == FAILED for entry in entries):
        raise click.ClickException("Something could not be measured; the tables say why.")


def _prepare_apart(folder: Path, data: Path | None) -> None:
    """Make what every measurement begins with; training leaves gigabytes that this may not hold."""
    # spawn: a fork would take what this process holds along.
    process = get_context("spawn").Process(target=_prepare, args=(folder, data))
    process.start()
    try:
        process.join()
    finally:
        process.terminate()
        process.join()
    if process.exitcode:
        raise click.ClickException(f"Nothing to measure with could be made in {folder}.")


def _prepare(folder: Path, data: Path | None) -> None:
    from train.bench_scale_material import prepare

    os.umask(0o077)
    try:
        with progress_line("Preparing") as progress:
            prepare(folder, *_begin(data), progress=progress)
    except FaqdeskError as error:
        click.echo(f"faqdesk: {error}", err=True)
        sys.exit(1)


def _begin(
    data: Path | None,
) -> tuple[Callable[[Path], Workspace], Callable[[], list[tuple[str, str]]]]:
    """How a desk to begin with is made, and titles with their categories."""
    from train.label_rows import made_titles

    if data is None:
        return begin_sample, lambda: made_titles(_TITLES)
    return lambda home: _forum(data, home), lambda: _shop(data)


def begin_sample(home: Path, *, labels: int | None = None) -> Workspace:
    """The sample's desk, with the settings by which links are read; of so many FAQs, or of all."""
    import data
    from support import settings
    from support.audit import Actor

    from .bench_sample import sample_desk

    space = sample_desk(home, labels=labels)
    db = space.database()
    settings.change(db, Actor("cli:bench"), faq_hosts=tuple(data.HOSTS), faq_path=data.LINK_PATH)
    db.close()
    return space


def _forum(data: Path, home: Path) -> Workspace:
    from support import settings
    from support.audit import Actor
    from train.bench_forum import FILES, MAPPING, import_forum
    from train.datasets import folder_of
    from train.progress import silent

    folder = folder_of(data, "thunderbird", *FILES)
    space = Workspace(home).create()
    db = space.database()
    links = MAPPING.links
    settings.change(db, Actor("cli:bench"), faq_hosts=links.hosts, faq_path=links.path)
    import_forum(space, db, folder, {}, silent, again=False)
    db.close()
    return space


def _shop(data: Path) -> list[tuple[str, str]]:
    from train.category_sets import load_gmarket

    rows = load_gmarket(data, data)
    return [(row.listing.title, row.path) for row in (*rows.train, *rows.test)][:_TITLES]
