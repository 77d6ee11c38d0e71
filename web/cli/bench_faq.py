"""`faqdesk bench faq`: suggestions on a labelled set, public or the user's own."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path
from typing import cast

import click

from .common import json_option, print_json, progress_line

_FILE = click.Path(path_type=Path, dir_okay=False)
SETS = ("banking77", "clinc150", "thunderbird", "petitions")


@click.command("faq")
@click.option(
    "--set",
    "name",
    type=click.Choice(SETS),
    help="A public set.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the public data; it is read only.",
)
@click.option("--train", type=_FILE, help="Your own rows to learn from: text,label")
@click.option("--test", type=_FILE, help="Your own rows to judge on.")
@click.option("--validation", type=_FILE, help="Your own rows to choose on; else a share of train.")
@click.option("--encoder", "encoder_name", help="A sentence-transformers model; else the default.")
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--per-label", type=click.IntRange(2), help="Learn from so many rows a label.")
@click.option("--validate", is_flag=True, help="Judge on the validation part; test stays unread.")
@click.option("--limit", type=click.IntRange(20), help="Rows at most of each part: a quick look.")
@json_option
def faq(
    name: str | None,
    data: Path | None,
    train: Path | None,
    test: Path | None,
    validation: Path | None,
    encoder_name: str | None,
    seeds: int,
    per_label: int | None,
    validate: bool,
    limit: int | None,
    as_json: bool,
) -> None:
    """Measure FAQ suggestions on a public set, or on your own CSV files.

    Files have the columns text,label; no label means out of scope, several are parted by |.

    \b
    Example:
      faqdesk bench faq --set banking77 --data ../public-data
      faqdesk bench faq --train A.csv --test B.csv --json
    """
    if (name is None) == (train is None) or (name is None) != (data is None):
        raise click.UsageError("Name either --set with --data, or --train with --test.")
    if (train is None) != (test is None) or (validation and not train):
        raise click.UsageError("--train and --test belong together; --validation goes with them.")
    from train.bench_faq import bench_faq
    from train.datasets import PUBLIC, load_csv
    from train.remembering import named_encoder

    encoder = named_encoder(encoder_name) if encoder_name else None
    with progress_line("FAQ") as progress:
        if name and data:
            rows = PUBLIC[name](data)
        else:
            rows = load_csv(cast(Path, train), cast(Path, test), validation)
        found = bench_faq(
            rows,
            seeds=seeds,
            encoder=encoder,
            per_label=per_label,
            validate=validate,
            limit=limit,
            progress=progress,
        )
    if as_json:
        print_json(found.as_dict())
    else:
        click.echo(found.table())


@click.command("unseen")
@click.option("--set", "name", type=click.Choice(SETS), default="thunderbird", show_default=True)
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the public data; it is read only.",
)
@click.option("--held-out", default=10, show_default=True, type=click.IntRange(1), help="FAQs.")
@click.option("--seed", default=0, show_default=True, help="Of which FAQs are drawn.")
@click.option("--validate", is_flag=True, help="Judge on the validation part; test stays unread.")
@json_option
def unseen(name: str, data: Path, held_out: int, seed: int, validate: bool, as_json: bool) -> None:
    """Measure what the text of a new FAQ is worth before anybody was sent it.

    \b
    Example:
      faqdesk bench unseen --data ../public-data
    """
    from train.bench_unseen import bench_unseen
    from train.datasets import PUBLIC
    from train.faq import FaqConfig

    with progress_line("Unseen") as progress:
        rows = PUBLIC[name](data).cut(seed=seed, validate=validate)
        found = bench_unseen(
            rows.train,
            rows.validation,
            rows.test,
            faq_texts=rows.faq_texts,
            held_out=held_out,
            config=FaqConfig(min_examples=rows.min_examples, seed=seed),
            seed=seed,
            progress=progress,
        ).as_dict()
    if as_json:
        print_json({"set": name, **found})
        return
    click.echo(f"held out: {', '.join(found.pop('labels'))}")
    for part, figures in found.items():
        values = "  ".join(f"{metric} {value}" for metric, value in figures.items())
        click.echo(f"{part:16} {values}")
