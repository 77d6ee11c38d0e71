"""A trained moderation model: several voices over what was read, blended and calibrated.

Text models read the words with evasions undone, the rules it was trained beside speak with the
signals, and a network may hear words, picture and signals at once. How much each counts was
learned on listings that none of them had learned from (`train/moderation.py`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, Self

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError

from listings.ensemble import Ensemble, Fusion, Probabilities
from listings.text_model import TextModel, load_text_model
from support.artifact import read_artifact
from support.errors import ModelDamagedError, SettingError

from .classes import Reason
from .reading import Reading
from .rule_voice import RuleVoice
from .rule_words import lower
from .rules import FILE, Spoken, load_rules

KIND: Final = "moderation"
RULES: Final = RuleVoice.name
Scores = npt.NDArray[np.float32]
_SITUATION: Final = "text"  # the only one: a voice that has nothing to go by says so by itself
_MOST_WORDS: Final = 8


class Network(Protocol):
    """Hears words, picture and signals at once."""

    name: str

    def log_scores(self, readings: Sequence[Reading]) -> Scores:
        """(n, labels) log-probabilities."""
        ...

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        ...


class ModerationModel:
    """Says how probable each label is.

    Args:
        labels: in the order of every voice's columns.
        texts: text models.
        network: the network; None: not heard.
        rules: those it was trained beside, which speak as they did then, and what they are worth.
        fusion: how much each voice counts.
        version: of the model folder.
    """

    def __init__(
        self,
        labels: Sequence[str],
        *,
        texts: Sequence[TextModel],
        network: Network | None,
        rules: RuleVoice,
        fusion: Fusion,
        version: str = "",
    ) -> None:
        self.labels = list(labels)
        self.texts = {model.name: model for model in texts}
        self.network = network
        self.rules = rules
        self.fusion = fusion
        self.version = version

    @property
    def voices(self) -> tuple[str, ...]:
        """Those that count."""
        return self.fusion.voices

    def probabilities(
        self, readings: Sequence[Reading], spoken: Sequence[Spoken] | None = None
    ) -> Probabilities:
        """(n, labels) calibrated; each row sums to 1.

        Args:
            readings: of listings.
            spoken: which of the model's rules speak of each, where that was asked already.
        """
        if not readings:
            return np.zeros((0, len(self.labels)))
        said = hear(
            readings,
            texts=[model for name, model in self.texts.items() if name in self.voices],
            network=self.network, rules=self.rules, spoken=spoken,
        )  # fmt: skip
        return self.fusion(said)

    def reasons(self, reading: Reading, label: str) -> list[Reason]:
        """Words and signals that speak for a label, strongest first."""
        if label not in self.labels:
            return []
        number = self.labels.index(label)
        found = []
        for name, model in self.texts.items():
            weight = self._weight(name, number)
            if weight > 0 and reading.words.text.strip():
                found += _words(model, reading, number, label, weight)
        weight = self._weight(RULES, number)
        found += [
            Reason(part.kind, label, part.what, part.weight * weight)
            for part in self.rules.reasons(reading, number, label)
            if weight > 0
        ]
        return sorted(found, key=lambda reason: -reason.weight)[:_MOST_WORDS]

    def _weight(self, voice: str, label_id: int) -> float:
        if voice not in self.voices:
            return 0.0
        return float(self.fusion.weights[self.voices.index(voice), label_id])

    def config(self) -> dict[str, Any]:
        """What `load` must know; plain JSON."""
        return {
            "labels": self.labels,
            "texts": list(self.texts),
            "network": self.network is not None,
            "voices": list(self.voices),
            "rules": self.rules.rules.version,
        }

    def save(self, folder: Path) -> None:
        """Write the parts, each text model into a folder of its own."""
        for name, model in self.texts.items():
            model.save(folder / name)
        if self.network is not None:
            self.network.save(folder)
        self.rules.save(folder)
        (folder / FILE).write_text(self.rules.rules.source, encoding="utf-8")
        Ensemble({_SITUATION: self.fusion}).save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model of kind "moderation".

        Raises:
            ModelMissingError: there is no such folder.
            ModelDamagedError: a file is missing or is not as it was written.
            ModelVersionError: it is of another kind, or another version of faqdesk wrote it.
        """
        artifact = read_artifact(folder, KIND)
        config = artifact.config
        try:
            labels = list(config["labels"])
            ensemble = Ensemble.load(folder, {_SITUATION: config["voices"]})
            return cls(
                labels,
                texts=[load_text_model(folder / name, name, labels) for name in config["texts"]],
                network=_network(folder) if config["network"] else None,
                rules=RuleVoice.load(folder, load_rules(folder / FILE)),
                fusion=ensemble.fusions[_SITUATION],
                version=artifact.version,
            )
        except (KeyError, OSError, SafetensorError, SettingError) as error:
            raise ModelDamagedError(
                f"The model in {folder} cannot be read ({error}). "
                f"Train it again: faqdesk train moderation"
            ) from error


def hear(
    readings: Sequence[Reading],
    *,
    texts: Sequence[TextModel],
    network: Network | None,
    rules: RuleVoice,
    spoken: Sequence[Spoken] | None = None,
) -> Mapping[str, Scores]:
    """(n, labels) log-probabilities of each voice."""
    words = [reading.words.text for reading in readings]
    said: dict[str, Scores] = {model.name: model.log_scores(words) for model in texts}
    said[RULES] = rules.log_scores(readings, spoken)
    if network is not None:
        said[network.name] = network.log_scores(readings)
    return said


def _words(
    model: TextModel, reading: Reading, label_id: int, label: str, weight: float
) -> list[Reason]:
    text = lower(reading.words.text)
    found = []
    for part in model.words(reading.words.text, label_id, limit=_MOST_WORDS):
        at = text.find(part.word)
        place = reading.words.span(at, at + len(part.word)) if at >= 0 else (-1, -1)
        found.append(Reason("word", label, part.word, part.weight * weight, *place))
    return found


def _network(folder: Path) -> Network:
    from .network import ModerationNetwork

    return ModerationNetwork.load(folder)
