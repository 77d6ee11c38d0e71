"""The door to moderation: what a listing is found to be, by a model or by rules alone.

What is done about it is not decided here. Without a model, or with one that cannot be read, the
rules judge and a verdict names no model: a policy then hides nothing and sends all to people.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from listings.listing import Listing
from support.errors import ModelError, ModelMissingError
from support.release import Release, current
from support.workspace import Workspace

from .classes import CLASSES, NORMAL, Reason, Signals, Verdict
from .model import KIND, RULES, ModerationModel
from .reading import Reading, read_all
from .rules import RuleSet, default_rules, desk_rules


class Moderator:
    """Judges listings.

    Args:
        rules: those in force. Beside a model they give reasons, and the model's own copy, which it
            was calibrated beside, gives probabilities.
        model: None: the rules judge alone.
        trouble: why there is no model, in a sentence; "" where nobody expected one.
        release: the name of the release that the model is of; "" where it is of none.
    """

    def __init__(
        self,
        rules: RuleSet,
        model: ModerationModel | None = None,
        *,
        trouble: str = "",
        release: str = "",
    ) -> None:
        self.rules = rules
        self.model = model
        self.trouble = trouble
        self.release = release

    @property
    def version(self) -> str:
        """The model's version; "" where the rules judge alone."""
        return self.model.version if self.model else ""

    @property
    def labels(self) -> tuple[str, ...]:
        """What a listing can be found to be."""
        return tuple(self.model.labels) if self.model else CLASSES

    @classmethod
    def load(cls, folder: Path | None, *, rules: RuleSet | None = None) -> Self:
        """A moderator by a model's folder, or by rules alone.

        Raises:
            ModelError: the model cannot be used.
        """
        model = ModerationModel.load(folder) if folder else None
        return cls(rules or default_rules(), model)

    @classmethod
    def of_desk(cls, workspace: Workspace) -> Self:
        """That of a workspace: its rules, and its model where one is in force and whole.

        Raises:
            SettingError: its rule file is wrong.
        """
        rules = desk_rules(workspace.home)
        try:
            found, folder = _in_force(workspace.models)
            return cls(rules, ModerationModel.load(folder), release=found.name)
        except ModelError as error:
            return cls(rules, trouble=str(error))

    def judge(
        self,
        listings: Sequence[Listing],
        signals: Sequence[Signals | None] | None = None,
        *,
        reasons: bool = True,
    ) -> list[Verdict]:
        """Find what listings are.

        Args:
            listings: any number.
            signals: what is known of each beside its words; None: nothing.
            reasons: whether to say what speaks for the likeliest problem; without is quicker.

        Raises:
            ValueError: there are not as many signals as listings.
        """
        readings = read_all(listings, signals)
        if not readings:
            return []
        said: list[list[Reason]] = [[] for _ in readings]
        spoken = None
        if reasons or self.model is None:
            spoken = [self.rules.read(reading) for reading in readings]
            said = list(map(self.rules.reasons, readings, spoken))
        if self.model is None:
            found = np.exp(self.rules.log_scores(said).astype(np.float64))
            found /= found.sum(axis=1, keepdims=True)
        else:
            # Mostly the rules are those that the model learned beside, and are asked once.
            same = self.model.rules.rules.source == self.rules.source
            found = self.model.probabilities(readings, spoken if same else None)
        return [
            Verdict(
                dict(zip(self.labels, row, strict=True)),
                self.version,
                self.model.voices if self.model else (RULES,),
                self._reasons(reading, row, rules) if reasons else (),
            )
            for reading, row, rules in zip(readings, found.tolist(), said, strict=True)
        ]

    def _reasons(
        self, reading: Reading, row: Sequence[float], rules: list[Reason]
    ) -> tuple[Reason, ...]:
        """What rules say, and what the model has for the likeliest label that is not normal."""
        found = list(rules)
        if self.model is not None:
            problems = [i for i, label in enumerate(self.labels) if label != NORMAL]
            best = max(problems, key=lambda i: row[i], default=None)
            if best is not None:
                found += self.model.reasons(reading, self.labels[best])
        return tuple(sorted(found, key=lambda reason: -reason.weight))


def model_folder(models: Path) -> Path:
    """The folder of the moderation model in force.

    Raises:
        ModelMissingError: none is.
        ModelDamagedError: the file that says so is damaged.
    """
    return _in_force(models)[1]


def _in_force(models: Path) -> tuple[Release, Path]:
    found = current(models, line=KIND)
    folder = found.folder(models, KIND) if found else None
    if found is None or folder is None:
        raise ModelMissingError(
            f"No moderation model in {models}: rules judge alone, and people look at everything. "
            "Train one: faqdesk train moderation"
        )
    return found, folder
