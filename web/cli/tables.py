"""What commands share that turn one table into another: options, and progress of a long run."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

Command = Callable[..., None]

WITH_PROBLEMS = 4  # the exit code where rows or pictures could not be read
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
_EVERY = 10.0  # seconds between lines of progress where there is no terminal
_PROBLEMS = {
    "row": "rows left out, broken",
    "text": "rows without words or picture",
    "picture": "pictures not read",
    "cell": "cells cut",
}


def picture_options(command: Command) -> Command:
    """Where a table's pictures are."""
    command = click.option(
        "--image-column", default="", help="The column that names a listing's pictures."
    )(command)
    return click.option(
        "--images", type=FOLDER, help="The folder that the pictures of --image-column are in."
    )(command)


def run_options(command: Command) -> Command:
    """How the work is shared out, begun anew, and by which model it is done."""
    for option in (
        click.option("--model", type=FOLDER, help="A model folder; default: the one in force."),
        click.option(
            "--restart", is_flag=True, help="Begin anew; replace an output that is there."
        ),
        click.option("--shard-rows", type=click.IntRange(1), help="Rows that are done at once."),
        click.option("--workers", type=click.IntRange(1), help="Processes; default: one a core."),
    ):
        command = option(command)
    return command


def mapping(context: click.Context, parameter: click.Parameter, value: Any) -> dict[str, str]:
    """Read `--map ROLE=COLUMN`, as often as it is given."""
    told = {}
    for words in value:
        role, equals, column = words.partition("=")
        if not equals or not role:
            raise click.BadParameter(f"write it as title=COLUMN, got {words!r}.")
        told[role.strip()] = column
    return told


def tell_problems(problems: dict[str, int], file: Path | None) -> None:
    """Say what could not be read, and where it is listed."""
    if problems:
        told = ", ".join(f"{count:,} {_PROBLEMS[kind]}" for kind, count in problems.items())
        click.echo(f"{told}: {file}", err=True)


@contextmanager
def progress_of_rows() -> Iterator[Callable[[int, int, str], None]]:
    """A bar with rate and time left on a terminal; elsewhere a line now and then."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines()
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        speed_estimate_period=60,
    )
    with bar:
        task = bar.add_task("beginning", total=None)
        now = ""

        def tell(done: int, total: int, message: str) -> None:
            nonlocal now
            if message != now:  # what a run before has done is not counted into the rate
                now = message
                bar.reset(task, total=total or None, completed=done, description=message)
            else:
                bar.update(task, total=total or None, completed=done)

        yield tell


class _Rate(ProgressColumn):
    """Rows a second, of the last while."""

    def render(self, task: Any) -> Text:
        """Write the rate."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


class _Lines:
    """Progress in lines, for a log."""

    def __init__(self) -> None:
        self._message = ""
        self._began = self._told = 0.0
        self._before = 0

    def __call__(self, done: int, total: int, message: str) -> None:
        moment = time.monotonic()
        if message != self._message:
            self._message, self._began, self._told, self._before = message, moment, moment, done
            click.echo(f"{message} ...", err=True)
        elif moment - self._told >= _EVERY:
            self._told = moment
            rate = (done - self._before) / (moment - self._began)
            left = (total - done) / rate if rate else 0.0
            click.echo(
                f"{message}: {done:,} of {total:,}, {rate:,.0f}/s, {left:,.0f} s left", err=True
            )
