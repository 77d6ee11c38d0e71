"""Does work on a whole table: plans its shards, has them done by an engine, joins them.

Killed and called again it goes on where it stopped. What the work is, which columns it reads and
which it adds, a `Job` says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from support.batch import Engine
from support.errors import FaqdeskError, InputError

from .columns import free_names
from .label_reports import Reports, report_files, write_reports
from .run_folder import RunFolder, file_hash
from .shard_work import Opener, Progress, Task, do_all
from .shards import Receipt, Shard, join, plan, plan_hash, planned, receipt
from .tables import Layout, Source, kind_of, open_source

FORMAT: Final = 1  # of a run's folder
Made = TypeVar("Made", bound=Opener)
Made_co = TypeVar("Made_co", bound=Opener, covariant=True)


class Job(Protocol[Made_co]):
    """What somebody wants done with every row of a table."""

    @property
    def message(self) -> str:
        """What its progress is called."""
        ...

    @property
    def about(self) -> Mapping[str, Any]:
        """All that decides what is added to a row, as plain JSON by words for a message."""
        ...

    @property
    def added(self) -> Sequence[tuple[str, str]]:
        """Name and type of the columns that it adds, before any clash of names."""
        ...

    @property
    def size(self) -> int:
        """Rows of a shard."""
        ...

    @property
    def compares(self) -> bool:
        """Whether it remarks on rows."""
        ...

    def work(self, columns: list[str]) -> Made_co:
        """Find the columns to read, and tell how the work is opened.

        Raises:
            InputError: they are not there.
        """
        ...


@dataclass(frozen=True, slots=True)
class TableRun(Generic[Made]):
    """What a run did."""

    rows: int  # written
    resumed: int  # of them done by a run before
    work: Made
    reports: Reports


def run_table(
    path: Path,
    out: Path,
    job: Job[Made],
    *,
    engine: Engine,
    restart: bool = False,
    progress: Progress = lambda done, total, message: None,
) -> TableRun[Made]:
    """Do a job on a table's rows, into another table.

    Args:
        path: the table: CSV, JSON Lines, Parquet or XLSX.
        out: the output, of any of these kinds.
        job: what is done.
        engine: has the shards done.
        restart: whether to forget a run that was cut short, and replace an output.
        progress: told of rows done.

    Raises:
        InputError: the table cannot be read, or what is asked for is not in it.
        ConflictError: the input, or what is asked for, is not that of the run that was cut short,
            another process writes this output, or it is there already.
    """
    source = open_source(path)
    if source.kind != "jsonl":  # which names its columns row by row
        job.work(source.shape()["columns"])
    with RunFolder(out) as folder:
        progress(0, 0, "checking")
        asked = {"from": path.suffix.lower(), "to": out.suffix.lower()}
        about = {"format": FORMAT, "input": file_hash(path), **job.about}
        about["options"] = {**about.get("options", {}), **asked}
        known = planned(folder.path) if folder.begin(about, restart=restart) else None
        layout, shards = known or plan(
            source,
            folder.path,
            layout=lambda shape: layout_of(source, out, shape, job.added),
            size=job.size,
            tell=lambda share: progress(share, 1000, "reading"),
        )
        work = job.work(layout.columns)
        _check_sink(layout, shards)
        task = Task(work, layout, job.message, folder.path, plan_hash(folder.path))
        resumed = do_all(shards, task, engine, progress)
        rows = sum(shard.rows for shard in shards)
        progress(rows, rows, "joining")
        for report in report_files(out):
            report.unlink(missing_ok=True)
        reports = write_reports(
            map(_receipt, shards), out, folder.path, compare=job.compares
        )  # fmt: skip
        join(shards, layout, out)
        folder.finish()
    return TableRun(rows, resumed, work, reports)


def layout_of(
    source: Source, out: Path, shape: dict[str, Any], added: Sequence[tuple[str, str]]
) -> Layout:
    """The layout of an output: a source's columns, then those added, under names that are free.

    Raises:
        InputError: the source has columns that the output cannot hold.
    """
    sink = kind_of(out, writing=True)
    shape = dict(shape)
    columns = shape["columns"]
    if sink in ("jsonl", "parquet") and source.kind != sink and len(set(columns)) < len(columns):
        twice = sorted({name for name in columns if columns.count(name) > 1})
        raise InputError(
            f"Columns {', '.join(map(repr, twice))} occur more than once, which only CSV and XLSX "
            "can hold. Rename them, or write one of these."
        )
    names = free_names(columns, [name for name, _ in added])
    separator = "\t" if out.suffix.lower() == ".tsv" else shape.get("source_separator", ",")
    return Layout(
        source=source.kind,
        sink=sink,
        added=[(name, kind) for name, (_, kind) in zip(names, added, strict=True)],
        separator=separator,
        **shape,
    )


def check_place(path: Path, out: Path) -> None:
    """Check that an output can be written, and replaces nothing that is read.

    Raises:
        InputError: it cannot.
    """
    kind_of(out, writing=True)
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


def _receipt(shard: Shard) -> Receipt:
    found = receipt(shard)
    if found is None:
        raise FaqdeskError(f"{shard.made} was changed by somebody. Start again; the rest is kept.")
    return found


def _check_sink(layout: Layout, shards: Sequence[Shard]) -> None:
    if layout.sink == "xlsx":
        from .tables_xlsx import check_size

        check_size(sum(shard.rows for shard in shards))
