"""Saved replies from a file and into one: looked at row by row, then taken in as one change."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import saved_reply_tables
from support.errors import FaqdeskError, InputError

from .auth import LEADS, actor, me, requires
from .database import db, desk
from .errors import status_of
from .i18n import gettext as _
from .replies_page import bp, learn_soon, said
from .table_files import SUFFIXES, Waiting, download, rows
from .table_preview import preview, taken

__all__ = ["bp"]


@bp.get("/import")
@requires(*LEADS)
def choose_file() -> ResponseReturnValue:
    """Show where a file is dropped."""
    return render_template("table_import.html", **_said())


@bp.post("/import")
@requires(*LEADS)
def receive() -> ResponseReturnValue:
    """Keep a file and look at it."""
    waiting = Waiting(desk().workspace, me().id)
    try:
        token = waiting.add(request.files.get("file"))
    except InputError as error:
        page = render_template("table_import.html", trouble=_("Choose a file."), **_said())
        return page, status_of(error)
    path = waiting.find(token)
    try:
        saved_reply_tables.read(db(), rows(path), path.name)
    except FaqdeskError as error:
        waiting.remove(token)
        page = render_template("table_import.html", trouble=str(error), english=True, **_said())
        return page, status_of(error)
    return redirect(url_for(".look_at", token=token))


@bp.get("/import/<token>")
@requires(*LEADS)
def look_at(token: str) -> ResponseReturnValue:
    """Say of each row what taking it in would do."""
    path = Waiting(desk().workspace, me().id).find(token)
    found = saved_reply_tables.read(db(), rows(path), path.name)
    return render_template(
        "table_preview.html",
        name=path.name,
        token=token,
        key="name",
        **preview(found),
        **_said(),
    )


@bp.post("/import/<token>")
@requires(*LEADS)
def take_in(token: str) -> ResponseReturnValue:
    """Take in the rows that were chosen."""
    waiting = Waiting(desk().workspace, me().id)
    path = waiting.find(token)
    found = taken(saved_reply_tables.read(db(), rows(path), path.name))
    overwrite = bool(request.form.get("overwrite"))
    result = saved_reply_tables.take_rows(db(), actor(), found, name=path.name, overwrite=overwrite)
    waiting.remove(token)
    if not result.change_id:
        flash(_("Nothing was taken in: no row that was chosen is new or changed."), "info")
        return redirect(url_for(".show"))
    learn_soon()
    flash(
        _("%(added)s added, %(changed)s changed.",
          added=f"{result.added:,}", changed=f"{result.changed:,}"),
        "info",
    )  # fmt: skip
    return redirect(url_for(".show", done=result.change_id))


@bp.get("/export/<name>")
@requires(*LEADS)
def export(name: str) -> ResponseReturnValue:
    """Take all saved replies away as a table, retired ones too."""
    return download(saved_reply_tables.table(db()), saved_reply_tables.COLUMNS, name)


def _said() -> dict[str, object]:
    return {
        **said(),
        "what": _("Saved replies"),
        "columns": "name, title, body, category, language",
        "suffixes": ",".join(SUFFIXES),
    }
