"""What a training run found: hit rates and bands of each set of voices, on held-out inquiries."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from support.calibration import Band, Calibration

from .blend import Scores, Targets
from .calibrate import HeldOut
from .metrics import expected_calibration_error


@dataclass(frozen=True, slots=True)
class VoiceReport:
    """What one set of voices was worth on validation, cross-fitted."""

    voices: tuple[str, ...]
    weights: dict[str, float]
    hit_1: float
    hit_3: float
    hit_5: float
    ece: float
    likely: Band
    possible: Band


@dataclass(frozen=True, slots=True)
class FaqReport:
    """What a training run found; the whole, then each fallback."""

    folder: Path
    version: str
    labels: int
    train: int
    validation: int
    settings: dict[str, Any]
    voices: tuple[VoiceReport, ...]
    seconds: float

    @property
    def likely(self) -> Band:
        """The Likely band of all voices."""
        return self.voices[0].likely

    @property
    def possible(self) -> Band:
        """The Possible band of all voices."""
        return self.voices[0].possible

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "folder": str(self.folder)}


def report_voices(calibration: Calibration, held_out: HeldOut, targets: Targets) -> VoiceReport:
    """Sum up one set of voices."""
    hits = hits_of(held_out.blended[:, :-1], targets)
    return VoiceReport(
        voices=tuple(calibration.blend.weights),
        weights=calibration.blend.weights,
        hit_1=hits[0],
        hit_3=hits[1],
        hit_5=hits[2],
        ece=expected_calibration_error(held_out.probabilities.tolist(), held_out.right.tolist()),
        likely=calibration.likely,
        possible=calibration.possible,
    )


def worth(scores: Scores, targets: Targets) -> float:
    """What settings are chosen by: hit@1, hit@3 and hit@5 together."""
    return sum(hits_of(scores, targets))


def hits_of(scores: Scores, targets: Targets) -> tuple[float, float, float]:
    """hit@1, hit@3 and hit@5 over the inquiries in scope.

    Args:
        scores: (n, labels).
        targets: (n, labels); a row without any is out of scope.
    """
    inside = targets.any(axis=1)
    order = np.argsort(-scores[inside], axis=1, kind="stable")[:, :5]
    right = np.take_along_axis(targets[inside], order, axis=1)
    first, three, five = (float(right[:, :k].any(axis=1).mean()) for k in (1, 3, 5))
    return first, three, five
