"""The inbox: who waits, longest first, and who has which inquiry in hand."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import archive, settings, worklist
from support.archive import Filters
from support.errors import InputError
from support.inquiries import PAGE
from support.worklist import SCOPES, Scope

from . import days
from .auth import ANSWERING, LEADS, me, requires
from .cursors import read_cursor, write_cursor
from .database import db
from .holding_page import held_briefly
from .paging import is_number
from .places import places, tabs_here

bp = Blueprint("inbox", __name__)

OLD_TABS = {"open": "inbox.show", "answered": "archive_page.show", "closed": "archive_page.closed"}


@bp.get("/")
def show() -> ResponseReturnValue:
    """List a page of those who wait."""
    if me().role == "labeller":
        return redirect(url_for("review_page.show"))
    if me().role not in ANSWERING:  # whoever answers nobody starts where their work is
        return redirect(url_for("moderation_page.show"))
    if status := request.args.get("status", ""):  # as the tabs were called once
        if status not in OLD_TABS:
            raise InputError(f"No tab {status!r}. There are: {', '.join(OLD_TABS)}.")
        return redirect(url_for(OLD_TABS[status]), HTTPStatus.MOVED_PERMANENTLY)
    scope, tag = _scope(), request.args.get("tag", "")
    after = read_cursor(request.args.get("after", ""))
    found = worklist.waiting(db(), me().id, scope=scope, tag=tag, after=after, limit=PAGE + 1)
    rows = found[:PAGE]
    more = write_cursor(rows[-1].opened_at, rows[-1].id) if len(found) > PAGE else ""
    return render_template(
        "inbox.html",
        scope=scope,
        tag=tag,
        scopes=SCOPES,
        counts=worklist.counts(db(), me().id),
        tags=worklist.tags(db(), me().id, scope=scope),
        rows=rows,
        after=after,
        more=more,
        today=str(days.today()),
        answered=_answered_today(),
    )


@bp.get("/inbox/state")
@requires(*ANSWERING)
def state() -> ResponseReturnValue:
    """How a list that is on the screen stands now.

    `held` says who has which of its rows, `gone` names those that nobody has to answer any more.
    """
    shown = [int(text) for text in request.args.get("ids", "").split(",") if is_number(text)]
    shown = shown[: PAGE + 1]
    hands = worklist.in_hands(db())
    still = worklist.still_open(db(), shown)
    return {
        "counts": worklist.counts(db(), me().id),
        "held": {
            str(number): {
                "words": held_briefly(hands[number]),
                "mine": hands[number].agent_id == me().id,
            }
            for number in shown
            if number in hands
        },
        "gone": [number for number in shown if number not in still],
    }


@bp.app_context_processor
def head() -> dict[str, object]:
    """What the head of every page may call for; asked only where it is shown."""
    return {
        "desk_name": lambda: settings.load(db()).desk_name,
        "answering": ANSWERING,
        "leads": LEADS,
        "places": places,
        "tabs_here": tabs_here,
    }


def _scope() -> Scope:
    wanted = request.args.get("scope", "free")
    for scope in SCOPES:
        if scope == wanted:
            return scope
    raise InputError(f"No scope {wanted!r}. There are: {', '.join(SCOPES)}.")


def _answered_today() -> int:
    """How many answers the reader has sent today."""
    mine = Filters(agent=f"agent:{me().id}", since=days.begins(days.today()))
    return archive.count(db(), mine)[0]
