"""`faqdesk bench web`: how long the console's pages take while a team clicks."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path

import click

from .common import json_option, print_json, progress_line


@click.command("web")
@click.option(
    "--inquiries", default=100_000, show_default=True, type=click.IntRange(1), help="Answered ones."
)
@click.option(
    "--agents", default=16, show_default=True, type=click.IntRange(1, 64), help="Who click."
)
@click.option(
    "--think",
    default=2.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Seconds between a page and the same agent's next click, on average.",
)
@click.option(
    "--seconds", default=60.0, show_default=True, type=click.FloatRange(1), help="How long."
)
@click.option(
    "--desk",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the desk in this folder, and take the one that is there; else it is thrown away.",
)
@json_option
def web(
    inquiries: int, agents: int, think: float, seconds: float, desk: Path | None, as_json: bool
) -> None:
    """Time pages on a desk of many inquiries, served by `faqdesk serve`, while agents click.

    The desk is the sample marketplace, grown by perturbed copies of its inquiries. Each agent waits
    for a page before they click again, so that a slow page is asked for less often.

    \b
    Example:
      faqdesk bench web
      faqdesk bench web --inquiries 10000 --think 0.5 --json
    """
    from train.bench_web import bench_web

    from .bench_sample import sample_desk

    with progress_line("Web") as progress:
        found = bench_web(
            sample_desk,
            inquiries=inquiries,
            agents=agents,
            think=think,
            seconds=seconds,
            keep=desk,
            progress=progress,
        )
    if as_json:
        print_json(found.as_dict())
    else:
        click.echo(found.table())
