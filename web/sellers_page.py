"""Sellers: who has most against them, and each one's history, strikes and sanctions."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from listings.find import seller_named
from listings.moderation import sanctions, sellers
from listings.similar.evidence import linked_of
from support.errors import InputError

from . import moderation_words, sentences, wording
from .auth import MODERATING, actor, me, requires
from .database import db, desk
from .i18n import gettext as _
from .moderating import watch_soon
from .moderation_page import ID
from .paging import PER_PAGE, page, window

bp = Blueprint("sellers_page", __name__, url_prefix="/moderation/sellers")


@bp.get("")
@requires(*MODERATING)
def show() -> ResponseReturnValue:
    """List sellers with strikes or sanctions."""
    only = request.args.get("only", "")
    if only not in sellers.SHOWN:
        raise InputError(f"No such sellers: {only!r}.")
    found = sellers.sellers(db(), only=only, **window())
    return render_template(
        "sellers.html",
        only=only,
        rows=found[:PER_PAGE],
        page=page(),
        more=len(found) > PER_PAGE,
        words=moderation_words,
    )


@bp.get("/find")
@requires(*MODERATING)
def find() -> ResponseReturnValue:
    """Go to the seller that a mail speaks of."""
    found = seller_named(db(), desk().seal, request.args.get("q", ""))
    if found is not None:
        return redirect(url_for(".one", seller=found))
    flash(_("Nobody of this id sells here."), "info")
    return redirect(url_for(".show"))


@bp.get("/<seller>")
@requires(*MODERATING)
def one(seller: str) -> ResponseReturnValue:
    """Show one seller."""
    found = sellers.get(db(), seller)
    listings = sellers.sold(db(), seller, **window())
    linked = linked_of(db(), seller)
    return render_template(
        "seller.html",
        seller=found,
        listings=listings[:PER_PAGE],
        page=page(),
        more=len(listings) > PER_PAGE,
        group=url_for("groups_page.one", listing_id=linked) if linked else "",
        placed_by={
            sanction.id: wording.person(db(), sanction.actor) for sanction in found.sanctions
        },
        words=moderation_words,
    )


@bp.post("/<seller>/sanction")
@requires(*MODERATING)
def sanction(seller: str) -> ResponseReturnValue:
    """Place a sanction."""
    sellers.get(db(), seller)
    reason = request.form.get("reason", "").strip()
    if not reason:
        raise InputError(_("Say why: the seller will ask."))
    day = request.form.get("until", "").strip()
    kind, until = sentences.read(request.form.get("sanction", ""), until=day)
    sanctions.place(db(), actor(), me().id, seller, kind=kind, reason=reason, until=until)
    if kind == "suspension":
        watch_soon(desk().workspace, db(), actor())
    flash(_("The sanction was placed."), "info")
    return redirect(url_for(".one", seller=seller))


@bp.post(f"/<seller>/sanctions/<{ID}:sanction_id>/lift")
@requires(*MODERATING)
def lift(seller: str, sanction_id: int) -> ResponseReturnValue:
    """End a sanction before its time."""
    _of(seller, sanction_id)
    reason = request.form.get("reason", "").strip()
    if not reason:
        raise InputError(_("Say why it is lifted."))
    mistaken = bool(request.form.get("mistaken"))
    sanctions.lift(db(), actor(), sanction_id, reason=reason, mistaken=mistaken)
    flash(_("The sanction was lifted."), "info")
    return redirect(url_for(".one", seller=seller))


@bp.post(f"/<seller>/sanctions/<{ID}:sanction_id>/unlift")
@requires(*MODERATING)
def unlift(seller: str, sanction_id: int) -> ResponseReturnValue:
    """Take a lifting back."""
    _of(seller, sanction_id)
    sanctions.unlift(db(), actor(), sanction_id)
    flash(_("The sanction stands again."), "info")
    return redirect(url_for(".one", seller=seller))


def _of(seller: str, sanction_id: int) -> None:
    """Refuse another seller's sanction."""
    if sanction_id not in {found.id for found in sellers.get(db(), seller).sanctions}:
        raise InputError(_("This seller has no such sanction."))
