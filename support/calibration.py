"""Honest numbers: what a ranking was worth on held-out inquiries, and how it may be shown.

Works on plain arrays; knows nothing of texts. `train/calibrate.py` learns it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from .bands import Band, choose_band, choose_label_bands
from .blend import Blend
from .confidence import Confidence, read_signs
from .promise import Promise, PromiseTable, clopper_pearson

__all__ = [
    "Band",
    "Calibration",
    "Confidence",
    "Decision",
    "Judged",
    "Promise",
    "PromiseTable",
    "Scale",
    "Sureness",
    "choose_band",
    "choose_label_bands",
    "clopper_pearson",
    "is_tie",
]

TIE = 1.2  # the first two are a tie when their probabilities differ by less than this factor


def is_tie(first: float, second: float) -> bool:
    """Whether the first does not stand out from the second."""
    return first < TIE * second


@dataclass(frozen=True, slots=True)
class Scale:
    """Platt's scaling: the logit of a probability, stretched and moved; order is kept."""

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, probability: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Calibrated probabilities of the same shape."""
        clipped = np.clip(np.asarray(probability, dtype=np.float64), 1e-9, 1 - 1e-9)
        scaled: npt.NDArray[np.float64] = expit(self.slope * logit(clipped) + self.offset)
        return scaled


@dataclass(frozen=True, slots=True)
class Sureness:
    """What one ranking is worth; probabilities in [0, 1].

    `scope` is the probability that any label at all is right.
    """

    label_id: int  # of the first
    first: float
    second: float
    two: float  # that one of the first two is right
    three: float
    scope: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What n rankings are worth."""

    ranked: npt.NDArray[np.int64]  # (n, k) label ids, best first
    each: npt.NDArray[np.float64]  # (n, k) the probability of each
    sure: tuple[Sureness, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """How a ranking may be shown, or why not.

    `reason` is empty, or one of below_threshold, ambiguous, out_of_scope. `promise` is the band's
    own; where single suggestions carry theirs, None.
    """

    band: Literal["likely", "possible", "silent"]
    reason: str = ""
    tie: bool = False  # the first two stand or fall together
    threshold: float | None = None
    promise: Promise | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """A blend for one set of voices with what it was worth on held-out inquiries."""

    blend: Blend
    confidence: tuple[Confidence, Confidence, Confidence]  # the first, any of two, any of three
    scope: Confidence
    others: Scale  # of what the blend gives the second, third, ...
    likely: Band
    possible: Band
    pair: Band  # of ties: that one of the first two is right
    promises: PromiseTable  # of single FAQs, the first three of each inquiry
    promises_three: PromiseTable  # of the first three together
    label_bands: Mapping[int, Band] = field(default_factory=dict)  # Likely's, where it is another
    accept: float | None = None  # the least `scope` that is not out of scope; None: not known

    @property
    def proven(self) -> bool:
        """Whether any band kept its stated share: else everything stays silent."""
        return self.likely.threshold is not None or self.possible.threshold is not None

    def judge(
        self,
        blended: npt.NDArray[np.float64],
        *,
        prior: npt.NDArray[np.floating] | None = None,
        gate: npt.NDArray[np.floating] | None = None,
        top_k: int = 3,
    ) -> Judged:
        """Rank labels and say what each is worth.

        Args:
            blended: (n, labels + 1) what `blend` gave.
            prior: (labels,) how common each label is, summing to 1.
            gate: (n,) how far each text is from what was learned.
            top_k: labels to rank.
        """
        signs = [read_signs(blended, k=k, prior=prior, gate=gate) for k in (1, 2, 3)]
        first, two, three = (part(sign) for part, sign in zip(self.confidence, signs, strict=True))
        # One of two is right at least as often as the first alone, and one of three as one of two.
        two = np.maximum(two, first)
        three = np.maximum(three, two)
        ranked = np.argsort(-blended[:, :-1], axis=1, kind="stable")[:, : max(2, top_k)]
        each = self.others(np.take_along_axis(blended, ranked, axis=1))
        each = np.minimum(each, first[:, None])  # the order is kept
        each[:, 0] = first
        scope = self.scope(signs[0])
        second = each[:, 1] if each.shape[1] > 1 else np.zeros(len(each))
        sure = zip(ranked[:, 0], first, second, two, three, scope, strict=True)
        return Judged(
            ranked[:, :top_k],
            each[:, :top_k],
            tuple(Sureness(int(row[0]), *(float(value) for value in row[1:])) for row in sure),
        )

    def decide(self, sure: Sureness, *, threshold: float | None = None) -> Decision:
        """Choose the band, or why to be silent.

        Args:
            sure: what a ranking is worth.
            threshold: of the Likely band, where people set one; None: as was chosen here.
        """
        likely = self.label_bands.get(sure.label_id, self.likely)
        tie = is_tie(sure.first, sure.second)
        if threshold is not None:
            if sure.first >= threshold:  # what was held out promises for this very probability
                promise = self.promises.look_up(sure.first)
                return Decision("likely", threshold=threshold, promise=promise)
        elif likely.holds(sure.first):
            return Decision("likely", threshold=likely.threshold, promise=likely.promise)
        if tie and self.pair.holds(sure.two):
            return Decision("possible", "", True, self.pair.threshold, self.pair.promise)
        if self.possible.holds(sure.three):
            promise = self.promises_three.look_up(sure.three)
            return Decision("possible", "", False, self.possible.threshold, promise)
        reason = "ambiguous" if tie else "below_threshold"
        if self.accept is not None and sure.scope < self.accept:
            reason = "out_of_scope"
        return Decision("silent", reason, tie, self.possible.threshold)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "weights": self.blend.weights,
            "none": self.blend.none,
            "confidence": [part.as_dict() for part in self.confidence],
            "scope": self.scope.as_dict(),
            "others": [self.others.slope, self.others.offset],
            "likely": self.likely.as_dict(),
            "possible": self.possible.as_dict(),
            "pair": self.pair.as_dict(),
            "promises": self.promises.as_dict(),
            "promises_three": self.promises_three.as_dict(),
            "label_bands": {str(label): b.as_dict() for label, b in self.label_bands.items()},
            "accept": self.accept,
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Read what `as_dict` wrote."""
        one, two, three = (Confidence.from_dict(part) for part in content["confidence"])
        return cls(
            blend=Blend(content["weights"], content["none"]),
            confidence=(one, two, three),
            scope=Confidence.from_dict(content["scope"]),
            others=Scale(*content["others"]),
            likely=Band.from_dict(content["likely"]),
            possible=Band.from_dict(content["possible"]),
            pair=Band.from_dict(content["pair"]),
            promises=PromiseTable.from_dict(content["promises"]),
            promises_three=PromiseTable.from_dict(content["promises_three"]),
            label_bands={int(k): Band.from_dict(b) for k, b in content["label_bands"].items()},
            accept=content["accept"],
        )
