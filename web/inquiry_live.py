"""What the page of an inquiry asks while it is open: news, evidence, and what agents did."""

from http import HTTPStatus

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import holding, incoming, inquiries, suggestions
from support.database import one

from .auth import ANSWERING, actor, me, requires
from .database import db
from .errors import wants_json
from .holding_page import held_words
from .i18n import gettext as _
from .inquiry import ONE, bp, read_object
from .inquiry_view import fits, goes_to, listed, shown_ids, titles
from .noting import note_dismissal, note_taken
from .paging import is_number
from .taking_away import opened

__all__ = ["bp"]

LISTED = 50  # past answers that one page of evidence shows


@bp.get(ONE + "/news")
@requires(*ANSWERING)
def news(inquiry_id: int) -> ResponseReturnValue:
    """What happened since the page `shown` these messages of the customer.

    Where others came or went, the new messages and what fits now come along.
    """
    shown = shown_ids(request.args.get("shown", ""))
    found = incoming.news(db(), inquiry_id, shown=shown)
    held = holding.holder(db(), inquiry_id)
    mine = held is None or held.agent_id == me().id
    row = one(db(), "SELECT status, joined_to FROM inquiries WHERE id = ?", [inquiry_id])
    said = {
        "shown": listed(shown - found.gone | found.fresh),
        "gone": sorted(found.gone),
        "status": row["status"] if row else "",
        "head": url_for(".show", inquiry_id=row["joined_to"]) if row and row["joined_to"] else "",
        "holder": "" if held is None or mine else held.name,
        "held_words": "" if held is None or mine else held_words(held),
    }
    if said["status"] != "open" or not (found.fresh or found.gone):
        return said
    inquiry = opened(inquiry_id)
    fresh = [message for message in inquiry.messages if message.id in found.fresh]
    fitting = fits(inquiry)
    again = _("The customer wrote again. What fits was looked up anew.")
    parted = _("Messages were parted from this inquiry. What fits was looked up anew.")
    return said | {
        "said": again if fresh else parted,
        "fresh": "".join(render_template("_message.html", message=m, fresh=True) for m in fresh),
        "fits": render_template("_fits.html", **fitting),
        "past": render_template("_similar_past.html", **fitting),
        "goes_to": render_template("_goes_to.html", thread=goes_to(inquiry_id)),
    }


@bp.get("/answers")
@requires(*ANSWERING)
def answers() -> ResponseReturnValue:
    """Past answers by their inquiries' ids: those that speak for a suggestion."""
    asked = [int(word) for word in request.args.get("ids", "").split(",") if is_number(word)]
    ids = asked[:LISTED]
    known = inquiries.past_answers(db(), ids)
    found = [known[inquiry_id] for inquiry_id in ids if inquiry_id in known]
    slug = request.args.get("faq", "")
    named = titles(found, [slug] if slug else ())
    if wants_json():
        return {"html": render_template("_linked.html", past=found, titles=named, insert=True)}
    return render_template("linked.html", past=found, titles=named, faq=named.get(slug, ""))


@bp.post("/suggestions/<suggestion_id>/inserted")
@requires(*ANSWERING)
def inserted(suggestion_id: str) -> ResponseReturnValue:
    """Remember what was put into the draft, or taken back: an FAQ, a past answer, a saved reply.

    `found`: the FAQ was not suggested but looked up.
    """
    suggestions.check_own(db(), suggestion_id, me().actor_name)
    note_taken(db(), suggestion_id, read_object(), actor())
    return "", HTTPStatus.NO_CONTENT


@bp.post("/suggestions/<suggestion_id>/dismissed")
@requires(*ANSWERING)
def dismissed(suggestion_id: str) -> ResponseReturnValue:
    """Remember that a suggested FAQ does not fit, and why; or that it does, after all."""
    suggestions.check_own(db(), suggestion_id, me().actor_name)
    note_dismissal(db(), suggestion_id, read_object(), actor())
    return "", HTTPStatus.NO_CONTENT
