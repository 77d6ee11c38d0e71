"""What one web process more costs: what each of a desk's processes holds, and what they share.

`faqdesk serve` is started with each number of workers, every one of them is asked for suggestions
until it has opened all models, and the kernel tells what they hold (`process_memory.py`). What a
suggestion takes is timed beside it: memory that is shared at the cost of time is no gain.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlite_utils import Database

from support.errors import FaqdeskError
from support.workspace import Workspace

from .bench_web_desk import grow_desk
from .process_memory import KINDS, Held, Memory, held
from .progress import Progress, silent
from .served import served
from .served_lines import Lines

ASKED: Final = 60  # texts that each process is asked about; the second half is timed

# Lets a program in: gives a token that may ask for suggestions.
Door = Callable[[Workspace, Database], str]


@dataclass(frozen=True, slots=True)
class Run:
    """One server: its web processes, the one that started them, and the worker for jobs."""

    workers: tuple[Held, ...]
    starter: Held
    jobs: Held
    p50_ms: float  # of a suggestion, asked one after the other

    @property
    def web(self) -> Memory:
        """The web processes together."""
        return sum((one.total for one in self.workers), Memory())

    def kind(self, name: str) -> Memory:
        """What lies behind one kind of mapping, of all web processes."""
        return sum((one.kinds.get(name, Memory()) for one in self.workers), Memory())

    def as_dict(self) -> dict[str, Any]:
        """One JSON object."""
        files = sorted({path for one in self.workers for path in one.files})
        return {
            "workers": len(self.workers),
            "web": self.web.as_dict(),
            "each": [one.total.as_dict() for one in self.workers],
            "starter": self.starter.total.as_dict(),
            "jobs": self.jobs.total.as_dict(),
            "kinds": {name: self.kind(name).as_dict() for name in KINDS},
            "models": {path: self._file(path).as_dict() for path in files},
            "suggest_p50_ms": self.p50_ms,
        }

    def _file(self, path: str) -> Memory:
        return sum((one.files.get(path, Memory()) for one in self.workers), Memory())


@dataclass(frozen=True, slots=True)
class ProcessesReport:
    """What was held with each number of workers."""

    inquiries: int
    runs: tuple[Run, ...]

    @property
    def one_more(self) -> float | None:
        """Megabytes that a web process more costs, by PSS; None of one run."""
        first, last = self.runs[0], self.runs[-1]
        more = len(last.workers) - len(first.workers)
        return (last.web.pss - first.web.pss) / more if more else None

    def as_dict(self) -> dict[str, Any]:
        """One JSON object."""
        one_more = self.one_more
        return {
            "inquiries": self.inquiries,
            "one_more_mb": None if one_more is None else round(one_more, 1),
            "runs": [run.as_dict() for run in self.runs],
        }

    def table(self) -> str:
        """For people."""
        lines = [
            f"{self.inquiries:,} answered inquiries; MB. Together: what several hold is counted "
            f"once (PSS).",
            f"{'workers':>7}{'together':>10}{'resident':>10}{'private':>9}"
            + "".join(f"{name:>13}" for name in KINDS)
            + f"{'suggest p50':>14}",
        ]
        for run in self.runs:
            web = run.web
            lines.append(
                f"{len(run.workers):7}{web.pss:10.0f}{web.rss:10.0f}"
                f"{max(one.total.own for one in run.workers):9.0f}"
                + "".join(f"{run.kind(name).pss:13.0f}" for name in KINDS)
                + f"{run.p50_ms:11.1f} ms"
            )
        last = self.runs[-1]
        lines.append(
            f"Beside them the process that starts them ({last.starter.total.pss:.0f}) and the "
            f"worker for jobs ({last.jobs.total.pss:.0f})."
        )
        if (one_more := self.one_more) is not None:
            lines.append(f"One web process more costs {one_more:.0f} MB.")
        return "\n".join(lines)


def bench_processes(
    begin: Callable[[Path], Workspace],
    door: Door,
    *,
    workers: Sequence[int],
    inquiries: int,
    keep: Path | None = None,
    progress: Progress = silent,
) -> ProcessesReport:
    """Measure what web processes hold.

    Args:
        begin: makes a desk with FAQs and answered inquiries in a folder, and no model.
        door: lets a program in.
        workers: numbers of web processes, each of which is tried.
        inquiries: answered ones that the desk is grown to.
        keep: a folder for the desk, which stays there; one that is there already is taken as it is.
        progress: told done, total and a message; may raise, which ends the server.

    Raises:
        FaqdeskError: the desk does not start, or does not answer.
    """
    with TemporaryDirectory(prefix="faqdesk-bench-") as place:
        space = Workspace(keep or Path(place) / "desk")
        if not space.exists():
            space = grow_desk(begin(space.home), size=inquiries, waiting=0, progress=progress)
        with closing(space.database()) as db:
            token = door(space, db)
            texts = _texts(db)
            [[count]] = db.conn.execute("SELECT count(*) FROM inquiries WHERE answer_id > 0")
        runs = []
        for number, count_of in enumerate(sorted(set(workers))):
            progress(number, len(workers), f"{count_of} web processes")
            runs.append(_run(space, count_of, token, texts))
    return ProcessesReport(count, tuple(runs))


def _texts(db: Database) -> list[str]:
    """Inquiries spread over the whole desk."""
    sql = "SELECT text FROM inquiries WHERE text <> '' ORDER BY id"
    texts = [text for (text,) in db.conn.execute(sql)]
    if not texts:
        raise FaqdeskError("The desk holds no inquiry to ask about. Import some: faqdesk import")
    return texts[:: max(1, len(texts) // ASKED)][:ASKED]


def _run(space: Workspace, workers: int, token: str, texts: Sequence[str]) -> Run:
    with served(space, ("--workers", str(workers))) as server:
        pids = server.web_pids(least=workers)
        if len(pids) != workers:
            raise FaqdeskError(f"{workers} web processes were to start, {len(pids)} did.")
        took: dict[int, list[float]] = {pid: [] for pid in pids}
        with Lines(server.port, pids, token=token) as lines:
            for text in texts:
                for pid in pids:
                    start = time.perf_counter()
                    _suggest(lines, pid, text)
                    took[pid].append(time.perf_counter() - start)
            models = space.models
            [jobs] = server.job_pids()
            return Run(
                tuple(held(pid, models=models) for pid in pids),
                held(server.pid, models=models),
                held(jobs, models=models),
                round(1000 * _second_half(took), 2),
            )


def _suggest(lines: Lines, pid: int, text: str) -> None:
    body = {"text": text, "dry_run": True}
    status, said = lines.ask(pid, "/api/v1/suggestions", body)
    if status != 200 or not said.get("release"):
        raise FaqdeskError(f"A suggestion was answered with {status}: {said}")


def _second_half(took: Mapping[int, Sequence[float]]) -> float:
    return median(seconds for each in took.values() for seconds in each[len(each) // 2 :])
