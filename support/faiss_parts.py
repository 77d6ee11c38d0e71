"""Writes the vectors of a snapshot in parts of a fixed number of rows, each a file of its own.

A part is made by one thread from its rows alone, so any engine can build the parts in any order,
and a killed build goes on with those that are done. Until the snapshot is whole they lie in a
folder of their run, each under the hash of what it is made of: of other vectors, or by another
version of the engine, none is ever taken.
"""

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from .batch import Engine
from .errors import FaqdeskError
from .faiss_part import build, kind_of, recipe
from .run_folders import run_folder
from .shard_runs import Progress, Spread
from .vector_index import Vectors
from .whole_files import sweep, whole_file

# Vectors of a part. Of 10^5 real texts, 448 numbers each, one core built one graph in 26 s, two in
# 19, four in 14, eight in 10; searched to a width of 192 over the root of their number they found
# .92, .92, .93, .94 of the ten nearest in 0.5, 0.8, 1.3, 1.6 ms. So a part is as large as one core
# builds in half a minute, and of a million vectors ten are searched.
ROWS: Final = 100_000
NAME: Final = "index"  # of the folder of a run
_ONE: Final = "vectors.faiss"
_FILES: Final = "vectors-*.faiss"


@dataclass(frozen=True, slots=True)
class Building:
    """Who builds parts, and where they are kept until their snapshot is whole."""

    folder: Path  # that every machine of the engine sees
    engine: Engine
    progress: Progress


def files_of(folder: Path) -> list[Path]:
    """The parts of a snapshot, in the order of their rows."""
    return sorted(folder.glob(_FILES)) or [folder / _ONE]


def write_parts(vectors: Vectors, folder: Path, building: Building | None) -> None:
    """Write (n, dim) float32 vectors, contiguous and in order, into a snapshot's folder."""
    starts = range(0, max(len(vectors), 1), ROWS)
    blocks = [vectors[start : start + ROWS] for start in starts]
    names = [f"vectors-{number:05d}.faiss" for number in range(1, len(blocks) + 1)]
    if len(blocks) == 1:
        names = [_ONE]
    if building is None:
        for block, name in zip(blocks, names, strict=True):
            build(block, folder / name, kind=kind_of(block))
        return
    kept = [Kept.of(block, building.folder) for block in blocks]
    left = {part.key: part for part in kept if not part.whole()}
    for part, block in zip(kept, blocks, strict=True):
        if part.key in left:
            part.ask(block)
    done = sum(part.count for part in kept if part.key not in left)
    building.progress(done, len(vectors), "building the index")
    for part in building.engine.run(list(left.values()), _Builder()):
        part.rows.unlink(missing_ok=True)
        done += part.count
        building.progress(done, len(vectors), "building the index")
    for part, name in zip(kept, names, strict=True):
        _put(part.made, folder / name)


@contextmanager
def building(spread: Spread, progress: Progress) -> Iterator[Building]:
    """Parts that outlive a killed build; gone when the block ends without an error.

    One process builds at a time; another waits for it.

    Args:
        spread: who builds, and where parts are kept until the block ends.
        progress: told vectors done, all of them and what is done; may raise.
    """
    folder = spread.folder / NAME
    with run_folder(folder, waits=True):
        sweep(folder)
        yield Building(folder, spread.engine, progress)


@dataclass(frozen=True, slots=True)
class Kept:
    """A part that is to be built or is done: the hash of what it is made of, and its files."""

    folder: Path
    key: str
    count: int  # vectors
    kind: str

    @classmethod
    def of(cls, vectors: Vectors, folder: Path) -> Self:
        """The part that is made of some vectors."""
        kind = kind_of(vectors)
        return cls(folder, recipe(vectors, kind=kind), len(vectors), kind)

    @property
    def rows(self) -> Path:
        """Its vectors, while it is to be built."""
        return self.folder / f"{self.key}.npy"

    @property
    def made(self) -> Path:
        """The part."""
        return self.folder / f"{self.key}.faiss"

    @property
    def receipt(self) -> Path:
        """Its count and its hash, written last."""
        return self.folder / f"{self.key}.json"

    def ask(self, vectors: Vectors) -> None:
        """Lay its vectors down for whoever builds it."""
        with whole_file(self.rows, sync=False, sweeps=False) as half, half.open("wb") as file:
            np.save(file, vectors, allow_pickle=False)

    def build(self) -> None:
        """Build it of the vectors that were laid down."""
        vectors = np.ascontiguousarray(np.load(self.rows, allow_pickle=False))
        with whole_file(self.made, sweeps=False) as half:
            build(vectors, half, kind=self.kind)
            told = {"count": self.count, "sha256": _hash(half)}
        with whole_file(self.receipt, sweeps=False) as half:
            half.write_text(json.dumps(told), encoding="utf-8")

    def whole(self) -> bool:
        """Whether it is done, and is as it was written."""
        try:
            told = json.loads(self.receipt.read_text(encoding="utf-8"))
            return bool(told == {"count": self.count, "sha256": _hash(self.made)})
        except (OSError, ValueError):
            return False


@dataclass(frozen=True, slots=True)
class _Builder:
    """Opens the building of parts in any process."""

    def open(self) -> Callable[[Kept], Kept]:
        return _build


def _build(part: Kept) -> Kept:
    """Build a part unless it is there, which it is where a slow machine's was given out again."""
    if not part.whole():
        try:
            part.build()
        except FileNotFoundError as error:
            if not part.whole():
                raise FaqdeskError(
                    f"{platform.node()} does not see {part.folder}, or sees another folder there. "
                    "Name one that every machine has under the same name: --shared DIR"
                ) from error
    return part


def _put(made: Path, place: Path) -> None:
    """One more name of a file; a copy where the file system has no such thing."""
    try:
        os.link(made, place)
    except OSError:
        shutil.copyfile(made, place)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
