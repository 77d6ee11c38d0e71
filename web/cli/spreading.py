"""Options of the commands that encode and index much: who does it, and where its files lie."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from support.workspace import Workspace

from .engines import engine_options, opened_engine

if TYPE_CHECKING:
    from support.shard_runs import Spread

Command = Callable[..., None]


def spread_options(command: Command) -> Command:
    """Who does it, and where its files lie: `engine`, `address`, `workers` and `shared`."""
    for option in (
        click.option(
            "--shared",
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder that every machine of a cluster sees under this name; default: the "
            "workspace's own.",
        ),
        click.option(
            "--workers", type=click.IntRange(1), help="Processes at once; default: one a core."
        ),
    ):
        command = option(command)
    return engine_options(command)


@contextmanager
def opened_spread(
    space: Workspace, engine: str, address: str, workers: int | None, shared: Path | None
) -> Iterator["Spread"]:
    """Who does it, and where its files lie.

    Raises:
        SettingError: the engine is not used at this address.
        FaqdeskError: the cluster cannot be joined.
    """
    from support.run_folders import runs_elsewhere
    from support.shard_runs import Spread

    folder = space.runs
    if shared is not None:
        # Desks may share a folder.
        key = hashlib.sha256(str(space.home).encode()).hexdigest()[:8]
        folder = shared.absolute() / f"{space.home.name}-{key}"
    with opened_engine(engine, address, workers) as on:
        if shared is not None:
            runs_elsewhere(space.runs, folder)
        yield Spread(on, folder)
