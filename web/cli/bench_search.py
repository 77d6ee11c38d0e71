"""`faqdesk bench sts`, `retrieval` and `similar`: how well texts that belong together are found."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path
from typing import Any

import click

from .common import json_option, print_json, progress_line

_FILE = click.Path(path_type=Path, dir_okay=False)
_ENCODER = click.option(
    "--encoder",
    "encoder_name",
    help="A sentence-transformers model by folder, name or package; else the shipped one.",
)


@click.command("sts")
@click.argument("file", type=_FILE)
@_ENCODER
@json_option
def sts(file: Path, encoder_name: str | None, as_json: bool) -> None:
    """Measure graded likeness: Spearman's rank correlation with people's scores.

    FILE is tab-separated, with the columns sentence1, sentence2 and score.

    \b
    Example:
      faqdesk bench sts ../public-data/support/kornlu/sts-dev.tsv
    """
    from train.bench_encoder import plain_encoder
    from train.bench_sts import bench_sts

    encoder = plain_encoder(encoder_name)
    with progress_line("STS"):
        found = bench_sts(file, encoder=encoder)
    print_ways(found, as_json=as_json)


@click.command("retrieval")
@click.option("--queries", required=True, type=_FILE, help="Columns id,text,relevant.")
@click.option("--corpus", required=True, type=_FILE, help="Columns id,text.")
@_ENCODER
@json_option
def retrieval(queries: Path, corpus: Path, encoder_name: str | None, as_json: bool) -> None:
    """Measure search: recall@1, recall@5 and mrr@10, dense, lexical and hybrid.

    Several relevant ids of a query are parted by |.

    \b
    Example:
      faqdesk bench retrieval --queries Q.csv --corpus C.csv --json
    """
    from train.bench_encoder import plain_encoder
    from train.bench_retrieval import bench_retrieval

    encoder = plain_encoder(encoder_name)
    with progress_line("Retrieval"):
        found = bench_retrieval(queries, corpus, encoder=encoder)
    print_ways(found, as_json=as_json)


@click.command("similar")
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the public data; it is read only.",
)
@click.option("--test", is_flag=True, help="Read the test parts; else the validation parts.")
@_ENCODER
@json_option
def similar(data: Path, test: bool, encoder_name: str | None, as_json: bool) -> None:
    """Measure on every public set whether what belongs together is found.

    \b
    Example:
      faqdesk bench similar --data ../public-data --json
    """
    from train.bench_encoder import plain_encoder
    from train.bench_similar import bench_similar

    encoder = plain_encoder(encoder_name)
    with progress_line("Similar") as progress:
        found = bench_similar(data, encoder=encoder, test=test, progress=progress)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if isinstance(value, dict):
            click.echo(f"\n{name}")
            print_ways(value, as_json=False)
        else:
            click.echo(f"{name:12} {value}")


def print_ways(found: dict[str, Any], *, as_json: bool) -> None:
    """Print an object whose parts are ways to search, each with metrics by name."""
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if isinstance(value, dict):
            metrics = "  ".join(f"{metric} {figure}" for metric, figure in value.items())
            click.echo(f"{name:12} {metrics}")
        else:
            click.echo(f"{name:12} {value}")
