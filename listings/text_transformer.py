"""A transformer as text model: which category a text speaks for, and which words say so.

Reads a folder that `train/transformer.py` made. Imports neither torch nor transformers before it is
used. Knows nothing of pictures, nor of how it was trained.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from support.errors import ModelDamagedError, ModelMissingError
from support.linear import Contribution

from .transformer_engine import Pieces, load_classifier, save_classifier, score_rows

_FOLDER = "transformer"  # below the model's: transformers wants a config.json of its own
_NOTES = "faqdesk.json"
_TEXTS = 2_048  # cut into pieces at once: a million texts need no more memory than these
_WORDS = 48  # of a text are left out one by one; each costs as much as scoring the text


class TextTransformer:
    """Scores every label for a text.

    Args:
        model: a classifier of transformers.
        pieces: cuts texts for it.
        labels: what its outputs stand for, in their order.
        priors: (labels,) log-probabilities, the answer for a blank text.
        notes: how it was trained, plain JSON.
    """

    name = "transformer"

    def __init__(
        self,
        model: Any,
        pieces: Pieces,
        labels: list[str],
        *,
        priors: npt.NDArray[np.float32],
        notes: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.pieces = pieces
        self.labels = labels
        self.priors = priors
        self.notes = notes or {}

    def log_scores(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, labels) log-probabilities; a blank text gets how often each label was seen."""
        found = np.tile(self.priors, (len(texts), 1))
        spoken = [i for i, text in enumerate(texts) if text.strip()]
        for start in range(0, len(spoken), _TEXTS):
            part = spoken[start : start + _TEXTS]
            rows = self.pieces.encode([texts[i] for i in part])
            found[part] = score_rows(self.model, rows, pad_id=self.pieces.pad_id)
        return found

    def words(self, text: str, label: int, *, limit: int = 5) -> list[Contribution]:
        """The words that speak for a label, strongest first.

        Each is left out wherever it stands; what the label's score loses over the average label
        is its weight. Words lean on each other, so the weights do not sum to the score. Only the
        first 48 different words are tried.
        """
        said = text.split()
        tried = list(dict.fromkeys(said))[:_WORDS]
        if not tried:
            return []
        shorter = [" ".join(word for word in said if word != left) for left in tried]
        scores = self.log_scores([" ".join(said), *shorter])
        relative = scores[:, label] - scores.mean(axis=1)
        losses = (relative[0] - relative[1:]).tolist()
        speaking = [
            Contribution(w, loss) for w, loss in zip(tried, losses, strict=True) if loss > 0
        ]
        return sorted(speaking, key=lambda item: (-item.weight, item.word))[:limit]

    def save(self, folder: Path) -> None:
        """Write a folder that transformers reads too, below the given one."""
        place = folder / _FOLDER
        place.mkdir(parents=True, exist_ok=True)
        self.model.config.id2label = dict(enumerate(self.labels))
        self.model.config.label2id = {label: i for i, label in enumerate(self.labels)}
        save_classifier(self.model, place)
        self.pieces.save(place)
        notes = {"labels": self.labels, "priors": self.priors.tolist(), "notes": self.notes}
        content = json.dumps(notes, ensure_ascii=False, indent=2) + "\n"
        (place / _NOTES).write_text(content, encoding="utf-8")

    @classmethod
    def load(
        cls, folder: Path, labels: list[str] | None = None, *, device: str | None = None
    ) -> "TextTransformer":
        """Read what `save` wrote.

        Args:
            folder: the one given to `save`.
            labels: those it must know, in their order; any where None.
            device: such as `cpu`; a GPU where there is one by default.

        Raises:
            ModelMissingError: there is no transformer in the folder.
            ModelDamagedError: it cannot be read, or was made for other labels.
        """
        place = folder / _FOLDER
        if not (place / _NOTES).is_file():
            raise ModelMissingError(
                f"No transformer in {folder}. Train it: faqdesk train category --text transformer"
            )
        model = load_classifier(place, device=device)
        try:
            found = json.loads((place / _NOTES).read_text(encoding="utf-8"))
            pieces = Pieces.load(place, pad_id=int(model.config.pad_token_id))
            known = list(found["labels"])
            priors = np.array(found["priors"], np.float32)
            notes = dict(found["notes"])
        except Exception as error:  # tokenizers raises plain Exception
            raise ModelDamagedError(
                f"The transformer in {folder} cannot be read ({error!r}). "
                f"Train it again: faqdesk train category --text transformer"
            ) from error
        if labels is not None and labels != known:
            raise ModelDamagedError(
                f"The transformer in {folder} was made for {len(known)} labels that are not the "
                f"{len(labels)} of the model it stands in. Bring the folder back from a backup."
            )
        if not len(known) == len(priors) == model.config.num_labels:
            raise ModelDamagedError(
                f"The transformer in {folder} names {len(known)} labels and has "
                f"{model.config.num_labels} outputs. Bring the folder back from a backup."
            )
        return cls(model, pieces, known, priors=priors, notes=notes)
