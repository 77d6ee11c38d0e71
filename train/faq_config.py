"""The settings of a classifier's training run, and how to take choices back."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from support.fasttext_voice import FastTextConfig
from support.features import FeatureConfig
from support.neighbour_voice import NeighbourConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class FaqConfig:
    """Settings of a training run; those with several values are chosen from on validation."""

    min_examples: int = 4  # of a label in the training part
    recount: bool = True  # before the last fit, let in labels that have enough with validation
    newcomers: int = 50  # FAQs at most that are let in on their text alone, where `recount` is on
    share_right: float = 0.80  # stated for the Likely band: first right
    share_right_three: float = 0.50  # stated for the Possible band: any of three right
    features: FeatureConfig = field(default_factory=FeatureConfig)
    fasttext: tuple[FastTextConfig, ...] = (
        FastTextConfig(num_epochs=25),
        FastTextConfig(num_epochs=50),
        FastTextConfig(num_epochs=100, learning_rate=0.25),
    )
    svm_costs: tuple[float, ...] = (0.6, 2.0)
    logistic_penalties: tuple[float, ...] = (0.05, 0.15)
    dense_penalties: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0)
    factored: bool = True  # a third machine beside the two
    neighbours: tuple[NeighbourConfig, ...] = (
        NeighbourConfig(top_k=50, sharpness=10),
        NeighbourConfig(top_k=50, sharpness=20),
        NeighbourConfig(top_k=50, sharpness=40),
        NeighbourConfig(top_k=50, sharpness=80),
    )
    choose_on: int = 4_000  # newest rows that settings are chosen with, where there are many
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("share_right", "share_right_three"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} must be between 0 and 1, got {getattr(self, name)}.")
        several = ("fasttext", "svm_costs", "logistic_penalties", "dense_penalties", "neighbours")
        for name in several:
            if not getattr(self, name):
                raise ValueError(f"{name} needs at least one setting.")
        if self.newcomers < 0 or self.choose_on < 1:
            raise ValueError(
                f"newcomers must be 0 or more and choose_on 1 or more, got {self.newcomers} and "
                f"{self.choose_on}."
            )

    def newest(self, n: int) -> slice:
        """Which of n rows settings are chosen with.

        All, up to three times as many as are enough; of more the newest, and the setting is then
        fitted once more on all of them.
        """
        return slice(None) if n <= 3 * self.choose_on else slice(-self.choose_on, None)


def narrow(config: FaqConfig, settings: Mapping[str, Any]) -> FaqConfig:
    """A configuration with each choice reduced to the one that was made.

    Args:
        config: settings with several values to choose from.
        settings: as a classifier's `config.json` holds them; what is missing, or not known any
            more, is left as it is.
    """
    changes: dict[str, Any] = {}
    if settings.get("fasttext"):
        changes["fasttext"] = (_read(FastTextConfig, settings["fasttext"]),)
    if settings.get("neighbours"):
        changes["neighbours"] = (_read(NeighbourConfig, settings["neighbours"]),)
    single = {
        "svm_cost": "svm_costs",
        "logistic_penalty": "logistic_penalties",
        "dense_penalty": "dense_penalties",
    }
    for name, several in single.items():
        if settings.get(name):
            changes[several] = (float(settings[name]),)
    return replace(config, **changes)


def _read(kind: type, values: Mapping[str, Any]) -> Any:
    """A settings class from a dictionary, without what it does not know."""
    known = {item.name for item in fields(kind)}
    return kind(**{name: value for name, value in values.items() if name in known})
