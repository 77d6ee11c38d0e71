"""Late fusion: what several voices say of a listing becomes one probability for each category.

Which voices can speak depends on the listing: without pictures the picture model is silent, and a
title alone is worth less than a title with its description. For each such situation the weights
were learned apart (`train/category_ensemble.py`); here they are applied. Knows nothing of what the
voices are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from support.blend import log_normalize

Scores = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]

TITLE, TEXT, IMAGE = "title", "text", "image"  # what is there: words without or with a description
SITUATIONS = ("text+image", "title+image", TEXT, TITLE, IMAGE)
_NEXT = {  # what is nearest to a situation that nobody learned
    "text+image": ("title+image", TEXT, TITLE),
    "title+image": ("text+image", TITLE, TEXT),
    TEXT: (TITLE,),
    TITLE: (TEXT,),
    IMAGE: (),
}
FLOOR = -12.0  # a log-probability is never taken to be lower: one voice must not decide
_FILE = "ensemble.safetensors"


@dataclass(frozen=True, slots=True)
class Fusion:
    """Weights of some voices: a label's score is the weighted sum of its log-probabilities."""

    voices: tuple[str, ...]
    weights: npt.NDArray[np.float32]  # (voices, labels), none below 0
    bias: npt.NDArray[np.float32]  # (labels,)

    def __call__(self, scores: Mapping[str, Scores]) -> Probabilities:
        """(n, labels) probabilities of rows for which every voice spoke; each sums to 1."""
        total = np.tile(self.bias.astype(np.float64), (len(scores[self.voices[0]]), 1))
        for name, weights in zip(self.voices, self.weights, strict=True):
            total += weights * np.maximum(scores[name], FLOOR)
        found: Probabilities = np.exp(log_normalize(total))
        return found


@dataclass(frozen=True, slots=True)
class Blended:
    """What the voices say together."""

    probabilities: Probabilities  # (n, labels); rows of NaN where nothing can be said
    voices: tuple[tuple[str, ...], ...]  # of each row those that spoke


class Ensemble:
    """The fusion for each situation."""

    def __init__(self, fusions: Mapping[str, Fusion]) -> None:
        """Keep fusions by situation.

        Raises:
            ValueError: a situation is none of `SITUATIONS`, or there is no fusion at all.
        """
        wrong = sorted(set(fusions) - set(SITUATIONS))
        if wrong or not fusions:
            raise ValueError(f"Situations must be among {', '.join(SITUATIONS)}, got {wrong}.")
        self.fusions = dict(fusions)

    def fusion(self, situation: str) -> Fusion | None:
        """That of a situation, or of the nearest to it; None where no voice is left to speak."""
        for name in (situation, *_NEXT[situation]):
            if name in self.fusions:
                return self.fusions[name]
        return None

    def hears(self, voice: str, words: str) -> bool:
        """Whether a voice counts where there are a picture and words: `TEXT`, `TITLE` or ""."""
        fusion = self.fusion("+".join(filter(None, (words, IMAGE))))
        return fusion is not None and voice in fusion.voices

    def blend(
        self, scores: Mapping[str, Scores], *, told: Sequence[str], seen: Sequence[bool]
    ) -> Blended:
        """Join what the voices said.

        Args:
            scores: for each voice (n, labels) log-probabilities; where it is silent, anything.
            told: of each row what its words are: `TEXT`, `TITLE`, or "" for none.
            seen: of each row whether a picture of it could be read.
        """
        n, labels = len(told), next(iter(self.fusions.values())).bias.shape[0]
        found = np.full((n, labels), np.nan)
        spoke: list[tuple[str, ...]] = [()] * n
        names = [
            "+".join(filter(None, (words, IMAGE if picture else "")))
            for words, picture in zip(told, seen, strict=True)
        ]
        for situation in dict.fromkeys(names):
            fusion = self.fusion(situation) if situation else None
            if fusion is None:
                continue
            rows = [i for i, name in enumerate(names) if name == situation]
            every = len(rows) == n
            found[rows] = fusion(
                {name: scores[name] if every else scores[name][rows] for name in fusion.voices}
            )
            for row in rows:
                spoke[row] = fusion.voices
        return Blended(found, tuple(spoke))

    @property
    def situations(self) -> dict[str, list[str]]:
        """The voices of each situation: what must be known to read the weights."""
        return {situation: list(fusion.voices) for situation, fusion in self.fusions.items()}

    def save(self, folder: Path) -> None:
        """Write the weights."""
        tensors: dict[str, npt.NDArray[Any]] = {}
        for situation, fusion in self.fusions.items():
            tensors[f"{situation}.weights"] = np.ascontiguousarray(fusion.weights)
            tensors[f"{situation}.bias"] = np.ascontiguousarray(fusion.bias)
        save_file(tensors, folder / _FILE)

    @classmethod
    def load(cls, folder: Path, situations: Mapping[str, Sequence[str]]) -> Self:
        """Read what `save` wrote, given what `situations` was."""
        tensors = load_file(folder / _FILE)
        return cls(
            {
                name: Fusion(tuple(voices), tensors[f"{name}.weights"], tensors[f"{name}.bias"])
                for name, voices in situations.items()
            }
        )
