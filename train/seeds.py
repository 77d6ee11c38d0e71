"""Figures over several seeds: their means with the spread beside them, and as a table."""

import statistics
from collections.abc import Iterable, Mapping, Sequence

Metrics = dict[str, float]


def mean_and_std(runs: Sequence[Metrics]) -> Metrics:
    """The mean of each metric, and its sample standard deviation as `<name>_std`; 0 of one run."""
    found: Metrics = {}
    for name in runs[0]:
        values = [run[name] for run in runs]
        found[name] = round(statistics.fmean(values), 4)
        found[f"{name}_std"] = round(statistics.stdev(values), 4) if len(values) > 1 else 0.0
    return found


def metric_lines(columns: Mapping[str, Metrics], metrics: Iterable[str]) -> list[str]:
    """For people: a line of names, then one for each metric that is none's spread."""
    names = [name for name in metrics if not name.endswith("_std")]
    lines = [f"{'':24}" + "".join(f"{name:>18}" for name in columns)]
    for name in names:
        cells = [
            f"{found[name]:.3f} sd {found[f'{name}_std']:.3f}" if name in found else ""
            for found in columns.values()
        ]
        lines.append(f"{name:24}" + "".join(f"{cell:>18}" for cell in cells))
    return lines
