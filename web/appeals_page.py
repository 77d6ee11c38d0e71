"""Appeals: those that wait, those that are settled, and settling them."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from listings.moderation import appeal_list, appeals
from support import agents
from support.database import write
from support.errors import ConflictError, InputError

from . import moderation_words
from .auth import MODERATING, actor, me, requires
from .database import db
from .i18n import gettext as _
from .moderation_case import SKIPPED_LAST
from .moderation_page import ID, asked_decision, check_seen, following, moved_on
from .paging import PER_PAGE, page, window

bp = Blueprint("appeals_page", __name__, url_prefix="/moderation/appeals")

_ONE = f"/<{ID}:appeal_id>"


@bp.get("")
@requires(*MODERATING)
def show() -> ResponseReturnValue:
    """List appeals that wait, or those that are settled."""
    state = request.args.get("state", "open")
    if state not in appeal_list.APPEAL_STATES:
        raise InputError(f"No appeals that are {state!r}: open or settled.")
    found = appeal_list.listed(db(), state=state, **window())
    people = {person.id: person.name for person in agents.listed(db())}
    return render_template(
        "appeals.html",
        state=state,
        rows=found[:PER_PAGE],
        page=page(),
        more=len(found) > PER_PAGE,
        n_open=appeal_list.count_open(db()),
        people=people,
        mine=me().id,
        words=moderation_words,
    )


@bp.post(_ONE + "/settle")
@requires(*MODERATING)
def settle(appeal_id: int) -> ResponseReturnValue:
    """Let the decision stand, or put another in its place."""
    found = appeals.get(db(), appeal_id)
    verdict = request.form.get("settle", "")
    if verdict not in ("uphold", "overturn"):
        raise InputError(_("Uphold the appealed decision, or overturn it."))
    try:
        with write(db()):
            check_seen(found.case_id)
            if verdict == "uphold":
                appeals.uphold(db(), actor(), me().id, appeal_id, reason=_typed())
            else:
                label, reason = asked_decision()
                appeals.overturn(db(), actor(), me().id, appeal_id, label=label, reason=reason)
    except ConflictError as error:
        return moved_on(error)
    session.pop(SKIPPED_LAST, None)
    return following(_("Saved. The next one is shown."))


@bp.post(_ONE + "/reopen")
@requires(*MODERATING)
def reopen(appeal_id: int) -> ResponseReturnValue:
    """Take an upholding back: the appeal waits again."""
    appeals.reopen(db(), actor(), appeal_id)
    flash(_("The appeal waits again."), "info")
    return redirect(url_for(".show"))


def _typed() -> str:
    """Why the decision stands.

    Raises:
        InputError: nothing is said.
    """
    typed = request.form.get("reason", "").strip()
    usual = moderation_words.reason(
        request.form.get("label", ""), request.form.get("usual", ""), ""
    )
    reason = " ".join(part for part in (usual, typed) if part)
    if not reason:
        raise InputError(_("Say why the decision stands: whoever appealed will ask."))
    return reason
