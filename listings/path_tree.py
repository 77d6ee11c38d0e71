"""What a leaf's probability says of the branches above it."""

from collections.abc import Sequence

import numpy as np

from .categories import SEPARATOR
from .ensemble import Probabilities


class Tree:
    """Branches of some category paths."""

    def __init__(self, labels: Sequence[str]) -> None:
        """Collect every beginning of every path.

        Args:
            labels: paths, levels joined by " > ".
        """
        levels = [label.split(SEPARATOR) for label in labels]
        paths = {SEPARATOR.join(parts[:n]) for parts in levels for n in range(1, len(parts) + 1)}
        self.branches = sorted(paths, key=lambda path: (path.count(SEPARATOR), path))
        self._depth = np.array([1 + path.count(SEPARATOR) for path in self.branches])
        number = {path: i for i, path in enumerate(self.branches)}
        self._holds = np.zeros((len(labels), len(self.branches)))
        for row, parts in zip(self._holds, levels, strict=True):
            for n in range(1, len(parts) + 1):
                row[number[SEPARATOR.join(parts[:n])]] = 1

    def sums(self, probabilities: Probabilities) -> Probabilities:
        """(n, branches): of each branch the probability of all its leaves together."""
        return np.asarray(probabilities @ self._holds)

    def deepest(self, probabilities: Probabilities, threshold: float) -> list[str]:
        """Of each row the deepest branch of at least this probability, of two the likelier."""
        sums = self.sums(probabilities)
        height = np.where(sums >= threshold - 1e-12, self._depth + np.minimum(sums, 1) / 2, 0.0)
        best = height.argmax(axis=1)
        sure = height[np.arange(len(best)), best] > 0
        return [
            self.branches[number] if ok else ""
            for number, ok in zip(best.tolist(), sure.tolist(), strict=True)
        ]
