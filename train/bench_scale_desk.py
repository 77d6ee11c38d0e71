"""A desk of any size as its team makes it: `faqdesk import`, `faqdesk backup`, `faqdesk train`.

Each is a command of its own, as a shell would start it. The desk stays for the next measurement of
the same size.
"""

import csv
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlite_utils import Database

from support import settings
from support.database import scalar
from support.errors import FaqdeskError
from support.workspace import Workspace

from .bench_command import Measured, measure_command
from .bench_growth import Past, copy_faqs, perturb, read_past
from .bench_scale_material import SOURCE
from .bench_scale_task import Task
from .bench_web_desk import ACTOR

_RECEIPT = "imported"  # beside the desk: its import came to an end
_KEPT = ("faq_hosts", "faq_path", "discover_faqs", "allow")  # settings by which answers are read


def measure_import(task: Task) -> dict[str, float]:
    """Import a CSV into an empty desk, and back the desk up."""
    space, took = _import(task)
    task.progress(2, 3, "backing up")
    backups = task.place / "backups"
    backups.mkdir()
    saved = measure_command(["backup", str(backups)], home=space.home)
    size = space.database_path.stat().st_size
    return {
        "seconds": took.seconds,
        "rows_a_second": task.rows / took.seconds,
        "cpu_seconds": took.cpu_seconds,
        "peak_mb": took.peak_mb,
        "database_mb": size / 1e6,
        "database_bytes_a_row": size / task.rows,
        "backup_seconds": saved.seconds,
        "backup_mb": sum(file.stat().st_size for file in backups.iterdir()) / 1e6,
    }


def measure_train(task: Task) -> dict[str, float]:
    """Train on the imported desk, which is imported first where it is not there."""
    space = Workspace(task.desk / "desk")
    if not (task.desk / _RECEIPT).exists():
        space, _ = _import(task)
    task.progress(2, 3, "training")
    took = measure_command(["train", "--json"], home=space.home)
    shutil.rmtree(space.models)  # for another run, which shall begin as this one did
    space.models.mkdir()
    return {
        "seconds": took.seconds,
        "cpu_seconds": took.cpu_seconds,
        "peak_mb": took.peak_mb,
    }


def _import(task: Task) -> tuple[Workspace, Measured]:
    shutil.rmtree(task.desk, ignore_errors=True)
    task.desk.mkdir(parents=True)
    source = Workspace(task.material / SOURCE).database()
    space = Workspace(task.desk / "desk").create()
    db = space.database()
    copy_faqs(source, db)
    kept = settings.load(source)
    settings.change(db, ACTOR, **{name: getattr(kept, name) for name in _KEPT})
    db.close()
    task.progress(0, 3, f"writing {task.rows:,} inquiries")
    table = task.place / "history.csv"
    _write(table, read_past(source, limit=task.rows), task.rows)
    source.close()
    task.progress(1, 3, f"importing {task.rows:,} inquiries")
    took = measure_command(["import", str(table), "--source", "bench", "--json"], home=space.home)
    table.unlink()
    db = space.database()
    _check(db, task.rows)
    db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    (task.desk / _RECEIPT).touch()
    return space, took


def _check(db: Database, rows: int) -> None:
    answered = int(scalar(db, "SELECT count(*) FROM inquiries WHERE answer_id IS NOT NULL"))
    if answered != rows:
        raise FaqdeskError(f"{rows:,} answered inquiries were to be imported, {answered:,} were.")


def _write(path: Path, past: Sequence[Past], rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "question", "answer", "created_at"])
        writer.writerows(_rows(past, rows))


def _rows(past: Sequence[Past], count: int) -> Iterator[tuple[int, str, str, str]]:
    """The real ones first, then copies; answers stay whole, for the link stands at their end."""
    for number in range(count):
        row = past[number % len(past)]
        text = row.text if number < len(past) else perturb(row.text, random.Random(number))
        yield number, text, row.answer, row.at
