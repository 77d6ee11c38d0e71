"""Learns the classifier over patches: typical patches first, then a kernel over their places.

`listings/image_patches.py` says what it does. Takes a minute or two where a network takes twenty,
and learns typical patches from photos without labels too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import scipy.linalg
from scipy.optimize import minimize_scalar
from sklearn.utils.extmath import randomized_svd

from listings.image_patches import PatchVoice, describe, kernel
from listings.patch_filters import Floats, PatchFilters
from listings.picture_batches import Pixels
from support.blend import log_normalize

from .image_store import Positions, Store
from .patch_filters import find_filters
from .progress import Progress

_DIM: Final = 512  # numbers a picture is brought to
_SPACE: Final = 4_000  # pictures that say which ones
_ANCHORS: Final = 3_000
_REACHES: Final = (1.0, 0.5)  # of the kernel, in how far two pictures are apart on average
_PENALTIES: Final = (0.001, 0.003, 0.01, 0.03, 0.1)
_STEADY: Final = 1e-3  # on the diagonal: two anchors may be the same picture
_BATCH: Final = 256


@dataclass(frozen=True, slots=True)
class _Space:
    """Where descriptions are compared."""

    projection: Floats  # (dim, k)
    shift: Floats  # (k,)
    apart: float  # how far two pictures are from each other on average, squared


def fit_patches(
    store: Store, judged: Positions, *, seed: int, progress: Progress
) -> tuple[PatchVoice, Floats]:
    """Learn from the first set's pictures; typical patches from all of them.

    Args:
        store: pictures.
        judged: positions held out to choose the settings on; learned from in the end.
        seed: of what is drawn.
        progress: told pictures done, pictures in all and a message; may raise.

    Returns:
        The classifier, and (n, labels) log-probabilities of the judged pictures by one that has
        not learned from them.
    """
    random = np.random.default_rng(seed)
    # Those held out may teach what patches look like no more than those of a test.
    allowed = np.setdiff1d(np.arange(len(store.pixels)), judged)
    filters = find_filters(store.pixels, allowed, random=random)
    own, targets = store.own, store.targets[store.own]
    out = np.isin(own, judged)
    stay = np.flatnonzero(~out)
    told = _Counter(progress, len(own))
    seen = np.sort(random.permutation(stay)[:_SPACE])
    space, inside = _find_space(filters, store.pixels, own[seen], random, told)
    rows = np.empty((len(own), len(space.shift)), np.float32)
    rows[seen] = inside
    others = np.setdiff1d(np.arange(len(own)), seen)
    for start in range(0, len(others), _BATCH):
        some = others[start : start + _BATCH]
        rows[some] = describe(filters, store.pixels[own[some]]) @ space.projection - space.shift
        told(len(some))
    anchors = rows[np.sort(random.permutation(stay)[:_ANCHORS])]
    tried = []
    for reach in _REACHES:
        learned = _Squares(rows, targets, len(store.labels), anchors, reach * space.apart)
        learned.read(stay)
        for penalty in _PENALTIES:
            answers = learned.solve(penalty)
            slope, loss = _slope(learned.near[out] @ answers, targets[out])
            tried.append((loss, penalty, slope, answers, learned))
    _, penalty, slope, answers, learned = min(tried, key=lambda item: item[0])
    held_out = log_normalize(learned.near[out] @ answers * slope).astype(np.float32)
    learned.read(np.flatnonzero(out))
    tensors: dict[str, npt.NDArray[Any]] = {
        "projection": space.projection.astype(np.float16),
        "shift": space.shift,
        "anchors": anchors,
        "width": np.array([learned.width], np.float32),
        "answers": learned.solve(penalty).astype(np.float32),
        "slope": np.array([slope], np.float32),
    }
    return PatchVoice(filters, tensors), held_out


class _Counter:
    """Tells how many pictures were compared."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self, more: int) -> None:
        self._done += more
        self._progress(self._done, self._total, "comparing patches")


def _find_space(
    filters: Sequence[PatchFilters],
    pixels: Pixels,
    seen: Positions,
    random: np.random.Generator,
    told: _Counter,
) -> tuple[_Space, Floats]:
    """Numbers standardized, scales of equal weight, then the directions of most spread.

    Returns the space, and (n, k) the pictures that it was found by in it.
    """
    sizes = [one.dim for one in filters]
    rows = np.empty((len(seen), sum(sizes)), np.float32)
    for start in range(0, len(seen), _BATCH):
        some = describe(filters, pixels[seen[start : start + _BATCH]])
        rows[start : start + len(some)] = some
        told(len(some))
    mean = rows.mean(axis=0)
    spread = rows.std(axis=0)
    scale = np.concatenate([
        _equal(part) for part in np.split(spread, np.cumsum(sizes)[:-1])
    ])  # fmt: skip
    rows -= mean
    rows *= scale
    _, strength, axes = randomized_svd(
        rows, min(_DIM, *rows.shape), n_iter=2, random_state=int(random.integers(2**31))
    )
    axes = axes[strength > 1e-3 * max(float(strength[0]), 1e-3)].T
    projection = (scale[:, None] * axes).astype(np.float16).astype(np.float32)
    rows /= scale
    rows += mean
    shift = np.asarray(mean @ projection, np.float32)
    inside = rows @ projection - shift
    # Twice the spread is how far two pictures are apart on average.
    apart = max(2 * float(inside.var(axis=0).sum()), 1e-6)
    return _Space(projection, shift, apart), inside


def _equal(spread: Floats) -> Floats:
    """What makes the numbers of one scale alike, and all of them together as much as any scale."""
    scale = 1 / (spread + 0.01 * spread.mean() + 1e-6)
    return np.asarray(scale / max(float(np.linalg.norm(spread * scale)), 1e-6), np.float32)


class _Squares:
    """Least squares over pictures, with what each anchor says as the unknowns (Nystrom).

    Args:
        rows: (n, k) pictures.
        targets: (n,) the label of each.
        labels: how many there are.
        anchors: (m, k) pictures to compare with.
        width: of the kernel.
    """

    def __init__(
        self, rows: Floats, targets: Positions, labels: int, anchors: Floats, width: float
    ) -> None:
        self.width = width
        self.near = np.concatenate([
            kernel(rows[start : start + _BATCH], anchors, width)
            for start in range(0, len(rows), _BATCH)
        ])  # fmt: skip
        self._targets = targets
        self._gram = np.zeros((len(anchors), len(anchors)))
        self._right = np.zeros((len(anchors), labels))
        self._between = kernel(anchors, anchors, width).astype(np.float64)
        self._count = 0

    def read(self, some: Positions) -> None:
        """Learn from some pictures more."""
        for start in range(0, len(some), _ANCHORS):
            part = some[start : start + _ANCHORS]
            # In 32 bits the rounding alone would be larger than the smallest penalty.
            exact = self.near[part].astype(np.float64)
            wanted = np.full((len(part), self._right.shape[1]), -1.0)
            wanted[np.arange(len(part)), self._targets[part]] = 1
            self._gram += exact.T @ exact
            self._right += exact.T @ wanted
        self._count += len(some)

    def solve(self, penalty: float) -> npt.NDArray[np.float64]:
        """(m, labels) what each anchor says."""
        left = self._gram + penalty * self._count / 100 * self._between
        left[np.diag_indices_from(left)] += _STEADY
        found = scipy.linalg.solve(left, self._right, assume_a="pos", overwrite_a=True)
        return np.asarray(found)


def _slope(told: npt.NDArray[np.float64], targets: Positions) -> tuple[float, float]:
    """What makes probabilities of answers, and the log loss with it."""

    def loss(log_slope: float) -> float:
        scores = log_normalize(told * np.exp(log_slope))
        return float(-scores[np.arange(len(targets)), targets].mean())

    found = minimize_scalar(loss, bounds=(-2, 4), method="bounded")
    return float(np.exp(found.x)), float(found.fun)
