"""`faqdesk bench processes`: what a web process more costs."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path

import click
from sqlite_utils import Database

from support.audit import Actor
from support.workspace import Workspace

from .common import json_option, print_json, progress_line

_MOST = 32


class _Numbers(click.ParamType[tuple[int, ...]]):
    """Whole numbers between commas."""

    name = "numbers"

    def convert(
        self, value: object, param: click.Parameter | None, context: click.Context | None
    ) -> tuple[int, ...]:
        """`1,2,4` as (1, 2, 4)."""
        if isinstance(value, tuple):
            return value
        words = str(value).split(",")
        if not all(word.strip().isascii() and word.strip().isdigit() for word in words):
            self.fail(f"{value!r} is no list of numbers; write 1,2,4.", param, context)
        found = tuple(int(word) for word in words)
        if not all(1 <= number <= _MOST for number in found):
            self.fail(f"{value!r} must hold numbers from 1 to {_MOST}.", param, context)
        return found


@click.command("processes")
@click.option(
    "--workers", default="1,2,4", show_default=True, type=_Numbers(), help="Web processes to try."
)
@click.option(
    "--inquiries", default=10_000, show_default=True, type=click.IntRange(1), help="Answered ones."
)
@click.option(
    "--desk",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the desk in this folder, and take the one that is there; else it is thrown away.",
)
@json_option
def processes(workers: tuple[int, ...], inquiries: int, desk: Path | None, as_json: bool) -> None:
    """Measure what each web process of `faqdesk serve` holds in memory, and what they share.

    Every process is asked for suggestions until it has opened its models; then the kernel tells
    what lies in its memory: model files that all of them hold together, code, and its own.

    \b
    Example:
      faqdesk bench processes --workers 1,2,4
      faqdesk bench processes --inquiries 100000 --json
    """
    from train.bench_processes import bench_processes

    from .bench_sample import sample_desk

    with progress_line("Processes") as progress:
        found = bench_processes(
            sample_desk,
            program,
            workers=workers,
            inquiries=inquiries,
            keep=desk,
            progress=progress,
        )
    if as_json:
        print_json(found.as_dict())
    else:
        click.echo(found.table())


def program(space: Workspace, db: Database) -> str:
    """Let a program in that asks for suggestions: its token."""
    from web import tokens

    del space
    _, token = tokens.create(
        db, Actor("cli:bench"), name="processes", scopes=("suggest",),
        per_minute=tokens.MOST_PER_MINUTE,
    )  # fmt: skip
    return token
