"""What a text model of listings is, whatever engine it runs on, and how one is loaded by name."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

import numpy as np
import numpy.typing as npt

from support.errors import SettingError
from support.linear import Contribution

# Of each name the file and the class in it; a file is imported when its model is asked for.
TEXT_MODELS = {
    "encoder": ("text_encoder", "EncoderText"),
    "fasttext": ("text_fasttext", "FastTextText"),
    "linear": ("text_linear", "LinearText"),
    "transformer": ("text_transformer", "TextTransformer"),
}


@runtime_checkable
class TextModel(Protocol):
    """Says how likely each category is, from words alone."""

    name: str  # a key of TEXT_MODELS
    labels: list[str]  # category paths, in the order of the columns

    def log_scores(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, labels) log-probabilities; the exponentials of a row sum to 1.

        Args:
            texts: as `Listing.text` writes them: the title on the first line, then the description.
        """
        ...

    def words(self, text: str, label: int, *, limit: int = 5) -> list[Contribution]:
        """The words that speak for a label, strongest first; none where the model cannot tell."""
        ...

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        ...


def title_of(text: str) -> str:
    """The title of a text as `Listing.text` writes it."""
    return text.partition("\n")[0]


def load_text_model(folder: Path, name: str, labels: list[str]) -> TextModel:
    """Read what `save` of the model of that name wrote.

    Args:
        folder: where it was saved.
        name: which kind of model it is.
        labels: its labels in their order.

    Raises:
        SettingError: there is no text model of this name.
    """
    module, kind = _place(name)
    loaded = getattr(import_module(f".{module}", __package__), kind).load(folder, labels)
    return cast(TextModel, loaded)


def _place(name: str) -> tuple[str, str]:
    try:
        return TEXT_MODELS[name]
    except KeyError:
        raise SettingError(
            f"No text model is called {name!r}. Name one of {', '.join(sorted(TEXT_MODELS))}."
        ) from None
