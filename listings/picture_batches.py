"""Pictures as models read them: squares of bytes, in batches, decoded beside the reckoning.

A JPEG is decoded no larger than needed, in a process of its own, and the next batch is on its way
while one is looked at. What cannot be read is told beside, never raised: one broken file among a
million must not stop the rest. A side as long as the whole picture is squeezed, not cut: what is
for sale may be at the edge.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from support.errors import PictureError
from support.picture_decoder import decode

from .pictures import read_file

Pixels = npt.NDArray[np.uint8]
_AHEAD: Final = 2  # batches on their way; more would only hold memory


@dataclass(frozen=True, slots=True)
class Broken:
    """A picture that could not be read."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class PictureBatch:
    """Some pictures that could be read."""

    positions: npt.NDArray[np.int64]  # (n,) in the sequence that was asked for
    pixels: Pixels  # (n, side, side, 3), red, green, blue from 0 to 255
    broken: tuple[Broken, ...]  # those between them that could not


def read_square(path: Path, side: int) -> Pixels:
    """Read one picture as (side, side, 3).

    Raises:
        PictureError: it is missing, too large, no picture, or broken.
    """
    found = decode(read_file(path), name=str(path), at_least=side, side=side, square=True)
    return np.frombuffer(found.data, np.uint8).reshape(side, side, 3)


def read_batches(
    paths: Sequence[Path], *, side: int, batch_size: int = 32, threads: int = 2
) -> Iterator[PictureBatch]:
    """Read pictures in their order, the next batches while the present one is used.

    Args:
        paths: picture files.
        side: of the squares, in pixels.
        batch_size: pictures asked for at a time.
        threads: that have one decoded each.
    """
    starts = range(0, len(paths), batch_size)
    with ThreadPoolExecutor(threads, thread_name_prefix="pictures") as pool:
        waiting: deque[tuple[int, list[Future[Pixels | Broken]]]] = deque()
        try:
            for start in starts:
                some = paths[start : start + batch_size]
                waiting.append((start, [pool.submit(_read, path, side) for path in some]))
                if len(waiting) > _AHEAD:
                    yield _join(*waiting.popleft(), side)
            while waiting:
                yield _join(*waiting.popleft(), side)
        finally:  # whoever stops listening does not wait for the rest
            pool.shutdown(wait=False, cancel_futures=True)


def _read(path: Path, side: int) -> Pixels | Broken:
    try:
        return read_square(path, side)
    except PictureError as error:
        return Broken(path, str(error))


def _join(start: int, found: list[Future[Pixels | Broken]], side: int) -> PictureBatch:
    whole: list[tuple[int, Pixels]] = []
    broken: list[Broken] = []
    for position, result in enumerate((future.result() for future in found), start):
        if isinstance(result, Broken):
            broken.append(result)
        else:
            whole.append((position, result))
    pixels = np.empty((len(whole), side, side, 3), np.uint8)
    for row, (_, one) in enumerate(whole):
        pixels[row] = one
    positions = np.array([position for position, _ in whole], np.int64)
    return PictureBatch(positions, pixels, tuple(broken))
