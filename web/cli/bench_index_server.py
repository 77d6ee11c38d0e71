"""`faqdesk bench index-server`: what asking an index server costs."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path

import click

from .common import json_option, print_json, progress_line


@click.command("index-server")
@click.option(
    "--rows",
    multiple=True,
    default=(10_000, 100_000),
    show_default=True,
    type=click.IntRange(1_000),
    help="Vectors that are made up; may be named several times.",
)
@click.option(
    "--desk",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A desk whose past answers and listings are asked for too, and its console's memory.",
)
@click.option("--seed", default=0, show_default=True)
@json_option
def index_server(rows: tuple[int, ...], desk: Path | None, seed: int, as_json: bool) -> None:
    """Time the same questions in process, over gRPC and with TLS; one caller, four and sixteen.

    Servers run as processes of their own, on this machine. Nothing stays.

    \b
    Example:
      faqdesk bench index-server --rows 10000 --desk /srv/desk
    """
    from train.bench_index_server import bench_index_server

    with progress_line("Index server") as progress:
        found = bench_index_server(rows, home=desk, seed=seed, progress=progress)
    if as_json:
        print_json(found)
        return
    for key, parts in found.items():
        click.echo(f"\n{key}")
        for name, figures in parts.items():
            click.echo(f"  {name:16} {figures}")
