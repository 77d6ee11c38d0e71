"""A trained network over pictures, as an ONNX file. The one door to onnxruntime in this package.

It takes squares of bytes; scaling to what the network expects is part of the file. Serving it needs
no torch.
"""

from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from support.blend import log_normalize
from support.errors import ModelDamagedError

from .picture_batches import Pixels

Scores = npt.NDArray[np.float32]
FILE: Final = "net.onnx"


class ImageNet:
    """Says of squares of bytes how much speaks for each label.

    Args:
        content: the ONNX file: `pixels` (n, side, side, 3) bytes in, `logits` (n, labels) out.
        threads: that compute; None: as many as there are cores.
    """

    name = "net"

    def __init__(self, content: bytes, *, threads: int | None = None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors alone
        options.intra_op_num_threads = threads or 0
        # Threads that wait in a loop would take the cores that decode the next pictures.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
            self.side = int(self._session.get_inputs()[0].shape[1])
        except Exception as error:  # the library's own, one class for each of its states
            raise ModelDamagedError(
                f"This picture model's {FILE} cannot be read ({error}). "
                f"Train it again: faqdesk train category"
            ) from error
        self._content = content

    def log_scores(self, pixels: Pixels) -> Scores:
        """(n, labels) log-probabilities of (n, side, side, 3) bytes."""
        (logits,) = self._session.run(None, {"pixels": pixels})
        return log_normalize(logits).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        (folder / FILE).write_bytes(self._content)

    @classmethod
    def load(cls, folder: Path, *, threads: int | None = None) -> Self:
        """Read what `save` wrote."""
        return cls((folder / FILE).read_bytes(), threads=threads)
