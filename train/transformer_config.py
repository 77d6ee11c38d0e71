"""Settings of the fine-tuning of a transformer. Knows nothing of torch."""

from dataclasses import dataclass
from typing import Literal

Precision = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TransformerConfig:
    """What a training depends on, beside texts, labels and the weights that it starts with."""

    num_epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 5e-5  # at its highest; from random weights 5e-4 learns sooner
    warmup: float = 0.1  # share of the training in which the learning rate rises
    weight_decay: float = 0.01  # of matrices; biases and normalizations are left alone
    max_norm: float = 1.0  # longer slopes are cut to this length
    max_length: int = 128  # pieces read of a text
    validation: float = 0.1  # share held out where no rows are named; 0 for none
    patience: int = 2  # epochs with neither accuracy nor log loss getting better until it stops
    keep_by: Literal["accuracy", "log_loss"] = "accuracy"  # of two epochs alike the other decides
    precision: Precision = "auto"  # bfloat16 or float16 on a GPU, float32 on a CPU
    seed: int = 0
    minutes: float | None = None  # of the clock; the learning rate falls to be done by then
    checkpoint_seconds: float = 120  # between two checkpoints

    def __post_init__(self) -> None:
        """Refuse what cannot work, before anything is loaded."""
        for name in ("num_epochs", "batch_size", "patience"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, got {getattr(self, name)}.")
        if self.learning_rate <= 0 or self.max_norm <= 0 or self.weight_decay < 0:
            raise ValueError(
                f"learning_rate and max_norm must be above 0, weight_decay 0 or more, got "
                f"{self.learning_rate}, {self.max_norm} and {self.weight_decay}."
            )
        if not 0 <= self.warmup < 1:
            raise ValueError(f"warmup is a share from 0 to below 1, got {self.warmup}.")
        if not 0 <= self.validation <= 0.5:
            raise ValueError(f"validation is a share from 0 to .5, got {self.validation}.")
        if self.max_length < 8:
            raise ValueError(f"max_length must be 8 or more, got {self.max_length}.")
        if self.minutes is not None and self.minutes <= 0:
            raise ValueError(f"minutes must be above 0, got {self.minutes}.")
