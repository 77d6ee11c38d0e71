"""`faqdesk bench similar-speed`: how quick a search among many listings is."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path

import click

from .common import json_option, print_json, progress_line


@click.command("similar-speed")
@click.option("--rows", default=1_000_000, show_default=True, type=click.IntRange(1_000))
@click.option("--dim", default=256, show_default=True, type=click.IntRange(8, 4096))
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the public data: real Korean titles are searched too.",
)
@click.option("--seed", default=0, show_default=True)
@json_option
def similar_speed(rows: int, dim: int, data: Path | None, seed: int, as_json: bool) -> None:
    """Time searches among made-up vectors in clusters, in this process and over gRPC.

    Beside them stand recall against an exact scan, the time of that scan, and the index's size.
    Building a graph over a million takes some minutes. Nothing stays.

    \b
    Example:
      faqdesk bench similar-speed --rows 1000000 --data ../public-data --json
    """
    from support.shipped import load_shipped
    from train.bench_similar_speed import bench_similar_speed

    with progress_line("Speed") as progress:
        found = bench_similar_speed(
            rows, dim=dim, data=data, encoder=load_shipped(), seed=seed, progress=progress
        )
    if as_json:
        print_json(found)
        return
    for key, value in found.items():
        if isinstance(value, dict):
            click.echo(f"\n{key}")
            for part, figures in value.items():
                click.echo(f"  {part:16} {figures}")
        else:
            click.echo(f"{key:18} {value}")
