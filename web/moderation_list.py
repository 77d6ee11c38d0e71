"""The queue as a list: many cases decided alike, counted first, taken back at once."""

import secrets

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from listings import review, stored
from listings.moderation import case_counts, case_queue, cases, history
from listings.moderation.classes import CLASSES, LEGAL, PROBLEMS
from listings.moderation.many import AT_ONCE, counted, matching
from listings.moderation.many import decide_many as decide_all
from support.errors import InputError

from . import moderation_words
from .auth import MODERATING, actor, me, requires
from .database import db, desk
from .i18n import gettext as _
from .moderation_case import SKIPPED_LAST, chosen, progress
from .moderation_page import asked_cases, asked_decision, bp
from .paging import PER_PAGE, is_number, page, window

__all__ = ["bp"]


@bp.get("/list")
@requires(*MODERATING)
def many() -> ResponseReturnValue:
    """List cases, to decide on many at once."""
    asked = asked_cases()
    found = case_queue.waiting(db(), me().id, asked, **window())
    shown = found[:PER_PAGE]
    ids = [case.listing_id for case in shown]
    return render_template(
        "moderation_list.html",
        asked=asked,
        chosen=chosen(asked),
        kinds=moderation_words.KINDS,
        labels=PROBLEMS,
        by_kind=case_counts.by_kind(db()),
        by_label=case_counts.by_label(db()),
        cases=shown,
        page=page(),
        more=len(found) > PER_PAGE,
        listings=stored.load(db(), desk().workspace.home / "images", ids),
        pictures=review.pictures(db(), ids),
        verdicts={key: history.last_verdict(db(), key) for key in ids},
        why=history.why_open(db(), [case.id for case in shown]),
        seen=history.stamps(db(), [case.id for case in shown]),
        progress=progress(asked),
        at_once=AT_ONCE,
        words=moderation_words,
    )


@bp.post("/list/check")
@requires(*MODERATING)
def check() -> ResponseReturnValue:
    """Say exactly how many would be decided, and which not; nothing is done yet."""
    asked = asked_cases()
    seen = _seen(request.form.getlist("item"))
    wanted = matching(db(), me().id, asked) if request.form.get("all") else list(seen)
    if not wanted:
        raise InputError(_("Choose the cases to decide on first."))
    found = counted(db(), me().id, wanted, seen={key: at for key, at in seen.items() if at})
    images = desk().workspace.home / "images"
    first = [cases.get(db(), key).listing_id for key in found.cases[:5]]
    return render_template(
        "moderation_check.html",
        asked=asked,
        chosen=chosen(asked),
        found=found,
        seen=history.stamps(db(), found.cases),
        matching=case_queue.count(db(), me().id, asked) if request.form.get("all") else None,
        examples=list(stored.load(db(), images, first).values()),
        labels=[label for label in CLASSES if label != LEGAL],
        usual=moderation_words.USUAL,
        words=moderation_words,
    )


@bp.post("/list/decide")
@requires(*MODERATING)
def decide_many() -> ResponseReturnValue:
    """Decide on exactly those that were counted and confirmed, as they were then."""
    label, reason = asked_decision()
    if label == LEGAL:
        raise InputError(_("What is for lawyers or the police is looked at one by one."))
    wanted = _seen(request.form.get("cases", "").split(","))
    if not wanted or len(wanted) > AT_ONCE:
        raise InputError(_("Between 1 and %(most)s cases are decided at once.", most=AT_ONCE))
    together = secrets.token_hex(8)
    done = decide_all(db(), actor(), me().id, wanted, label=label, reason=reason, together=together)
    session.pop(SKIPPED_LAST, None)
    said = _("Cases decided: %(n)s", n=len(done))
    if len(done) < len(wanted):
        left = len(wanted) - len(done)
        said += " " + _("Left alone, because they changed meanwhile: %(n)s", n=left)
    flash(said, "info")
    return redirect(url_for(".many", **chosen(asked_cases())))


def _seen(given: list[str]) -> dict[int, str]:
    """Cases as a form names them, `17@...`: each with what was seen of it, "" where it says not."""
    pairs = (text.partition("@") for text in given)
    return {int(key): stamp for key, _sign, stamp in pairs if is_number(key)}
