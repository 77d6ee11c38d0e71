"""Which rows a batch holds: alike in length, in an order that seed and epoch alone decide.

An order that can be made again is what lets a killed training go on in the middle of an epoch.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]
_POOL = 50  # batches that are sorted by length together: more pads less and mixes less


def plan_batches(
    lengths: Sequence[int], batch_size: int, *, seed: int, epoch: int
) -> list[Positions]:
    """Every row once: drawn, sorted by length in pools of 50 batches, the batches drawn again.

    Args:
        lengths: pieces of each row.
        batch_size: rows a batch; the shortest pool may leave a smaller one.
        seed: of the training.
        epoch: from 0.
    """
    random = np.random.default_rng([seed, epoch])
    sizes = np.asarray(lengths, np.int64)
    drawn = random.permutation(len(sizes))
    batches: list[Positions] = []
    for start in range(0, len(drawn), batch_size * _POOL):
        pool = drawn[start : start + batch_size * _POOL]
        pool = pool[np.argsort(sizes[pool], kind="stable")]
        batches += [pool[at : at + batch_size] for at in range(0, len(pool), batch_size)]
    return [batches[i] for i in random.permutation(len(batches))]


def hold_out(labels: Sequence[int], share: float, *, seed: int) -> Positions:
    """Positions of a share of the rows, every label in proportion; sorted.

    Args:
        labels: of each row.
        share: of the rows.
        seed: of the draw.
    """
    if not share:
        return np.empty(0, np.int64)
    drawn = np.random.default_rng([seed, len(labels)]).permutation(len(labels))
    ordered = drawn[np.argsort(np.asarray(labels)[drawn], kind="stable")]
    # Every so many rows of the labels laid end to end, beginning in the middle of the first step.
    places = np.arange(round(share * len(labels))) + 0.5
    return np.sort(ordered[(places / share).astype(np.int64).clip(max=len(labels) - 1)])
