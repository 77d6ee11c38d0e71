"""`faqdesk bench label`: labelling by the batch, end to end."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path

import click

from .common import json_option, print_json, progress_line


@click.command("label")
@click.option(
    "--rows",
    "sizes",
    multiple=True,
    type=click.IntRange(100),
    default=(100_000, 1_000_000),
    show_default=True,
    help="Rows of a run; may be given several times.",
)
@click.option(
    "--pictures", default=1000, show_default=True, type=click.IntRange(0), help="Listings with one."
)
@click.option(
    "--images",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Photos to look at; else some are drawn.",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A category model's folder; else one is trained.",
)
@click.option(
    "--titles",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A table of title and category to learn from and to perturb; else titles are made.",
)
@click.option(
    "--text", "texts", default="linear", show_default=True, help="Text models, parted by commas."
)
@click.option("--seed", default=0, show_default=True)
@json_option
def label(
    sizes: tuple[int, ...],
    pictures: int,
    images: Path | None,
    model: Path | None,
    titles: Path | None,
    texts: str,
    seed: int,
    as_json: bool,
) -> None:
    """Time labelling from file to file, with pictures and without, and its memory as rows grow.

    Rows are titles, perturbed; beside the pictures, plain PyTorch looks at some one by one.

    \b
    Example:
      faqdesk bench label
      faqdesk bench label --rows 100000 --rows 1000000 --images photos --json
    """
    from listings.pictures import SUFFIXES
    from support.importing.files import rows
    from train.bench_label import bench_label

    known = None
    if titles:
        read = (row for _, row in rows(titles) if isinstance(row, dict))
        known = [(row["title"], row["category"]) for row in read]
    found = sorted(path for path in images.rglob("*") if path.suffix.lower() in SUFFIXES) if (
        images
    ) else []  # fmt: skip
    with progress_line("Labelling") as progress:
        speed = bench_label(
            sizes=sizes,
            pictures=pictures,
            model=model,
            titles=known,
            images=found,
            texts=tuple(name.strip() for name in texts.split(",")),
            seed=seed,
            progress=progress,
        )
    if as_json:
        print_json(speed.as_dict())
    else:
        click.echo(speed.table())
