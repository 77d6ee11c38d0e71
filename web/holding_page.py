"""Who has an inquiry in hand: claiming, keeping, handing over, putting away; its tags.

Every door takes a form, for a page without scripts, and answers `held.js` in JSON: how it stands,
and the fresh strip (`_holder.html`) to put in place of the old one.
"""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import agents, holding, inquiries, joining, snoozing, tagging, worklist
from support.agents import Agent
from support.clock import from_iso, iso
from support.errors import InputError
from support.holding import HOLD_MINUTES, HeldError, Hold

from . import days
from .auth import ANSWERING, LEADS, actor, me, own_path, requires
from .database import db
from .errors import problem, wants_json
from .i18n import gettext as _
from .i18n import moment, since

bp = Blueprint("holding_page", __name__)

COMPLETED = 12  # tags offered while one is typed
MORNING = 9  # o'clock: when a day given without a time begins
# SQLite's integers end at 2 ** 63; no desk gets there.
_ONE = "/inquiries/<int(max=9223372036854775807):inquiry_id>"


@bp.app_context_processor
def words() -> dict[str, object]:
    """What the strip may call for; asked only where it is shown."""
    return {
        "held_words": held_words,
        "held_briefly": held_briefly,
        "colleagues": colleagues,
        "snooze_choices": snooze_choices,
        "first_day": lambda: str(days.today() + timedelta(days=1)),
        "put_away_until": lambda inquiry_id: snoozing.of(db(), inquiry_id),
    }


@bp.errorhandler(HeldError)
def held_elsewhere(error: HeldError) -> ResponseReturnValue:
    """Somebody else has it: nothing was done."""
    said = refused(error)
    if wants_json():
        return problem(HTTPStatus.CONFLICT, said)
    flash(said, "danger")
    inquiry_id = (request.view_args or {}).get("inquiry_id")
    return redirect(url_for("inquiry.show", inquiry_id=inquiry_id), 303)


@bp.post("/next")
@requires(*ANSWERING)
def take_next() -> ResponseReturnValue:
    """Claim whatever comes next and show it."""
    left = request.form.get("without", "")
    without = int(left) if left.isascii() and left.isdigit() and len(left) < 19 else None
    return go_on(without=without)


@bp.post(_ONE + "/claim")
@requires(*ANSWERING)
def claim(inquiry_id: int) -> ResponseReturnValue:
    """Claim it where nobody else has it, or renew; who has it is told either way."""
    try:
        holding.claim(db(), me().id, inquiry_id)
    except HeldError:
        if not wants_json():
            raise
    return _answer(inquiry_id)


@bp.post(_ONE + "/take-over")
@requires(*ANSWERING)
def take_over(inquiry_id: int) -> ResponseReturnValue:
    """Claim it from whoever has it."""
    holding.take_over(db(), actor(), inquiry_id, me().id)
    return _answer(inquiry_id)


@bp.post(_ONE + "/let-go")
@requires(*ANSWERING)
def let_go(inquiry_id: int) -> ResponseReturnValue:
    """Give it back: a window that is left its own claim, a person whatever they have."""
    if not request.is_json:
        holding.let_go(db(), me().id, inquiry_id)
        return _answer(inquiry_id)
    body = request.get_json()
    until = body.get("until", "") if isinstance(body, dict) else ""
    if until == "" or not isinstance(until, str | None):
        raise InputError("Say until when the claim was seen to run; null where that is not known.")
    holding.let_go(db(), me().id, inquiry_id, until=until, keeping=True)
    return "", HTTPStatus.NO_CONTENT


@bp.post(_ONE + "/keep")
@requires(*ANSWERING)
def keep(inquiry_id: int) -> ResponseReturnValue:
    """Put it into one's own queue, or hand it over to a colleague."""
    wanted = request.form.get("agent", "")
    if wanted and not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
        raise InputError(f"No agent {wanted!r}.")
    agent_id = int(wanted or me().id)
    mine = agent_id == me().id
    # Who leads gives out the work, but takes from nobody by a slip.
    take = me().role in LEADS and not mine
    held = holding.keep(db(), actor(), inquiry_id, agent_id, take=take)
    if mine:
        return _answer(inquiry_id)
    flash(_("Handed over to %(name)s.", name=held.name), "success")
    return go_on(without=inquiry_id)


@bp.post(_ONE + "/snooze")
@requires(*ANSWERING)
def snooze(inquiry_id: int) -> ResponseReturnValue:
    """Put it away until one of the menu's moments, or until the morning of a day.

    What the menu names is worked out now: the page may have been open for hours.
    """
    named, day = request.form.get("in", ""), request.form.get("day", "")
    if named:
        moments = snoozing.choices(days.present())
        if named not in moments:
            raise InputError(_("Choose a day to come."))
        until = moments[named]
    else:
        until = days.begins(day, hour=MORNING)
        if until <= iso(days.present()):
            raise InputError(_("Choose a day to come."))
        if from_iso(until) > days.present() + timedelta(days=snoozing.MOST_DAYS):
            raise InputError(_("Choose a day in the next %(n)s days.", n=snoozing.MOST_DAYS))
    holding.check(db(), me().id, inquiry_id)
    snoozing.snooze(db(), actor(), inquiry_id, until)
    flash(_("Put away until %(moment)s.", moment=moment(until)), "success")
    return go_on(without=inquiry_id)


@bp.post(_ONE + "/wake")
@requires(*ANSWERING)
def wake(inquiry_id: int) -> ResponseReturnValue:
    """Bring it back at once."""
    holding.check(db(), me().id, inquiry_id)
    snoozing.wake(db(), actor(), inquiry_id)
    return _answer(inquiry_id)


@bp.post(_ONE + "/tags")
@requires(*ANSWERING)
def change_tags(inquiry_id: int) -> ResponseReturnValue:
    """Put tags on, separated by commas, or take one off."""
    typed = request.form.get("add", "").split(",")
    add = [tag for tag in typed if tag.strip()]
    try:
        tagging.change(db(), actor(), inquiry_id, add=add, remove=request.form.getlist("remove"))
    except InputError as error:
        words = _(
            "A tag has up to %(n)s characters and no personal data; an inquiry has up to "
            "%(most)s tags.",
            n=tagging.LONGEST,
            most=tagging.MOST_TAGS,
        )
        raise InputError(words) from error
    return _answer(inquiry_id)


@bp.get("/tags")
@requires(*ANSWERING)
def known_tags() -> ResponseReturnValue:
    """Tags that begin with what is typed, the commonest first."""
    typed = request.args.get("q", "")[: tagging.LONGEST]
    found = tagging.known(db(), typed, limit=COMPLETED)
    return {"tags": [{"tag": tag, "n": n} for tag, n in found]}


@bp.post(_ONE + "/part")
@requires(*ANSWERING)
def part(inquiry_id: int) -> ResponseReturnValue:
    """Take it out of the inquiry that it was joined to; it waits for itself again."""
    holding.check(db(), me().id, inquiries.get(db(), inquiry_id).joined_to or inquiry_id)
    joining.part(db(), actor(), inquiry_id)
    flash(_("It is an inquiry of its own again."), "success")
    target = own_path(request.form.get("next", "")) or url_for(
        "inquiry.show", inquiry_id=inquiry_id
    )
    return {"next": target} if wants_json() else redirect(target, 303)


def go_on(*, without: int | None = None) -> ResponseReturnValue:
    """Claim what comes next and lead there; to the inbox where nothing waits."""
    following = worklist.claim_next(db(), me().id, without=without)
    if following is None:
        flash(_("Nothing else waits that nobody has."), "success")
        target = url_for("inbox.show")
    else:
        target = url_for("inquiry.show", inquiry_id=following)
    return {"next": target} if wants_json() else redirect(target, 303)


def refused(error: HeldError) -> str:
    """What to tell somebody whose work a colleague has in hand."""
    return _(
        "%(name)s has this inquiry. Nothing was changed; take it over first.", name=error.holder
    )


def held_words(held: Hold) -> str:
    """Who has it, and since when there was no sign of life."""
    if held.until is None:
        return _("%(name)s keeps this in their own queue.", name=held.name)
    seen = iso(from_iso(held.until) - timedelta(minutes=HOLD_MINUTES))
    return _("%(name)s has this open, last active %(time)s ago.", name=held.name, time=since(seen))


def held_briefly(held: Hold) -> str:
    """Who has it, as a list says it."""
    if held.agent_id == me().id:
        return _("In your queue") if held.until is None else _("You have it")
    return _("%(name)s has it", name=held.name)


def colleagues() -> list[Agent]:
    """Who else answers, by name."""
    found = agents.listed(db())
    return [one for one in found if one.active and one.role in ANSWERING and one.id != me().id]


def snooze_choices() -> list[tuple[str, str, str]]:
    """Moments to put something away to: name, words, moment as of now; the same moment once."""
    named = {
        "hours": _("In 3 hours"),
        "tomorrow": _("Tomorrow morning"),
        "monday": _("Monday morning"),
    }
    found: dict[str, str] = {}
    for name, until in snoozing.choices(days.present()).items():
        found.setdefault(until, name)
    return [(name, named[name], until) for until, name in found.items()]


def _answer(inquiry_id: int) -> ResponseReturnValue:
    """How it stands now, for the script; the page again, for a form."""
    if not wants_json():
        return redirect(url_for("inquiry.show", inquiry_id=inquiry_id), 303)
    return state(inquiry_id)


def state(inquiry_id: int) -> dict[str, Any]:
    """Who has it: `holder` names somebody else; `until` is None where it is kept."""
    inquiry, held = inquiries.get(db(), inquiry_id), holding.holder(db(), inquiry_id)
    mine = held is not None and held.agent_id == me().id
    return {
        "holder": held.name if held and not mine else "",
        "mine": mine,
        "until": held.until if held and mine else None,
        "html": render_template("_holder.html", inquiry=inquiry, held=held),
    }
