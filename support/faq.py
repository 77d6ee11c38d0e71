"""Which FAQs answer an inquiry: the voices blended, calibrated, and cut into two bands.

Reads a model folder that `train/faq.py` wrote; imports neither torch nor scikit-learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

from .artifact import Artifact, read_artifact
from .blend import log_normalize
from .calibration import Calibration, Decision, Promise, Sureness
from .dense_voice import DenseVoice
from .errors import EmptyTextError, ModelDamagedError
from .fasttext_voice import FastTextVoice
from .linear import Contribution, LinearVoice
from .neighbour_voice import Neighbour, NeighbourConfig, NeighbourVoice

KIND = "faq"


class Voice(StrEnum):
    """Who speaks for a label."""

    FASTTEXT = "fasttext"
    LINEAR = "linear"
    NEIGHBOURS = "neighbours"
    DENSE = "dense"


class BandName(StrEnum):
    """How a prediction may be shown."""

    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Scored:
    """One FAQ for one inquiry.

    `probability` is calibrated: of held-out FAQs with about this value that share was linked. As an
    inquiry may be answered by several FAQs, these need not sum to 1. `voices` holds what each voice
    alone gave the label.
    """

    label: str
    probability: float
    voices: dict[str, float]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The best FAQs for one inquiry, best first.

    `any_of_three` is the calibrated probability that one of the first three is right, `none` the
    blend's own for "none of these". `weights` are those of the voices that were heard. `sure` is
    what the whole ranking is worth.
    """

    scored: tuple[Scored, ...]
    any_of_three: float
    none: float
    weights: dict[str, float]
    sure: Sureness


class FaqClassifier:
    """Suggests FAQs for inquiries.

    `degraded` says which part is missing, None when all is well.
    """

    def __init__(
        self,
        labels: Sequence[str],
        *,
        fasttext: FastTextVoice,
        linear: LinearVoice | None,
        neighbours: NeighbourVoice,
        dense: DenseVoice | None = None,
        calibrations: Sequence[Calibration],
        artifact: Artifact | None = None,
        degraded: str | None = None,
    ) -> None:
        self.labels = tuple(labels)
        self.artifact = artifact
        self.degraded = degraded
        self._fasttext = fasttext
        self._linear = linear
        self._neighbours = neighbours
        self._dense = dense
        self._calibrations = {frozenset(c.blend.weights): c for c in calibrations}

    @classmethod
    def load(cls, folder: Path, *, fasttext_alone: bool = False, verify: bool = True) -> Self:
        """Open a model folder.

        Args:
            folder: what `train/faq.py` wrote.
            fasttext_alone: do without every other voice and their files; the way out when they are
                damaged.
            verify: compare every file with its SHA-256 sum.

        Raises:
            ModelMissingError: there is no such folder.
            ModelDamagedError: a file is missing or changed.
            ModelVersionError: it is of another kind, or newer.
        """
        skip = ("linear/", "dense/") if fasttext_alone else ()
        artifact = read_artifact(folder, KIND, verify=verify, skip=skip)
        try:
            config = artifact.config
            labels = config["labels"]
            prior = load_file(folder / "prior.safetensors")["prior"]
            return cls(
                labels,
                fasttext=FastTextVoice.load(folder, len(labels)),
                linear=None if fasttext_alone else LinearVoice.load(folder / "linear"),
                neighbours=NeighbourVoice(
                    labels, prior, NeighbourConfig(**config["neighbour_config"])
                ),
                dense=None if fasttext_alone else DenseVoice.load(folder / "dense"),
                calibrations=[Calibration.from_dict(c) for c in config["calibrations"]],
                artifact=artifact,
                degraded="linear_missing" if fasttext_alone else None,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelDamagedError(
                f"{folder} cannot be read ({error!r}). Train it again: faqdesk train faq"
            ) from error

    @property
    def neighbours_k(self) -> int:
        """How many past inquiries with a label `predict` wants for each text."""
        return self._neighbours.config.top_k

    @property
    def wants_neighbours(self) -> bool:
        """Whether neighbours were among the voices when the blend was learned."""
        return any(Voice.NEIGHBOURS in voices for voices in self._calibrations)

    @property
    def wants_vectors(self) -> bool:
        """Whether it learned from the encoder's vectors; then `predict` does better with them."""
        return self._dense is not None

    def calibration(self, *, neighbours: bool = True, vectors: bool = True) -> Calibration:
        """The blend, bands and promises in force with or without neighbours and vectors.

        Both come from the encoder: without neighbours the vectors are not heard either.
        """
        voices = {Voice.FASTTEXT.value}
        if self._linear is not None:
            voices.add(Voice.LINEAR.value)
            if neighbours and self.wants_neighbours:
                voices.add(Voice.NEIGHBOURS.value)
                if vectors and self.wants_vectors:
                    voices.add(Voice.DENSE.value)
        return self._calibrations[frozenset(voices)]

    @property
    def likely(self) -> float | None:
        """The probability from which the first FAQ is shown strongly; None: never."""
        return self.calibration().likely.threshold

    @property
    def possible(self) -> float | None:
        """The `any_of_three` from which three FAQs are shown quietly; None: never."""
        return self.calibration().possible.threshold

    def predict(
        self,
        texts: Sequence[str],
        *,
        neighbours: Sequence[Sequence[Neighbour]] | None = None,
        vectors: npt.NDArray[np.floating] | None = None,
        top_k: int = 5,
    ) -> list[Prediction]:
        """Rank the FAQs for each text.

        Args:
            texts: inquiries, none of them blank.
            neighbours: for each text its nearest past inquiries that have a label (`neighbours_k`
                of them), each as (labels, score); None where the index is missing.
            vectors: (n, dim) unit rows, the texts as the encoder beside the model reads them; None
                where it is missing. Heard beside neighbours only.
            top_k: how many FAQs to return.

        Raises:
            EmptyTextError: a text is blank.
        """
        for text in texts:
            if not text.strip():
                raise EmptyTextError(f"Nothing to classify in {text!r}. Give the inquiry's text.")
        if not texts:
            return []
        calibration = self.calibration(
            neighbours=neighbours is not None, vectors=vectors is not None
        )
        voices = self._voices(texts, neighbours, vectors, calibration)
        blended = calibration.blend(voices)
        heard = {name: np.exp(log_normalize(voice)) for name, voice in voices.items()}
        judged = calibration.judge(
            blended,
            prior=self._neighbours.prior,
            gate=self._linear.gate(texts) if self._linear is not None else None,
            top_k=top_k,
        )
        return [
            Prediction(
                tuple(
                    Scored(
                        self.labels[label],
                        float(judged.each[i, place]),
                        {name: float(voice[i, label]) for name, voice in heard.items()},
                    )
                    for place, label in enumerate(judged.ranked[i].tolist())
                ),
                any_of_three=judged.sure[i].three,
                none=float(blended[i, -1]),
                weights=dict(calibration.blend.weights),
                sure=judged.sure[i],
            )
            for i in range(len(texts))
        ]

    def decide(self, prediction: Prediction, *, threshold: float | None = None) -> Decision:
        """How a prediction may be shown, or why not; `threshold` as for `Calibration.decide`."""
        calibration = self.calibration(
            neighbours=Voice.NEIGHBOURS in prediction.weights,
            vectors=Voice.DENSE in prediction.weights,
        )
        return calibration.decide(prediction.sure, threshold=threshold)

    def band(self, prediction: Prediction) -> BandName | None:
        """How a prediction may be shown; None: better not at all."""
        found = self.decide(prediction).band
        return None if found == "silent" else BandName(found)

    def promise(self, probability: float, *, neighbours: bool = True) -> Promise:
        """How often single FAQs of about this probability were right on held-out inquiries."""
        return self.calibration(neighbours=neighbours).promises.look_up(probability)

    def promise_three(self, any_of_three: float, *, neighbours: bool = True) -> Promise:
        """How often one of the first three was right, at about this `any_of_three`."""
        return self.calibration(neighbours=neighbours).promises_three.look_up(any_of_three)

    def why(
        self, text: str, labels: Sequence[str], *, n: int = 8, neighbours: bool = True
    ) -> list[list[Contribution]]:
        """The words that speak most for each label, by their part of the linear voice's score.

        Each weight is multiplied by the linear voice's weight in the blend, so it is exactly
        what the word adds to the label's score there. Empty lists where that voice is missing.
        """
        if self._linear is None:
            return [[] for _ in labels]
        weight = self.calibration(neighbours=neighbours).blend.weights[Voice.LINEAR]
        numbers = [self.labels.index(label) for label in labels]
        return [
            [Contribution(part.word, part.weight * weight) for part in parts]
            for parts in self._linear.contributions(text, numbers, most=n)
        ]

    def _voices(
        self,
        texts: Sequence[str],
        neighbours: Sequence[Sequence[Neighbour]] | None,
        vectors: npt.NDArray[np.floating] | None,
        calibration: Calibration,
    ) -> dict[str, npt.NDArray[np.float32]]:
        voices: dict[str, npt.NDArray[np.float32]] = {}
        for name in calibration.blend.weights:
            if name == Voice.FASTTEXT:
                voices[name] = self._fasttext.log_probabilities(texts)
            elif name == Voice.LINEAR and self._linear is not None:
                voices[name] = self._linear.logits(texts)
            elif name == Voice.NEIGHBOURS and neighbours is not None:
                voices[name] = self._neighbours.log_probabilities(neighbours)
            elif name == Voice.DENSE and self._dense is not None and vectors is not None:
                voices[name] = self._dense.logits(vectors)
        return voices
