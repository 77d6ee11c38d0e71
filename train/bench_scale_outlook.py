"""What larger sizes would need, as tables: the sums of `bench_scale_projection` on a ledger."""

import statistics
from collections.abc import Sequence
from typing import Final

from .bench_scale_fit import Fit, ahead
from .bench_scale_ledger import MEASURED, Entry, points
from .bench_scale_projection import (
    SCAN_SOCKET,
    Machine,
    bytes_a_vector,
    core_hours,
    machines,
    memory_gb,
    rows_at,
    scan_ms,
    works,
)
from .bench_similar_speed import DIM

LISTINGS: Final = 10**8
VECTORS: Final = 10**9
COUNTS: Final = (1, 10)  # machines that share the work
FAR: Final = 1_000  # times what was measured; further no law is worth a number
# Where it hurts first: measurement, figure, the limit, and in what words.
LIMITS: Final = (
    ("import", "seconds", 24 * 3600.0, "import takes a day"),
    ("import", "backup_seconds", 3600.0, "a backup takes an hour"),
    ("import", "database_mb", 1e6, "desk.db is a terabyte"),
    ("train", "seconds", 8 * 3600.0, "a training takes a night (8 h)"),
    ("train", "peak_mb", 64_000.0, "a training needs 64 GB"),
    ("search", "suggest_p99", 200.0, "one suggestion in a hundred takes 200 ms"),
    ("search", "lexical_p99", 100.0, "the search by words takes 100 ms (p99)"),
    ("search", "typed_p99", 1000.0, "searching typed words takes a second (p99)"),
    ("search", "serving_mb", 16_000.0, "a process that suggests needs 16 GB"),
    ("search", "peak_mb", 64_000.0, "building the index of past inquiries needs 64 GB"),
    ("vectors", "p99", 50.0, "a vector search takes 50 ms (p99)"),
    ("vectors", "build_seconds", 8 * 3600.0, "one index takes a night to build"),
    ("vectors", "peak_mb", 64_000.0, "building one index of vectors needs 64 GB"),
    ("pages", "send p95", 1000.0, "sending an answer takes a second (p95)"),
    ("pages", "FAQs p95", 1000.0, "the list of FAQs takes a second (p95)"),
    ("pages", "to mend p95", 1000.0, "FAQs to mend take a second (p95)"),
    ("pages", "inbox p95", 1000.0, "the inbox takes a second (p95)"),
    ("pages", "answered, filtered p95", 1000.0, "filtered answers take a second (p95)"),
    ("pages", "search p95", 1000.0, "the search page takes a second (p95)"),
    ("pages", "week p95", 1000.0, "the week takes a second (p95)"),
)


def outlook(entries: Sequence[Entry], *, machine: Machine | None = None) -> str:
    """The tables, of one source's entries; what was not measured is left out."""
    machine = machine or Machine()
    measured = [entry for entry in entries if entry.state == MEASURED]
    parts = [_memory(machine), _hours(measured, machine), _first(measured)]
    return "\n\n".join(part for part in parts if part)


def rates(entries: Sequence[Entry]) -> dict[str, float]:
    """Rows a second and core, each at the largest size that was measured."""
    found = {
        "import": _last(entries, "import", "rows_a_second"),
        "encode": _last(entries, "search", "encoded_a_second"),
    }
    # By the processor's seconds: what others take of a busy machine is not in them.
    for rate, name, key in (
        ("label", "label", "cpu_seconds_1"),
        ("pictures", "pictures", "cpu_seconds"),
        ("build", "vectors", "build_cpu_seconds"),
    ):
        if seconds := _last(entries, name, key):
            rows = max(e.rows for e in entries if e.measurement == name and key in e.figures)
            found[rate] = rows / seconds
    return {name: value for name, value in found.items() if value}


def _memory(machine: Machine) -> str:
    sizes = (10**6, 10**7, LISTINGS, VECTORS)
    lines = [
        f"### Memory of vectors of {DIM} numbers, GB",
        "",
        f"Machines of {machine.memory_gb:g} GB, {100 * machine.kept:g} % of it for vectors.",
        "",
        "| engine | bytes | 10^6 | 10^7 | 10^8 | machines | 10^9 | machines | "
        "scan of 10^8, one socket |",
        "|---" * 9 + "|",
    ]
    for name, each in bytes_a_vector(DIM).items():
        cells = [f"{each:,.0f}"]
        for size in sizes:
            held = memory_gb(size, each)
            cells.append(f"{held:,.2f}" if held < 10 else f"{held:,.0f}")
            if size >= LISTINGS:
                cells.append(f"{machines(held, machine):,}")
        graph = "HNSW" in name or "graph" in name
        scan = scan_ms(LISTINGS, each, bytes_a_second=SCAN_SOCKET)
        cells.append("-" if graph else f"{scan:,.0f} ms")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _hours(entries: Sequence[Entry], machine: Machine) -> str:
    found = works(rates(entries), LISTINGS)
    if not found:
        return ""
    heads = " | ".join(f"hours, {n} x {machine.cores} cores" for n in COUNTS)
    lines = [
        "### 10^8 rows, by the rates measured at the largest size",
        "",
        f"| work | a second and core | core-hours | {heads} |",
        "|---" * (3 + len(COUNTS)) + "|",
    ]
    for work in found:
        total, *spent = work.row(machine, COUNTS)
        cells = [f"{work.a_second_a_core:,.0f}", f"{total:,.0f}", *(f"{h:,.1f}" for h in spent)]
        lines.append(f"| {work.name} | " + " | ".join(cells) + " |")
    if build := rates(entries).get("build"):
        lines += ["", f"10^9 vectors: {core_hours(VECTORS, build):,.0f} core-hours to build."]
    if each := _last(entries, "import", "database_bytes_a_row"):
        lines += ["", f"desk.db of 10^8 inquiries: {LISTINGS * each / 1e9:,.0f} GB."]
    return "\n".join(lines)


def _first(entries: Sequence[Entry]) -> str:
    """At how many rows each limit is met, by the laws or the last step, the smallest first."""
    found = []
    for name, key, limit, words in LIMITS:
        mine = [entry for entry in entries if entry.measurement == name]
        law, beyond = Fit.of(points(mine, key)), ahead(points(mine, key))
        if law is None or beyond is None:
            continue
        largest = max(entry.rows for entry in mine)
        rows = rows_at(beyond, limit)
        steeper = beyond.power > law.power + 0.005  # what two digits show
        said = f"n^{beyond.power:.2f}, the last step" if steeper else law.words()
        if key.endswith("_mb") and (each := _each(points(mine, key))) > 0:
            rows = largest + (limit - _last(mine, name, key)) / each
            said = f"{1e6 * each:,.0f} bytes a row, the last step"
        found.append((rows or float("inf"), words, said, largest))
    if not found:
        return ""
    lines = [
        "### Where it hurts first",
        "",
        "By the law of all sizes, or by the step between the two largest where that is steeper; "
        "memory and disk by what a row more takes there.",
        "",
        "| what | at rows | growth | measured up to |",
        "|---|---|---|---|",
    ]
    for rows, words, law_words, largest in sorted(found):
        at = _about(rows) if rows <= FAR * largest else f"beyond {FAR * largest:,}"
        lines.append(f"| {words} | {at} | {law_words} | {largest:,} |")
    return "\n".join(lines)


def _each(measured: Sequence[tuple[float, float]]) -> float:
    """By how much a row more raised a quantity between the two largest sizes.

    Memory is what a process needs anyway and so much a row: no power law tells that.
    """
    typical = {
        rows: statistics.median(value for at, value in measured if at == rows)
        for rows, _ in measured
    }
    (few, before), (many, after) = sorted(typical.items())[-2:]
    return (after - before) / (many - few)


def _about(rows: float) -> str:
    """Two digits: a law is no better than that."""
    return f"{float(f'{rows:.2g}'):,.0f}"


def _last(entries: Sequence[Entry], name: str, key: str) -> float:
    """The median of a figure at the largest size that has it; 0 where none has."""
    mine = [e for e in entries if e.measurement == name and key in e.figures]
    largest = max((entry.rows for entry in mine), default=0)
    values = [entry.figures[key] for entry in mine if entry.rows == largest]
    return statistics.median(values) if values else 0.0
