"""The moderation queue: one case at a time, decided by keyboard."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from listings.moderation import appeals, case_counts, case_queue, cases, decisions, history, undoing
from listings.moderation.case_queue import Cases
from listings.moderation.cases import Case
from listings.moderation.classes import CLASSES, HIDE, PROBLEMS
from support.database import write
from support.errors import ConflictError, InputError, NotFoundError

from . import moderation_words
from .auth import MODERATING, actor, me, requires
from .database import db, desk
from .errors import wants_json
from .i18n import gettext as _
from .listing_pictures import stored_picture
from .moderating import watch_soon
from .moderation_case import SKIPPED, SKIPPED_LAST, chosen, no_model, piece
from .paging import is_number
from .sentences import place_with

bp = Blueprint("moderation_page", __name__, url_prefix="/moderation")

ID = "int(max=9223372036854775807)"
_ONE = f"/<{ID}:case_id>"
MOST_SKIPPED = 100  # cases kept as put off: they live in a cookie


@bp.get("")
@requires(*MODERATING)
def show() -> ResponseReturnValue:
    """Show the case that matters most, or the one that is asked for."""
    asked = asked_cases()
    case = _asked_for(request.args.get("case", "")) or next_case(asked)
    return render_template(
        "moderation.html",
        asked=asked,
        kinds=moderation_words.KINDS,
        labels=PROBLEMS,
        by_kind=case_counts.by_kind(db()),
        by_label=case_counts.by_label(db()),
        no_model=no_model(),
        **piece(case, asked),
    )


@bp.post(_ONE + "/decide")
@requires(*MODERATING)
def decide(case_id: int) -> ResponseReturnValue:
    """Say what a listing is, hide or pass it, and sanction its seller where that is wanted."""
    label, reason = asked_decision()
    action = request.form.get("action", "") or decisions.action_for(label)
    sentence = request.form.get("sanction", "")
    if sentence and action != HIDE:
        raise InputError(_("A sanction goes with hiding the listing."))
    try:
        with write(db()):
            check_seen(case_id)
            decision_id = decisions.decide(
                db(), actor(), me().id, case_id, label=label, reason=reason, action=action
            )
            if sentence:
                place_with(decision_id, sentence, reason)
    except ConflictError as error:
        return moved_on(error)
    session.pop(SKIPPED_LAST, None)
    if sentence:
        watch_soon(desk().workspace, db(), actor())  # older reposts of theirs are looked for
    return following(_("Saved. The next one is shown."))


@bp.post(_ONE + "/skip")
@requires(*MODERATING)
def skip(case_id: int) -> ResponseReturnValue:
    """Put a case off: others may take it, and the next one comes."""
    cases.get(db(), case_id)
    case_queue.release(db(), me().id)
    put_off = [key for key in session.get(SKIPPED, []) if key != case_id]
    session[SKIPPED] = [*put_off, case_id][-MOST_SKIPPED:]
    session[SKIPPED_LAST] = True
    return following(_("Put off. The next one is shown."))


@bp.post("/undo")
@requires(*MODERATING)
def undo() -> ResponseReturnValue:
    """Take the last thing back that this person did, and show its case again."""
    put_off = list(session.get(SKIPPED, []))
    if session.pop(SKIPPED_LAST, None) and put_off:
        case_id = put_off.pop()
        session[SKIPPED] = put_off
        return _back_at(case_id, _("It is back."))
    undone = undoing.take_back(db(), actor(), me().id)
    if undone is None:
        raise ConflictError(_("There is nothing to take back."))
    said = _("Decisions taken back: %(n)s", n=len(undone.cases))
    if undone.kept:
        said += " " + _("Kept, because something later stands on them: %(n)s", n=len(undone.kept))
    if len(undone.cases) == 1 and request.form.get("back") != "list":
        return _back_at(undone.cases[0], said)
    flash(said, "info")
    if wants_json():
        return {"reload": True}
    return redirect(url_for(".many", **chosen(asked_cases())))


@bp.get("/pictures/<sha256>.jpg")
@requires(*MODERATING)
def picture(sha256: str) -> ResponseReturnValue:
    """A picture of a listing."""
    return stored_picture(sha256)


def next_case(asked: Cases) -> Case | None:
    """What this person has on the screen already, else the next case, put-off ones last."""
    held = case_queue.held(db(), me().id, asked)
    if held is not None:
        return case_queue.claim(db(), me().id, held.id)
    put_off = tuple(session.get(SKIPPED, ()))
    found = _for_this_person(replace(asked, without=put_off))
    if found is None and put_off:
        session.pop(SKIPPED)
        found = _for_this_person(asked)
    return found


def _for_this_person(asked: Cases) -> Case | None:
    """The next case but for appeals against this person's own decisions, which others settle."""
    while (found := case_queue.claim_next(db(), me().id, asked)) is not None:
        appeal_id = cases.open_appeal(db(), found.id)
        if appeal_id is None or not appeals.is_own(db(), me().id, appeals.get(db(), appeal_id)):
            return found
        asked = replace(asked, without=(*asked.without, found.id))
    case_queue.release(db(), me().id)
    return None


def following(said: str) -> ResponseReturnValue:
    """The next case, as a piece of the page or as the page."""
    if wants_json():
        asked = asked_cases()
        return _as_piece(next_case(asked), asked, said=said)
    return redirect(url_for("moderation_page.show", **chosen(asked_cases())))


def moved_on(error: ConflictError) -> ResponseReturnValue:
    """A case changed while somebody looked at it: nothing was done, and the queue goes on.

    Where it is still on this person's screen it is shown again, with what is new.
    """
    words = _("Nothing was saved: this case changed while you looked. Here is what waits now.")
    if not wants_json():
        flash(words, "danger")
        return redirect(url_for("moderation_page.show", **chosen(asked_cases())))
    asked = asked_cases()
    return {**_as_piece(next_case(asked), asked, said=words), "detail": str(error)}, 409


def asked_cases() -> Cases:
    """Which part of the queue, as the address says."""
    label, kind = request.args.get("label", ""), request.args.get("kind", "")
    return Cases(
        label=label if label in PROBLEMS else "",
        kind=kind if kind in moderation_words.KINDS else "",
    )


def asked_decision() -> tuple[str, str]:
    """The class and the reason that a form names.

    Raises:
        InputError: there is no such class, or no reason.
    """
    label = request.form.get("label", "")
    if label not in CLASSES:
        raise InputError(_("Say what the listing is: choose a class."))
    typed = request.form.get("reason", "")
    reason = moderation_words.reason(label, request.form.get("usual", ""), typed)
    if not reason:
        raise InputError(_("Say why in a few words: sellers and appeals will ask."))
    return label, reason


def check_seen(case_id: int) -> None:
    """Refuse to decide on what the person has not seen, where the form says what they saw.

    Raises:
        NotFoundError: there is no such case.
        ConflictError: a report, a decision or an appeal came, or the words were changed.
    """
    seen = request.form.get("seen", "")
    if seen and seen != history.stamp(db(), cases.get(db(), case_id)):
        raise ConflictError("Something new came to this case. Look at it again.")


def _asked_for(text: str) -> Case | None:
    """A case that the address names, taken for this person; None and a word where it cannot be."""
    if not is_number(text):
        return None
    try:
        found = case_queue.claim(db(), me().id, int(text))
    except ConflictError:
        flash(_("Somebody else has this case on the screen. Here is the next one."), "info")
        return None
    except NotFoundError:
        flash(_("There is no such case. Here is the next one."), "info")
        return None
    if found.state != "open":
        case_queue.release(db(), me().id)
        flash(_("This case is settled. Here is the next one."), "info")
        return None
    return found


def _back_at(case_id: int, said: str) -> ResponseReturnValue:
    """A case that is back, on this person's screen where nobody else has taken it."""
    asked = asked_cases()
    if not wants_json():
        flash(said, "info")
        return redirect(url_for(".show", case=case_id, **chosen(asked)))
    try:
        case: Case | None = case_queue.claim(db(), me().id, case_id)
    except ConflictError:
        case = next_case(asked)
    return _as_piece(case, asked, said=said)


def _as_piece(case: Case | None, asked: Cases, *, said: str) -> dict[str, Any]:
    return {"html": render_template("_case.html", **piece(case, asked, said=said)), "said": said}
