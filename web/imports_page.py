"""Imports: files are dropped and looked at, then imported, and a whole import is taken back.

Each look and each import is a job; whoever sent the files is the only one who goes on with them.
"""

from http import HTTPStatus
from typing import Any, Final
from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support.errors import InputError, NotFoundError
from support.importing import undo
from support.importing.door import TITLES
from support.importing.guess import MESSAGE_FIELDS, PAIR_FIELDS

from . import import_look, import_words, import_work, imports_waiting, jobs
from .auth import ADMINS, actor, requires
from .database import db, desk
from .errors import problem, wants_json
from .i18n import gettext as _
from .imports_waiting import Asked
from .jobs_page import told
from .limits import TABLE
from .wording import person

bp = Blueprint("imports_page", __name__, url_prefix="/imports")

LISTED: Final = 50  # imports on a page
SHOWN: Final = 20  # rejections and unknown links on a page
OFFSET: Final = "Asia/Seoul"
FIELDS: Final = {"pairs": PAIR_FIELDS, "messages": MESSAGE_FIELDS}
_BAD: Final = HTTPStatus.BAD_REQUEST
_LOOK: Final = "/looks/<int(max=9223372036854775807):job_id>"
_ONE: Final = "/<int(max=9223372036854775807):import_id>"


@bp.get("")
@requires(*ADMINS)
def show() -> ResponseReturnValue:
    """Show where files are dropped, and what was imported."""
    return _start()


@bp.post("")
@requires(*ADMINS)
def receive() -> ResponseReturnValue:
    """Keep files and have them looked at."""
    files = [file for file in request.files.getlist("files") if file.filename]
    try:
        if not files:
            raise InputError(_("Choose a file."))
        if len(files) > import_work.MAX_FILES:
            raise InputError(_("At most %(n)s files at once.", n=import_work.MAX_FILES))
        options = _options()
    except InputError as error:
        return problem(_BAD, str(error)) if wants_json() else (_start(str(error)), _BAD)
    token = import_work.keep(desk().workspace, db(), files)
    empty = [path.name for path in import_work.kept(desk().workspace, token) if not _size(path)]
    if empty:
        import_work.throw_away(desk().workspace, db(), token)
        words = _("%(name)s is empty.", name=", ".join(empty))
        return problem(_BAD, words) if wants_json() else (_start(words), _BAD)
    place = url_for(".look", job_id=_looking(token, options))
    return {"location": place} if wants_json() else redirect(place)


@bp.get(_LOOK)
@requires(*ADMINS)
def look(job_id: int) -> ResponseReturnValue:
    """Say what importing files would do, or how far that is; once it is done, what was done."""
    asked = _own(job_id)
    if not asked.files and (done := imports_waiting.imported(db(), asked.token)):
        return redirect(url_for(".one", import_id=done))
    return render_template(
        "import_look.html",
        asked=asked,
        job=asked.job,
        options=asked.options,
        found=asked.look,
        report=asked.job.result.get("report"),
        before=imports_waiting.before(db(), job_id) if asked.job.state == "queued" else None,
        fields=FIELDS,
        shown=SHOWN,
        **_said(),
    )


@bp.get(_LOOK + "/state")
@requires(*ADMINS)
def look_state(job_id: int) -> ResponseReturnValue:
    """How far a look or an import is, for the page's script."""
    return {"jobs": [told(_own(job_id).job)]}


@bp.post(_LOOK + "/again")
@requires(*ADMINS)
def look_again(job_id: int) -> ResponseReturnValue:
    """Look once more: with a password, with other columns, or with other settings."""
    asked = _own(job_id, files=True)
    options = _options() | {"columns": _columns(asked)}
    if not options["password"]:
        options["password"] = imports_waiting.password(desk().seal, asked)
    return redirect(url_for(".look", job_id=_looking(asked.token, options)))


@bp.post(_LOOK + "/import")
@requires(*ADMINS)
def take_in(job_id: int) -> ResponseReturnValue:
    """Import files that were looked at, as they were looked at."""
    asked = _own(job_id, files=True)
    if asked.needs or asked.job.live:
        return redirect(url_for(".look", job_id=job_id))
    live = imports_waiting.at_work(db(), asked.token)
    if live is None:
        arguments = {**asked.arguments, "dry_run": False}
        live = jobs.enqueue(desk().workspace, db(), actor(), "import", arguments)
    return redirect(url_for(".look", job_id=live))


@bp.post(_LOOK + "/cancel")
@requires(*ADMINS)
def cancel(job_id: int) -> ResponseReturnValue:
    """Ask a look or an import to stop."""
    asked = _own(job_id)
    if asked.job.live:
        jobs.cancel(db(), actor(), job_id)
        flash(_("The job stops at its next step."), "info")
    return redirect(url_for(".look", job_id=job_id))


@bp.post(_LOOK + "/throw-away")
@requires(*ADMINS)
def throw_away(job_id: int) -> ResponseReturnValue:
    """Delete files that were looked at."""
    asked = _own(job_id)
    if imports_waiting.at_work(db(), asked.token) is None:
        import_work.throw_away(desk().workspace, db(), asked.token)
        flash(_("The files are deleted."), "info")
    return redirect(url_for(".show"))


@bp.get(_ONE)
@requires(*ADMINS)
def one(import_id: int) -> ResponseReturnValue:
    """Show an import with its report, and a way back."""
    found = undo.get(db(), import_id)
    return _page_of(found)


@bp.get(_ONE + "/state")
@requires(*ADMINS)
def state(import_id: int) -> ResponseReturnValue:
    """How far taking an import back is, for the page's script."""
    job = imports_waiting.undoing(db(), import_id)
    return {"jobs": [told(job)] if job else []}


@bp.post(_ONE + "/undo")
@requires(*ADMINS)
def take_back(import_id: int) -> ResponseReturnValue:
    """Take a whole import back; where people worked on it, only once they say so."""
    found = undo.get(db(), import_id)
    job = imports_waiting.undoing(db(), import_id)
    keep_worked = bool(request.form.get("keep_worked"))
    if found.state == "undone" or (job and job.live):
        return redirect(url_for(".one", import_id=import_id))
    worked = 0 if keep_worked else undo.worked_on(db(), import_id)
    if worked:
        return _page_of(found, worked=worked), 409
    arguments = {"import_id": import_id, "keep_worked": keep_worked}
    jobs.enqueue(desk().workspace, db(), actor(), "undo-import", arguments)
    return redirect(url_for(".one", import_id=import_id))


def _start(trouble: str = "") -> str:
    found = undo.listed(db(), limit=LISTED)
    return render_template(
        "imports.html",
        imports=found,
        waiting=imports_waiting.listed(db(), desk().workspace, actor().name),
        trouble=trouble,
        options={},
        limit=TABLE,
        most=import_work.MAX_FILES,
        **_said(),
    )


def _page_of(found: undo.Import, *, worked: int = 0) -> str:
    job = imports_waiting.undoing(db(), found.id)
    return render_template(
        "import.html",
        found=found,
        report=found.report,
        job=job,
        worked=worked,
        shown=SHOWN,
        **_said(),
    )


def _said() -> dict[str, Any]:
    return {
        "words": import_words,
        "person": lambda name: person(db(), name),
        "formats": TITLES,
        "zones": sorted(available_timezones()),
        "zone": OFFSET,
    }


def _own(job_id: int, *, files: bool = False) -> Asked:
    asked = imports_waiting.get(db(), desk().workspace, job_id, actor().name)
    if files and not asked.files:
        raise NotFoundError("The files of this import are gone. Send them once more.")
    return asked


def _looking(token: str, options: dict[str, Any]) -> int:
    more = {"waits": True, "look": import_look.new_name()}
    seal = desk().seal
    arguments = import_work.arguments(token, {**options, **more}, dry_run=True, seal=seal)
    return jobs.enqueue(desk().workspace, db(), actor(), "import", arguments)


def _options() -> dict[str, Any]:
    """What a form says of files.

    Raises:
        InputError: it names what there is not.
    """
    form = request.form
    name, zone = form.get("format", ""), form.get("timezone", "").strip() or OFFSET
    if name and name not in TITLES:
        raise InputError(_("There is no such format: %(name)s.", name=name[:40]))
    if zone not in available_timezones():
        raise InputError(_("There is no such time zone: %(name)s.", name=zone[:40]))
    return {
        "format": name,
        "source": form.get("source", "").strip()[:100],
        "password": form.get("password", "")[:200],
        "ours": [part for part in form.get("ours", "")[:2000].replace(",", " ").split() if part],
        "timezone": zone,
        "columns": {},
    }


def _columns(asked: Asked) -> dict[str, str]:
    """The columns that a form names; those of before where it asks for none."""
    kind = request.form.get("kind", "")
    if kind not in FIELDS:
        return dict(asked.options.get("columns", {}))
    return import_look.fields_of(kind, request.form, FIELDS[kind])


def _size(path: Any) -> int:
    return int(path.stat().st_size)
