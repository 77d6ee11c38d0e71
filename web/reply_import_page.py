"""Saved replies from a file and into one: looked at row by row, then taken in as one change."""

from collections.abc import Iterable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import saved_reply_tables
from support.importing.files import Numbered
from support.saved_reply_tables import ReplyRow

from . import replies_page, table_preview
from .auth import LEADS, actor, requires
from .database import db
from .i18n import gettext as _
from .replies_page import learn_soon, said
from .table_files import SUFFIXES, download

bp = replies_page.bp


@bp.get("/import")
@requires(*LEADS)
def choose_file() -> ResponseReturnValue:
    """Show where a file is dropped."""
    return render_template("table_import.html", **_said())


@bp.post("/import")
@requires(*LEADS)
def receive() -> ResponseReturnValue:
    """Keep a file and look at it."""
    return table_preview.receive(_judge, _said())


@bp.get("/import/<token>")
@requires(*LEADS)
def look_at(token: str) -> ResponseReturnValue:
    """Say of each row what taking it in would do."""
    return table_preview.look_at(token, _judge, _said())


@bp.post("/import/<token>")
@requires(*LEADS)
def take_in(token: str) -> ResponseReturnValue:
    """Take in the rows that were chosen."""
    path, rows = table_preview.chosen(token, _judge)
    overwrite = bool(request.form.get("overwrite"))
    taken = saved_reply_tables.take_rows(db(), actor(), rows, name=path.name, overwrite=overwrite)
    table_preview.forget(token)
    if not taken.change_id:
        flash(_("Nothing was taken in: no row that was chosen is new or changed."), "info")
        return redirect(url_for(".show"))
    learn_soon()
    flash(table_preview.told(taken.added, taken.changed), "info")
    return redirect(url_for(".show", done=taken.change_id))


@bp.get("/export/<name>")
@requires(*LEADS)
def export(name: str) -> ResponseReturnValue:
    """Take all saved replies away as a table, retired ones too."""
    return download(saved_reply_tables.table(db()), saved_reply_tables.COLUMNS, name)


def _judge(rows: Iterable[Numbered], name: str) -> list[ReplyRow]:
    return saved_reply_tables.read(db(), rows, name)


def _said() -> dict[str, object]:
    return {
        **said(),
        "what": _("Saved replies"),
        "key": "name",
        "columns": "name, title, body, category, language",
        "suffixes": ",".join(SUFFIXES),
    }
