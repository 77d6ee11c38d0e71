"""What a share did from one set of inquiries to another, and whether it moved beyond doubt."""

import math
from dataclasses import dataclass
from typing import Final

from .promise import Promise

_Z: Final = 1.959963984540054  # of a normal distribution, for 95 %


@dataclass(frozen=True, slots=True)
class Change:
    """What a share did: `after` less `before`, with 95 %."""

    before: Promise
    after: Promise
    difference: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether it moved beyond doubt."""
        return not self.low <= 0 <= self.high


def change_of(before: Promise, after: Promise) -> Change:
    """The difference of two shares of different inquiries, with Newcombe's interval (method 10).

    Where one of them counts nothing, nothing is known of the difference.
    """
    if not before.n or not after.n:
        return Change(before, after, 0.0, -1.0, 1.0)
    p, q = after.share, before.share
    (p_low, p_high), (q_low, q_high) = _wilson(after), _wilson(before)
    gap = p - q
    low = gap - math.hypot(p - p_low, q_high - q)
    high = gap + math.hypot(p_high - p, q - q_low)
    return Change(before, after, gap, low, high)


def _wilson(found: Promise) -> tuple[float, float]:
    n, p, z2 = found.n, found.share, _Z * _Z
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
