"""`faqdesk label`."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import json_option, print_json, workspace
from .engines import engine_options, opened_engine
from .tables import (
    FILE,
    WITH_PROBLEMS,
    mapping,
    picture_options,
    progress_of_rows,
    run_options,
    tell_problems,
)

if TYPE_CHECKING:
    from listings.label_run import LabelReport


@click.command("label")
@click.argument("file", type=FILE)
@click.option("--out", required=True, type=FILE, help="The table to write; its ending says how.")
@click.option(
    "--map",
    "told",
    multiple=True,
    callback=mapping,
    metavar="ROLE=COLUMN",
    help="Which column is the title, description or image; else they are guessed by their names.",
)
@click.option("--top", default=3, show_default=True, type=click.IntRange(1, 20), help="Guesses.")
@picture_options
@click.option("--compare", default="", help="The column of the seller's category.")
@run_options
@engine_options
@json_option
def label_command(
    file: Path,
    out: Path,
    told: dict[str, str],
    top: int,
    images: Path | None,
    image_column: str,
    compare: str,
    workers: int | None,
    engine: str,
    address: str,
    shard_rows: int | None,
    restart: bool,
    model: Path | None,
    as_json: bool,
) -> None:
    """Add categories to a table of listings: CSV, JSON Lines, Parquet or XLSX, into any of these.

    Adds the most likely category, its path and probability, the runners-up, whether somebody
    should look (`review`) and the model's version. No column that is there is changed; where a name
    is taken, ours begin with `faqdesk_`. Killed and started again, it goes on.

    Rows and pictures that cannot be read are listed in OUT.problems.csv. Exit code 4: done, and
    there are some. With --compare, OUT.disagree.csv lists where seller and model disagree;
    the desk's mapping tables carry the seller's categories to the model's tree first.

    \b
    Example:
      faqdesk label listings.csv --out labelled.csv
      faqdesk label export.xlsx --out labelled.parquet --map title=품목명 --top 5
      faqdesk label shop.jsonl --out labelled.jsonl --images photos --image-column files
      faqdesk label shop.csv --out labelled.csv --compare category
      faqdesk label shop.csv --out labelled.csv --engine ray --address 10.0.0.5:6379
    """
    from listings.label_run import LabelRequest, label_file
    from listings.label_work import CategoryEngine

    opener = CategoryEngine(model or _in_force())
    request = LabelRequest(
        top=top,
        told=told,
        images=images,
        image_column=image_column,
        compare=compare,
        carried=_carried(opener.folder) if compare else {},
        shard_rows=shard_rows,
    )
    with opened_engine(engine, address, workers) as on, progress_of_rows() as progress:
        report = label_file(file, out, opener, request, on=on, restart=restart, progress=progress)
    if as_json:
        print_json(report.as_dict())
    else:
        _print(report)
    if report.reports.problems:
        raise SystemExit(WITH_PROBLEMS)


def _in_force() -> Path:
    """The folder of the category model that the workspace uses."""
    from listings.categorise import KIND
    from support import releases
    from support.errors import ModelMissingError

    models = workspace().models
    release = releases.current(models, line=KIND)
    folder = release.folder(models, KIND) if release else None
    if folder is None:
        raise ModelMissingError(
            f"No category model in {models}. Train it: faqdesk train category; or name a folder: "
            "--model"
        )
    return folder


def _carried(model: Path) -> dict[str, str]:
    """Where the desk's mapping tables carry sellers' categories; without a desk nowhere."""
    from listings.batch_run import tree_of
    from listings.label_carry import carried_to

    space = workspace()
    if not space.exists():
        return {}
    with closing(space.database()) as db:
        return carried_to(db, tree_of(db, model))


def _print(report: "LabelReport") -> None:
    found = report.reports
    rate = (report.rows - report.resumed) / max(report.seconds, 1e-9)
    resumed = f", {report.resumed:,} of them by the run before" if report.resumed else ""
    click.echo(
        f"{report.rows:,} rows in {report.out}{resumed}; {found.counts.get('labelled', 0):,} "
        f"labelled, {found.counts.get('review', 0):,} to review ({rate:,.0f} rows a second)."
    )
    columns = report.options.columns
    read = {"title": columns.title, "description": columns.description, "pictures": columns.image}
    click.echo("Read: " + ", ".join(f"{role} from {name!r}" for role, name in read.items() if name))
    if report.options.compare:
        click.echo(
            f"Compared with {report.options.compare!r}: {found.counts.get('agree', 0):,} agree, "
            f"{found.counts.get('disagree', 0):,} disagree ({found.disagreements_file})."
        )
        for pair in found.pairs[:10]:
            click.echo(f"  {pair.rows:7,}  {pair.probability:.2f}  {pair.seller}  ->  {pair.model}")
    tell_problems(found.problems, found.problems_file)
