"""How a quantity grows with the number of rows: a power law through what was measured.

`y = a * n^b`, by least squares over the logarithms, so that each size counts alike. Knows nothing
of what is measured.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Fit:
    """A power law, and how well it holds.

    `error` is the standard error of the power; None where there are as few points as unknowns, or
    fewer than three sizes. `factor` is how far a point lies from the law, as a factor, typically:
    1.05 is 5 %.
    """

    scale: float  # a
    power: float  # b: 1 grows with the rows, 0 not at all
    sizes: int  # different numbers of rows
    error: float | None
    factor: float

    @classmethod
    def of(cls, points: Iterable[tuple[float, float]]) -> Self | None:
        """Fit rows and quantities; None of fewer than two sizes, or where one is not above 0."""
        kept = list(points)
        sizes = {rows for rows, _ in kept}
        if len(sizes) < 2 or any(rows <= 0 or value <= 0 for rows, value in kept):
            return None
        x = [math.log(rows) for rows, _ in kept]
        y = [math.log(value) for _, value in kept]
        middle, level = sum(x) / len(x), sum(y) / len(y)
        wide = sum((at - middle) ** 2 for at in x)
        power = sum((at - middle) * (v - level) for at, v in zip(x, y, strict=True)) / wide
        start = level - power * middle
        rest = sum((v - start - power * at) ** 2 for at, v in zip(x, y, strict=True))
        free = len(x) - 2
        error = math.sqrt(rest / free / wide) if free and len(sizes) > 2 else None
        factor = math.exp(math.sqrt(rest / len(x)))
        return cls(math.exp(start), power, len(sizes), error, factor)

    def at(self, rows: float) -> float:
        """What the law says of so many rows."""
        return float(self.scale * rows**self.power)

    def words(self) -> str:
        """For people: the power, its error or why there is none, and how far points lie off."""
        if self.error is None:
            return f"n^{self.power:.2f} (two sizes)" if self.sizes == 2 else f"n^{self.power:.2f}"
        return f"n^{self.power:.2f} ± {self.error:.2f}, ×/÷ {self.factor:.2f}"


def ahead(points: Sequence[tuple[float, float]]) -> Fit | None:
    """The law by which to look beyond the largest size, through what was measured there.

    It never grows more slowly than the last step between two sizes: a start that costs seconds, or
    memory that is there anyway, makes the growth of small sizes look slow. Of one size alone it is
    proportion; of none None.
    """
    kept = [(size, value) for size, value in points if value > 0]
    if not kept:
        return None
    largest = max(size for size, _ in kept)
    last = max(value for size, value in kept if size == largest)
    smaller = [point for point in kept if point[0] < largest]
    power = 0.0 if smaller else 1.0
    if smaller:
        second = max(size for size, _ in smaller)
        for law in (Fit.of(kept), Fit.of([p for p in kept if p[0] >= second])):
            power = max(power, law.power if law else 0.0)
    return Fit(last / largest**power, power, len({size for size, _ in kept}), None, 1.0)


def expected(points: Sequence[tuple[float, float]], rows: float) -> float | None:
    """What so many rows would take, by the law `ahead`; None where nothing was measured."""
    law = ahead(points)
    return law.at(rows) if law else None
