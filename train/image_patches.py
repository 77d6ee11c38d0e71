"""Learns the classifier over patches: typical patches first, then a kernel over their places.

`listings/image_patches.py` says what it does. Takes seconds where a network takes minutes, and
learns typical patches from photos without labels too.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import scipy.linalg
from scipy.optimize import minimize_scalar
from sklearn.utils.extmath import randomized_svd

from listings.image_patches import (
    PATCH,
    Floats,
    PatchFilters,
    PatchVoice,
    cut,
    kernel,
    normalize,
    shrink,
)
from listings.picture_batches import Pixels
from support.blend import log_normalize

from .image_store import Positions, Store
from .progress import Progress

_FILTERS: Final = 400
_PHOTOS: Final = 2_000  # to take patches from
_EACH: Final = 60  # patches of a photo
_ROUNDS: Final = 12  # of k-means
_FLAT: Final = 0.1  # directions of less spread than this are noise: not blown up
_DIM: Final = 512  # numbers a picture is brought to
_ANCHORS: Final = 2_000
_PENALTIES: Final = (0.001, 0.003, 0.01, 0.03, 0.1)
_STEADY: Final = 1e-3  # on the diagonal: two anchors may be the same picture
_BATCH: Final = 256


@dataclass(frozen=True, slots=True)
class _Space:
    projection: Floats  # (dim, k)
    shift: Floats  # (k,)
    width: float
    anchors: Floats  # (m, k)


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
    filters = find_filters(
        store.pixels, np.setdiff1d(np.arange(len(store.pixels)), judged), random=random
    )
    own = store.own
    described = np.empty((len(own), filters.dim), np.float32)
    for start in range(0, len(own), _BATCH):
        some = own[start : start + _BATCH]
        described[start : start + len(some)] = filters.describe(store.pixels[some])
        progress(start + len(some), len(own), "comparing patches")
    labels = len(store.labels)
    targets = store.targets[own]
    out = np.isin(own, judged)
    space = _find_space(described[~out], random)
    near = _near(space, described)
    learned = _Squares(space, near[~out], targets[~out], labels)
    chances = {}
    for penalty in _PENALTIES:
        chances[penalty] = _slope(near[out] @ learned.solve(penalty), targets[out])
    penalty = min(chances, key=lambda value: chances[value][1])
    slope = chances[penalty][0]
    held_out = log_normalize(near[out] @ learned.solve(penalty) * slope).astype(np.float32)
    answers = _Squares(space, near, targets, labels).solve(penalty)
    tensors: dict[str, npt.NDArray[Any]] = {
        "projection": space.projection.astype(np.float16),
        "shift": space.shift,
        "anchors": space.anchors,
        "width": np.array([space.width], np.float32),
        "answers": answers.astype(np.float32),
        "slope": np.array([slope], np.float32),
    }
    return PatchVoice(filters, tensors), held_out


def find_filters(
    pixels: Pixels, allowed: Positions, *, random: np.random.Generator, count: int = _FILTERS
) -> PatchFilters:
    """Typical patches: spherical k-means over whitened ones.

    Args:
        pixels: (n, side, side, 3) bytes.
        allowed: positions of those to learn from.
        random: draws photos and patches.
        count: how many; fewer where there are few patches.
    """
    photos = np.sort(random.permutation(allowed)[:_PHOTOS])
    some = []
    for start in range(0, len(photos), _BATCH):
        batch = pixels[photos[start : start + _BATCH]]
        patches, grid = cut(shrink(batch))
        every = patches.reshape(len(batch), grid * grid, -1)
        places = random.integers(0, grid * grid, (len(batch), _EACH))
        some.append(np.take_along_axis(every, places[:, :, None], axis=1))
    patches = normalize(np.concatenate(some).reshape(-1, PATCH * PATCH * 3))
    mean = patches.mean(axis=0)
    patches -= mean
    spread, axes = np.linalg.eigh(np.cov(patches.T))
    whiten = ((axes / np.sqrt(spread + _FLAT)) @ axes.T).astype(np.float32)
    centres = _k_means(patches @ whiten, count, random)
    weights = centres @ whiten
    return PatchFilters(weights, weights @ mean)


def _k_means(rows: Floats, count: int, random: np.random.Generator) -> Floats:
    """(count, dim) directions of length 1."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    usable = rows[length[:, 0] > 1e-6]
    if not len(usable):  # every photo is of one even colour
        return np.eye(min(count, rows.shape[1]), rows.shape[1], dtype=np.float32)
    unit = usable / np.linalg.norm(usable, axis=1, keepdims=True)
    centres = unit[random.permutation(len(unit))[:count]].copy()
    for _ in range(_ROUNDS):
        nearest = (unit @ centres.T).argmax(axis=1)
        order = np.argsort(nearest, kind="stable")
        present, first = np.unique(nearest[order], return_index=True)
        sums = np.add.reduceat(usable[order], first, axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        good = lengths[:, 0] > 1e-6
        centres[present[good]] = sums[good] / lengths[good]
    return np.asarray(centres, np.float32)


def _find_space(described: Floats, random: np.random.Generator) -> _Space:
    """Where descriptions are compared: standardized, then the directions of most spread."""
    mean = described.mean(axis=0)
    spread = described.std(axis=0)
    scale = 1 / (spread + 0.01 * described.std() + 1e-6)
    standard = (described - mean) * scale
    n, dim = standard.shape
    _, strength, axes = randomized_svd(
        standard, min(_DIM, n, dim), n_iter=2, random_state=int(random.integers(2**31))
    )
    axes = axes[strength > 1e-3 * max(float(strength[0]), 1e-3)].T
    projection = (scale[:, None] * axes).astype(np.float16).astype(np.float32)
    shift = mean @ projection
    rows = described @ projection - shift
    anchors = rows[np.sort(random.permutation(n)[:_ANCHORS])]
    # Twice the spread is how far two pictures are apart on average.
    width = max(2 * float(rows.var(axis=0).sum()), 1e-6)
    return _Space(projection, np.asarray(shift, np.float32), width, anchors)


def _near(space: _Space, described: Floats) -> Floats:
    found = np.empty((len(described), len(space.anchors)), np.float32)
    for start in range(0, len(described), _BATCH):
        rows = described[start : start + _BATCH] @ space.projection - space.shift
        found[start : start + len(rows)] = kernel(rows, space.anchors, space.width)
    return found


class _Squares:
    """Least squares over all pictures, with what each anchor says as the unknowns (Nystrom)."""

    def __init__(self, space: _Space, near: Floats, targets: Positions, labels: int) -> None:
        wanted = np.full((len(near), labels), -1.0)
        wanted[np.arange(len(near)), targets] = 1
        # In 32 bits the rounding alone would be larger than the smallest penalty.
        exact = near.astype(np.float64)
        self._gram = exact.T @ exact
        self._right = exact.T @ wanted
        self._between = kernel(space.anchors, space.anchors, space.width).astype(np.float64)
        self._count = len(near)

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
