"""The week on one page: what suggestions were worth, what changed, what to do next; to print.

The tables that say how each colleague did are taken away with a reason.
"""

from datetime import date, timedelta
from typing import Final

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone, lazy_gettext

from support import week, week_rows, week_todo
from support.errors import InputError, NotFoundError
from support.week import Week
from support.week_todo import Todo

from . import counted, days, week_words
from .auth import LEADS, requires
from .database import db, desk
from .i18n import gettext as _
from .sheets import write_csv, write_xlsx
from .taking_away import taken
from .week_chart import draw_days
from .week_sheets import sheets

bp = Blueprint("week_page", __name__, url_prefix="/week")

FAQS_SHOWN: Final = 12  # unless all are asked for
TABLES: Final = {  # those of week_sheets
    "week": lazy_gettext("Figures"),
    "faqs": lazy_gettext("By FAQ"),
    "agents": lazy_gettext("By agent"),
    "days": lazy_gettext("By day"),
    "releases": lazy_gettext("By model"),
    "next": lazy_gettext("To do next"),
}
PEOPLE: Final = ("agents",)  # what each of them did
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("")
@requires(*LEADS)
def show() -> ResponseReturnValue:
    """Show a week, Monday to Sunday of the reader's clock."""
    monday = _monday()
    found, todos = _report(monday)
    current = _week_of(days.today())
    last = week_rows.last_before(db(), found.since) if not found.figures.n else ""
    return render_template(
        "week.html",
        week=found,
        monday=monday,
        current=current,
        earlier=monday - timedelta(days=7),
        later=monday + timedelta(days=7),
        last=_week_of(days.day_of(last)) if last else None,
        tiles=week_words.tiles(found.figures, found.before),
        todos=[(week_words.todo(todo), week_words.leads_to(todo)) for todo in todos],
        drawn=draw_days(found.by_day),
        changes=week.changes(found),
        faqs=found.by_faq if "all" in request.args else found.by_faq[:FAQS_SHOWN],
        tables=TABLES,
        people=PEOPLE,
        says=week_words,
        counted=counted,
    )


@bp.get("/<table>.csv")
@requires(*LEADS)
def csv(table: str) -> ResponseReturnValue:
    """Download one table of a week that names nobody."""
    if table in PEOPLE:
        raise InputError(_("Say why the table is needed; the audit trail keeps it."))
    return _table(table)


@bp.post("/<table>.csv")
@requires(*LEADS)
def people_csv(table: str) -> ResponseReturnValue:
    """Download one table of a week; the audit trail says who and why."""
    taken("week.exported", what=table, day=_monday().isoformat())
    return _table(table)


def _table(table: str) -> Response:
    monday = _monday()
    found = {sheet.name: sheet for sheet in sheets(*_report(monday))}
    if table not in found:
        raise NotFoundError(f"No table {table!r}, only {', '.join(found)}.")
    return _file(write_csv(found[table]), "text/csv; charset=utf-8", f"{monday}-{table}.csv")


@bp.post("/week.xlsx")
@requires(*LEADS)
def xlsx() -> ResponseReturnValue:
    """Download a week's tables as one book; the audit trail says who and why."""
    monday = _monday()
    taken("week.exported", what="week.xlsx", day=monday.isoformat())
    return _file(write_xlsx(sheets(*_report(monday))), XLSX, f"{monday}-week.xlsx")


def _report(monday: date) -> tuple[Week, tuple[Todo, ...]]:
    since, until = days.begins(monday), days.begins(monday, plus=7)
    zone = get_timezone()
    found = week.report(db(), since=since, until=until, zone=zone)
    return found, week_todo.todos(desk().workspace, db(), found)


def _monday() -> date:
    """The week that was asked for, by any of its days; else the one that runs.

    Raises:
        InputError: it is no day, or none that has a week around it.
    """
    words = request.values.get("day", "")
    if not words:
        return _week_of(days.today())
    try:
        day = date.fromisoformat(words)
    except ValueError as error:
        raise InputError(_("Give the day as 2026-12-31.")) from error
    if not date(1970, 1, 8) <= day <= days.today() + timedelta(days=366):
        raise InputError(_("Give the day as 2026-12-31."))
    return _week_of(day)


def _week_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _file(body: bytes, kind: str, name: str) -> Response:
    attached = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, content_type=kind, headers=attached)
