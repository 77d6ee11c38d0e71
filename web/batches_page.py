"""Batches: tables of listings handed in, labelled in the background, taken away again."""

from pathlib import Path
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from listings import batches
from listings.batch_pictures import KINDS
from listings.batches import BatchOptions
from support.errors import ConflictError, InputError, NotFoundError

from . import jobs, listing_words, wording
from .auth import LABELLING, actor, requires
from .database import db, desk
from .i18n import gettext as _
from .jobs_page import told
from .limits import TABLE

bp = Blueprint("batches_page", __name__, url_prefix="/batches")

_ONE = "/<int(max=9223372036854775807):batch_id>"
MOST_WAITING = 20  # batches of one person that wait or are being labelled
_TEXTS = ("title", "description", "image", "images", "compare", "format")


@bp.get("")
@requires(*LABELLING)
def show() -> ResponseReturnValue:
    """List the batches, and show the form for another."""
    files, folders = batches.offered(desk().workspace)
    return render_template(
        "batches.html",
        found=batches.listed(db()),
        files=files,
        folders=folders,
        formats=batches.FORMATS,
        defaults=BatchOptions(),
        limit=TABLE >> 20,
        missing=desk().categories.followed().missing,
        sees=_sees(),
        archives=KINDS,
        words=listing_words,
    )


@bp.post("")
@requires(*LABELLING)
def start() -> ResponseReturnValue:
    """Take a table in and have it labelled."""
    options = _options()
    file, named = request.files.get("file"), request.form.get("named", "")
    if file is not None and file.filename:
        name, save = file.filename, file.save
    elif named:
        name, save = named, None
    else:
        raise InputError("Choose a file to upload, or one from the folder of batches.")
    mine = [one for one in batches.listed(db()) if one.live and one.created_by == actor().name]
    if len(mine) >= MOST_WAITING:
        raise ConflictError(f"{MOST_WAITING} batches of yours wait already. Let some end first.")
    desk().categories.classifier()  # says what is missing before anything is taken in
    archive = request.files.get("pictures")
    pictures = (archive.filename, archive.save) if archive and archive.filename else None
    batch_id = batches.create(
        desk().workspace, db(), actor(), name=name, save=save, options=options, pictures=pictures
    )
    _enqueue(batch_id, restart=False)
    return redirect(url_for(".one", batch_id=batch_id))


@bp.get(_ONE)
@requires(*LABELLING)
def one(batch_id: int) -> ResponseReturnValue:
    """Show a batch: how far it is, what was found, what there is to take away."""
    batch = batches.get(db(), batch_id)
    return render_template(
        "batch.html",
        batch=batch,
        job=jobs.get(db(), batch.job_id) if batch.job_id else None,
        files=batches.reports(desk().workspace, batch),
        asked_by=wording.person(db(), batch.created_by),
        words=listing_words,
    )


@bp.get(_ONE + "/state")
@requires(*LABELLING)
def state(batch_id: int) -> ResponseReturnValue:
    """How far a batch is, for the page's script."""
    batch = batches.get(db(), batch_id)
    return {"jobs": [told(jobs.get(db(), batch.job_id))] if batch.job_id else []}


@bp.post(_ONE + "/again")
@requires(*LABELLING)
def again(batch_id: int) -> ResponseReturnValue:
    """Go on with a batch that was cut short, or label it anew by the model in force now."""
    batch = batches.get(db(), batch_id)
    if batch.live:
        raise ConflictError(f"Batch {batch_id} waits or is being labelled already.")
    _enqueue(batch_id, restart=bool(request.form.get("restart")))
    return redirect(url_for(".one", batch_id=batch_id))


@bp.post(_ONE + "/cancel")
@requires(*LABELLING)
def cancel(batch_id: int) -> ResponseReturnValue:
    """Ask a batch's job to stop; what is done is kept."""
    batch = batches.get(db(), batch_id)
    if batch.job_id is None:
        raise ConflictError(f"Batch {batch_id} has no job.")
    jobs.cancel(db(), actor(), batch.job_id)
    flash(_("The job stops at its next step."), "info")
    return redirect(url_for(".one", batch_id=batch_id))


@bp.post(_ONE + "/delete")
@requires(*LABELLING)
def delete(batch_id: int) -> ResponseReturnValue:
    """Delete a batch's files."""
    batches.delete_files(desk().workspace, db(), actor(), batch_id)
    flash(_("The batch's files are deleted."), "info")
    return redirect(url_for(".show"))


@bp.get(_ONE + "/files/<which>")
@requires(*LABELLING)
def download(batch_id: int, which: str) -> ResponseReturnValue:
    """Take a file away: result, problems or disagreements."""
    batch = batches.get(db(), batch_id)
    path = batches.reports(desk().workspace, batch).get(which)
    if path is None:
        raise NotFoundError(f"Batch {batch_id} has no file {which!r}.")
    stem = Path(batch.name).stem
    end = path.name.partition(".")[2]  # csv, problems.csv ...
    return send_file(path, as_attachment=True, download_name=f"{stem}.labelled.{end}")


def _enqueue(batch_id: int, *, restart: bool) -> None:
    arguments: dict[str, Any] = {"batch": batch_id, "restart": restart}
    job_id = jobs.enqueue(desk().workspace, db(), actor(), "label", arguments, alone=True)
    batches.begin(db(), batch_id, job_id)


def _options() -> BatchOptions:
    form = request.form
    texts = {name: form.get(name, "").strip() for name in _TEXTS}
    archive = request.files.get("pictures")
    if archive is not None and archive.filename:
        texts["images"] = archive.filename  # until the batch has a folder of its own
    return BatchOptions(
        **texts,
        top=_number(form.get("top", ""), 3),
        review=_number(form.get("review", ""), 1000),
        twice=_number(form.get("twice", ""), 10) / 100,
    )


def _number(text: str, default: int) -> int:
    words = text.strip()
    if not words:
        return default
    if not (words.isascii() and words.isdigit() and len(words) < 10):
        raise InputError(f"A whole number is expected, got {words[:20]!r}.")
    return int(words)


def _sees() -> bool:
    classifier = desk().categories.followed().classifier
    return classifier is not None and classifier.sees
