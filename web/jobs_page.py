"""The jobs page: what runs in the background, how far it is, and what it said."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support.errors import InputError, PermissionDeniedError

from . import job_steps, jobs, wording
from .auth import ADMINS, LEADS, actor, me, requires
from .database import db, desk
from .i18n import gettext as _
from .import_work import IMPORT_WORKS
from .jobs import Job
from .wording import person

bp = Blueprint("jobs_page", __name__, url_prefix="/jobs")

STARTED_HERE = ("train", "index", "train-moderation", "moderate")
_ONE = "/<int(max=9223372036854775807):job_id>"


@bp.get("")
@requires(*LEADS)
def show() -> ResponseReturnValue:
    """List the newest jobs."""
    found = jobs.listed(db())
    busy = {job.kind for job in found if job.live}
    return render_template("jobs.html", jobs=found, kinds=STARTED_HERE, busy=busy)


@bp.post("")
@requires(*LEADS)
def start() -> ResponseReturnValue:
    """Start a job."""
    kind = request.form.get("kind", "")
    if kind not in STARTED_HERE:
        raise InputError(f"No job {kind!r} is started here, only {', '.join(STARTED_HERE)}.")
    job_id = jobs.enqueue(desk().workspace, db(), actor(), kind, {}, alone=True)
    return redirect(url_for(".one", job_id=job_id))


@bp.get("/state")
@requires(*LEADS)
def state() -> ResponseReturnValue:
    """How far each job is, for the page's script."""
    return {"jobs": [told(job) for job in jobs.listed(db())]}


@bp.get(_ONE)
@requires(*LEADS)
def one(job_id: int) -> ResponseReturnValue:
    """Show a job with its log."""
    job = jobs.get(db(), job_id)
    return render_template("job.html", job=job, asked_by=person(db(), job.created_by))


@bp.get(_ONE + "/state")
@requires(*LEADS)
def state_of(job_id: int) -> ResponseReturnValue:
    """How far a job is, and its log."""
    job = jobs.get(db(), job_id)
    return {"jobs": [told(job) | {"log": job.log}]}


@bp.post(_ONE + "/cancel")
@requires(*LEADS)
def cancel(job_id: int) -> ResponseReturnValue:
    """Ask a job to stop; what only admins may begin, only they may end."""
    if not may_stop(jobs.get(db(), job_id)):
        raise PermissionDeniedError(f"This needs the role {' or '.join(ADMINS)}.")
    jobs.cancel(db(), actor(), job_id)
    flash(_("The job stops at its next step."), "info")
    return redirect(url_for(".one", job_id=job_id))


def may_stop(job: Job) -> bool:
    """Whether the reader may ask a job to stop."""
    return job.kind not in IMPORT_WORKS or me().role in ADMINS


def told(job: Job) -> dict[str, Any]:
    """How far a job is, for a page's script."""
    return {
        "id": job.id,
        "state": job.state,
        "words": str(wording.JOB_STATES.get(job.state, job.state)),
        "share": job.share,
        "step": job.message,
        "message": job_steps.said(job.message) or job.message,
        "language": "" if job_steps.said(job.message) else "en",
        "count": count(job),
        "done": job.done,
        "total": job.total,
        "live": job.live,
    }


def count(job: Job) -> str:
    """How many of how many are done, where a job tells things that can be counted."""
    if job.message not in wording.COUNTED or not job.total or job.state == "done":
        return ""
    return _("%(done)s of %(total)s", done=f"{job.done:,}", total=f"{job.total:,}")


bp.app_context_processor(
    lambda: {"job_count": count, "job_step": job_steps.said, "job_stops": may_stop}
)
