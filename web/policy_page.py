"""The policies of moderation: what they may do by themselves, what proves it, and since when.

Everyone who moderates may read and try; those who lead keep policies and put them in force.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from listings import stored
from listings.moderation import backtest, policy_desk, policy_store
from listings.moderation.policy_desk import Ground
from listings.moderation.policy_evidence import first_level
from listings.moderation.policy_store import StoredPolicy
from support import shelf
from support.errors import ConflictError, ModelError

from . import jobs, moderation_words, policy_tuner, policy_words, wording
from .auth import LEADS, MODERATING, actor, me, requires
from .database import db, desk
from .i18n import gettext as _
from .policy_chart import draw_curve
from .policy_tuner import Tried

bp = Blueprint("policy_page", __name__, url_prefix="/moderation/policy")

KIND = "moderation"
LISTING = "moderation_page.listing"


@bp.get("")
@requires(*MODERATING)
def show() -> ResponseReturnValue:
    """List the policies: which judges, which acts, and who put it there."""
    found, trouble = _ground_or_trouble()
    live = policy_store.in_mode(db(), "live")
    shadow = policy_store.in_mode(db(), "shadow")
    return render_template(
        "policies.html",
        policies=policy_store.policies(db()),
        live=live,
        shadow=shadow,
        changes=policy_store.mode_changes(db(), limit=20),
        ground=found,
        trouble=trouble,
        asleep=[
            policy
            for policy in (live, shadow)
            if found and policy and policy.policy.hides and policy.policy.model != found.model
        ],
        problems=_percent(policy_desk.stated_share(db())),
        **_words(),
    )


@bp.get("/tune")
@requires(*MODERATING)
def tune() -> ResponseReturnValue:
    """Show the sliders, and on past decisions what they would do; without a model, why not."""
    try:
        ground = _ground(fresh=True)
    except ConflictError:
        return redirect(url_for(".show"))
    start = _start(ground)
    categories = _categories(ground, start)
    policy = policy_tuner.asked_policy(_asked(), start.policy, categories)
    tried = policy_tuner.try_out(ground, policy)
    return render_template(
        "policy_tune.html",
        start=start,
        policy=policy,
        fields=policy_tuner.fields(policy),
        rules=policy_tuner.rule_fields(policy.rules),
        categories=categories,
        problems=_percent(_share()),
        releases=[r for r in shelf.listed(desk().workspace, db(), line=KIND)
                  if r.state != "pruned"],
        sliders=urlencode(_asked()),
        piece=_piece(ground, tried),
        said=f"{policy_words.standing(tried.standing.reason, tried.standing.missing)} "
        f"{policy_words.hidden(tried.measured.hidden)}",
        **_words(),
    )  # fmt: skip


@bp.get("/tune/piece")
@requires(*MODERATING)
def piece() -> ResponseReturnValue:
    """What the sliders would do, as a piece of the page."""
    ground = _ground(fresh=False)
    start = _start(ground)
    policy = policy_tuner.asked_policy(_asked(), start.policy, _categories(ground, start))
    return {"html": _piece(ground, policy_tuner.try_out(ground, policy))}


@bp.post("")
@requires(*LEADS)
def keep() -> ResponseReturnValue:
    """Store what the sliders stand for as a new policy."""
    ground = _ground(fresh=True)
    start = _start(ground)
    policy = policy_tuner.asked_policy(_asked(), start.policy, _categories(ground, start))
    made = policy_desk.keep_by_hand(
        db(), actor(), ground, policy, note=request.form.get("note", "").strip()
    )
    flash(_("Kept as %(version)s. It judges nothing yet.", version=made.version), "info")
    return redirect(url_for(".one", name=made.version))


@bp.post("/propose")
@requires(*LEADS)
def propose() -> ResponseReturnValue:
    """Store the loosest thresholds that keep the bounds as a new policy."""
    ground = _ground(fresh=True)
    note = request.form.get("note", "").strip()
    if ground.evidence.unjudged:  # too many to judge while somebody waits
        job_id = jobs.enqueue(
            desk().workspace, db(), actor(), "propose-policy",
            {"problems": _share(), "note": note}, alone=True,
        )  # fmt: skip
        return redirect(url_for("jobs_page.one", job_id=job_id))
    chosen = policy_desk.propose(ground, policy_desk.template(db(), ground.model))
    made = policy_desk.keep_proposed(db(), actor(), ground, chosen, note=note)
    flash(_("Kept as %(version)s. It judges nothing yet.", version=made.version), "info")
    return redirect(url_for(".one", name=made.version))


@bp.get("/<name>")
@requires(*MODERATING)
def one(name: str) -> ResponseReturnValue:
    """Show a policy: thresholds, what they rest on, how it was tried, where it was in force."""
    found = policy_store.find(db(), name)
    ground, _trouble = _ground_or_trouble()
    return render_template(
        "policy.html",
        policy=found,
        rules=policy_tuner.rule_fields(found.policy.rules),
        tried=backtest.results(db(), found.id),
        changes=[c for c in policy_store.mode_changes(db(), limit=1000)
                 if c.version == found.version],
        other_model=bool(ground and found.policy.hides and found.policy.model != ground.model),
        **_words(),
    )  # fmt: skip


@bp.post("/<name>/backtest")
@requires(*LEADS)
def try_on_the_past(name: str) -> ResponseReturnValue:
    """Try a policy on past decisions, and keep what came of it."""
    found = policy_store.find(db(), name)
    try:
        ground = policy_tuner.bench().ground_of(db(), found, most=policy_tuner.AT_ONCE)
    except ModelError as error:
        raise _no_model() from error
    result = policy_desk.keep_backtest(db(), actor(), policy_tuner.bench(), ground, found)
    flash(
        _("Tried on %(n)s past decisions: %(wins)s better, %(losses)s worse.",
          n=result.rows, wins=result.wins, losses=result.losses),
        "info",
    )  # fmt: skip
    return redirect(url_for(".one", name=found.version))


@bp.post("/<name>/mode")
@requires(*LEADS)
def change_mode(name: str) -> ResponseReturnValue:
    """Put a policy in force, in the shadow, or take it out of both."""
    found = policy_store.find(db(), name)
    mode = request.form.get("mode", "")
    reason = request.form.get("reason", "").strip()
    changed = policy_store.set_mode(db(), actor(), found.id, mode, reason=reason)
    said = policy_words.MODES[changed.mode]
    flash(_("%(version)s: %(mode)s", version=changed.version, mode=said), "info")
    return redirect(url_for(".one", name=changed.version))


def _piece(ground: Ground, tried: Tried) -> str:
    """What a policy would do, as a piece of the page."""
    shown = tried.changes[: policy_tuner.CHANGES]
    images = desk().workspace.home / "images"
    ids = [change.row.listing_id for change in shown if change.row.listing_id is not None]
    listings = stored.load(db(), images, ids)
    evidence = ground.evidence
    return render_template(
        "_policy_piece.html",
        tried=tried,
        ground=ground,
        shown=shown,
        titles={listing_id: listing.title for listing_id, listing in listings.items()},
        curve=draw_curve(tried, normals=evidence.normals, problems=evidence.problems),
        **_words(),
    )


def _asked() -> Mapping[str, str]:
    """What the sliders say: in the address, or of a form that keeps them as they are shown."""
    if request.method == "POST" and "sliders" in request.form:
        return dict(parse_qsl(request.form["sliders"], keep_blank_values=True))
    return request.values


def _ground(*, fresh: bool) -> Ground:
    return _read(release=_asked().get("release", ""), problems=_share(), fresh=fresh)


def _read(*, release: str, problems: float | None, fresh: bool) -> Ground:
    try:
        return policy_tuner.ground(release=release, problems=problems, fresh=fresh)
    except ModelError as error:
        raise _no_model() from error


def _no_model() -> ConflictError:
    """In words that name no folder of this machine."""
    return ConflictError(_("There is no moderation model that a policy can be made for."))


def _share() -> float | None:
    """The share of problems that was asked for; before anything is, the one stated last."""
    if "problems" in _asked():
        return policy_tuner.asked_share(_asked())
    return policy_desk.stated_share(db())


def _ground_or_trouble() -> tuple[Ground | None, str]:
    """What policies may rest on; without a model, why they cannot."""
    try:
        return policy_tuner.ground(problems=policy_desk.stated_share(db()), fresh=False), ""
    except ModelError as error:
        return None, str(error)


def _start(ground: Ground) -> StoredPolicy:
    """Where the sliders begin: at a policy that was asked for, else at what would be proposed."""
    name = _asked().get("from", "")
    if name:
        found = policy_store.find(db(), name)
        policy = policy_desk.changed(found.policy, {}, model=ground.model)
        return StoredPolicy(**{n: getattr(found, n) for n in StoredPolicy.__slots__} | {
            "policy": policy
        })  # fmt: skip
    proposed = policy_desk.propose(ground, policy_desk.template(db(), ground.model)).policy
    return StoredPolicy(0, "", proposed, {}, "", "", "", "off")


def _categories(ground: Ground, start: StoredPolicy) -> list[str]:
    """Categories of the first level in which hiding can be turned off."""
    known = {first_level(row.category) for row in ground.evidence.rows}
    return sorted(name for name in known | set(start.policy.no_hiding) if name)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.4f}".rstrip("0").rstrip(".")


def _words() -> dict[str, Any]:
    return {
        "says": policy_words,
        "words": moderation_words,
        "person": lambda name: wording.person(db(), name),
        "keeper": me().role in LEADS,
        "listing_page": LISTING if LISTING in current_app.view_functions else "",
    }
