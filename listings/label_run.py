"""Labels a whole table: plans its shards, has them done on every core, joins them.

Killed and called again it goes on where it stopped.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from support.errors import FaqdeskError, InputError

from .columns import existing, find_columns, free_names
from .label import LabelOptions, added_columns
from .label_reports import Reports, report_files, write_reports
from .label_work import CategoryEngine, Engine, Progress, Task, do_all
from .run_folder import RunFolder, file_hash
from .shards import ROWS, Receipt, Shard, join, plan, planned, receipt
from .tables import Layout, Source, kind_of, open_source

__all__ = ["CategoryEngine", "LabelReport", "LabelRequest", "label_file"]

ROWS_WITH_PICTURES: Final = 256  # of a shard; a picture takes as long as hundreds of titles
FORMAT: Final = 1  # of a run's folder


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


def label_file(
    path: Path,
    out: Path,
    engine: Engine,
    request: LabelRequest,
    *,
    workers: int | None = None,
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
        workers: processes; None: one a core.
        restart: whether to forget a run that was cut short, and replace an output.
        progress: told of rows done.

    Raises:
        InputError: the table cannot be read, or what is asked for is not in it.
        ConflictError: the input, the options or the model are not those of the run that was cut
            short, another process writes this output, or it is there already.
        ModelError: the model cannot be used.
    """
    started = time.monotonic()
    kind_of(out, writing=True)
    _check_place(path, out)
    source = open_source(path)
    model = engine.describe()
    if request.looks and not model.sees:
        raise InputError(
            "This category model does not look at pictures. Leave --images and --image-column "
            "out, or train one that does: faqdesk train category"
        )
    if source.kind != "jsonl":  # which names its columns row by row
        _options(request, source.shape()["columns"], path)
    with RunFolder(out) as folder:
        progress(0, 0, "checking")
        about = {
            "format": FORMAT,
            "input": file_hash(path),
            "options": _asked(request, path, out),
            "model": model.version,
        }
        known = planned(folder.path) if folder.begin(about, restart=restart) else None
        size = request.shard_rows or (ROWS_WITH_PICTURES if request.looks else ROWS)
        layout, shards = known or plan(
            source,
            folder.path,
            layout=lambda shape: _layout(source, out, shape, request.top),
            size=size,
            tell=lambda share: progress(share, 1000, "reading"),
        )
        options = _options(request, layout.columns, path)
        _check_sink(layout, shards)
        task = Task(engine, model.version, options, layout)
        resumed = do_all(shards, task, workers or os.cpu_count() or 1, progress)
        rows = sum(shard.rows for shard in shards)
        progress(rows, rows, "joining")
        for report in report_files(out):
            report.unlink(missing_ok=True)
        reports = write_reports(
            map(_receipt, shards), out, folder.path, compare=bool(options.compare)
        )
        join(shards, layout, out)
        folder.finish()
    return LabelReport(
        out, rows, resumed, model.version, options, reports, time.monotonic() - started
    )


def _receipt(shard: Shard) -> Receipt:
    found = receipt(shard)
    if found is None:
        raise FaqdeskError(f"{shard.made} was changed by somebody. Start again; the rest is kept.")
    return found


def _options(request: LabelRequest, header: list[str], path: Path) -> LabelOptions:
    told = dict(request.told or {})
    if request.image_column:
        told["image"] = request.image_column
    folder = (request.images or path.parent).absolute()
    return LabelOptions(
        columns=find_columns(header, told=told, pictures=request.looks),
        top=request.top,
        images=os.path.normpath(folder) if request.looks else "",
        confined=request.images is not None,
        compare=existing(header, request.compare) if request.compare else "",
        carried=dict(request.carried) if request.compare else {},
    )


def _asked(request: LabelRequest, path: Path, out: Path) -> dict[str, Any]:
    """All of what is asked for that decides what the output is."""
    asked = asdict(request)
    folder = (request.images or path.parent).absolute()
    asked["images"] = os.path.normpath(folder) if request.looks else ""
    asked["told"] = dict(request.told or {})
    asked["carried"] = dict(request.carried) if request.compare else {}
    return {**asked, "from": path.suffix.lower(), "to": out.suffix.lower()}


def _layout(source: Source, out: Path, shape: dict[str, Any], top: int) -> Layout:
    sink = kind_of(out, writing=True)
    shape = dict(shape)
    columns = shape["columns"]
    if sink in ("jsonl", "parquet") and source.kind != sink and len(set(columns)) < len(columns):
        twice = sorted({name for name in columns if columns.count(name) > 1})
        raise InputError(
            f"Columns {', '.join(map(repr, twice))} occur more than once, which only CSV and XLSX "
            "can hold. Rename them, or write one of these."
        )
    wanted = added_columns(top)
    names = free_names(columns, [name for name, _ in wanted])
    separator = "\t" if out.suffix.lower() == ".tsv" else shape.get("source_separator", ",")
    return Layout(
        source=source.kind,
        sink=sink,
        added=[(name, kind) for name, (_, kind) in zip(names, wanted, strict=True)],
        separator=separator,
        **shape,
    )


def _check_sink(layout: Layout, shards: Sequence[Shard]) -> None:
    if layout.sink == "xlsx":
        from .tables_xlsx import check_size

        check_size(sum(shard.rows for shard in shards))


def _check_place(path: Path, out: Path) -> None:
    if out.exists() and path.exists() and out.samefile(path):
        raise InputError(f"{out} is the input itself. Name another output: --out labelled.csv")
    for report in report_files(out):
        if report.exists() and path.exists() and report.samefile(path):
            raise InputError(
                f"A report of {out} would replace the input, {path}. Name another output: "
                "--out labelled.csv"
            )
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise InputError(f"Cannot write {out}. Name a file in a folder that is there.")
