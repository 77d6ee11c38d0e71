"""The tables of `faqdesk bench scale`, from its ledger alone: Markdown, or one JSON object."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

from .bench_scale_fit import Fit
from .bench_scale_ledger import MEASURED, Entry, points
from .bench_scale_outlook import outlook
from .bench_scale_table import MEASUREMENTS, Measurement, Quantity

_DASH: Final = "-"


def as_dict(entries: Sequence[Entry]) -> dict[str, Any]:
    """One JSON object: every entry, and the law of every figure that grows."""
    return {
        "entries": [asdict(entry) for entry in entries],
        "growth": {
            f"{source}:{one.name}:{quantity.key}": {**asdict(law), "words": law.words()}
            for source in sources(entries)
            for one in MEASUREMENTS
            for quantity in quantities(one, _of(entries, one.name, source))
            if quantity.grows
            and (law := Fit.of(points(_of(entries, one.name, source), quantity.key)))
        },
    }


def as_markdown(entries: Sequence[Entry]) -> str:
    """Every measurement's table, what was left and why, and what larger sizes would need."""
    parts = []
    for source in sources(entries):
        known = [entry for entry in entries if entry.source == source]
        loads = [entry.load for entry in known if entry.state == MEASURED]
        words = f"{len(loads)} measurements of {source} texts"
        if loads:
            words += (
                f", {min(e.at for e in known)[:10]} to {max(e.at for e in known)[:10]}; load of "
                f"the machine as each began {min(loads):.1f} to {max(loads):.1f}"
            )
        parts.append(words + ".")
        for one in MEASUREMENTS:
            mine = [entry for entry in known if entry.measurement == one.name]
            if mine:
                parts.append(_section(one, mine))
        parts.append(outlook(known))
    return "\n\n".join(part for part in parts if part)


def sources(entries: Iterable[Entry]) -> list[str]:
    """What texts were measured."""
    return sorted({entry.source for entry in entries})


def quantities(one: Measurement, entries: Sequence[Entry]) -> tuple[Quantity, ...]:
    """The figures of a measurement; those of pages are named by what was clicked."""
    if not one.paged:
        return one.quantities
    known = {key for entry in entries for key in entry.figures}
    order = [key for entry in entries for key in entry.figures]
    pages = sorted((k for k in known if k.endswith((" p50", " p95"))), key=order.index)
    return (*(Quantity(key, f"{key}, ms", digits=1) for key in pages), *one.quantities)


def _section(one: Measurement, entries: Sequence[Entry]) -> str:
    measured = [entry for entry in entries if entry.state == MEASURED]
    lines = [f"### {one.title}", "", one.made_of, ""]
    sizes = sorted({entry.rows for entry in measured})
    if sizes:
        lines += [
            f"| {one.rows} | " + " | ".join(f"{size:,}" for size in sizes) + " | growth |",
            "|---" * (len(sizes) + 2) + "|",
        ]
        lines += [_row(quantity, measured, sizes) for quantity in quantities(one, measured)]
    for entry in sorted(entries, key=lambda entry: entry.rows):
        if entry.state != MEASURED:
            lines += ["", f"{entry.rows:,}: {entry.why}."]
    return "\n".join(lines)


def _row(quantity: Quantity, entries: Sequence[Entry], sizes: Sequence[int]) -> str:
    law = Fit.of(points(entries, quantity.key)) if quantity.grows else None
    cells = [_cell(quantity, [e for e in entries if e.rows == size]) for size in sizes]
    growth = law.words() if law else _DASH
    return f"| {quantity.words} | " + " | ".join(cells) + f" | {growth} |"


def _cell(quantity: Quantity, entries: Sequence[Entry]) -> str:
    """The median, and the least and the most where there are several."""
    values = [entry.figures[quantity.key] for entry in entries if quantity.key in entry.figures]
    if not values:
        return _DASH
    middle = f"{statistics.median(values):,.{quantity.digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{quantity.digits}f} to {max(values):,.{quantity.digits}f})"


def _of(entries: Sequence[Entry], name: str, source: str) -> list[Entry]:
    return [
        entry
        for entry in entries
        if (entry.measurement, entry.source, entry.state) == (name, source, MEASURED)
    ]
