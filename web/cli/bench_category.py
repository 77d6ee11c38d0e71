"""`faqdesk bench category`: categories on labelled listings, public or the user's own."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import click

from .category_options import voices
from .common import json_option, print_json, progress_line

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
SETS = ("gumtree", "gumtree-paths", "gmarket", "fashion", "fashion-no-class-words", "clothing")


@click.command("category")
@click.option("--set", "name", type=click.Choice(SETS), help="A public set.")
@click.option("--data", type=_FOLDER, help="The folder of the public data; it is read only.")
@click.option("--train", type=_FILE, help="Your own: title, description, category, images.")
@click.option("--test", type=_FILE, help="Your own listings to judge on.")
@click.option("--images", type=_FOLDER, help="Where your pictures are named from.")
@voices
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--validate", is_flag=True, help="Judge on a part of the training rows alone.")
@click.option("--limit", type=click.IntRange(50), help="Rows at most of each part: a quick look.")
@click.option("--baseline/--no-baseline", default=True, help="Fit the TF-IDF SVM too.")
@json_option
def category(
    name: str | None,
    data: Path | None,
    train: Path | None,
    test: Path | None,
    images: Path | None,
    recipe: dict[str, Any],
    seeds: int,
    validate: bool,
    limit: int | None,
    baseline: bool,
    as_json: bool,
) -> None:
    """Measure categories by words, by pictures and by both, beside a TF-IDF SVM.

    Files are JSON Lines, CSV or TSV with the columns title, description, category, images (a list,
    or names parted by |). Also told: what the first part of a title is worth, as somebody types.

    \b
    Example:
      faqdesk bench category --set gumtree --data ../public-data
      faqdesk bench category --train A.jsonl --test B.jsonl --images pictures --json
    """
    if (name is None) == (train is None) or (name is not None) != (data is not None):
        raise click.UsageError("Name either --set with --data, or --train with --test.")
    if (train is None) != (test is None) or (images and not train):
        raise click.UsageError("--train and --test belong together; --images goes with them.")
    from train.bench_category import bench_category
    from train.category import CategoryConfig
    from train.category_sets import PUBLIC, load_files

    with TemporaryDirectory() as scratch, progress_line("Category") as progress:
        if name and data:
            rows = PUBLIC[name](data, Path(scratch))
        else:
            rows = load_files(cast(Path, train), cast(Path, test), images)
        found = bench_category(
            rows,
            seeds=seeds,
            config=CategoryConfig(**recipe),
            validate=validate,
            limit=limit,
            baseline=baseline,
            progress=progress,
        )
    if as_json:
        print_json(found.as_dict())
    else:
        click.echo(found.table())
