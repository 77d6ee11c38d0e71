"""What a classifier said of inquiries that it had not learned from, kept in its model folder.

Written by training from the cross-fitted predictions that the bands were chosen on; read when
somebody tries other thresholds.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from .errors import ModelMissingError

FILE: Final = "held_out.safetensors"


@dataclass(frozen=True, slots=True)
class HeldOutRows:
    """n held-out inquiries, oldest first.

    `first` is the number of the label ranked first, `probability` its calibrated probability,
    `right` whether it was among the FAQs that were sent.
    """

    inquiry_ids: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    probability: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.inquiry_ids)

    def save(self, folder: Path) -> None:
        """Write them beside a model."""
        save_file(
            {
                "inquiry_ids": self.inquiry_ids.astype(np.int64),
                "first": self.first.astype(np.int64),
                "probability": self.probability.astype(np.float64),
                "right": self.right.astype(np.bool_),
            },
            folder / FILE,
        )

    @classmethod
    def load(cls, folder: Path) -> "HeldOutRows":
        """Read what `save` wrote.

        Raises:
            ModelMissingError: the model is of a faqdesk that did not keep them.
        """
        if not (folder / FILE).is_file():
            raise ModelMissingError(
                f"{folder} keeps no held-out predictions: an older faqdesk trained it. "
                f"Train once more: faqdesk train"
            )
        return cls(**load_file(folder / FILE))
