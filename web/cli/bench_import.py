"""`faqdesk bench import`: how long an export takes to import, and what memory it needs."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import click

from .common import json_option, print_json, progress_line


@click.command("import")
@click.option(
    "--megabytes",
    "sizes",
    multiple=True,
    default=(10, 40, 200),
    show_default=True,
    type=click.IntRange(1),
    help="Of the export; may be given more than once.",
)
@json_option
def import_(sizes: tuple[int, ...], as_json: bool) -> None:
    """Import exports of Zendesk's shape into empty desks: time, and memory over time.

    The texts are those of the sample marketplace, with a few letters changed. `faqdesk import` runs
    as a process of its own, before a terminal, so that its progress bar is drawn.

    \b
    Example:
      faqdesk bench import
      faqdesk bench import --megabytes 1000 --json
    """
    import data
    from train.bench_import import bench_import

    pairs = [(row["question"], row["answer"]) for row in data.rows("history") if row["answer"]]
    found = []
    with progress_line("Import") as progress:
        for size in sizes:
            found.append(bench_import(size, pairs, progress=progress))
    if as_json:
        print_json([item.as_dict() for item in found])
        return
    head = ("MB", "tickets", "messages", "seconds", "MB/s", "peak MB", "workers", "desk MB", "bar")
    click.echo("".join(f"{name:>11}" for name in head))
    for item in found:
        workers = f"{item.workers_peak_mb:,} MB"
        click.echo(
            f"{item.megabytes:>11,}{item.conversations:>11,}{item.messages:>11,}"
            f"{item.seconds:>11,.1f}{item.megabytes / item.seconds:>11.2f}{item.peak_mb:>11,}"
            f"{workers:>11}{item.desk_mb:>11,}{item.bar:>11}"
        )
        click.echo(f"{'':11}memory by tenths of the time, MB: {' '.join(map(str, item.tenths))}")
