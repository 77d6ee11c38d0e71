"""Categories from small patches of a picture: quick to learn from few photos, numpy alone.

What typical patches a picture holds, and where, is compared with pictures that were learned from; a
kernel says how much each of them counts. `train/image_patches.py` learns it.
"""

from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import save_file

from support.blend import log_normalize
from support.errors import ModelDamagedError
from support.mapped import mapped

from .patch_filters import Floats, PatchFilters, Scale
from .picture_batches import Pixels

_FILE: Final = "patches.safetensors"
_PARTS: Final = ("filters", "offsets")


class PatchVoice:
    """Says of squares of bytes how likely each label is.

    Args:
        filters: typical patches of each scale.
        tensors: `projection` (dim, k) and `shift` (k,) bring a description (those of all scales,
            one after the other) to k numbers, `anchors` (m, k) are pictures to compare with,
            `width` (1,) is how far likeness reaches, `answers` (m, labels) what each anchor says,
            `slope` (1,) makes probabilities of it.
    """

    name = "patches"
    side = None  # squares of any side are made smaller

    def __init__(
        self, filters: Sequence[PatchFilters], tensors: dict[str, npt.NDArray[Any]]
    ) -> None:
        self.filters = tuple(filters)
        self._stored = tensors
        self._tensors = {name: value.astype(np.float32) for name, value in tensors.items()}

    def log_scores(self, pixels: Pixels) -> Floats:
        """(n, labels) log-probabilities of (n, side, side, 3) bytes, of any side."""
        return self.judge(describe(self.filters, pixels))

    def judge(self, descriptions: Floats) -> Floats:
        """(n, labels) log-probabilities of (n, dim) descriptions."""
        own = self._tensors
        near = kernel(
            descriptions @ own["projection"] - own["shift"], own["anchors"], own["width"].item()
        )
        return log_normalize(near @ own["answers"] * own["slope"]).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        scales = np.array([astuple(one.scale) for one in self.filters], np.int32)
        every = {**self._stored, "scales": scales}
        for number, one in enumerate(self.filters):
            every |= {f"filters.{number}": one.weights, f"offsets.{number}": one.offsets}
        save_file({name: np.ascontiguousarray(v) for name, v in every.items()}, folder / _FILE)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            ModelDamagedError: the file cannot be read.
        """
        try:
            tensors = mapped(folder / _FILE)
            filters = [
                PatchFilters(
                    Scale(*scale), tensors.pop(f"filters.{i}"), tensors.pop(f"offsets.{i}")
                )
                for i, scale in enumerate(tensors.pop("scales").tolist())
            ]
        except (OSError, KeyError, SafetensorError) as error:
            raise ModelDamagedError(
                f"{folder / _FILE} cannot be read ({error}). Train it again: faqdesk train category"
            ) from error
        return cls(filters, tensors)


def describe(filters: Sequence[PatchFilters], pixels: Pixels) -> Floats:
    """(n, dim): what each scale tells, one after the other."""
    return np.concatenate([one.describe(pixels) for one in filters], axis=1)


def kernel(some: Floats, others: Floats, width: float) -> Floats:
    """(n, m) likeness of each of (n, k) to each of (m, k), from 0 to 1 for the same."""
    apart = (some * some).sum(axis=1)[:, None] + (others * others).sum(axis=1)
    apart -= 2 * (some @ others.T)
    return np.asarray(np.exp(apart / -width), np.float32)
