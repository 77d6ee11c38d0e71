"""A long run over a table, cut into shards that any machine can do in any order.

`plan` cuts the table into shards of a fixed number of rows, each with a small file of its own; `do`
turns one into a file of output; `join` makes the output of them all. Each is a plain function over
files in the run's folder:

    plan.json            the layout and the size of every shard, written when all are cut
    in/000001            the rows of a shard; in/000001.json their lines, and what was no row
    out/000001           its rows with the columns added
    done/000001.json     the receipt of a shard: the ledger, whole when the last one is there

A file is written beside its place and renamed, the receipt last, so that a shard is done or it is
not. Knows nothing of what the work is.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from support.whole_files import sync_to_disk, whole_file

from .tables import Added, Layout, Problem, Rows, Source, Told, open_sink, read_rows

ROWS: Final = 4096  # of a shard, where nothing else is said


@dataclass(frozen=True, slots=True)
class Shard:
    """Some rows of a table, and where they and what becomes of them lie."""

    folder: Path  # of the run
    number: int  # from 1
    rows: int
    size: int  # bytes of its rows

    @property
    def kept(self) -> Path:
        """Its rows."""
        return self.folder / "in" / f"{self.number:06d}"

    @property
    def about(self) -> Path:
        """Its rows' lines, and what was no row."""
        return self.folder / "in" / f"{self.number:06d}.json"

    @property
    def made(self) -> Path:
        """Its output."""
        return self.folder / "out" / f"{self.number:06d}"

    @property
    def receipt(self) -> Path:
        """What was done."""
        return self.folder / "done" / f"{self.number:06d}.json"


@dataclass(frozen=True, slots=True)
class Done:
    """What the work made of some rows."""

    added: list[Added]
    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    remarks: list[list[Any]] = field(default_factory=list)  # rows of a report, plain JSON


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done of one shard."""

    number: int
    rows: int
    size: int  # bytes of its output
    problems: list[Problem]
    counts: dict[str, int]
    remarks: list[list[Any]]


Work = Callable[[Rows, Sequence[int]], Done]  # rows and their lines in the file


def plan(
    source: Source,
    folder: Path,
    *,
    layout: Callable[[dict[str, Any]], Layout],
    size: int = ROWS,
    tell: Told = lambda share: None,
) -> tuple[Layout, list[Shard]]:
    """Cut a table into shards.

    Args:
        source: the table.
        folder: of the run.
        layout: makes the layout of what the source tells of itself, when all of it was read.
        size: rows of a shard.
        tell: told how far it is.
    """
    for name in ("in", "out", "done"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    shards = []
    for number, block in enumerate(source.blocks(size, tell), 1):
        shard = Shard(folder, number, len(block.lines), 0)
        source.keep(block, shard.kept)
        about = {"lines": block.lines, "problems": [asdict(found) for found in block.problems]}
        shard.about.write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        shards.append(Shard(folder, number, len(block.lines), shard.kept.stat().st_size))
    for path in (*(folder / "in").iterdir(), folder / "in"):  # the plan says that they are there
        sync_to_disk(path)
    made = layout(source.shape())
    sizes = [[shard.rows, shard.size] for shard in shards]
    write_json(folder / "plan.json", {"layout": made.as_dict(), "shards": sizes})
    return made, shards


def planned(folder: Path) -> tuple[Layout, list[Shard]] | None:
    """A plan that was made before; None where there is none, or files of it are gone."""
    try:
        data = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
        layout = Layout.from_dict(data["layout"])
        shards = [
            Shard(folder, number, rows, size)
            for number, (rows, size) in enumerate(data["shards"], 1)
        ]
        whole = all(
            shard.about.is_file() and shard.kept.stat().st_size == shard.size for shard in shards
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (layout, shards) if whole else None


def plan_hash(folder: Path) -> str:
    """SHA-256 of a run's plan, to tell it from any other's; "" where there is none."""
    try:
        return hashlib.sha256((folder / "plan.json").read_bytes()).hexdigest()
    except OSError:
        return ""


def do(shard: Shard, layout: Layout, work: Work) -> Receipt:
    """Do one shard; done again, it gives the same."""
    about = json.loads(shard.about.read_text(encoding="utf-8"))
    problems = [Problem(**found) for found in about["problems"]]
    rows = read_rows(layout, shard.kept)
    done = work(rows, about["lines"])
    with whole_file(shard.made, sweeps=False) as file:
        cut = open_sink(layout).write(rows, done.added, layout, file)
    problems += [
        Problem(line, "cell", reason)
        for line, reason in zip(about["lines"], cut, strict=False)
        if reason
    ]
    found = sorted(problems + done.problems, key=lambda problem: problem.line)
    size = shard.made.stat().st_size
    receipt = Receipt(shard.number, shard.rows, size, found, done.counts, done.remarks)
    write_json(shard.receipt, asdict(receipt))
    return receipt


def receipt(shard: Shard) -> Receipt | None:
    """What was done of a shard; None where it is to be done."""
    try:
        data = json.loads(shard.receipt.read_text(encoding="utf-8"))
        problems = [Problem(**found) for found in data.pop("problems")]
        found = Receipt(problems=problems, **data)
        return found if shard.made.stat().st_size == found.size else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def join(shards: Sequence[Shard], layout: Layout, out: Path) -> None:
    """Make the output of shards that are all done."""
    with whole_file(out) as file:
        open_sink(layout).join((shard.made for shard in shards), layout, file)


def write_json(path: Path, content: Any) -> None:
    """Write JSON, whole or not at all."""
    with whole_file(path, sweeps=False) as file:  # what is left goes with the run's folder
        file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
