"""One listing's whole story, and what a person may begin from there."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from listings.find import listings_named
from listings.moderation import appeals, case_queue, decisions, history, reports
from listings.moderation.classes import PROBLEMS
from support.errors import NotFoundError

from . import moderation_words
from .auth import MODERATING, actor, requires
from .database import db, desk
from .i18n import gettext as _
from .moderation_case import about
from .moderation_list import bp
from .moderation_page import ID
from .paging import is_number

__all__ = ["bp"]

_LISTING = f"/listings/<{ID}:listing_id>"
MAX_REPORTER = 200  # characters of a reporter's id


@bp.get(_LISTING)
@requires(*MODERATING)
def listing(listing_id: int) -> ResponseReturnValue:
    """Show all that was said and done about a listing."""
    return render_template(
        "moderation_listing.html",
        words=moderation_words,
        problems=PROBLEMS,
        **about(listing_id),
    )


@bp.get("/find")
@requires(*MODERATING)
def find() -> ResponseReturnValue:
    """Go to the listing that a mail speaks of."""
    found = listings_named(db(), request.args.get("q", ""))
    if len(found) == 1:
        return redirect(url_for(".listing", listing_id=found[0]))
    if found:
        flash(_("Several sources have a listing of this id. Write it as source:id."), "info")
    else:
        flash(_("No listing has this id."), "info")
    return redirect(url_for(".show"))


@bp.post(_LISTING + "/report")
@requires(*MODERATING)
def report(listing_id: int) -> ResponseReturnValue:
    """Take a report in that came by telephone or mail."""
    found = reports.receive(
        db(), desk().seal, actor(), listing_id,
        reporter=request.form.get("reporter", "").strip()[:MAX_REPORTER],
        label=request.form.get("label", ""), words=request.form.get("words", ""),
        model=desk().moderator.held().version,
    )  # fmt: skip
    if found.merged:
        flash(_("The same person’s report waits already; nothing was added."), "info")
    elif found.settled:
        flash(_("The report was taken in, and is settled already."), "info")
    else:
        flash(_("The report was taken in."), "info")
    return _back(listing_id)


@bp.post(_LISTING + "/set-aside")
@requires(*MODERATING)
def set_aside(listing_id: int) -> ResponseReturnValue:
    """Let no waiting report of somebody count, who reports in bad faith."""
    reporter = request.form.get("reporter", "")
    story = history.story(db(), listing_id)
    if reporter and reporter not in {found.reporter for found in story.reports}:
        raise NotFoundError("Nobody of this name reported this listing.")
    braked = reports.set_aside(db(), actor(), reporter)
    flash(_("Reports of theirs that do not count any more: %(n)s", n=braked), "info")
    return _back(listing_id)


@bp.post(_LISTING + "/open")
@requires(*MODERATING)
def open_case(listing_id: int) -> ResponseReturnValue:
    """Open the listing's case and show it, to decide on it now."""
    note = request.form.get("note", "")
    case = case_queue.open_for(db(), actor(), listing_id, note=note)
    return redirect(url_for(".show", case=case.id))


@bp.post(_LISTING + "/appeal")
@requires(*MODERATING)
def appeal(listing_id: int) -> ResponseReturnValue:
    """Take an appeal in that came by mail."""
    text = request.form.get("decision", "")
    decision_id = int(text) if is_number(text) else 0
    _check_of(listing_id, decision_id)
    appeals.file(
        db(), actor(), decision_id,
        by=request.form.get("by", ""), words=request.form.get("words", ""),
    )  # fmt: skip
    flash(
        _("The appeal was taken in. The decision stands until somebody has looked again."), "info"
    )
    return _back(listing_id)


@bp.post(_LISTING + f"/undo/<{ID}:decision_id>")
@requires(*MODERATING)
def undo_decision(listing_id: int, decision_id: int) -> ResponseReturnValue:
    """Take the decision in force back, whoever made it."""
    _check_of(listing_id, decision_id)
    decisions.undo(db(), actor(), decision_id)
    flash(_("The decision was taken back: all is as it was before it."), "info")
    return _back(listing_id)


def _check_of(listing_id: int, decision_id: int) -> None:
    """Refuse a decision on another listing than the page speaks of.

    Raises:
        NotFoundError: it is.
    """
    if decision_id not in {found.id for found in history.story(db(), listing_id).decisions}:
        raise NotFoundError(f"No decision {decision_id} on listing {listing_id}.")


def _back(listing_id: int) -> ResponseReturnValue:
    return redirect(url_for(".listing", listing_id=listing_id))
