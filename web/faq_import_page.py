"""FAQs from a file and into one: looked at row by row, then taken in as one change."""

from collections.abc import Iterable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import faq_tables
from support.faq_tables import TableRow
from support.importing.files import Numbered

from . import (
    faq_edit_page,  # noqa: F401 - its views are of the same blueprint
    faqs_page,
    table_preview,
)
from .auth import LEADS, actor, requires
from .database import db
from .faqs_page import said
from .i18n import gettext as _
from .table_files import SUFFIXES, download

bp = faqs_page.bp


@bp.get("/-/import")
@requires(*LEADS)
def choose_file() -> ResponseReturnValue:
    """Show where a file is dropped."""
    return render_template("table_import.html", **_said())


@bp.post("/-/import")
@requires(*LEADS)
def receive() -> ResponseReturnValue:
    """Keep a file and look at it."""
    return table_preview.receive(_judge, _said())


@bp.get("/-/import/<token>")
@requires(*LEADS)
def look_at(token: str) -> ResponseReturnValue:
    """Say of each row what taking it in would do."""
    return table_preview.look_at(token, _judge, _said())


@bp.post("/-/import/<token>")
@requires(*LEADS)
def take_in(token: str) -> ResponseReturnValue:
    """Take in the rows that were chosen."""
    path, rows = table_preview.chosen(token, _judge)
    overwrite = bool(request.form.get("overwrite"))
    taken = faq_tables.take(db(), actor(), rows, name=path.name, overwrite=overwrite)
    table_preview.forget(token)
    if not taken.change_id:
        flash(_("Nothing was taken in: no row that was chosen is new or changed."), "info")
        return redirect(url_for(".show"))
    flash(table_preview.told(taken.added, taken.changed), "info")
    return redirect(url_for(".show", sort="new", done=taken.change_id))


@bp.get("/-/export/<name>")
@requires(*LEADS)
def export(name: str) -> ResponseReturnValue:
    """Take all FAQs away as a table, retired ones too."""
    return download(faq_tables.table(db(), every=True), faq_tables.COLUMNS, name)


def _judge(rows: Iterable[Numbered], name: str) -> list[TableRow]:
    return faq_tables.judge(db(), rows, name)


def _said() -> dict[str, object]:
    return {
        **said(),
        "what": _("FAQs"),
        "key": "slug",
        "columns": "slug, title, title_en, body, category, url, active",
        "suffixes": ",".join(SUFFIXES),
    }
