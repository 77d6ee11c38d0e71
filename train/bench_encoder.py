"""The encoder a benchmark measures with: one that is named, or the default, adapted to a set.

What is adapted has read training texts alone.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from support.encoder import SentenceEncoder
from support.shipped import load_shipped

from .datasets import FaqSet
from .desk import learn_encoder
from .progress import Progress, silent
from .remembering import RememberingEngine, named_encoder


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
