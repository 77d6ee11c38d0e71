"""One inquiry: what was asked, what fits, and the answer being written."""

from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import structlog
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_wtf.csrf import generate_csrf

from support import answering, faqs, inquiries, settings, suggestions
from support.database import one
from support.errors import (
    ConflictError,
    EmptyTextError,
    FaqdeskError,
    InputError,
    MaskUnconfirmedError,
    ModelError,
)
from support.inquiries import Inquiry, PastAnswer
from support.recommender import Suggestion
from support.redact import MASKS

from . import wording
from .auth import ANSWERING, actor, me, requires
from .database import db, desk
from .errors import problem, status_of, wants_json
from .i18n import gettext as _

bp = Blueprint("inquiry", __name__)
bp.app_template_filter("right_in")(wording.right_in)
bp.app_template_filter("speaking")(wording.speaking)
bp.app_template_filter("as_link")(wording.as_link)
bp.app_context_processor(lambda: {"wording": wording})

PICKED = 8  # FAQs that the search box lists
# SQLite's integers end at 2 ** 63; no desk gets there.
_ONE = "/inquiries/<int(max=9223372036854775807):inquiry_id>"

log = structlog.get_logger("faqdesk.inquiry")


@bp.get(_ONE)
@requires(*ANSWERING)
def show(inquiry_id: int) -> ResponseReturnValue:
    """Show an inquiry with what fits it."""
    return _page(inquiries.get(db(), inquiry_id, desk().seal))


@bp.get(_ONE + "/faqs")
@requires(*ANSWERING)
def find_faqs(inquiry_id: int) -> ResponseReturnValue:
    """Find FAQs as they are typed; nothing typed lists the most used."""
    spoken = wording.written_in(inquiries.get(db(), inquiry_id))
    found = faqs.search(db(), request.args.get("q", "")[:200], limit=PICKED)
    return {
        "faqs": [
            {
                "slug": faq.slug,
                "title": faq.titled(str(get_locale())),
                "category": faq.category,
                "text": wording.as_link(faq, spoken),
            }
            for faq in found
        ]
    }


@bp.post(_ONE + "/draft")
@requires(*ANSWERING)
def save_draft(inquiry_id: int) -> ResponseReturnValue:
    """Keep what is typed; says what is kept, which is something else when a newer one was."""
    body = _body()
    text, revision = body.get("text"), body.get("revision")
    if not isinstance(text, str) or not isinstance(revision, int) or not 0 < revision < 2**53:
        raise InputError("A draft is a text and a revision from 1.")
    kept = answering.save_draft(db(), desk().seal, inquiry_id, me().id, text, revision=revision)
    return {"revision": kept.revision, "same": kept.text == text, "text": kept.text}


@bp.post(_ONE + "/send")
@requires(*ANSWERING)
def send(inquiry_id: int) -> ResponseReturnValue:
    """Send the answer as it was typed, and go on to whoever waits next."""
    text = request.form.get("text", "").replace("\r\n", "\n")  # forms write every line end so
    inquiry = inquiries.get(db(), inquiry_id, desk().seal)
    before, after = inquiries.neighbours_in_inbox(db(), inquiry)
    sent: answering.Sent | None
    try:
        sent = answering.send(
            db(),
            desk().seal,
            inquiry_id=inquiry_id,
            agent_id=me().id,
            text=text,
            actor=actor(),
            masks_confirmed=bool(request.form.get("masks_confirmed")),
        )
    except (ConflictError, InputError) as error:
        sent = _went_out(inquiry_id, text) if isinstance(error, ConflictError) else None
        if sent is None:
            if wants_json():
                return problem(status_of(error), _refusal(error))
            masked = isinstance(error, MaskUnconfirmedError)
            page = _page(inquiry, typed=text, refusal=_refusal(error), masked=masked)
            return page, status_of(error)
    _make_findable(inquiry_id)
    flash(_done(sent), "success")
    following = after or before
    target = url_for(".show", inquiry_id=following) if following else url_for("inbox.show")
    return {"next": target} if wants_json() else redirect(target)


@bp.post("/suggestions/<suggestion_id>/inserted")
@requires(*ANSWERING)
def inserted(suggestion_id: str) -> ResponseReturnValue:
    """Remember that a suggested FAQ was put into the draft, or taken back."""
    body = _body()
    answering.note_inserted(
        db(),
        suggestion_id,
        str(body.get("slug", "")),
        undone=bool(body.get("undone")),
        form=str(body.get("form", "")),
        actor=actor(),
    )
    return "", HTTPStatus.NO_CONTENT


@bp.post("/suggestions/<suggestion_id>/dismissed")
@requires(*ANSWERING)
def dismissed(suggestion_id: str) -> ResponseReturnValue:
    """Remember that a suggested FAQ does not fit, and why."""
    body = _body()
    slug, reason = str(body.get("slug", "")), str(body.get("reason", ""))
    answering.dismiss(db(), suggestion_id, slug, reason=reason, actor=actor())
    return "", HTTPStatus.NO_CONTENT


@bp.get("/csrf")
def csrf() -> ResponseReturnValue:
    """A fresh form token, for a page that outlived the session it was made in."""
    return {"token": generate_csrf()}


def _page(
    inquiry: Inquiry, *, typed: str | None = None, refusal: str = "", masked: bool = False
) -> str:
    """The page of an inquiry; `typed` and `refusal` where an answer did not go out.

    `masked`: ask for the word that its masks shall go out.
    """
    rules = settings.load(db())
    suggestion, suggestion_id = None, ""
    if inquiry.status == "open":
        suggestion, suggestion_id = _suggest(inquiry, rules.top_k)
    draft = answering.draft(db(), desk().seal, inquiry.id, me().id)
    before, after = inquiries.neighbours_in_inbox(db(), inquiry)
    return render_template(
        "inquiry.html",
        inquiry=inquiry,
        spoken=wording.written_in(inquiry),
        suggestion=suggestion,
        suggestion_id=suggestion_id,
        titles=titles(suggestion.similar if suggestion else (), inquiry.slugs),
        draft=draft,
        text=draft.text if typed is None else typed,
        refusal=refusal,
        masked=masked,
        copies=inquiry.channel not in rules.channels,
        before=before,
        after=after,
        masks=list(MASKS.values()),
    )


def titles(past: Iterable[PastAnswer], slugs: Iterable[str] = ()) -> dict[str, str]:
    """The titles of the FAQs that some answers linked; one that is gone keeps its slug."""
    wanted = {slug for answer in past for slug in answer.slugs} | set(slugs)
    known = faqs.named(db(), wanted)
    spoken = str(get_locale())
    return {slug: known[slug].titled(spoken) if slug in known else slug for slug in wanted}


def _suggest(inquiry: Inquiry, top_k: int) -> tuple[Suggestion, str]:
    """What fits, and the id under which it is remembered; a damaged release only falls silent."""
    try:
        found = desk().recommender.suggest(db(), inquiry.text, top_k=top_k, inquiry_id=inquiry.id)
    except ModelError as error:
        return Suggestion("silent", "no_model", None, (), (), "", str(error)), ""
    asked_by = me().actor_name
    key = suggestions.remember(db(), found, inquiry_id=inquiry.id, asked_by=asked_by)
    gone = suggestions.dismissed(db(), key)
    kept = tuple(item for item in found.faqs if item.faq.slug not in gone)
    return replace(found, faqs=kept), key


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


def _make_findable(inquiry_id: int) -> None:
    """Let the answer be found at once. It has been sent: nothing here may fail that."""
    try:
        similar = desk().recommender.models().similar
        if similar is not None:
            similar.remember(db(), [inquiry_id])
    except Exception:
        log.error("answer not encoded", inquiry=inquiry_id, exc_info=True)


def _refusal(error: FaqdeskError) -> str:
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


def _body() -> dict[str, Any]:
    body = request.get_json()
    if not isinstance(body, dict):
        raise InputError("Send a JSON object.")
    return body
