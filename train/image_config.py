"""Settings of the training of a picture model. Knows nothing of torch."""

from dataclasses import dataclass
from typing import Literal

Precision = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageConfig:
    """What a training depends on, beside pictures, labels and the weights that it starts with."""

    side: int | None = None  # of the squares that are read; None: 224 with weights, else 112
    num_epochs: int = 40  # over all pictures; `minutes` mostly ends it before
    batch_size: int = 64
    learning_rate: float | None = None  # at its highest; None: 5e-4 with weights, else 2e-3
    warmup: float = 0.1  # share of the training in which the learning rate rises
    weight_decay: float = 0.05  # of matrices; biases and normalizations are left alone
    smoothing: float = 0.1  # of a target's probability, spread over all labels
    mixing: float = 0.5  # share of the batches in which pictures are blended or pasted together
    least_crop: float = 0.35  # of a picture's area that is always seen
    dropout: float = 0.2  # before the last layer
    average: float = 0.995  # of the weights over steps; the average is what is kept
    small: float = 0.6  # first share of the training, on squares two thirds as large
    alone: float = 0.4  # last share of the training, without the pictures learned beside
    validation: float = 0.12  # share of the listings held out
    judgements: int = 8  # times that the held-out listings are looked at
    patience: int = 4  # judgements with neither accuracy nor log loss better until it stops
    precision: Precision = "auto"  # half on a GPU, and on a CPU that multiplies it in hardware
    seed: int = 0
    minutes: float = 20.0  # at most: of the CPU, or of the clock where there is a GPU
    checkpoint_seconds: float = 120.0  # between two checkpoints
    mirror: bool = False  # serving also looks at the mirrored picture: surer, at twice the time

    def __post_init__(self) -> None:
        """Refuse what cannot work, before a picture is read."""
        for name in ("num_epochs", "batch_size", "judgements", "patience"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, got {getattr(self, name)}.")
        if self.side is not None and self.side < 32:
            raise ValueError(f"side must be 32 or more, got {self.side}.")
        if self.learning_rate is not None and self.learning_rate <= 0:
            raise ValueError(f"learning_rate must be above 0, got {self.learning_rate}.")
        for name in ("warmup", "smoothing", "dropout", "average", "small", "alone"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} goes from 0 to below 1, got {getattr(self, name)}.")
        if not 0 <= self.mixing <= 1 or not 0 < self.least_crop <= 1:
            raise ValueError(
                f"mixing and least_crop are shares, got {self.mixing} and {self.least_crop}."
            )
        if not 0 < self.validation <= 0.5:
            raise ValueError(f"validation is a share up to .5, got {self.validation}.")
        if self.minutes <= 0:
            raise ValueError(f"minutes must be above 0, got {self.minutes}.")
