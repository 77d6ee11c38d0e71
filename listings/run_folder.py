"""The folder beside an output where a long run keeps what it has done, one process at a time.

It is there from the run's first moment until its output is whole. `run.json` in it says what is
being done of what, so that only the same run goes on; `finished.json`, that nothing is left to do.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from support.errors import ConflictError, InputError
from support.file_locks import leads_to, locked

from .shards import write_json

_CURE = "Begin anew: --restart"


class RunFolder:
    """A run's folder, locked while it is open."""

    def __init__(self, out: Path) -> None:
        """Name the folder of an output."""
        self._out = out
        # Absolute: whoever does a shard may have been started elsewhere.
        self.path = out.absolute().with_name(f"{out.name}.faqdesk")
        self._lock = -1

    def __enter__(self) -> Self:
        """Make and lock the folder.

        Raises:
            ConflictError: another process has it.
        """
        while True:
            self.path.mkdir(exist_ok=True)
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o666)
            if not locked(lock):
                os.close(lock)
                raise ConflictError(
                    f"{self._out.name} is being written by another process. Wait for it to end, "
                    "or name another output: --out"
                )
            if leads_to(self.path / "lock", lock):
                self._lock = lock
                return self
            os.close(lock)  # whoever had it has just finished and taken the folder away

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Give the lock back; what was asked in vain leaves nothing."""
        if kind is not None and issubclass(kind, InputError):
            self._clear()
        if self.path.is_dir() and {entry.name for entry in self.path.iterdir()} == {"lock"}:
            self._remove()
        os.close(self._lock)

    def begin(self, about: Mapping[str, Any], *, restart: bool) -> bool:
        """Begin a run, or go on with the one that was cut short.

        Args:
            about: all that decides what the output is; plain JSON.
            restart: whether to forget what is there.

        Returns:
            Whether there is something to go on with.

        Raises:
            ConflictError: what is there was of another run, or the output is there already.
        """
        if restart or (self.path / "finished.json").exists():
            self._clear()
        before = self._before()
        if before is None:
            if self._out.exists() and not restart:
                raise ConflictError(
                    f"{self._out} is there already. Name another output, or have it made anew: "
                    "--restart"
                )
            self._clear()
            write_json(self.path / "run.json", about)
            return False
        changed = [name for name in about if before.get(name) != about[name]]
        if changed:
            raise ConflictError(
                f"{self.path} holds a run that was cut short, and since then there is another "
                f"{' and another '.join(changed)}. {_CURE}"
            )
        return True

    def finish(self) -> None:
        """Take the folder away; the output is whole."""
        write_json(self.path / "finished.json", {})
        self._clear(keep="finished.json")
        self._remove()

    def _before(self) -> dict[str, Any] | None:
        if not (self.path / "plan.json").exists():
            return None  # nothing was done yet
        try:
            found = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _clear(self, keep: str = "") -> None:
        # First what tells of a run, so that half a folder is none.
        (self.path / "plan.json").unlink(missing_ok=True)
        for entry in self.path.iterdir():
            if entry.name in ("lock", keep):
                continue
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)

    def _remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
