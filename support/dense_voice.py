"""The dense voice: a linear classifier over the sentence encoder's vectors.

With an encoder that was trained on much text it knows words that the desk's history never held.
Knows nothing of texts: whoever asks brings the vectors.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from .errors import ModelDamagedError

_FILE = "dense.safetensors"


class DenseVoice:
    """Scores every label for a vector."""

    def __init__(self, weights: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]) -> None:
        """Take weights of shape (dim, labels) and a bias of shape (labels,)."""
        self.weights = weights
        self.bias = bias

    @property
    def dim(self) -> int:
        """Length of the vectors it reads."""
        return len(self.weights)

    def logits(self, vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """(n, labels) scores before softmax.

        Args:
            vectors: (n, dim), rows of length 1, of the encoder that it learned with.

        Raises:
            ValueError: the vectors come from an encoder of another size.
        """
        if vectors.ndim != 2 or vectors.shape[1] != self.dim:
            raise ValueError(
                f"The dense voice reads vectors of {self.dim} dimensions, got an array of shape "
                f"{vectors.shape}. Train both again together: faqdesk train faq"
            )
        return np.asarray(vectors @ self.weights + self.bias, dtype=np.float32)

    def save(self, folder: Path) -> None:
        """Write `dense.safetensors`; float16, of which a sum of 384 products notices nothing."""
        folder.mkdir(parents=True, exist_ok=True)
        half: dict[str, npt.NDArray[Any]] = {
            "weights": self.weights.astype(np.float16),
            "bias": self.bias.astype(np.float32),
        }
        save_file(half, folder / _FILE)

    @classmethod
    def load(cls, folder: Path) -> "DenseVoice | None":
        """Read what `save` wrote; None where there is none.

        Raises:
            ModelDamagedError: the file holds something else.
        """
        path = folder / _FILE
        if not path.exists():
            return None
        tensors = load_file(path)
        if set(tensors) != {"weights", "bias"}:
            raise ModelDamagedError(
                f"{path} holds {', '.join(sorted(tensors))}, not weights and bias. "
                f"Train it again: faqdesk train faq"
            )
        return cls(tensors["weights"].astype(np.float32), tensors["bias"])
