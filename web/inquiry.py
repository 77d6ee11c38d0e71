"""One inquiry: what was asked, what fits, and the answer being written."""

import sqlite3
from typing import Any

import structlog
from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from support import answering, holding, worklist
from support.database import one
from support.errors import (
    ConflictError,
    EmptyTextError,
    FaqdeskError,
    InputError,
    JoinedError,
    MaskUnconfirmedError,
    UnseenError,
)
from support.holding import HeldError

from . import wording
from .auth import ANSWERING, actor, me, requires
from .database import db, desk
from .errors import problem, status_of, wants_json
from .findable import make_findable
from .i18n import gettext as _
from .inquiry_view import page, shown_ids, titles
from .job_queue import ring_door
from .taking_away import opened

__all__ = ["ONE", "bp", "read_object", "titles"]

bp = Blueprint("inquiry", __name__)
bp.app_template_filter("right_in")(wording.right_in)
bp.app_template_filter("speaking")(wording.speaking)
bp.app_template_filter("forms")(wording.forms)
bp.app_context_processor(lambda: {"wording": wording})

# SQLite's integers end at 2 ** 63; no desk gets there.
ONE = "/inquiries/<int(max=9223372036854775807):inquiry_id>"

log = structlog.get_logger("faqdesk.inquiry")


@bp.get(ONE)
@requires(*ANSWERING)
def show(inquiry_id: int) -> ResponseReturnValue:
    """Show an inquiry with what fits it; one that is answered with another is shown there."""
    inquiry = opened(inquiry_id)
    if inquiry.joined_to is not None:
        return redirect(url_for(".show", inquiry_id=inquiry.joined_to))
    return page(inquiry)


@bp.post(ONE + "/draft")
@requires(*ANSWERING)
def save_draft(inquiry_id: int) -> ResponseReturnValue:
    """Keep what is typed; says what is kept, which is something else when a newer one was.

    Whoever types has the inquiry in hand: says until when, or who else has it.
    """
    body = read_object()
    text, revision, bases = body.get("text"), body.get("revision"), body.get("bases", [])
    if not isinstance(text, str) or not isinstance(revision, int) or not 0 < revision < 2**53:
        raise InputError("A draft is a text and a revision from 1.")
    if not isinstance(bases, list) or not all(isinstance(base, int) for base in bases):
        raise InputError("What a draft stands on is a list of revisions.")
    try:
        kept = answering.save_draft(
            db(), desk().seal, inquiry_id, me().id, text, revision=revision, bases=bases
        )
    except JoinedError as error:
        return problem(status_of(error), _refusal(error), head=_head(error))
    found = {"revision": kept.revision, "same": kept.text == text, "text": kept.text}
    try:
        held = holding.claim(db(), me().id, inquiry_id)
    except HeldError as error:
        return found | {"holder": error.holder, "until": None}
    return found | {"holder": "", "until": held.until}


@bp.post(ONE + "/send")
@requires(*ANSWERING)
def send(inquiry_id: int) -> ResponseReturnValue:
    """Send the answer as it was typed, and go on to whoever waits longest."""
    text = request.form.get("text", "").replace("\r\n", "\n")  # forms write every line end so
    sent: answering.Sent | None
    try:
        sent = answering.send(
            db(),
            desk().seal,
            inquiry_id=inquiry_id,
            agent_id=me().id,
            text=text,
            actor=actor(),
            masks_confirmed=request.form.get("masks_confirmed", "").split(","),
            shown=shown_ids(request.form["shown"]) if "shown" in request.form else None,
        )
    except (ConflictError, InputError) as error:
        sent = _went_out(inquiry_id, text) if isinstance(error, ConflictError) else None
        if sent is None:
            if wants_json():
                holder = error.holder if isinstance(error, HeldError) else ""
                unseen = isinstance(error, UnseenError)
                return problem(
                    status_of(error),
                    _refusal(error),
                    holder=holder,
                    unseen=unseen,
                    head=_head(error),
                )
            masked = isinstance(error, MaskUnconfirmedError)
            inquiry = opened(inquiry_id)  # the customer may have written
            shown = page(inquiry, typed=text, refusal=_refusal(error), masked=masked)
            return shown, status_of(error)
    make_findable(inquiry_id)
    _send_off(sent)
    flash(_done(sent), "success")
    try:
        following = worklist.claim_next(db(), me().id)
    except sqlite3.Error:  # the answer is sent: what comes after it must not say otherwise
        following = None
    target = url_for(".show", inquiry_id=following) if following else url_for("inbox.show")
    return {"next": target} if wants_json() else redirect(target)


@bp.get("/csrf")
def csrf() -> ResponseReturnValue:
    """A fresh form token, for a page that outlived the session it was made in."""
    return {"token": generate_csrf()}


def read_object() -> dict[str, Any]:
    """The JSON object that a script sent.

    Raises:
        InputError: it is something else.
    """
    body = request.get_json()
    if not isinstance(body, dict):
        raise InputError("Send a JSON object.")
    return body


def _went_out(inquiry_id: int, text: str) -> answering.Sent | None:
    """The same answer of the same agent, sent before: what came back got lost on its way.

    None where the inquiry was answered by somebody else, or in other words.
    """
    sql = """
        SELECT o.message_id, o.sealed, o.state FROM inquiries i
        JOIN outbox o ON o.message_id = i.answer_id
        JOIN messages m ON m.id = o.message_id
        WHERE i.id = ? AND m.agent_id = ?
    """
    row = one(db(), sql, [inquiry_id, me().id])
    if row is None or desk().seal.open_up(row["sealed"]) != text:
        return None
    slugs = "SELECT slug FROM labels WHERE message_id = ? ORDER BY slug"
    return answering.Sent(
        row["message_id"],
        tuple(label["slug"] for label in db().query(slugs, [row["message_id"]])),
        "copied" if row["state"] == "copied" else "queued",
    )


def _head(error: FaqdeskError) -> str:
    """Where an inquiry is answered that was joined to another one."""
    return url_for(".show", inquiry_id=error.head) if isinstance(error, JoinedError) else ""


def _send_off(sent: answering.Sent) -> None:
    """Tell the worker of an answer that goes out. Unheard, the worker looks by itself."""
    if sent.delivery != "queued":
        return
    try:
        row = one(db(), "SELECT id FROM outbox WHERE message_id = ?", [sent.message_id])
        if row is not None:
            ring_door(desk().workspace, "answer", row["id"])
    except Exception:
        log.warning("an answer was not rung for", message=sent.message_id, exc_info=True)


def _refusal(error: FaqdeskError) -> str:
    if isinstance(error, JoinedError):
        return _(
            "This is answered together with another inquiry of the same customer now. Nothing was "
            "sent; your text is still here."
        )
    if isinstance(error, UnseenError):
        return _("The customer wrote again meanwhile. Nothing was sent; read that, then send.")
    if isinstance(error, HeldError):
        return _(
            "%(who)s has this inquiry in hand. Nothing was sent; your text is still here.",
            who=error.holder,
        )
    if isinstance(error, ConflictError):
        return _("Somebody else answered meanwhile. Nothing was sent; your text is still here.")
    if isinstance(error, EmptyTextError):
        return _("The answer is empty. Type it first.")
    if isinstance(error, MaskUnconfirmedError):
        return _(
            "The answer holds masked personal data that came with a past answer. Replace it, or "
            "confirm below that it shall go out so."
        )
    return str(error)


def _done(sent: answering.Sent) -> str:
    said = _("Sent.") if sent.delivery == "queued" else _("Saved; the answer is on your clipboard.")
    names = titles((), sent.slugs)
    if not sent.slugs:
        return said
    listed = ", ".join(names[slug] for slug in sent.slugs)
    return said + " " + _("The desk learned: %(faqs)s", faqs=listed)
