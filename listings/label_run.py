"""Labels a whole table with categories; killed and called again it goes on where it stopped."""

import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from support.batch import Engine as BatchEngine
from support.batch import LocalEngine
from support.errors import InputError

from .columns import existing, find_columns
from .label import LabelOptions, added_columns
from .label_reports import Reports
from .label_work import CategoryEngine, Engine, LabelWork
from .shard_work import Progress
from .shards import ROWS
from .table_run import check_place, run_table

__all__ = ["CategoryEngine", "LabelReport", "LabelRequest", "label_file"]

ROWS_WITH_PICTURES: Final = 256  # of a shard; a picture takes as long as hundreds of titles


@dataclass(frozen=True, kw_only=True)
class LabelRequest:
    """What somebody asked for."""

    top: int = 3
    told: Mapping[str, str] | None = None  # role to column
    images: Path | None = None  # a folder; only pictures inside it are looked at
    image_column: str = ""
    compare: str = ""
    carried: Mapping[str, str] = field(default_factory=dict)  # see `label_carry.carried_to`
    shard_rows: int | None = None

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a number is out of its range.
        """
        if not 1 <= self.top <= 20:
            raise InputError(f"--top must be from 1 to 20, got {self.top}.")
        if self.shard_rows is not None and self.shard_rows < 1:
            raise InputError(f"--shard-rows must be at least 1, got {self.shard_rows}.")

    @property
    def looks(self) -> bool:
        """Whether pictures are asked for."""
        return bool(self.images or self.image_column or (self.told or {}).get("image"))


@dataclass(frozen=True, slots=True)
class LabelReport:
    """What a run did."""

    out: Path
    rows: int  # written
    resumed: int  # of them done by a run before
    model_version: str
    options: LabelOptions
    reports: Reports
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        found = self.reports
        files = {"problems": found.problems_file, "disagreements": found.disagreements_file}
        return {
            "out": str(self.out),
            "rows": self.rows,
            "resumed": self.resumed,
            **{name: found.counts.get(name, 0) for name in ("labelled", "review")},
            "problems": found.problems,
            "files": {name: str(path) for name, path in files.items() if path},
            "columns": asdict(self.options.columns),
            "compared": {
                name: found.counts.get(name, 0) for name in ("compared", "agree", "disagree")
            }
            if self.options.compare
            else None,
            "pairs": [asdict(pair) for pair in found.pairs],
            "model_version": self.model_version,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class _Labelling:
    """What is asked for, as a job for a table; see `table_run.Job`."""

    request: LabelRequest
    engine: Engine
    version: str
    path: Path
    message: str = "labelling"

    @property
    def about(self) -> dict[str, Any]:
        """All of what is asked for that decides what the output is."""
        request = self.request
        asked = asdict(request)
        asked["images"] = _folder(request, self.path)
        asked["told"] = dict(request.told or {})
        asked["carried"] = dict(request.carried) if request.compare else {}
        return {"options": asked, "model": self.version}

    @property
    def added(self) -> list[tuple[str, str]]:
        return added_columns(self.request.top)

    @property
    def size(self) -> int:
        return self.request.shard_rows or (ROWS_WITH_PICTURES if self.request.looks else ROWS)

    @property
    def compares(self) -> bool:
        return bool(self.request.compare)

    def work(self, columns: list[str]) -> LabelWork:
        """Find the columns to read."""
        request = self.request
        told = dict(request.told or {})
        if request.image_column:
            told["image"] = request.image_column
        options = LabelOptions(
            columns=find_columns(columns, told=told, pictures=request.looks),
            top=request.top,
            images=_folder(request, self.path),
            confined=request.images is not None,
            compare=existing(columns, request.compare) if request.compare else "",
            carried=dict(request.carried) if request.compare else {},
        )
        return LabelWork(self.engine, self.version, options)


def label_file(
    path: Path,
    out: Path,
    engine: Engine,
    request: LabelRequest,
    *,
    workers: int | None = None,
    on: BatchEngine | None = None,
    restart: bool = False,
    progress: Progress = lambda done, total, message: None,
) -> LabelReport:
    """Label a table's rows into another table.

    Killed and called again the same way it goes on, and the output is what an unbroken run writes.

    Args:
        path: the table: CSV, JSON Lines, Parquet or XLSX.
        out: the output, of any of these kinds.
        engine: opens the model.
        request: what is asked for.
        workers: processes on this machine; None: one a core.
        on: what has the shards done; None: those processes.
        restart: whether to forget a run that was cut short, and replace an output.
        progress: told of rows done.

    Raises:
        InputError: the table cannot be read, or what is asked for is not in it.
        ConflictError: the input, the options or the model are not those of the run that was cut
            short, another process writes this output, or it is there already.
        ModelError: the model cannot be used.
    """
    started = time.monotonic()
    check_place(path, out)
    model = engine.describe()
    if request.looks and not model.sees:
        raise InputError(
            "This category model does not look at pictures. Leave --images and --image-column "
            "out, or train one that does: faqdesk train category"
        )
    job = _Labelling(request, engine, model.version, path)
    found = run_table(
        path, out, job, engine=on or LocalEngine(workers), restart=restart, progress=progress
    )
    options, seconds = found.work.options, time.monotonic() - started
    return LabelReport(
        out, found.rows, found.resumed, model.version, options, found.reports, seconds
    )


def _folder(request: LabelRequest, path: Path) -> str:
    """The folder that pictures lie in; "" where none are looked at."""
    folder = (request.images or path.parent).absolute()
    return os.path.normpath(folder) if request.looks else ""
