"""The one door to torch and sentence-transformers in this package; both load only when called.

Serving the default encoder never comes here: importing sentence-transformers takes seconds.
"""

import importlib
import os
import sys
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt


class TorchEncoder(Protocol):
    """What we use of `SentenceTransformer`."""

    def encode(self, sentences: list[str], **options: Any) -> npt.NDArray[np.float32]:
        """Encode texts."""

    def get_embedding_dimension(self) -> int | None:
        """The length of a vector."""

    def save(self, path: str) -> None:
        """Write the folder."""


_kept: list[Any] = []  # a torch Library takes its definitions with it when it is collected


def import_torchvision() -> None:
    """Import torchvision, if installed, also where its build does not match torch's.

    The wheel on the package index is the CUDA build. Beside a CPU-only torch its operators are
    missing, its import fails, and so does that of transformers, which imports it when installed.
    The two operators are declared only after that failure: on a healthy machine a second
    definition aborts the process.
    """
    if "torchvision" in sys.modules:
        return
    try:
        importlib.import_module("torchvision")
    except ModuleNotFoundError:
        return
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        import torch

        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _kept.append(library)
        importlib.import_module("torchvision")


def load_sentence_transformer(name_or_folder: str) -> TorchEncoder:
    """Load any sentence-transformers model on the CPU, never running code that it brings along."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import_torchvision()
    from sentence_transformers import SentenceTransformer

    return cast(
        TorchEncoder, SentenceTransformer(name_or_folder, device="cpu", trust_remote_code=False)
    )
