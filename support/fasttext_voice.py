"""The fastText voice. The only file of this package that knows fastText."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import EmptyTextError, ModelDamagedError
from .features import normalize

_PREFIX = "__label__"
_MOST_READ = 2000  # characters of a text; a pasted log teaches little and costs most
_FLOOR = 1e-6  # fastText leaves out labels of probability 0, and log(0) would silence all voices


@dataclass(frozen=True, kw_only=True, slots=True)
class FastTextConfig:
    """fastText's settings."""

    learning_rate: float = 0.5
    num_epochs: int = 25
    word_ngrams: int = 2
    shortest: int = 2
    longest: int = 5
    dim: int = 50
    bucket: int = 100_000  # with dim 50 a 20 MB model; fastText's defaults write 800 MB
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate <= 1:
            raise ValueError(f"learning_rate must be in (0, 1], got {self.learning_rate}.")
        if self.num_epochs < 1:
            raise ValueError(f"num_epochs must be 1 or more, got {self.num_epochs}.")


def fold(text: str) -> str:
    """One normalized line, as fastText wants it, of the first 2,000 characters.

    A customer may write fastText's own mark of a label: it becomes a harmless word.

    Raises:
        EmptyTextError: nothing is left; fastText would answer even that, and confidently.
    """
    line = " ".join(normalize(text[:_MOST_READ]).replace(_PREFIX, " label ").split())
    if not line:
        raise EmptyTextError(f"Nothing to classify in {text!r}. Give the inquiry's text.")
    return line


class FastTextVoice:
    """A trained fastText classifier over numbered labels."""

    def __init__(self, model: Any, count: int) -> None:
        self._model = model
        self._count = count

    @classmethod
    def fit(
        cls,
        rows: Sequence[tuple[str, int]],
        count: int,
        *,
        config: FastTextConfig | None = None,
        folder: Path | None = None,
    ) -> "FastTextVoice":
        """Train on (text, label_id) rows; an inquiry of several labels gives a row for each.

        Args:
            rows: texts with labels from 0 to `count` - 1; a blank text is left out.
            count: number of labels.
            config: settings.
            folder: where the training file may lie for a while.
        """
        import fasttext

        config = config or FastTextConfig()
        # Named as support.artifact names what is half made: should this process be killed, the next
        # write there sweeps it away.
        prefix = f".tmp-{os.getpid()}-"
        descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=".txt", dir=folder)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.writelines(_lines(rows))
            model = fasttext.train_supervised(
                name,
                lr=config.learning_rate,
                epoch=config.num_epochs,
                wordNgrams=config.word_ngrams,
                minn=config.shortest,
                maxn=config.longest,
                dim=config.dim,
                bucket=config.bucket,
                seed=config.seed,
                # fastText 0.9.3 starts only thread/10 of its input matrix and leaves the rest as
                # the memory happened to be (facebookresearch/fastText#1061): never fewer than 10.
                thread=12,
                verbose=0,
            )
        finally:
            Path(name).unlink(missing_ok=True)
        return cls(model, count)

    def predict(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, labels) probabilities; each row sums to at most 1.

        Raises:
            EmptyTextError: a text is blank.
        """
        found = np.zeros((len(texts), self._count), dtype=np.float32)
        for i, text in enumerate(texts):
            # fastText 0.9.3: predict(str) raises under NumPy 2, predict([str]) does not.
            labels, probabilities = self._model.predict([fold(text)], k=self._count)
            for label, probability in zip(labels[0], probabilities[0], strict=True):
                found[i, int(label.removeprefix(_PREFIX))] = probability
        # Rounding lets a probability pass 1.
        found = np.clip(found, 0, 1)
        return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), 1), np.float32)

    def log_probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, labels) logarithms, none below that of one in a million."""
        return np.log(np.maximum(self.predict(texts), _FLOOR)).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write `fasttext.bin`."""
        folder.mkdir(parents=True, exist_ok=True)
        self._model.save_model(str(folder / "fasttext.bin"))

    @classmethod
    def load(cls, folder: Path, count: int) -> "FastTextVoice":
        """Read what `save` wrote.

        Raises:
            ModelDamagedError: fastText cannot read the file.
        """
        import fasttext

        path = folder / "fasttext.bin"
        try:
            model = fasttext.FastText._FastText(model_path=str(path))
        except ValueError as error:
            raise ModelDamagedError(
                f"fastText cannot read {path}: {error}. Train it again: faqdesk train faq"
            ) from error
        return cls(model, count)


def _lines(rows: Sequence[tuple[str, int]]) -> Iterator[str]:
    """The training file's lines; a text that folds to nothing teaches nothing."""
    for text, label in rows:
        with suppress(EmptyTextError):
            yield f"{_PREFIX}{label} {fold(text)}\n"
