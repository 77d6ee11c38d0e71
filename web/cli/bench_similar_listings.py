"""`faqdesk bench similar-listings`: listings that are one, on public sets."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path

import click

from .common import json_option, print_json, progress_line

SETS = ("gumtree", "clothing", "pricerunner", "joonggonara")


@click.command("similar-listings")
@click.option("--set", "name", type=click.Choice(SETS), required=True)
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the public data; it is read only.",
)
@click.option(
    "--seeds", default=3, show_default=True, type=click.IntRange(1, 20), help="Runs, each its own."
)
@click.option("--limit", type=click.IntRange(50), help="Listings at most: a quick look.")
@json_option
def similar_listings(name: str, data: Path, seeds: int, limit: int | None, as_json: bool) -> None:
    """Measure whether listings that are one are found by their words and photos.

    gumtree: another photo of the same ad among all, and links between repeated ads, fused beside
    words and pictures alone; clothing: photos of a kind; pricerunner: the same product elsewhere;
    joonggonara: titles posted ten times and more.

    \b
    Example:
      faqdesk bench similar-listings --set pricerunner --data ../public-data --json
    """
    from support.shipped import load_shipped
    from train.bench_similar_listings import bench_similar_listings

    with progress_line("Similar listings") as progress:
        found = bench_similar_listings(
            name, data, encoder=load_shipped(), seeds=range(seeds), limit=limit, progress=progress
        )
    if as_json:
        print_json(found)
        return
    for key, value in found.items():
        if isinstance(value, dict):
            click.echo(f"\n{key}")
            for part, figures in value.items():
                click.echo(f"  {part:32} {figures}")
        else:
            click.echo(f"{key:22} {value}")
