"""`faqdesk bench speed`: how quick the desk is, and how that grows."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path

import click

from .common import json_option, print_json, progress_line, workspace


def _sizes(context: click.Context, parameter: click.Parameter, value: str) -> list[int]:
    try:
        sizes = [int(part.replace("_", "")) for part in value.split(",")]
    except ValueError:
        raise click.BadParameter(f"numbers parted by commas, got {value!r}.") from None
    if min(sizes) < 100:
        raise click.BadParameter(f"at least 100 past inquiries, got {min(sizes)}.")
    return sizes


@click.command("speed")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Grow from the public forum in this folder; else from the workspace's own inquiries.",
)
@click.option(
    "--sizes",
    default="10000,100000,1000000",
    show_default=True,
    callback=_sizes,
    help="Numbers of past inquiries.",
)
@click.option(
    "--engines/--no-engines",
    default=True,
    show_default=True,
    help="Compare kinds of vector index; building graphs over a million takes many minutes.",
)
@click.option(
    "--train",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Also time a training on so many labelled inquiries, copies among them.",
)
@json_option
def speed(data: Path | None, sizes: list[int], engines: bool, train: int, as_json: bool) -> None:
    """Time suggestions and their parts on desks of growing size, in a temporary folder.

    Beyond the real inquiries a desk holds perturbed copies of them. Nothing stays.

    \b
    Example:
      faqdesk bench speed --sizes 10000,100000
      faqdesk bench speed --data ../public-data --json
    """
    from train.bench_speed import bench_speed, bench_speed_of_forum

    with progress_line("Speed") as progress:
        if data:
            found = bench_speed_of_forum(
                data, sizes=sizes, engines=engines, train=train, progress=progress
            )
        else:
            found = bench_speed(
                workspace(), source="workspace", sizes=sizes, engines=engines, train=train,
                progress=progress,
            )  # fmt: skip
    if as_json:
        print_json(found.as_dict())
    else:
        click.echo(found.table())
