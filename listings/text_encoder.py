"""The encoder text model: a linear classifier over a sentence encoder's vectors.

The encoder has read much text of others and is taken as it is; with it, words count that no listing
of the training held. A text is read twice, whole and as its title alone, as the linear model does.
The encoder's files are copied into the model's folder.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from support.blend import log_normalize
from support.dense_voice import DenseVoice
from support.encoder import SentenceEncoder
from support.errors import ModelDamagedError
from support.linear import Contribution

from .text_model import title_of

_ENCODER = "encoder"
_READ = 1_500  # characters of a text; an encoder reads no more pieces than these hold
_EACH = np.float32(np.sqrt(0.5))  # both readings are of length 1, and so are they together


class EncoderText:
    """Scores categories by what texts mean to an encoder; a blank one gets every label alike."""

    name = "encoder"

    def __init__(self, labels: list[str], encoder: SentenceEncoder, voice: DenseVoice) -> None:
        """Join an encoder and weights of shape (2 * its dimensions, labels)."""
        self.labels = labels
        self.encoder = encoder
        self._voice = voice

    def log_scores(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, labels) log-probabilities."""
        vectors = read(self.encoder, texts)
        scores = self._voice.logits(vectors)
        scores[~vectors.any(axis=1)] = 0
        return log_normalize(scores).astype(np.float32)

    def words(self, text: str, label: int, *, limit: int = 5) -> list[Contribution]:
        """None: a vector does not tell which word made it."""
        return []

    def save(self, folder: Path) -> None:
        """Write the encoder and the weights."""
        (folder / _ENCODER).mkdir(parents=True, exist_ok=True)
        self.encoder.engine.save(folder / _ENCODER)
        self._voice.save(folder)

    @classmethod
    def load(cls, folder: Path, labels: list[str]) -> "EncoderText":
        """Read what `save` wrote.

        Raises:
            ModelDamagedError: the weights are missing.
            ModelMissingError: the encoder is.
        """
        voice = DenseVoice.load(folder)
        if voice is None:
            raise ModelDamagedError(
                f"{folder} has no weights. Train it again: faqdesk train category"
            )
        return cls(labels, SentenceEncoder.load(folder / _ENCODER), voice)


def read(encoder: SentenceEncoder, texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """(n, 2 * dim) vectors of whole texts and of their titles; 0 where nothing is known of them.

    Args:
        encoder: encodes texts.
        texts: as `Listing.text` writes them.
    """
    both = [[text[:_READ].strip() for text in texts], [title_of(text)[:_READ] for text in texts]]
    # Each once: a title without a description stands in both.
    every = [text for text in dict.fromkeys([*both[0], *both[1]]) if text.strip()]
    found = np.zeros((len(texts), 2, encoder.dim), np.float32)
    if every:
        # Not by `encode`, which refuses all where one holds nothing that the encoder knows.
        known = encoder.engine(every)
        known /= np.maximum(np.linalg.norm(known, axis=1, keepdims=True), 1e-9)
        place = {text: i for i, text in enumerate(every)}
        for half, some in enumerate(both):
            rows = [i for i, text in enumerate(some) if text in place]
            found[rows, half] = _EACH * known[[place[some[i]] for i in rows]]
    return found.reshape(len(texts), 2 * encoder.dim)
