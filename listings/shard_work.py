"""Does the shards of a run that are not done yet, by whatever engine shares them out.

Knows nothing of what the work is, nor of where it is done.
"""

import platform
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from support.batch import Engine
from support.errors import FaqdeskError, InputError, ModelVersionError

from .shards import Done, Receipt, Shard, Work, do, plan_hash, receipt
from .tables import Layout, Rows

Progress = Callable[[int, int, str], None]  # done, total, message


class Opener(Protocol):
    """Opens the work in whatever process needs it; can be pickled."""

    def open(self, layout: Layout) -> Work:
        """Load what the work needs, to work with one thread."""
        ...


def check_here(kind: str, found: str, version: str, images: str) -> None:
    """Check that what is opened here is what the run was begun with, wherever here is.

    Args:
        kind: of the model, in words.
        found: the version of the model that was opened.
        version: of the one that the run was begun with.
        images: the folder of pictures; "" where none are looked at.

    Raises:
        ModelVersionError: the model is another one.
        InputError: the pictures are not there.
    """
    host = platform.node()
    if found != version:
        raise ModelVersionError(
            f"{host} has the {kind} {found or 'of no version'}, and the run was begun with "
            f"{version}. Keep the model in a folder that every machine has under the same name, "
            "or begin anew: --restart"
        )
    if images and not Path(images).is_dir():
        raise InputError(
            f"{host} does not see the pictures in {images}. Keep them in a folder that every "
            "machine has under the same name."
        )


@dataclass(frozen=True, slots=True)
class Task:
    """What to do with any shard of a run; can be pickled, and sent with a shard to any machine."""

    opener: Opener
    layout: Layout
    message: str  # of its progress
    folder: Path  # of the run
    plan: str  # the hash of its plan

    def open(self) -> Callable[[Shard], Receipt]:
        """Open the work.

        Raises:
            FaqdeskError: this machine does not see the run's folder.
        """
        self._check_folder()
        work = self.opener.open(self.layout)

        def checked(rows: Rows, lines: Sequence[int]) -> Done:
            found = work(rows, lines)
            # Whoever hung meanwhile must not write into the run that was begun anew since.
            self._check_folder()
            return found

        def done(shard: Shard) -> Receipt:
            found = do(shard, self.layout, checked)
            # The receipt is on disk; its reports would only travel to be thrown away.
            return Receipt(found.number, found.rows, found.size, [], {}, [])

        return done

    def _check_folder(self) -> None:
        if plan_hash(self.folder) != self.plan:
            raise FaqdeskError(
                f"{platform.node()} does not see {self.folder}, or sees another run's there. "
                "Write the output into a folder that every machine has under the same name."
            )


def do_all(shards: Sequence[Shard], task: Task, engine: Engine, progress: Progress) -> int:
    """Do what is not done yet; returns how many rows were."""
    left = [shard for shard in shards if receipt(shard) is None]
    total = sum(shard.rows for shard in shards)
    resumed = total - sum(shard.rows for shard in left)
    done = resumed
    progress(done, total, task.message)
    with closing(engine.run(left, task)) as receipts:
        for found in receipts:
            done += found.rows
            where = f" ({engine.place})" if engine.place else ""
            progress(done, total, f"{task.message}{where}")
    return resumed
