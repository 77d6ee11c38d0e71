"""The mean of several runs' figures, and how far apart they lie."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Figures = dict[str, Any]


def spread(runs: Sequence[Figures]) -> Figures:
    """The mean of each figure, and beside it its standard deviation; counts as they are."""
    found: Figures = {}
    for name, value in runs[0].items():
        if isinstance(value, int):
            found[name] = value
            continue
        values = [float(run[name]) for run in runs]
        found[name] = round(float(np.mean(values)), 4)
        if len(runs) > 1:
            found[f"{name}_sd"] = round(float(np.std(values, ddof=1)), 4)
    return found
