"""Gaps: what customers ask again and again without an FAQ, and what becomes of it."""

import zlib
from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, lazy_gettext

from support import faq_undo, faqs, gaps
from support.errors import ConflictError, InputError, ModelError, NotFoundError, UndoRefusedError
from support.faq_near import near_faqs
from support.faq_slugs import free_slug
from support.gap_closed import closed_by
from support.gaps import Gap
from support.inquiries import past_answers

from . import job_beside, knowledge_words, wording
from .auth import LEADS, actor, requires
from .database import db, desk
from .errors import status_of
from .faq_edit_page import trouble_of
from .i18n import gettext as _
from .paging import is_number, page

bp = Blueprint("gaps_page", __name__, url_prefix="/gaps")

PER_PAGE: Final = 20
EXAMPLES: Final = 3  # of each gap in the list
SHOWN: Final = 60  # inquiries on one gap's page
MOST: Final = 1000  # where all of them are asked for
NEAR: Final = 4
FIELDS: Final = ("title", "title_en", "slug", "body", "category", "url")
_ONE = "/<int(max=9223372036854775807):gap_id>"

STATES = {
    "open": lazy_gettext("To settle"),
    "closed": lazy_gettext("Have an FAQ"),
    "dismissed": lazy_gettext("Set aside"),
}
ORDERS = {
    "count": lazy_gettext("most often asked"),
    "minutes": lazy_gettext("most of agents’ time"),
    "newest": lazy_gettext("asked last"),
}


@bp.get("")
@requires(*LEADS)
def show() -> ResponseReturnValue:
    """List the gaps in a state, with a few of their inquiries."""
    state, order = request.args.get("state", "open"), request.args.get("by", "count")
    if state not in STATES:
        raise InputError(f"No state {state[:20]!r} of gaps. There are: {', '.join(STATES)}.")
    start = (page() - 1) * PER_PAGE
    found = gaps.listed(db(), state=state, order=order, limit=PER_PAGE + 1, offset=start)  # type: ignore[arg-type]
    shown = found[:PER_PAGE]
    return render_template(
        "gaps.html",
        gaps=shown,
        examples={gap.id: gaps.examples(db(), gap.id, limit=EXAMPLES) for gap in shown},
        closed=closed_by(db(), [gap.id for gap in shown]),
        near=_titles(shown),
        state=state,
        states=STATES,
        order=order,
        orders=ORDERS,
        counts=gaps.counts(db()),
        page=page(),
        more=len(found) > PER_PAGE,
        job=job_beside.latest("gaps"),
        minutes=minutes,
    )


@bp.post("")
@requires(*LEADS)
def look() -> ResponseReturnValue:
    """Look for gaps again, in the background."""
    job_beside.begin("gaps")
    return redirect(url_for(".show"))


@bp.get(_ONE)
@requires(*LEADS)
def one(gap_id: int) -> ResponseReturnValue:
    """Show a gap: its inquiries with their answers, a draft, and FAQs that are near."""
    return _page(gap_id, {})


@bp.post(_ONE + "/faq")
@requires(*LEADS)
def make(gap_id: int) -> ResponseReturnValue:
    """Make the gap an FAQ of its own; what was typed stays where that is refused."""
    given = {name: request.form.get(name, "") for name in FIELDS}
    try:
        chosen = _chosen(gap_id)
    except (InputError, ConflictError) as error:  # said in the reader's words
        return _page(gap_id, given, trouble=str(error)), status_of(error)
    try:
        faq, _change = gaps.make_faq(db(), actor(), gap_id, inquiry_ids=chosen, **given)
    except (InputError, ConflictError) as error:
        words = trouble_of(error, given["slug"].strip())
        return _page(gap_id, given, trouble=words), status_of(error)
    title, n = faq.titled(str(get_locale())), f"{faq.sent:,}"
    words = _("“%(title)s” is an FAQ now, with %(n)s inquiries to learn from.", title=title, n=n)
    flash(words, "info")
    return redirect(url_for(".one", gap_id=gap_id))


@bp.post(_ONE + "/give")
@requires(*LEADS)
def give(gap_id: int) -> ResponseReturnValue:
    """Give the gap's inquiries to an FAQ that is there."""
    slug = request.form.get("slug_given") or request.form.get("other", "")
    if not slug:
        raise InputError(_("Choose the FAQ that answers them."))
    gaps.give_to_faq(db(), actor(), gap_id, slug, inquiry_ids=_chosen(gap_id))
    title = faqs.get(db(), slug).titled(str(get_locale()))
    flash(_("They are labelled with “%(title)s” now.", title=title), "info")
    return redirect(url_for(".one", gap_id=gap_id))


@bp.post(_ONE + "/undo")
@requires(*LEADS)
def undo(gap_id: int) -> ResponseReturnValue:
    """Take back what closed the gap: every row stands as it stood before."""
    closed = closed_by(db(), [gap_id]).get(gap_id)
    if closed is None:
        raise NotFoundError(_("There is nothing to take back."))
    try:
        faq_undo.undo(db(), actor(), closed.change_id)
    except UndoRefusedError as error:
        flash(knowledge_words.undo_refused(error), "danger")
    else:
        flash(_("Taken back: the gap is open again."), "info")
    return redirect(url_for(".one", gap_id=gap_id))


@bp.post(_ONE + "/dismiss")
@requires(*LEADS)
def dismiss(gap_id: int) -> ResponseReturnValue:
    """Set the gap aside."""
    gaps.dismiss(db(), actor(), gap_id, reason=request.form.get("reason", "")[:300])
    flash(_("Set aside. It comes back by itself when it has grown to twice its size."), "info")
    return redirect(url_for(".one", gap_id=gap_id))


@bp.post(_ONE + "/reopen")
@requires(*LEADS)
def reopen(gap_id: int) -> ResponseReturnValue:
    """Take a dismissal back."""
    gaps.reopen(db(), actor(), gap_id)
    flash(_("The gap is open again."), "info")
    return redirect(url_for(".one", gap_id=gap_id))


def _page(gap_id: int, typed: dict[str, str], *, trouble: str = "") -> str:
    gap = gaps.get(db(), gap_id)
    ids = gaps.inquiry_ids(db(), gap_id)
    listed = ids[: MOST if request.values.get("all") else SHOWN]
    answers = past_answers(db(), listed)
    is_open = gap.state == "open"
    known = faqs.listed(db()) if is_open else []
    return render_template(
        "gap.html",
        gap=gap,
        answers=[answers[item] for item in listed if item in answers],
        total=len(ids),
        hidden=len(ids) - len(listed),
        most=MOST,
        seen=_seen(ids),
        ticked=_ticked() if typed else set(ids),
        draft={"title": gap.title, "body": gap.body} | typed,
        trouble=trouble,
        slug=free_slug(db(), gap.title) if is_open else "",
        near=_near(gap) if is_open else [],
        known=known,
        categories=sorted({faq.category for faq in known if faq.category}),
        closed=closed_by(db(), [gap_id]).get(gap_id),
        states=STATES,
        person=lambda name: wording.person(db(), name),
        minutes=minutes,
    )


def minutes(gap: Gap) -> str:
    """What a gap cost agents, of how many of its inquiries that is known."""
    if gap.minutes is None:
        return _("unknown")
    return _("%(n)s min of %(timed)s", n=f"{gap.minutes:,.0f}", timed=f"{gap.timed:,}")


def _near(gap: Gap) -> list[dict[str, Any]]:
    """FAQs that may answer it already: what its neighbours linked first, then those that read so.

    Each with the share of its inquiries whose nearest linked ones used it, where that is known.
    """
    near = faqs.today(db(), [gap.near_slug]) if gap.near_slug else {}
    linked = {faq.slug: faq for faq in near.values()}
    found = [{"faq": faq, "share": gap.near_share} for faq in linked.values()]
    try:
        similar = desk().recommender.models().similar
        read = near_faqs(db(), similar.encoder, gap.title, top_k=NEAR) if similar else []
    except ModelError:
        read = []
    found += [{"faq": item.faq, "share": None} for item in read if item.faq.slug not in linked]
    return found[:NEAR]


def _titles(shown: Sequence[Gap]) -> dict[str, str]:
    """The titles of the FAQs that are perhaps there already."""
    near = faqs.today(db(), {gap.near_slug for gap in shown if gap.near_slug})
    return {slug: faq.titled(str(get_locale())) for slug, faq in near.items()}


def _seen(ids: Sequence[int]) -> str:
    """What a gap was when it was shown: nobody labels what they did not see."""
    return f"{zlib.crc32(','.join(map(str, ids)).encode()):08x}"


def _chosen(gap_id: int) -> list[int]:
    """The inquiries that the form ticked, and those it did not show where it says so."""
    gaps.get(db(), gap_id)
    ids = gaps.inquiry_ids(db(), gap_id)
    if request.form.get("seen") != _seen(ids):
        raise ConflictError(_("The gap has changed meanwhile. Look again, then decide."))
    ticked = _ticked()
    if request.form.get("rest"):
        hidden = request.form.get("hidden", "0")
        ticked |= set(ids[-int(hidden) :]) if is_number(hidden) and int(hidden) else set()
    if not ticked:
        raise InputError(_("Tick at least one inquiry that the FAQ shall answer."))
    return sorted(ticked)


def _ticked() -> set[int]:
    return {int(text) for text in request.form.getlist("inquiry") if is_number(text)}
