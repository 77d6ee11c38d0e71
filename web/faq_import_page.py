"""FAQs from a file and into one: looked at row by row, then taken in as one change."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import faq_tables
from support.errors import FaqdeskError, InputError

from . import faq_edit_page  # noqa: F401 - its views are of the same blueprint
from .auth import LEADS, actor, me, requires
from .database import db, desk
from .errors import status_of
from .faqs_page import bp, said
from .i18n import gettext as _
from .table_files import SUFFIXES, Waiting, download, rows
from .table_preview import preview, taken

__all__ = ["bp"]


@bp.get("/-/import")
@requires(*LEADS)
def choose_file() -> ResponseReturnValue:
    """Show where a file is dropped."""
    return render_template("table_import.html", **_said())


@bp.post("/-/import")
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
        faq_tables.judge(db(), rows(path), path.name)
    except FaqdeskError as error:
        waiting.remove(token)
        page = render_template("table_import.html", trouble=str(error), english=True, **_said())
        return page, status_of(error)
    return redirect(url_for(".look_at", token=token))


@bp.get("/-/import/<token>")
@requires(*LEADS)
def look_at(token: str) -> ResponseReturnValue:
    """Say of each row what taking it in would do."""
    path = Waiting(desk().workspace, me().id).find(token)
    found = faq_tables.judge(db(), rows(path), path.name)
    return render_template(
        "table_preview.html",
        name=path.name,
        token=token,
        key="slug",
        **preview(found),
        **_said(),
    )


@bp.post("/-/import/<token>")
@requires(*LEADS)
def take_in(token: str) -> ResponseReturnValue:
    """Take in the rows that were chosen."""
    waiting = Waiting(desk().workspace, me().id)
    path = waiting.find(token)
    found = taken(faq_tables.judge(db(), rows(path), path.name))
    overwrite = bool(request.form.get("overwrite"))
    result = faq_tables.take(db(), actor(), found, name=path.name, overwrite=overwrite)
    waiting.remove(token)
    if not result.change_id:
        flash(_("Nothing was taken in: no row that was chosen is new or changed."), "info")
        return redirect(url_for(".show"))
    flash(
        _("%(added)s added, %(changed)s changed.",
          added=f"{result.added:,}", changed=f"{result.changed:,}"),
        "info",
    )  # fmt: skip
    return redirect(url_for(".show", sort="new", done=result.change_id))


@bp.get("/-/export/<name>")
@requires(*LEADS)
def export(name: str) -> ResponseReturnValue:
    """Take all FAQs away as a table, retired ones too."""
    table = faq_tables.table(db(), every=True)
    return download(table, faq_tables.COLUMNS, name)


def _said() -> dict[str, object]:
    return {
        **said(),
        "what": _("FAQs"),
        "columns": "slug, title, title_en, body, category, url, active",
        "suffixes": ",".join(SUFFIXES),
    }
