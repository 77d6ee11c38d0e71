"""Labels a batch, and puts its rows to look at into the review queue; goes on where it stopped."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from support.artifact import read_artifact
from support.clock import now
from support.database import write
from support.errors import ConflictError, InputError, NotFoundError
from support.workspace import Workspace

from .batch_pictures import unpack
from .batch_review import fill
from .batches import Batch, folder, get
from .categorise import KIND
from .following import folder_in_force
from .label_carry import carried_to
from .label_run import CategoryEngine, LabelReport, LabelRequest, label_file
from .labels import default_tree
from .review_fill import withdraw
from .run_folder import RunFolder

OWN_TREE: Final = "faqdesk"  # of a model that names none, on a desk without labels
# Smaller files are done before a second process would have read the model.
ONE_PROCESS: Final = 4 << 20  # bytes

Progress = Callable[[int, int, str], None]


def run(
    workspace: Workspace,
    db: Database,
    batch_id: int,
    *,
    restart: bool = False,
    progress: Progress = lambda done, total, message: None,
) -> dict[str, Any]:
    """Label a batch and put its rows to look at into the review queue; goes on where it stopped.

    Args:
        workspace: the desk.
        db: its database.
        batch_id: the batch.
        restart: whether to label it anew, by the model in force now.
        progress: told of rows done; may raise.

    Returns:
        What was done, plain JSON.

    Raises:
        NotFoundError: there is no such batch.
        ConflictError: its files were deleted, or changed since it was begun.
        InputError: the table cannot be read, or a column is not in it.
        ModelError: there is no category model, or it cannot be used.
    """
    batch = get(db, batch_id)
    if not batch.file:
        raise ConflictError(f"The files of batch {batch_id} were deleted.")
    if not batch.report or restart:
        model = folder_in_force(workspace.models)
        tree = tree_of(db, model)
        # From here on it is not labelled: cut short, it is labelling that goes on.
        _note(db, batch_id, report={})
        try:
            report = _label(
                workspace, batch, model,
                carried=carried_to(db, tree), restart=restart, progress=progress,
            )  # fmt: skip
        except (InputError, ConflictError):
            _note(db, batch_id, report=batch.report)  # refused: what was made before still stands
            raise
        with write(db):
            withdraw(db, batch_id)  # what the model before it guessed
            _note(
                db, batch_id, report={**_told(report), "tree": tree},
                model=report.model_version, total=report.rows, done=report.rows,
            )  # fmt: skip
        batch = get(db, batch_id)
    queued = fill(db, workspace, batch, tree=batch.report["tree"], progress=progress)
    finished = {**batch.report, "queued": queued}
    _note(db, batch_id, report=finished, state="done", finished_at=now())
    return {"batch": batch_id, "rows": batch.total, "queued": queued}


def _note(db: Database, batch_id: int, *, report: dict[str, Any], **change: str | int) -> None:
    change["report"] = json.dumps(report, ensure_ascii=False)
    with write(db):
        db.table("label_batches").update(batch_id, change)


def _label(
    workspace: Workspace,
    batch: Batch,
    model: Path,
    *,
    carried: dict[str, str],
    restart: bool,
    progress: Progress,
) -> LabelReport:
    options = batch.options
    path = workspace.home / batch.file
    told = {
        role: column
        for role, column in (("title", options.title), ("description", options.description))
        if column
    }
    request = LabelRequest(
        top=options.top,
        told=told,
        images=folder(workspace) / options.images if options.images else None,
        image_column=options.image,
        compare=options.compare,
        carried=carried,
    )
    unpack(folder(workspace) / str(batch.id), progress)
    out = workspace.home / batch.output
    folder_of_run = RunFolder(out).path
    begun = (folder_of_run / "plan.json").exists()
    begun = begun and not (folder_of_run / "finished.json").exists()
    small = path.exists() and path.stat().st_size < ONE_PROCESS and not options.images
    return label_file(
        path, out, CategoryEngine(model), request, workers=1 if small else None,
        # What lies there is this batch's own; with no run to go on with, it is made again.
        restart=restart or (out.exists() and not begun), progress=progress,
    )  # fmt: skip


def _told(report: LabelReport) -> dict[str, Any]:
    """A run's report without the places of this machine."""
    found = report.as_dict()
    return {name: value for name, value in found.items() if name not in ("out", "files")}


def tree_of(db: Database, model: Path) -> str:
    """The tree whose categories a model tells; one that does not say tells those of the desk's."""
    named = str(read_artifact(model, KIND, verify=False).config.get("tree", ""))
    if named:
        return named
    try:
        return default_tree(db)
    except NotFoundError:
        return OWN_TREE
