"""Answers that have not arrived, as people settle them: try now or again, or give up."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from support import delivery_hand
from support.database import one
from support.errors import ConflictError, NotFoundError, UnseenError
from support.holding import HeldError

from .auth import ADMINS, ANSWERING, actor, me, requires
from .database import db, desk
from .i18n import gettext as _
from .job_queue import ring_door

bp = Blueprint("deliveries_page", __name__, url_prefix="/deliveries")

_ONE = "/<int(max=9223372036854775807):outbox_id>"


@bp.post(_ONE + "/again")
@requires(*ANSWERING)
def again(outbox_id: int) -> ResponseReturnValue:
    """Try to deliver an answer now."""
    try:
        delivery_hand.retry(db(), desk().seal, actor(), outbox_id, agent_id=me().id)
    except UnseenError:
        words = _("The customer wrote since. Read that, then send the answer from the draft.")
        return _back(outbox_id, words, "danger")
    except HeldError as error:
        words = _("%(name)s has this inquiry in hand.", name=error.holder)
        return _back(outbox_id, words, "danger")
    except ConflictError as error:
        return _back(outbox_id, _refusal(str(error)), "danger")
    ring_door(desk().workspace, "answer", outbox_id)
    return _back(outbox_id, _("It is being sent."))


@bp.post(_ONE + "/give-up")
@requires(*ANSWERING)
def give_up(outbox_id: int) -> ResponseReturnValue:
    """Try no more; of what failed, hear no more."""
    try:
        delivery_hand.give_up(db(), desk().seal, actor(), outbox_id)
    except ConflictError as error:
        return _back(outbox_id, _refusal(str(error)), "danger")
    return _back(outbox_id, _("Given up. The inquiry waits in the inbox."))


def _refusal(said: str) -> str:
    if "just being sent" in said:
        return _("It is just being sent. Look again in a minute.")
    if "switched off" in said:
        return _("Its connection is switched off, or sends no answers any more.")
    return _("It was settled meanwhile: there is nothing left to do.")


def _back(outbox_id: int, words: str, kind: str = "info") -> Response:
    """Back to the connection it was done from, else to the inquiry."""
    flash(words, kind)
    sql = """
        SELECT o.inquiry_id, c.name FROM outbox o JOIN connections c ON c.id = o.connection_id
        WHERE o.id = ?
    """
    row = one(db(), sql, [outbox_id])
    if row is None:
        raise NotFoundError(f"No answer {outbox_id} that goes out by itself.")
    at = request.form.get("at", "")
    if at == "connection" and me().role in ADMINS:
        return redirect(url_for("connections_page.one", name=row["name"]))
    if at == "connections" and me().role in ADMINS:
        return redirect(url_for("connections_page.show"))
    return redirect(url_for("inquiry.show", inquiry_id=row["inquiry_id"]))
