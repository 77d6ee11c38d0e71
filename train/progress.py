"""How long work tells where it is. A callback may raise, which cancels the work."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]  # done, total, message


def silent(done: int, total: int, message: str) -> None:
    """Tell nobody."""


class Steps:
    """Joins parts of different length into one count of thousandths."""

    def __init__(self, progress: Progress, weights: dict[str, float]) -> None:
        self._progress = progress
        self._weights = weights
        self._sum = sum(weights.values())
        self._before = 0.0
        self._now = ""

    def start(self, part: str) -> None:
        """Begin a part; those named before it count as done."""
        names = list(self._weights)
        self._before = sum(self._weights[name] for name in names[: names.index(part)])
        self._now = part
        self.at(0)

    def at(self, share: float, detail: str = "") -> None:
        """Report the share of the present part that is done, from 0 to 1."""
        done = self._before + self._weights[self._now] * min(max(share, 0), 1)
        message = f"{self._now}: {detail}" if detail else self._now
        self._progress(round(1000 * done / self._sum), 1000, message)
