"""What a benchmark over many sizes has measured so far: one line of JSON each, in one file.

A line is written whole and synced; the last one of a run that was killed may be torn, and is passed
over. Whoever runs again goes on with what is missing.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from support.errors import ConflictError
from support.file_locks import locked

MEASURED: Final = "measured"
LEFT: Final = "left"  # it would take too long, or more than the machine has
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One measurement at one size."""

    measurement: str
    rows: int
    run: int  # of several of the same, from 1
    state: str
    source: str  # what the texts are of
    figures: Mapping[str, float] = field(default_factory=dict)
    why: str = ""  # it was left or failed
    seconds: float = 0.0  # of all of it, preparing included
    peak_mb: float = 0.0  # of all its processes
    disk_mb: float = 0.0  # what it left in its folder
    load: float = 0.0  # of the machine when it began
    at: str = ""

    @property
    def key(self) -> tuple[str, int, int, str]:
        """What is measured once."""
        return self.measurement, self.rows, self.run, self.source


class Ledger:
    """The entries of one file; of the same measurement the last one counts."""

    def __init__(self, path: Path) -> None:
        """Read what is there; a missing file holds nothing."""
        self._path = path
        self._entries = {entry.key: entry for entry in _read(path)}

    @property
    def entries(self) -> list[Entry]:
        """All, in the order in which they were first written."""
        return list(self._entries.values())

    def get(self, key: tuple[str, int, int, str]) -> Entry | None:
        """The last entry of a measurement; None of one that was not tried."""
        return self._entries.get(key)

    def add(self, entry: Entry) -> None:
        """Keep an entry for good."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n"
        with self._path.open("ab") as file:
            if file.tell() and not _ends_whole(self._path):
                line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._entries[entry.key] = entry

    def measured(self, measurement: str, source: str) -> list[Entry]:
        """What was measured, by size and run."""
        found = [
            entry
            for entry in self._entries.values()
            if (entry.measurement, entry.source, entry.state) == (measurement, source, MEASURED)
        ]
        return sorted(found, key=lambda entry: (entry.rows, entry.run))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder of results; two at work would measure each other.

    Raises:
        ConflictError: another process measures there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not locked(lock):
            raise ConflictError(f"Another `faqdesk bench scale` measures in {folder}. Wait for it.")
        yield
    finally:
        os.close(lock)


def points(entries: Sequence[Entry], key: str) -> list[tuple[float, float]]:
    """Rows and one figure of each entry that has it."""
    return [(entry.rows, entry.figures[key]) for entry in entries if key in entry.figures]


def _read(path: Path) -> Iterator[Entry]:
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            yield Entry(**json.loads(line))
        except (ValueError, TypeError):  # torn, or of another version
            continue


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
