"""The fastText text model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from support.blend import log_normalize
from support.fasttext_voice import FastTextVoice
from support.linear import Contribution


class FastTextText:
    """Scores categories by fastText; a blank text gets every label alike."""

    name = "fasttext"

    def __init__(self, labels: list[str], voice: FastTextVoice) -> None:
        self.labels = labels
        self._voice = voice

    def log_scores(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, labels) log-probabilities."""
        scores = np.zeros((len(texts), len(self.labels)), np.float32)
        # fastText refuses a blank text, for it would answer even that, and confidently.
        told = [i for i, text in enumerate(texts) if text.strip()]
        if told:
            scores[told] = self._voice.log_probabilities([texts[i] for i in told])
        return log_normalize(scores).astype(np.float32)

    def words(self, text: str, label: int, *, limit: int = 5) -> list[Contribution]:
        """None: what fastText learned of a word is spread over the parts of the word."""
        return []

    def save(self, folder: Path) -> None:
        """Write the model's one file."""
        self._voice.save(folder)

    @classmethod
    def load(cls, folder: Path, labels: list[str]) -> "FastTextText":
        """Read what `save` wrote.

        Raises:
            ModelDamagedError: fastText cannot read the file.
        """
        return cls(labels, FastTextVoice.load(folder, len(labels)))
