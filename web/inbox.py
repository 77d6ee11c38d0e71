"""The inbox: who waits, longest first; and what was answered lately."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import clock, inquiries, settings
from support.errors import InputError
from support.inquiries import PAGE, InquiryRow

from .auth import ANSWERING, LEADS, me
from .database import db
from .places import places, tabs_here

bp = Blueprint("inbox", __name__)

TABS = ("open", "answered", "closed")


@bp.get("/")
def show() -> ResponseReturnValue:
    """List a page of inquiries."""
    if me().role == "labeller":
        return redirect(url_for("review_page.show"))
    if me().role not in ANSWERING:  # whoever answers nobody starts where their work is
        return redirect(url_for("moderation_page.show"))
    status = request.args.get("status", "open")
    if status not in TABS:
        raise InputError(f"No tab {status!r}. There are: {', '.join(TABS)}.")
    before = _cursor(request.args.get("before", ""))
    rows = inquiries.inbox(db(), status=status, before=before, limit=PAGE + 1)
    shown = rows[:PAGE]
    return render_template(
        "inbox.html",
        status=status,
        tabs=TABS,
        counts=inquiries.counts(db()),
        rows=shown,
        before=before,
        more=_after(shown[-1]) if len(rows) > PAGE else "",
    )


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


def _after(row: InquiryRow) -> str:
    return f"{row.opened_at},{row.id}"


def _cursor(text: str) -> tuple[str, int] | None:
    """Read what `_after` wrote."""
    if not text:
        return None
    at, _, number = text.partition(",")
    try:
        clock.from_iso(at)
        # SQLite's integers end at 2 ** 63; ids begin at 1.
        return at, min(max(0, int(number)), 2**63 - 1)
    except ValueError as error:
        raise InputError(f"No page begins at {text!r}. Start from the first page.") from error
