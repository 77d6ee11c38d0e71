"""What sizes that were not measured would need: plain arithmetic, its units in every name.

Bytes a vector, bandwidths and what an image costs at best are the figures of the vector and
inference engines' own papers and of scans on two cores (see docs/scale.md); rates are those
measured, and taken as they are: twice the cores, half the hours. Nothing here is measured.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .bench_scale_fit import Fit

LINKS: Final = 32  # of a graph: neighbours a vector, each 8 bytes
CODE: Final = 48  # bytes of a product-quantised vector; 8 more for its id
DISK_CODE: Final = 32  # bytes that a graph on disk keeps in memory of each vector
DISK_PAGE: Final = 4096  # bytes that it reads of each vector, and keeps on an SSD
SCAN_THREAD: Final = 8.6e9  # bytes a second that one thread scans: 307 MB in 35 ms
SCAN_SOCKET: Final = 200e9  # bytes a second that a server's socket reads
IMAGES_CORE: Final = 100.0  # MobileNetV2 in floats (0.6 GFLOP), images a second of one core
ANSWER: Final = 12  # bytes of one neighbour that a shard sends back


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine to reckon with."""

    cores: int = 16
    memory_gb: float = 64.0
    kept: float = 0.75  # share of its memory for vectors; the rest is the system's and the engine's


def bytes_a_vector(dim: int) -> dict[str, float]:
    """Bytes in memory of one vector of `dim` numbers, by engine."""
    return {
        "Flat, floats": 4 * dim,
        "SQ8 (bytes)": dim,
        "PQ48 and id": CODE + 8,
        "HNSW32, floats": 4 * dim + 8 * LINKS,
        "HNSW32, bytes": dim + 8 * LINKS,
        "graph on SSD, PQ32": DISK_CODE,
    }


def memory_gb(vectors: float, bytes_each: float) -> float:
    """Gigabytes (10^9 bytes) of so many vectors."""
    return vectors * bytes_each / 1e9


def machines(gigabytes: float, machine: Machine) -> int:
    """Machines whose memory holds so much; one at least."""
    return max(1, math.ceil(gigabytes / (machine.memory_gb * machine.kept)))


def core_hours(rows: float, a_second_a_core: float) -> float:
    """Hours of one core."""
    return rows / a_second_a_core / 3600


def hours(of_one_core: float, *, machine: Machine, count: int = 1) -> float:
    """Hours on so many machines, where the work is shared out evenly and no core waits."""
    return of_one_core / (machine.cores * count)


def scan_ms(vectors: float, bytes_each: float, *, bytes_a_second: float = SCAN_THREAD) -> float:
    """Milliseconds to look at every vector once."""
    return 1000 * vectors * bytes_each / bytes_a_second


def gathered_kb(shards: int, *, top_k: int = 10) -> float:
    """Kilobytes that all shards of an index send back for one query."""
    return shards * top_k * ANSWER / 1000


def rows_at(fit: Fit, limit: float) -> float | None:
    """Rows at which a law reaches a limit; None where it hardly grows."""
    if fit.power < 0.05:
        return None
    return float((limit / fit.scale) ** (1 / fit.power))


@dataclass(frozen=True, slots=True)
class Work:
    """Something that is done to each row once."""

    name: str
    rows: float
    a_second_a_core: float
    alone: bool = False  # one process alone can do it: more machines do not help

    def row(self, machine: Machine, counts: tuple[int, ...]) -> tuple[float, ...]:
        """Core-hours, then hours on each number of machines."""
        total = core_hours(self.rows, self.a_second_a_core)
        if self.alone:
            return (total, *(total for _ in counts))
        return (total, *(hours(total, machine=machine, count=count) for count in counts))


def works(rates: Mapping[str, float], rows: float) -> list[Work]:
    """What so many listings or inquiries take, by the rates that were measured.

    Args:
        rates: a second and core: `import`, `label`, `pictures`, `encode`, `build`; what is missing
            is left out.
        rows: how many.
    """
    every = {
        "import": Work("import into one desk.db", rows, rates.get("import", 0), alone=True),
        "label": Work("labelling by words", rows, rates.get("label", 0)),
        "pictures": Work("labelling with one picture", rows, rates.get("pictures", 0)),
        "encode": Work("encoding texts", rows, rates.get("encode", 0)),
        "build": Work("building the index in parts", rows, rates.get("build", 0)),
    }
    found = [work for name, work in every.items() if rates.get(name)]
    if rates.get("pictures"):
        found.append(Work("pictures, at 100 a second and core", rows, IMAGES_CORE))
    return found
