"""Returning sellers: groups of listings that are one thing, and what watching found."""

import zlib
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from listings.similar import alerts as watch_alerts
from listings.similar.alert_list import SHOWN, alert_page, alerts_on
from listings.similar.alerts import KINDS, Alert
from listings.similar.group_acts import CONFIRMED, GroupAct, made_pairs
from listings.similar.group_evidence import Account, Evidence, evidence
from listings.similar.group_list import group_page
from listings.similar.groups import Link, confirm, split, unconfirm, unsplit
from support.database import scalar, write
from support.errors import ConflictError, InputError, NotFoundError

from . import jobs, similar_words, wording
from .auth import LEADS, MODERATING, actor, requires
from .database import db, desk
from .i18n import gettext as _
from .similar_view import Side, Why, accounts, described, listing_address, sides, why

bp = Blueprint("groups_page", __name__, url_prefix="/moderation/groups")

PER_PAGE: Final = 20
MEMBERS, LINKS, ACCOUNTS = 24, 30, 30  # shown of one group at once
MANY: Final = 300  # shown where everything is asked for
SAMPLES: Final = 4  # listings of a group in a list
_MAX_ID = "9223372036854775807"
_ONE = f"/<int(max={_MAX_ID}):listing_id>"


@dataclass(frozen=True, slots=True)
class Evident:
    """A link with both of its listings."""

    link: Link
    first: Side
    other: Side
    why: Why


@bp.get("")
@requires(*MODERATING)
def show() -> ResponseReturnValue:
    """List groups, those with the gravest alert first."""
    kind, page = _kind(), _page()
    sellers = 1 if request.args.get("all") else 2
    found = group_page(
        db(), sellers=sellers, kind=kind, start=(page - 1) * PER_PAGE, limit=PER_PAGE
    )
    heads = [key for group in found.groups for key in group.listing_ids[:SAMPLES]]
    return render_template(
        "groups.html",
        found=found,
        sides=sides(db(), heads),
        samples=SAMPLES,
        kind=kind,
        kinds=similar_words.KINDS,
        every=sellers == 1,
        page=page,
        pages=max(1, -(-found.total // PER_PAGE)),
        likeness=similar_words.likeness,
        described=bool(found.total) or described(db()),
    )


@bp.post("/watch")
@requires(*LEADS)
def start() -> ResponseReturnValue:
    """Look at new listings now, in the background."""
    job_id = jobs.enqueue(desk().workspace, db(), actor(), "watch", {}, alone=True)
    return redirect(url_for("jobs_page.one", job_id=job_id))


@bp.get(_ONE)
@requires(*MODERATING)
def one(listing_id: int) -> ResponseReturnValue:
    """Show a group: who sells in it, and each link that holds it together."""
    every = bool(request.args.get("all"))
    group = evidence(db(), listing_id, links=MANY if every else LINKS)
    members = group.listing_ids[: MANY if every else MEMBERS]
    ends = [key for link in group.links for key in (link.first_id, link.other_id)]
    known = sides(db(), [*members, *ends, *(part.listing_id for part in group.parted)])
    return render_template(
        "group.html",
        group=group,
        listing_id=listing_id,
        seen=_seen(group),
        members=[known[key] for key in members],
        accounts=group.accounts[:ACCOUNTS],
        who=accounts(db(), [account.seller for account in group.accounts[:ACCOUNTS]]),
        links=_evident(group.links, known),
        sides=known,
        alerts=alerts_on(db(), group.listing_ids[:MANY]),
        every=every,
        words=similar_words,
        address=listing_address,
        person=lambda name: wording.person(db(), name),
        undo=_undoable(request.args.get("done", type=int)),
    )


@bp.post(_ONE + "/confirm")
@requires(*MODERATING)
def say_one(listing_id: int) -> ResponseReturnValue:
    """Say that a group is one thing, as it was shown."""
    with write(db()):
        _check_seen(listing_id)
        confirm(db(), actor(), listing_id)
        done = _last_act()
    flash(_("Confirmed: these listings are one thing."), "info")
    return redirect(url_for(".one", listing_id=listing_id, done=done))


@bp.post(_ONE + "/split")
@requires(*MODERATING)
def part(listing_id: int) -> ResponseReturnValue:
    """Take a listing, or all of an account's, out of a group."""
    with write(db()):
        group = _check_seen(listing_id)
        out = _chosen(group)
        pairs = split(db(), actor(), out)
        done = _last_act() if pairs else None
    stays = next(key for key in group.listing_ids if key not in out)
    flash(_("Taken out of the group: %(n)s listings.", n=len(out)), "info")
    return redirect(url_for(".one", listing_id=stays, done=done))


@bp.post(_ONE + "/join")
@requires(*MODERATING)
def put_back(listing_id: int) -> ResponseReturnValue:
    """Put a listing back that was kept apart from a group."""
    other = _number("listing")
    group = evidence(db(), listing_id, links=0)
    found = next((part for part in group.parted if part.listing_id == other), None)
    if found is None or not unsplit(db(), actor(), found.pairs):
        raise ConflictError(_("It is not kept apart any more."))
    flash(_("Listing %(id)s may be in this group again.", id=other), "info")
    return redirect(url_for(".one", listing_id=listing_id))


@bp.post("/undo")
@requires(*MODERATING)
def undo() -> ResponseReturnValue:
    """Take back a confirmation or a split, exactly: what others did since stays."""
    with write(db()):
        act = made_pairs(db(), _number("done"))
        if act is None:
            raise NotFoundError(_("There is nothing to take back."))
        pairs = act.standing
        take_back = unconfirm if act.action == CONFIRMED else unsplit
        if not pairs or not take_back(db(), actor(), pairs):
            raise ConflictError(_("It was taken back already."))
    flash(_("Taken back."), "info")
    return redirect(url_for(".one", listing_id=pairs[0][0]))


@bp.get("/alerts")
@requires(*MODERATING)
def alerts() -> ResponseReturnValue:
    """List what watching found."""
    kind, page = _kind(), _page()
    state = request.args.get("state", "open")
    found = alert_page(db(), state=state, kind=kind, start=(page - 1) * PER_PAGE, limit=PER_PAGE)
    ends = [key for alert in found.alerts for key in (alert.listing_id, alert.other_id) if key]
    known = sides(db(), ends)
    total = found.counts.get(kind, 0) if kind else found.total
    return render_template(
        "alerts.html",
        found=found,
        shown=[_shown(alert, known) for alert in found.alerts],
        who=accounts(db(), [side.seller for side in known.values()]),
        kind=kind,
        kinds=similar_words.KINDS,
        state=state,
        states={name: similar_words.STATES[name] for name in SHOWN},
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        words=similar_words,
        address=listing_address,
    )


@bp.post(f"/alerts/<int(max={_MAX_ID}):alert_id>")
@requires(*MODERATING)
def decide(alert_id: int) -> ResponseReturnValue:
    """Say whether an alert was right, or take that back."""
    said = request.form.get("said", "")
    if said == "undo":
        watch_alerts.undo(db(), actor(), alert_id)
        flash(_("The alert waits again."), "info")
    elif said in ("right", "wrong"):
        watch_alerts.decide(db(), actor(), alert_id, right=said == "right")
        words = _("The alert was right.") if said == "right" else _("The alert is dismissed.")
        flash(words, "info")
    else:
        raise InputError(f"Say right, wrong or undo of an alert, got {said[:20]!r}.")
    kind, state, page = (request.form.get(name) or None for name in ("kind", "state", "page"))
    return redirect(url_for(".alerts", kind=kind, state=state, page=page))


def _shown(alert: Alert, known: dict[int, Side]) -> dict[str, Any]:
    own = known.get(alert.listing_id)
    other = known.get(alert.other_id) if alert.other_id else None
    return {"alert": alert, "own": own, "other": other,
            "why": why(alert.probability, alert.reasons)}  # fmt: skip


def _evident(links: tuple[Link, ...], known: dict[int, Side]) -> list[Evident]:
    return [
        Evident(
            link, known[link.first_id], known[link.other_id], why(link.probability, link.reasons)
        )
        for link in links
        if link.first_id in known and link.other_id in known
    ]


def _chosen(group: Evidence) -> list[int]:
    """The listings that the form takes out: one, or an account's."""
    if "seller" not in request.form:
        return [_number("listing")]
    seller = request.form["seller"]
    owned: Account | None = next((one for one in group.accounts if one.seller == seller), None)
    if not seller or owned is None:
        raise NotFoundError(_("No such account sells in this group."))
    return list(owned.listing_ids)


def _seen(group: Evidence) -> str:
    """What a group was when it was shown: nobody says yes to what came after."""
    members = ",".join(map(str, group.listing_ids))
    return f"{zlib.crc32(members.encode()):08x}-{group.n_links}"


def _check_seen(listing_id: int) -> Evidence:
    group = evidence(db(), listing_id, links=0)
    if request.form.get("seen") != _seen(group):
        raise ConflictError(_("The group has changed meanwhile. Look again, then decide."))
    return group


def _last_act() -> int:
    """The row of the audit trail that was written just now, in the same transaction."""
    return int(scalar(db(), "SELECT max(id) FROM audit"))


def _undoable(audit_id: int | None) -> GroupAct | None:
    """A confirmation or a split, if any of it still stands."""
    act = None if audit_id is None else made_pairs(db(), audit_id)
    return act if act is not None and act.standing else None


def _kind() -> str:
    kind = request.args.get("kind", "")
    if kind not in ("", *KINDS):
        raise InputError(f"No kind {kind[:20]!r} of alerts. There are: {', '.join(KINDS)}.")
    return kind


def _page() -> int:
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _number(name: str) -> int:
    text = request.form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InputError(f"{name} goes by its number, got {text[:20]!r}.")
    return int(text)
