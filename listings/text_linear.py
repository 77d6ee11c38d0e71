"""The linear text model: one weight for each feature and label, over the whole text and its title.

The title is read twice, with the description and alone: what stands there counts more. Weights are
those of `support.linear`, rows are made for many texts at once.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse

from support.blend import log_normalize
from support.linear import Contribution, LinearVoice

from .quick_rows import QuickRows
from .text_model import title_of

_WHOLE, _TITLE = "whole", "title"


class LinearText:
    """Scores categories by words and runs of characters."""

    name = "linear"

    def __init__(self, labels: list[str], whole: LinearVoice, title: LinearVoice | None) -> None:
        """Join both readings.

        Args:
            labels: category paths.
            whole: reads title and description as one.
            title: reads the title alone; None where no listing had a description.
        """
        self.labels = labels
        self._voices = {_WHOLE: whole} | ({_TITLE: title} if title else {})
        self._rows = {name: QuickRows(voice.features) for name, voice in self._voices.items()}

    def log_scores(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, labels) log-probabilities; a text of unknown words gets how common each label is."""
        scores = np.zeros((len(texts), len(self.labels)), np.float32)
        for name, voice in self._voices.items():
            rows = self._rows[name].transform(self._read(name, texts))
            scores += _times(rows, voice.weights) * voice.scales + voice.bias
        return log_normalize(scores).astype(np.float32)

    def words(self, text: str, label: int, *, limit: int = 5) -> list[Contribution]:
        """The words that speak for a label, strongest first."""
        sums: dict[str, float] = defaultdict(float)
        for name, voice in self._voices.items():
            for part in voice.contributions(self._read(name, [text])[0], [label])[0]:
                sums[part.word] += part.weight
        order = sorted(sums, key=lambda word: (-sums[word], word))
        return [Contribution(word, sums[word]) for word in order[:limit] if sums[word] > 0]

    def save(self, folder: Path) -> None:
        """Write both readings, each into a folder of its own."""
        for name, voice in self._voices.items():
            voice.save(folder / name)

    @classmethod
    def load(cls, folder: Path, labels: list[str]) -> "LinearText":
        """Read what `save` wrote."""
        title = folder / _TITLE
        return cls(
            labels,
            LinearVoice.load(folder / _WHOLE),
            LinearVoice.load(title) if title.is_dir() else None,
        )

    @staticmethod
    def _read(name: str, texts: Sequence[str]) -> list[str]:
        return [title_of(text) for text in texts] if name == _TITLE else list(texts)


def _times(rows: sparse.csr_array, weights: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """Rows times int8 weights: (n, labels).

    Only the weights of features that occur are widened: all would be four times the model.
    """
    ids, places = np.unique(rows.indices, return_inverse=True)
    narrow = sparse.csr_array(
        (rows.data, places.astype(np.int32), rows.indptr), shape=(rows.shape[0], len(ids))
    )
    return np.asarray(narrow @ weights[ids].astype(np.float32))
