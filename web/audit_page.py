"""The audit trail: who did what, when, from where; read, filtered, and taken away as CSV."""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any, Final

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from support import audit_chain, audit_trail, settings
from support.audit_trail import AuditFilters, AuditRow
from support.database import scalar
from support.errors import InputError
from support.redact import Redactor

from . import audit_words, days, settings_words
from .actors import who
from .audit_table import COLUMNS, told
from .auth import ADMINS, requires
from .cursors import read_cursor, write_cursor
from .database import db
from .sheets import Sheet, csv_rows, write_csv
from .taking_away import taken

bp = Blueprint("audit_page", __name__, url_prefix="/audit")

TOGETHER: Final = 500  # rows of an export that are written at once
FIELDS: Final = ("who", "what", "on", "whose", "words", "since", "until")
# Where a thing that an act was done to can be looked at: its page and the page's argument.
PLACES: Final = {
    "agent": ("people_page.one", "agent_id"),
    "inquiry": ("inquiry.show", "inquiry_id"),
    "job": ("jobs_page.one", "job_id"),
    "listing": ("moderation_page.listing", "listing_id"),
    "policy": ("policy_page.one", "name"),
    "release": ("models_page.one", "name"),
    "seller": ("sellers_page.one", "seller"),
}


@bp.get("")
@requires(*ADMINS)
def show() -> ResponseReturnValue:
    """Show a page of the trail, newest first."""
    asked = {name: request.args.get(name, "").strip()[:200] for name in FIELDS}
    trouble, found = "", audit_trail.AuditPage((), None)
    try:
        after = read_cursor(request.args.get("after", ""))
        found = audit_trail.find(db(), _filters(asked), after=after)
    except InputError as error:
        trouble = str(error)
    choices = audit_trail.choices(db())
    return render_template(
        "audit.html",
        rows=[_shown(row) for row in found.rows],
        more=write_cursor(*found.after) if found.after else "",
        back=found.after[0] if found.after and len(found.rows) < audit_trail.PAGE else "",
        asked=asked,
        filled={name: value for name, value in asked.items() if value},
        trouble=trouble,
        chain=_chain(),
        first=not request.args.get("after"),
        people={name: who(db(), name) for name in choices["actor"]},
        actions=_by_words(choices["action"]),
    )


@bp.post("/export")
@requires(*ADMINS)
def export() -> ResponseReturnValue:
    """Take what the filters find away as CSV; that is written down with its reason."""
    asked = {name: request.form.get(name, "") for name in FIELDS}
    filters = _filters(asked)
    masked = Redactor(settings.load(db()).allow).redact
    filters_told = {name: value for name, value in asdict(filters).items() if value}
    if filters.words:
        filters_told["words"] = masked(filters.words).text
    taken("audit.exported", filters=filters_told)
    head = {"Content-Disposition": f'attachment; filename="audit-{days.today()}.csv"'}
    return Response(stream_with_context(_table(filters)), mimetype="text/csv", headers=head)


def _chain() -> dict[str, Any]:
    """Whether the trail's end holds, in words, and when all of it was checked last."""
    found = audit_chain.glance(db())
    sql = "SELECT max(at) FROM audit WHERE action = 'audit.verified'"
    return {
        "acts": found.acts,
        "broken": audit_words.broken(found.broken) if found.broken else "",
        "anchored": found.anchored,
        "checked": scalar(db(), sql) or "",
    }


def _table(filters: AuditFilters) -> Iterator[bytes]:
    """What is found as CSV, piece by piece: a trail is long. The connection is the stream's own."""
    rows = audit_trail.each(db(), filters)
    yield write_csv(Sheet("audit", COLUMNS, ()))
    while piece := [told(row) for row in islice(rows, TOGETHER)]:
        yield csv_rows(piece)


def _filters(asked: dict[str, str]) -> AuditFilters:
    """What the form asks for.

    Raises:
        InputError: a day is none.
    """
    return AuditFilters(
        actor=asked["who"],
        action=asked["what"],
        obj=asked["on"],
        person=asked["whose"],
        words=asked["words"],
        since=days.begins(asked["since"]) if asked["since"] else "",
        until=days.begins(asked["until"], plus=1) if asked["until"] else "",
    )


def _shown(row: AuditRow) -> dict[str, Any]:
    """A row as the page shows it."""
    kind, _colon, key = row.obj.partition(":")
    return {
        "row": row,
        "who": row.name if row.actor.startswith("agent:") else who(db(), row.actor),
        "act": audit_words.act(row.action),
        "noun": audit_words.noun(row.obj),
        "key": _named(kind, key),
        "address": _place(kind, key),
        "told": audit_words.told(row.detail),
    }


def _named(kind: str, key: str) -> str:
    """What a thing is called, where its number says little."""
    if kind == "agent":
        return who(db(), f"agent:{key}")
    if kind == "setting":
        return settings_words.title(key)
    return key if len(key) < 24 else key[:10] + "…"


def _place(kind: str, key: str) -> str:
    if kind == "setting":
        return url_for("settings_page.show", _anchor=f"setting-{key}")
    if kind not in PLACES or not key:
        return ""
    endpoint, argument = PLACES[kind]
    by_number = argument.endswith("_id")
    if by_number and not (key.isascii() and key.isdigit() and len(key) < 19):
        return ""
    values: dict[str, Any] = {argument: int(key) if by_number else key}
    return url_for(endpoint, **values)


def _by_words(actions: list[str]) -> list[tuple[str, str]]:
    """Actions with their words, in the words' order."""
    return sorted(((name, audit_words.act(name)) for name in actions), key=lambda each: each[1])
