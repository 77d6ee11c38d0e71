"""Where the commands that go through many rows have them done: the options, and what they name."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
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


@contextmanager
def opened_engine(engine: str, address: str, workers: int | None) -> Iterator["Engine"]:
    """The engine of the options, its cluster joined: a wrong address shows before a long reading.

    Raises:
        SettingError: it is not used at this address.
        FaqdeskError: the cluster cannot be joined.
    """
    from support.batch import engine_named

    named = engine_named(engine, address=address, workers=workers)
    with named if isinstance(named, AbstractContextManager) else nullcontext(named) as opened:
        yield opened
