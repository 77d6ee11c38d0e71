"""One run of a collector: begun anew or where it stopped, noted page by page, and its report."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import now
from support.database import insert, one, write
from support.errors import FaqdeskError, JobCancelledError, PictureError, QuotaError
from support.importing.conversation import Rejected

from .pictures import StoredPicture, sweep_halves
from .pictures import store as store_picture
from .store import Saved, set_picture

PICTURES: Final = 100  # noted in one transaction
KEPT: Final = 100  # rejections and picture problems in a report; all are counted

Progress = Callable[[int, int, str], None]


@dataclass(slots=True)
class CollectReport:
    """What a run did."""

    source: str
    query: str
    run_id: int = 0
    resumed_at: int = 1  # 1: from the beginning
    state: str = "running"
    seen: int = 0  # results or rows, this time
    total: int | None = None  # there are, where the source says so
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    passed_over: int = 0  # of another category than asked for
    rejected: int = 0
    rejections: list[Rejected] = field(default_factory=list)
    masked: dict[str, int] = field(default_factory=dict)
    pictures: int = 0  # stored
    picture_problems: int = 0
    picture_addresses: int = 0  # that were left: fetching was not asked for
    problems: list[str] = field(default_factory=list)  # of pictures
    columns: dict[str, list[str]] = field(default_factory=dict)
    stopped: str = ""  # why it is not done

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and the stored report."""
        return asdict(self)

    def saved(self, saved: Saved) -> None:
        """Count a batch in."""
        self.added += saved.added
        self.changed += saved.changed
        self.unchanged += saved.unchanged
        for kind, count in saved.masked.items():
            self.masked[kind] = self.masked.get(kind, 0) + count

    def reject(self, item: Rejected, masked: Callable[[str], str]) -> None:
        """Count a row that could not be used; its words are masked before they are kept."""
        self.rejected += 1
        if len(self.rejections) < KEPT:
            self.rejections.append(replace(item, reason=masked(item.reason)))

    def no_picture(self, words: str) -> None:
        """Count a picture that could not be had."""
        self.picture_problems += 1
        if len(self.problems) < KEPT:
            self.problems.append(words)


class Run:
    """One row of `collect_runs`."""

    def __init__(self, db: Database, run_id: int, next_start: int) -> None:
        """Use `running` to begin one."""
        self._db = db
        self.id = run_id
        self.next_start = next_start

    def note(self, next_start: int, report: CollectReport) -> None:
        """Write down how far it is; in the transaction that stores what came before."""
        self.next_start = next_start
        row = {
            "next_start": next_start,
            "total": report.total,
            "report": json.dumps(report.as_dict(), ensure_ascii=False),
            "updated_at": now(),
        }
        self._db.table("collect_runs").update(self.id, row)


@contextmanager
def running(
    db: Database,
    report: CollectReport,
    *,
    options: Mapping[str, Any],
    actor: Actor,
    again: bool = False,
) -> Iterator[Run]:
    """Run a block as a collecting run.

    One that was killed, stopped or failed goes on where it was, if source, query and options are
    the same; one that was done begins anew. A day's quota that is used up ends the block without
    an error: that is how a large collection goes.

    Args:
        db: the desk's database.
        report: of this run; its source and query name it.
        options: plain JSON; another value is another run.
        actor: who collects.
        again: begin at the beginning, whatever was there.
    """
    written = json.dumps(dict(options), ensure_ascii=False, sort_keys=True)
    key = [report.source, report.query, written]
    sql = """
        SELECT * FROM collect_runs WHERE source = ? AND query = ? AND options = ?
        ORDER BY id DESC LIMIT 1
    """
    with write(db):
        known = one(db, sql, key)
        if known and known["state"] != "done" and not again:
            run = Run(db, known["id"], known["next_start"])
            fresh = {"state": "running", "problem": "", "updated_at": now(), "finished_at": None}
            db.table("collect_runs").update(run.id, fresh)
        else:
            row = dict(zip(("source", "query", "options"), key, strict=True))
            times = {"started_at": now(), "updated_at": now()}
            run = Run(db, insert(db, "collect_runs", row | {"state": "running"} | times), 1)
    report.run_id, report.resumed_at = run.id, run.next_start
    try:
        yield run
        _finish(db, run, report, "done", "", actor)
    except QuotaError as error:
        _finish(db, run, report, "stopped", str(error), actor)
    except (KeyboardInterrupt, JobCancelledError):
        _finish(db, run, report, "stopped", "interrupted", actor)
        raise
    except BaseException as error:
        words = str(error) if isinstance(error, FaqdeskError) else type(error).__name__
        _finish(db, run, report, "failed", words, actor)
        raise


def _finish(
    db: Database, run: Run, report: CollectReport, state: str, problem: str, actor: Actor
) -> None:
    report.state, report.stopped = state, problem
    with write(db):
        run.note(run.next_start, report)
        row = {"state": state, "problem": problem, "finished_at": now()}
        db.table("collect_runs").update(run.id, row)
        detail = {"source": report.source, "state": state, "added": report.added}
        record(db, actor, "listings.collected", f"collect:{run.id}", detail=detail)


class PictureKeeper:
    """Stores pictures and notes them in the database a batch at a time.

    Used as a context: what was stored when its block ends, however it does, is noted. A picture
    that was stored but not noted, by a run that was killed, is simply found there by the next.
    """

    def __init__(
        self, db: Database, images: Path, report: CollectReport, progress: Progress
    ) -> None:
        """Keep pictures under a folder, and count them in a report."""
        self._db = db
        self._images = images
        self._report = report
        self._progress = progress
        self._done = 0
        self._batch: list[tuple[int, StoredPicture | str]] = []
        sweep_halves(images)

    def __enter__(self) -> "PictureKeeper":
        return self

    def __exit__(self, *error: object) -> None:
        self._flush()

    def keep(self, picture_id: int, data: Callable[[], bytes], *, name: str) -> None:
        """Store one picture, or note why it cannot be; a broken one never stops the rest.

        Args:
            picture_id: its row.
            data: gives the file; what it raises as PictureError is noted.
            name: how it is called in a report.
        """
        try:
            stored = store_picture(self._images, data(), name=name, sync=False)
        except PictureError as error:
            self.miss(picture_id, str(error))
        else:
            self._report.pictures += 1
            self._note(picture_id, stored)

    def miss(self, picture_id: int, why: str) -> None:
        """Note a picture that cannot be had."""
        self._report.no_picture(why)
        self._note(picture_id, why)

    def _note(self, picture_id: int, stored: StoredPicture | str) -> None:
        self._batch.append((picture_id, stored))
        self._done += 1
        if len(self._batch) == PICTURES:
            self._flush()
        self._progress(self._done, 0, "pictures")

    def _flush(self) -> None:
        if not self._batch:
            return
        # Once for all of them, before the database says that they are there: to wait for the disk
        # after each takes ten times as long as everything else.
        os.sync()
        with write(self._db):
            for picture_id, stored in self._batch:
                set_picture(self._db, picture_id, stored)
        self._batch.clear()


def recent_runs(db: Database, *, limit: int = 10) -> list[dict[str, Any]]:
    """The newest runs, newest first, as plain JSON."""
    sql = """
        SELECT id, source, query, state, next_start, total, problem, started_at, updated_at,
            finished_at, report FROM collect_runs ORDER BY id DESC LIMIT ?
    """
    return [row | {"report": json.loads(row["report"])} for row in db.query(sql, [limit])]
