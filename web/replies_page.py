"""Saved replies: the team's own texts, how often each was used, and what changed in them."""

import json
from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import saved_replies, saved_reply_advice, saved_reply_changes
from support.clock import ago
from support.errors import ConflictError, InputError, NotFoundError, UndoRefusedError
from support.inquiries import past_answers
from support.own_texts import PERSONAL
from support.promise import Promise
from support.saved_replies import FIELDS, SavedReply

from . import job_beside, knowledge_words, wording
from .auth import ANSWERING, LEADS, actor, me, own_path, requires
from .database import db, desk
from .errors import status_of
from .faq_edit_page import asked, drafted, masked
from .i18n import gettext as _
from .inquiry import titles
from .paging import PER_PAGE, is_number, page

bp = Blueprint("replies_page", __name__, url_prefix="/replies")

DAYS: Final = 90  # over which recent use is counted
MOST: Final = 100_000  # replies that are searched
USES: Final = 10  # answers shown on one reply's page
LANGUAGES: Final = ("ko", "en")
_ONE: Final = "/<int(max=9223372036854775807):reply_id>"
_CHANGE: Final = "/changes/<int(max=9223372036854775807):change_id>"


@bp.get("")
@requires(*ANSWERING)
def show() -> ResponseReturnValue:
    """List saved replies, the most used first."""
    typed = request.args.get("q", "")[:200].strip()
    retired = request.args.get("state", "") == "retired"
    every = saved_replies.search(db(), typed, limit=MOST, every=True)
    found = [reply for reply in every if reply.active != retired]
    promise = _promise()
    start = (page() - 1) * PER_PAGE
    shown = found[start : start + PER_PAGE]
    return render_template(
        "replies.html",
        replies=shown,
        recent=_recent([reply.id for reply in shown]),
        counts={"used": sum(r.active for r in every), "retired": sum(not r.active for r in every)},
        q=typed,
        retired=retired,
        page=page(),
        more=len(found) > start + PER_PAGE,
        days=DAYS,
        promise=promise,
        enough=promise is not None and promise.share >= saved_reply_advice.POSSIBLE,
        job=job_beside.latest("replies") if me().role in LEADS else None,
        done=_undoable(),
        **said(),
    )


@bp.post("/learn")
@requires(*LEADS)
def learn() -> ResponseReturnValue:
    """Look through all answers for saved replies, and count how often suggesting one is right."""
    job_beside.begin("replies")
    return redirect(url_for(".show"))


@bp.get(_ONE)
@requires(*ANSWERING)
def one(reply_id: int) -> ResponseReturnValue:
    """Show a saved reply: what it says, where it was used, what changed."""
    reply = saved_replies.by_id(db(), reply_id)
    sql = """
        SELECT inquiry_id, share FROM saved_reply_uses
        JOIN inquiries ON inquiries.id = inquiry_id
        WHERE reply_id = ? ORDER BY answered_at DESC, inquiry_id DESC LIMIT ?
    """
    shares = dict(db().conn.execute(sql, [reply_id, USES]).fetchall())
    answers = past_answers(db(), shares)
    return render_template(
        "reply.html",
        reply=reply,
        recent=_recent([reply_id]).get(reply_id, 0),
        answers=[answers[inquiry_id] for inquiry_id in shares if inquiry_id in answers],
        titles=titles(answers.values()),
        changes=saved_reply_changes.listed(db(), reply_id=reply_id),
        days=DAYS,
        done=_undoable(),
        **said(),
    )


@bp.get("/new")
@requires(*ANSWERING)
def new() -> ResponseReturnValue:
    """Show the form of a new reply, filled from an answered inquiry where one is named."""
    inquiry = asked()
    return _form(drafted(inquiry), inquiry=inquiry)


@bp.post("/new")
@requires(*ANSWERING)
def create() -> ResponseReturnValue:
    """Save a reply."""
    fields, name = _typed(), request.form.get("name", "").strip()
    try:
        reply = saved_replies.create(db(), actor(), name=name, **fields)
    except (InputError, ConflictError) as error:
        page_ = _form({**fields, "name": name}, inquiry=asked(), trouble=_trouble(error))
        return page_, status_of(error)
    learn_soon()
    flash(_("Saved. It is suggested once past answers say where it fits."), "info")
    return redirect(url_for(".one", reply_id=reply.id))


@bp.get(_ONE + "/edit")
@requires(*ANSWERING)
def edit(reply_id: int) -> ResponseReturnValue:
    """Show the form of a reply that is there."""
    reply = saved_replies.by_id(db(), reply_id)
    return _form({name: getattr(reply, name) for name in FIELDS}, reply=reply)


@bp.post(_ONE + "/edit")
@requires(*ANSWERING)
def save(reply_id: int) -> ResponseReturnValue:
    """Change a saved reply."""
    reply, fields = saved_replies.by_id(db(), reply_id), _typed()
    if request.form.get("seen", "") not in ("", _seen(reply_id)):
        words = _("The saved reply has changed meanwhile. Look again, then save once more.")
        return _form(fields, reply=reply, trouble=words), 409
    try:
        changed = saved_replies.edit(db(), actor(), reply.name, **fields)
    except InputError as error:
        return _form(fields, reply=reply, trouble=_trouble(error)), status_of(error)
    if changed.body != reply.body:
        learn_soon()
    return _back(reply_id, _("Saved.") if changed != reply else "")


@bp.post(_ONE + "/switch")
@requires(*LEADS)
def switch(reply_id: int) -> ResponseReturnValue:
    """Retire a saved reply, or let it be suggested again."""
    reply = saved_replies.by_id(db(), reply_id)
    active = request.form.get("active") == "1"
    saved_replies.switch(db(), actor(), reply.name, active=active)
    if active == reply.active:
        return _back(reply_id, "")
    words = _("It can be suggested again.") if active else _("Retired: it is suggested no more.")
    return _back(reply_id, words)


@bp.post(_CHANGE + "/undo")
@requires(*LEADS)
def undo(change_id: int) -> ResponseReturnValue:
    """Take a change back, or say why it stays."""
    back = own_path(request.form.get("next", "")) or url_for(".show")
    try:
        change = saved_reply_changes.undo(db(), actor(), change_id)
    except UndoRefusedError as error:
        flash(knowledge_words.undo_refused(error), "danger")
        return redirect(back)
    flash(_("Taken back."), "info")
    return redirect(url_for(".show") if change.kind == "created" else back)


def said() -> dict[str, Any]:
    """What the templates of saved replies say things with."""
    return {
        "words": knowledge_words,
        "person": lambda name: wording.person(db(), name),
        "lead": me().role in LEADS,
    }


def _promise() -> Promise | None:
    """How often a reply was right from where that is often enough, else where the desk is surest.

    None before anything was counted.
    """
    table = [found for _low, found in saved_reply_advice.promises(db())]
    enough = (found for found in table if found.share >= saved_reply_advice.POSSIBLE)
    return next(enough, table[-1] if table else None)


def _recent(reply_ids: list[int]) -> dict[int, int]:
    """How many answers of the last while hold each of some replies."""
    sql = """
        SELECT reply_id, count(*) FROM saved_reply_uses
        JOIN inquiries ON inquiries.id = inquiry_id
        WHERE reply_id IN (SELECT value FROM json_each(?)) AND answered_at >= ? GROUP BY reply_id
    """
    return dict(db().conn.execute(sql, [json.dumps(reply_ids), ago(days=DAYS)]).fetchall())


def _undoable() -> int | None:
    text = request.args.get("done", "")
    if not is_number(text) or me().role not in LEADS:
        return None
    try:
        change = saved_reply_changes.get(db(), int(text))
    except NotFoundError:
        return None
    return None if change.undone_at else change.id


def learn_soon() -> None:
    """Look for the reply in past answers, where there is a model to count with."""
    if desk().recommender.models().similar is not None:
        job_beside.begin("replies")


def _seen(reply_id: int) -> str:
    """When a reply was last changed: what a form shows that was opened before is not today's."""
    return str(saved_replies.row_of(db(), reply_id)["updated_at"])


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "").replace("\r\n", "\n") for name in FIELDS}


def _form(
    draft: Mapping[str, str],
    *,
    reply: SavedReply | None = None,
    inquiry: Any = None,
    trouble: str = "",
) -> str:
    return render_template(
        "reply_form.html",
        draft=draft,
        reply=reply,
        seen=_seen(reply.id) if reply else "",
        inquiry=inquiry,
        masks=masked(draft),
        languages=LANGUAGES,
        trouble=trouble,
        categories=sorted({r.category for r in saved_replies.listed(db()) if r.category}),
        **said(),
    )


def _back(reply_id: int, words: str) -> ResponseReturnValue:
    if not words:
        return redirect(url_for(".one", reply_id=reply_id))
    flash(words, "info")
    newest = saved_reply_changes.listed(db(), reply_id=reply_id, limit=1)
    done = newest[0].id if newest else None
    return redirect(url_for(".one", reply_id=reply_id, done=done))


def _trouble(error: Exception) -> str:
    if isinstance(error, ConflictError):
        return _("Another saved reply is called so. Choose another name.")
    if PERSONAL in str(error):
        return knowledge_words.row_reason("invalid", str(error))[0]
    return _("A saved reply needs a title and a text.")
