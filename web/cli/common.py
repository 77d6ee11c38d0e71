"""What commands share: the workspace, who runs them, JSON, and a progress line."""

import getpass
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed

from support import vector_engine
from support.audit import Actor
from support.workspace import Workspace

reason_option = click.option(
    "--reason", default="", help="What a file is needed for that you have written; it is kept."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def workspace() -> Workspace:
    """The workspace that the environment names.

    Raises:
        SettingError: it names a vector engine that cannot be used.
    """
    vector_engine.place()
    return Workspace.locate()


def actor() -> Actor:
    """Who runs this command, for the audit trail."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return Actor(f"cli:{name}")


def ask_secret(words: str, *, twice: bool = False) -> str:
    """Ask without showing it; a script gives it on standard input, a line each.

    Never an option: the arguments of a process can be read by everybody on the machine.
    """
    if sys.stdin.isatty():
        return str(click.prompt(words, hide_input=True, confirmation_prompt=twice))
    return sys.stdin.readline().rstrip("\r\n")


def print_json(data: Any) -> None:
    """Print an object as JSON, Korean readable."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


@contextmanager
def progress_line(words: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show progress on standard error: a moving line on a terminal, a few lines elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        click.echo(f"{words} ...", err=True)
        yield lambda done, total, message: None
        return
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.completed:,}"),
        Elapsed(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task(words, total=None)

        def tell(done: int, total: int, message: str) -> None:
            bar.update(task, completed=done, total=total or None, description=f"{words}: {message}")

        yield tell
