"""Work over many rows of a desk, in shards that any machine can do, kept on disk until stored.

    plan.json            what is done of what, and the rows and bytes of each shard; written last
    in/000001.parquet    the rows of a shard
    out/000001.parquet   what was made of them
    done/000001.json     the receipt: rows and hash of what was made, and whether it is stored
    models/              copies of the models that the work opens: every machine sees them here

Every file is whole or not at all. Shards are done in any order and stored in their own, so that a
desk's database is the same whoever did them; a run that was killed goes on with what is not done.
A shard's rows are gone once they are stored. Knows nothing of what the work is.
"""

import hashlib
import json
import platform
import shutil
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from .batch import Engine
from .errors import FaqdeskError, ImportFileError, ModelVersionError
from .parquet_files import Columns, read_columns, write_columns
from .run_folders import run_folder
from .whole_files import whole_file

Progress = Callable[[int, int, str], None]  # done, total, message; may raise
Types = Mapping[str, str]  # of columns, as `write_columns` has them
Work = Callable[[Columns], Columns]  # what is made of the rows of a shard
Store = Callable[[Columns, Columns], None]  # rows and what was made of them; twice does no harm

PLAN: Final = "plan.json"


@dataclass(frozen=True, slots=True)
class Spread:
    """Who does what is too much for one process, and where the files of such runs lie."""

    engine: Engine
    folder: Path  # that every machine of the engine sees under this name


class Opener(Protocol):
    """Opens the work in whatever process needs it; can be pickled."""

    def open(self) -> Work:
        """Load what the work needs."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """What a run does."""

    name: str  # of its folder
    about: Mapping[str, Any]  # all that decides what is made, plain JSON; of another, begin anew
    opener: Opener
    asked: Types  # columns of the rows
    made: Types  # columns of what is made
    message: str  # of its progress
    models: Mapping[str, Path] = field(default_factory=dict)  # folders the work opens, by `model`


@dataclass(frozen=True, slots=True)
class Shard:
    """Some rows, and where they and what becomes of them lie; can be sent to any machine."""

    folder: Path  # of the run
    number: int  # from 1
    rows: int
    size: int  # bytes of the rows' file

    @property
    def asked(self) -> Path:
        """Its rows."""
        return self.folder / "in" / f"{self.number:06d}.parquet"

    @property
    def made(self) -> Path:
        """What was made of them."""
        return self.folder / "out" / f"{self.number:06d}.parquet"

    @property
    def receipt(self) -> Path:
        """What is known of that."""
        return self.folder / "done" / f"{self.number:06d}.json"

    def kept(self) -> bool:
        """Whether its rows are there, as they were written."""
        return self.asked.is_file() and self.asked.stat().st_size == self.size

    def state(self) -> str:
        """How far it is: stored, made or asked."""
        try:
            told = json.loads(self.receipt.read_text(encoding="utf-8"))
            if told["stored"]:
                return "stored"
            return "made" if told["sha256"] == _hash(self.made) else "asked"
        except (OSError, ValueError, KeyError, TypeError):
            return "asked"

    def tell(self, *, stored: bool) -> None:
        """Write the receipt."""
        told = {"rows": self.rows, "stored": stored, "sha256": _hash(self.made)}
        _write_json(self.receipt, told)


def model(spread: Spread, name: str, part: str) -> str:
    """Where the work of the job of a name finds a model that it brings."""
    return str(spread.folder / name / "models" / part)


def check_copy(folder: str, found: str, begun: str) -> None:
    """Check the version of a model that was brought along against the one that a run began with.

    Raises:
        ModelVersionError: it is another.
    """
    if found != begun:
        raise ModelVersionError(
            f"{folder} holds the version {found}, and the run was begun with {begun}. Delete the "
            f"folder {Path(folder).parents[1]} and begin anew."
        )


def waiting(place: Path, job: Job) -> bool:
    """Whether a run of this job was cut short."""
    return _planned(place / job.name, job) is not None


def run_shards(
    spread: Spread,
    job: Job,
    *,
    cut: Callable[[], Iterable[Columns]],
    store: Store,
    progress: Progress,
) -> int:
    """Do a job, or go on with one that was cut short.

    Args:
        spread: who does it, and where its files lie meanwhile.
        job: what.
        cut: the rows of each shard; asked when there is nothing to go on with.
        store: takes what was made of each shard, in their order.
        progress: told rows done, all of them and what is done.

    Returns:
        How many rows were stored by this call.

    Raises:
        ConflictError: another process is at it.
        FaqdeskError: the work cannot be done; what is done is kept.
    """
    folder = spread.folder / job.name
    with run_folder(folder):
        shards = _planned(folder, job) or []
        states = {shard.number: shard.state() for shard in shards}
        if not shards or not all(s.kept() or states[s.number] == "stored" for s in shards):
            shards = _plan(folder, job, cut())
            states = {shard.number: "asked" for shard in shards}
        total = sum(shard.rows for shard in shards)
        done = sum(shard.rows for shard in shards if states[shard.number] != "asked")
        progress(done, total, job.message)
        stored, after = 0, iter([s for s in shards if states[s.number] != "stored"])
        first = next(after, None)
        left = [shard for shard in shards if states[shard.number] == "asked"]
        task = _Task(job, folder, _hash(folder / PLAN))
        with closing(_results(spread.engine, left, task)) as results:
            for shard in results:
                if shard is not None:
                    states[shard.number] = "made"
                    done += shard.rows
                    place = f" ({spread.engine.place})" if spread.engine.place else ""
                    progress(done, total, f"{job.message}{place}")
                while first is not None and states[first.number] == "made":
                    store(read_columns(first.asked), read_columns(first.made))
                    stored += first.rows
                    _end(first)
                    first = next(after, None)
    return stored


def _results(
    engine: Engine, left: list[Shard], task: "_Task"
) -> Generator[Shard | None, None, None]:
    yield None  # what was made before is stored first
    with closing(engine.run(left, task)) as results:
        yield from results


@dataclass(frozen=True, slots=True)
class _Task:
    """What to do with any shard of a run."""

    job: Job
    folder: Path
    plan: str  # the hash of its plan

    def open(self) -> Callable[[Shard], Shard]:
        self._check_folder()
        work = self.job.opener.open()

        def do(shard: Shard) -> Shard:
            try:
                if shard.state() == "asked":
                    made = work(read_columns(shard.asked))
                    # Whoever hung meanwhile must not write into a run that was begun anew since.
                    self._check_folder()
                    write_columns(made, shard.made, types=self.job.made)
                    shard.tell(stored=False)
            except (ImportFileError, FileNotFoundError):
                # Given out again, for another machine was slow; and that one was quicker after all.
                if shard.state() != "stored":
                    raise
            return shard

        return do

    def _check_folder(self) -> None:
        try:
            seen = _hash(self.folder / PLAN)
        except OSError:
            seen = ""
        if seen != self.plan:
            raise FaqdeskError(
                f"{platform.node()} does not see {self.folder}, or sees another folder there. "
                "Name one that every machine has under the same name: --shared DIR"
            )


def _plan(folder: Path, job: Job, blocks: Iterable[Columns]) -> list[Shard]:
    (folder / PLAN).unlink(missing_ok=True)
    for name in ("in", "out", "done", "models"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(mode=0o700)
    for part, source in job.models.items():
        shutil.copytree(source, folder / "models" / part)
    shards = []
    for number, columns in enumerate(blocks, 1):
        shard = Shard(folder, number, len(columns[next(iter(job.asked))]), 0)
        write_columns(columns, shard.asked, types=job.asked)
        shards.append(Shard(folder, number, shard.rows, shard.asked.stat().st_size))
    sizes = [[shard.rows, shard.size] for shard in shards]
    _write_json(folder / PLAN, {"about": dict(job.about), "shards": sizes})
    return shards


def _planned(folder: Path, job: Job) -> list[Shard] | None:
    """The shards of a run that was cut short; None where there is none, or of something else."""
    try:
        told = json.loads((folder / PLAN).read_text(encoding="utf-8"))
        if told["about"] != dict(job.about):
            return None
        return [Shard(folder, n, rows, size) for n, (rows, size) in enumerate(told["shards"], 1)]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _end(shard: Shard) -> None:
    """Note that a shard is stored, and forget its rows."""
    shard.tell(stored=True)
    shard.asked.unlink(missing_ok=True)
    shard.made.unlink(missing_ok=True)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_json(path: Path, content: Any) -> None:
    with whole_file(path, mode=0o600, sweeps=False) as half:
        half.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
