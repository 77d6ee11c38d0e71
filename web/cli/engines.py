"""Where the commands that go through many rows have them done: the options, and what they name."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from support.batch import Engine

Command = Callable[..., None]
ENGINES = ("local", "ray")  # as `support.batch` knows them, which is imported when one is needed


def engine_options(command: Command) -> Command:
    """Which engine does the work, and where: `engine` and `address`."""
    for option in (
        click.option(
            "--address",
            default="",
            metavar="HOST:PORT",
            help="A running Ray cluster; default, and `local`: one for this run, on this machine.",
        ),
        click.option(
            "--engine",
            type=click.Choice(ENGINES),
            default="local",
            show_default=True,
            help="Processes on this machine, or a Ray cluster, which gives the same bytes.",
        ),
    ):
        command = option(command)
    return command


def asked_engine(engine: str, address: str, workers: int | None) -> "Engine":
    """The engine of the options.

    Raises:
        SettingError: it is not used at this address.
    """
    from support.batch import engine_named

    return engine_named(engine, address=address, workers=workers)
