"""Tables that people hand in to be labelled: what was asked, where it lies, what became of it.

A batch has a folder of its own under the workspace's `batches/`; a table may also be put into
`batches/` itself, with folders of pictures beside it. Labelling them is
`batch_run.py`'s work.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Self

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import now
from support.database import Row, insert, one, write
from support.errors import ConflictError, InputError, NotFoundError
from support.whole_files import sync_to_disk
from support.workspace import Workspace

from . import batch_pictures, review_decisions
from .label_reports import report_files
from .tables import SUFFIXES, kind_of

FORMATS: Final = {"csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet", "xlsx": ".xlsx"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """How a table is labelled; empty columns are guessed by their names."""

    title: str = ""
    description: str = ""
    image: str = ""  # the column that names pictures; "": guessed by its name
    images: str = ""  # the folder under `batches/` that they lie in; "": none are looked at
    compare: str = ""  # the column of the seller's category
    top: int = 3
    format: str = ""  # of the output; "": as the input
    review: int = 1000  # rows that go into the review queue at most
    twice: float = 0.1  # the share of them that two people shall decide on

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a value is out of its range.
        """
        if not 1 <= self.top <= 20:
            raise InputError(f"Guesses must be from 1 to 20, got {self.top}.")
        if not 0 <= self.review <= 100_000:
            raise InputError(f"Rows to review must be from 0 to 100,000, got {self.review}.")
        if not 0 <= self.twice <= 1:
            raise InputError(f"The share decided twice must be from 0 to 1, got {self.twice}.")
        if self.format and self.format not in FORMATS:
            raise InputError(f"No format {self.format!r}. There are: {', '.join(FORMATS)}.")
        if self.image and not self.images:
            raise InputError(
                f"Where are the pictures of column {self.image!r}? Hand in an archive of them, or "
                "choose the folder they are in."
            )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """From what was stored; what this faqdesk does not know is left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in known})


@dataclass(frozen=True, slots=True)
class Batch:
    """One table and what became of it."""

    id: int
    name: str  # of the file, as it was handed in
    file: str  # under the workspace; "" where it was deleted
    output: str
    options: BatchOptions
    state: str  # that of its job
    job_id: int | None
    model: str
    total: int | None
    report: dict[str, Any]  # of `LabelReport`; empty before it is labelled
    queued: int | None  # rows that went into the review queue
    waiting: int  # of them, those that are open yet
    created_by: str
    created_at: str
    finished_at: str | None

    @property
    def live(self) -> bool:
        """Whether its job waits or runs."""
        return self.state in ("queued", "running")


def folder(workspace: Workspace) -> Path:
    """Where batches lie; made where it is not there."""
    path = workspace.home / "batches"
    path.mkdir(exist_ok=True, mode=0o700)
    return path


def offered(workspace: Workspace) -> tuple[list[str], list[str]]:
    """Tables and folders of pictures that were put into the folder of batches, by name."""
    files, folders = [], []
    for entry in sorted(folder(workspace).iterdir()):
        if entry.is_symlink() or entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.name.isdigit() and not entry.name.endswith(".faqdesk"):
            folders.append(entry.name)
        elif entry.is_file() and entry.suffix.lower() in SUFFIXES:
            files.append(entry.name)
    return files, folders


def create(
    workspace: Workspace,
    db: Database,
    actor: Actor,
    *,
    name: str,
    save: Callable[[Path], object] | None,
    options: BatchOptions,
    pictures: tuple[str, Callable[[Path], object]] | None = None,
) -> int:
    """Take a table in.

    Args:
        workspace: the desk.
        db: its database.
        actor: who hands it in.
        name: the file's name as it came, or of one in the folder of batches.
        save: writes the file that came to a path; None: it lies in the folder of batches.
        options: how it is to be labelled.
        pictures: an archive of them, by its name and what writes it; takes the folder's place.

    Returns:
        The batch's id.

    Raises:
        InputError: it is no table by its name, or there is no such file or folder, or what came
            with it is no archive by its name.
    """
    plain = Path(name.replace("\\", "/")).name
    kind = kind_of(Path(plain))
    files, folders = offered(workspace)
    if save is None and plain not in files:
        raise InputError(f"There is no {plain!r} in {folder(workspace)}.")
    if pictures:
        batch_pictures.place(Path(), pictures[0])
    elif options.images and options.images not in folders:
        raise InputError(f"There is no folder {options.images!r} in {folder(workspace)}.")
    row = {
        "name": plain,
        "file": f"batches/{plain}",
        "options": json.dumps(asdict(options), ensure_ascii=False),
        "state": "new",
        "created_by": actor.name,
        "created_at": now(),
    }
    with write(db):
        batch_id = insert(db, "label_batches", row)
    own = folder(workspace) / str(batch_id)
    own.mkdir(exist_ok=True, mode=0o700)
    change = {"output": f"batches/{batch_id}/labelled{FORMATS[options.format or kind]}"}
    if pictures:
        options = replace(options, images=f"{batch_id}/{batch_pictures.FOLDER}")
        change["options"] = json.dumps(asdict(options), ensure_ascii=False)
    if save:
        whole = "".join(Path(plain).suffixes[-2:]) if plain.lower().endswith(".gz") else ""
        change["file"] = f"batches/{batch_id}/input{(whole or Path(plain).suffix).lower()}"
    try:  # outside a transaction: it may take minutes
        if save:
            save(workspace.home / change["file"])
            sync_to_disk(workspace.home / change["file"])
            sync_to_disk(own)
        if pictures:
            pictures[1](batch_pictures.place(own, pictures[0]))
    except BaseException:
        shutil.rmtree(own, ignore_errors=True)
        with write(db):
            db.execute("DELETE FROM label_batches WHERE id = ?", [batch_id])
        raise
    with write(db):
        db.table("label_batches").update(batch_id, change)
        record(db, actor, "batch.added", f"batch:{batch_id}", detail={"kind": kind})
    return batch_id


def get(db: Database, batch_id: int) -> Batch:
    """One batch.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, f"{_SELECT} WHERE b.id = ?", [batch_id])
    if row is None:
        raise NotFoundError(f"No batch {batch_id}.")
    return _batch(row)


def listed(db: Database, *, limit: int = 100) -> list[Batch]:
    """The newest batches, newest first."""
    return [_batch(row) for row in db.query(f"{_SELECT} ORDER BY b.id DESC LIMIT ?", [limit])]


def begin(db: Database, batch_id: int, job_id: int) -> None:
    """Note which job labels a batch."""
    with write(db):
        change = {"job_id": job_id, "finished_at": None}
        db.table("label_batches").update(batch_id, change)


def delete_files(workspace: Workspace, db: Database, actor: Actor, batch_id: int) -> None:
    """Delete a batch's files, and take its open rows out of the review queue.

    A table that was put into the folder of batches stays: it is not ours.

    Raises:
        NotFoundError: there is no such batch.
        ConflictError: it is being labelled.
    """
    batch = get(db, batch_id)
    if batch.live:
        raise ConflictError(f"Batch {batch_id} is being labelled. Cancel that first.")
    review_decisions.drop(db, actor, batch_id)
    shutil.rmtree(folder(workspace) / str(batch_id), ignore_errors=True)
    with write(db):
        db.table("label_batches").update(batch_id, {"file": "", "output": ""})
        record(db, actor, "batch.deleted", f"batch:{batch_id}")


def reports(workspace: Workspace, batch: Batch) -> dict[str, Path]:
    """The files that a batch has to offer, by what they are."""
    if not batch.output or not batch.report:
        return {}
    out = workspace.home / batch.output
    problems, disagreements = report_files(out)
    found = {"result": out, "problems": problems, "disagreements": disagreements}
    return {name: path for name, path in found.items() if path.is_file()}


_SELECT: Final = """
    SELECT b.*, coalesce(j.state, b.state) AS now_state,
        (SELECT count(*) FROM review_items i
         WHERE i.batch_id = b.id AND i.state = 'open') AS waiting
    FROM label_batches b LEFT JOIN jobs j ON j.id = b.job_id
"""


def _batch(row: Row) -> Batch:
    report = json.loads(row["report"])
    return Batch(
        id=row["id"],
        name=row["name"],
        file=row["file"],
        output=row["output"],
        options=BatchOptions.from_dict(json.loads(row["options"])),
        state=row["now_state"],
        job_id=row["job_id"],
        model=row["model"],
        total=row["total"],
        report=report,
        queued=report.get("queued"),
        waiting=row["waiting"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )
