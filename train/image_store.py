"""Pictures decoded once, side by side in one file that is mapped into memory.

A training looks at each picture dozens of times, and there may be more than memory holds.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from listings.picture_batches import Broken, Pixels, read_batches
from support.errors import TooFewLabelsError

from .progress import Progress

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LabelledPictures:
    """Listings by their pictures, and the label of each."""

    pictures: Sequence[Sequence[Path]]
    labels: Sequence[str]


@dataclass(frozen=True, slots=True)
class Store:
    """Every picture that could be read; those of the first set come first."""

    pixels: Pixels  # (n, side, side, 3)
    listings: Positions  # (n,) of each picture its listing, counted over all sets
    targets: Positions  # (n,) of each picture its output, counted over all sets
    sets: Positions  # (n,) of each picture its set
    spans: tuple[tuple[int, int], ...]  # of each set its outputs: first, and one past the last
    labels: list[str]  # of the first set, in the order of its outputs
    broken: tuple[Broken, ...]

    @property
    def own(self) -> Positions:
        """Positions of the pictures of the first set."""
        return np.flatnonzero(self.sets == 0)


def read_store(
    path: Path, sets: Sequence[LabelledPictures], *, side: int, progress: Progress
) -> Store:
    """Decode the pictures of some sets.

    Args:
        path: the file to write.
        sets: the first is what is to be learned; the others are learned beside it.
        side: of the squares, in pixels.
        progress: told pictures done, pictures in all and a message.

    Raises:
        TooFewLabelsError: no picture of the first set can be read, or they have but one label.
    """
    names = [sorted(set(some.labels)) for some in sets]
    starts = np.cumsum([0, *(len(some) for some in names)]).tolist()
    outputs = [
        {name: start + i for i, name in enumerate(some)}
        for start, some in zip(starts, names, strict=False)
    ]
    rows = [
        (path, listing, outputs[number][label], number)
        for listing, (number, pictures, label) in enumerate(
            (number, pictures, label)
            for number, some in enumerate(sets)
            for pictures, label in zip(some.pictures, some.labels, strict=True)
        )
        for path in pictures
    ]
    if not rows:
        raise TooFewLabelsError("None of the labelled listings has a picture to learn from.")
    whole = np.lib.format.open_memmap(path, "w+", np.uint8, (len(rows), side, side, 3))
    kept: list[int] = []
    broken: list[Broken] = []
    for batch in read_batches([row[0] for row in rows], side=side):
        whole[len(kept) : len(kept) + len(batch.pixels)] = batch.pixels
        kept += batch.positions.tolist()
        broken += batch.broken
        progress(len(kept) + len(broken), len(rows), "reading pictures")
    table = np.array([rows[i][1:] for i in kept], np.int64).reshape(-1, 3)
    store = Store(
        whole[: len(kept)], table[:, 0], table[:, 1], table[:, 2],
        tuple(itertools.pairwise(starts)), names[0], tuple(broken),
    )  # fmt: skip
    if (found := len(np.unique(store.targets[store.own]))) < 2:
        raise TooFewLabelsError(
            f"Pictures of {found} label(s) can be read, of {len(broken)} files none; at least 2 "
            f"labels are needed to tell them apart."
        )
    return store


def hold_out(store: Store, groups: Sequence[int] | None, share: float, seed: int) -> Positions:
    """Positions of the first set's pictures to judge on: whole groups, some of every label.

    Args:
        store: pictures.
        groups: of each listing of the first set; near-identical ads have the same. None: each
            listing stands alone.
        share: of the groups of each label.
        seed: other groups for another one.

    Raises:
        TooFewLabelsError: no label has two groups.
    """
    own = store.own
    group = store.listings[own] if groups is None else np.asarray(groups)[store.listings[own]]
    random = np.random.default_rng(seed)
    held: set[int] = set()
    label = dict(zip(group.tolist(), store.targets[own].tolist(), strict=True))
    of_label: dict[int, list[int]] = {}
    for name, output in sorted(label.items()):
        of_label.setdefault(output, []).append(name)
    for some in of_label.values():
        # One of a single one is not held out: it could not be learned then.
        count = min(max(1, round(share * len(some))), len(some) - 1)
        held.update(random.permutation(some)[:count].tolist())
    if not held:
        raise TooFewLabelsError(
            "Every label has pictures of a single listing: none can be held out to judge on. "
            "Label more listings with pictures."
        )
    return own[np.isin(group, sorted(held))]
