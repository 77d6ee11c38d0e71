"""The threshold tuner: what another threshold of Likely would have done here, and setting it.

Works as a plain form; the script beside it moves over the same points without asking.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import faqs, settings, tuning, tuning_changes
from support.errors import InputError, ModelMissingError, NotFoundError
from support.faqs import Faq
from support.release import in_force
from support.thresholds import LEAST, NEVER
from support.tuner import Picked, Point
from support.tuning import Ground

from . import counted, jobs, tuner_view, wording
from .auth import ADMINS, LEADS, actor, me, requires
from .database import db, desk
from .i18n import gettext as _

bp = Blueprint("tuner_page", __name__, url_prefix="/models/thresholds")

FAQS_SHOWN: Final = 15  # of the table, unless all are asked for
CHANGES: Final = 40  # inquiries that are listed


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form asks for: an FAQ or all (''), a threshold or what the cost picks."""

    slug: str
    cost: float
    threshold: float | None
    picked: Picked | None


@bp.get("")
@requires(*LEADS)
def show() -> ResponseReturnValue:
    """Show what thresholds did and would do; without held-out predictions, how to get them."""
    try:
        found = tuning.ground(desk().workspace, db())
    except ModelMissingError:
        live = in_force(desk().workspace.models)
        training = next(
            (job for job in jobs.listed(db()) if job.kind == "train" and job.live), None
        )
        return render_template("tuner_empty.html", learned=live is not None, training=training)
    known = faqs.named(db(), found.labels)
    asked = _asked(found, known)
    now = found.now(asked.slug)
    tried = now if asked.threshold is None else found.trial(asked.threshold, asked.slug)
    curve = _curve(found, asked.slug)
    drawn = tuner_view.Drawn(curve, now)
    listed = tuning.by_faq(db(), found, asked.cost)
    return render_template(
        "tuner.html",
        found=found,
        asked=asked,
        now=now,
        tried=tried,
        faq=known.get(asked.slug),
        known=sorted(known.values(), key=lambda faq: faq.title),
        curve=tuner_view.for_slider(curve, drawn),
        table=tuner_view.thinned(curve),
        at_point=_nearest(curve, tried),
        drawn=drawn.svg(tried),
        lines=listed if "all" in request.args else listed[:FAQS_SHOWN],
        all_lines=len(listed),
        own=[known.get(slug, slug) for slug in sorted(found.set_by.of_faq)],
        set_last=settings.changed(db()).get("likely_threshold"),
        person=lambda name: wording.person(db(), name),
        keeper=me().role in ADMINS,
        view=tuner_view,
        counted=counted,
        **_moves(found, tried.threshold if asked.threshold is not None else None, asked.slug),
    )


@bp.get("/piece")
@requires(*LEADS)
def piece() -> ResponseReturnValue:
    """What one threshold would do, exactly, and the inquiries it would change; for the script."""
    try:
        found = tuning.ground(desk().workspace, db())
    except ModelMissingError as error:
        raise NotFoundError(str(error)) from error
    asked = _asked(found, faqs.named(db(), found.labels))
    if asked.threshold is None:
        raise InputError("Say which threshold.")
    drawn = tuner_view.Drawn(_curve(found, asked.slug), found.now(asked.slug))
    moves = _moves(found, asked.threshold, asked.slug)
    return {
        "point": tuner_view.for_script(found.trial(asked.threshold, asked.slug), drawn),
        "html": render_template("_tuner_changes.html", asked=asked, counted=counted, **moves),
    }


@bp.post("")
@requires(*ADMINS)
def put() -> ResponseReturnValue:
    """Put a threshold in force, or go back to the model's own."""
    slug = request.form.get("faq", "")
    cost = _cost(request.form.get("cost", ""))
    if slug:
        tuning.ground(desk().workspace, db()).number(slug)  # an FAQ that the model knows
    if "own" in request.form:
        tuning.put(db(), actor(), None, slug)
        flash(_("As the model chose, from now on."), "info")
    else:
        threshold = _threshold(request.form.get("threshold", ""))
        if threshold is None:
            raise InputError(_("Give a threshold between 0 and 1, such as 0.85."))
        tuning.put(db(), actor(), threshold, slug)
        flash(_("In force from now on, in every open inquiry too."), "info")
    if cost != settings.load(db()).wrong_costs:
        settings.change(db(), actor(), wrong_costs=cost)
    return redirect(url_for(".show", faq=slug or None))


def _asked(found: Ground, known: dict[str, Faq]) -> Asked:
    """Read the form.

    Raises:
        NotFoundError: the model knows no such FAQ.
        InputError: a number cannot be read.
    """
    slug = _slug(request.args.get("faq", "").strip(), found, known)
    cost = _cost(request.args.get("cost", ""))
    if "pick" in request.args:
        picked = found.pick(cost, slug)
        best = picked.point.threshold
        if math.isinf(best) and not slug:
            best = 1.0  # for all FAQs, never showing any cannot be set: as good as never can
        return Asked(slug, cost, best, picked)
    threshold = _threshold(request.args.get("threshold", ""))
    if threshold is not None and math.isinf(threshold) and not slug:
        raise InputError(_("Only a single FAQ can be kept from being shown."))
    return Asked(slug, cost, threshold, None)


def _slug(words: str, found: Ground, known: dict[str, Faq]) -> str:
    """The FAQ that was meant: by its name, or by its title as the list offers it."""
    if not words or words in found.labels:
        return words
    named = [faq.slug for faq in known.values() if words in (faq.title, faq.title_en)]
    if not named:
        raise NotFoundError(f"The model in force never suggests {words!r}.")
    return named[0]


def _cost(words: str) -> float:
    if not words.strip():
        return settings.load(db()).wrong_costs
    try:
        cost = float(words.replace(",", "."))
    except ValueError as error:
        raise InputError(_("Give a number of misses, such as 3.")) from error
    if not 0.01 <= cost <= 1000:
        raise InputError(_("Give a number of misses, such as 3."))
    return cost


def _threshold(words: str) -> float | None:
    """A threshold as a form sends it; None: nothing was said."""
    words = words.strip()
    if not words:
        return None
    if words == NEVER:
        return math.inf
    try:
        threshold = float(words.replace(",", "."))
    except ValueError as error:
        raise InputError(_("Give a threshold between 0 and 1, such as 0.85.")) from error
    if not LEAST <= threshold <= 1:
        raise InputError(_("Give a threshold between 0 and 1, such as 0.85."))
    return threshold


def _curve(found: Ground, slug: str) -> list[Point]:
    """The points that the slider moves over; at its end nothing is shown."""
    curve = [point for point in found.curve(slug) if point.threshold >= LEAST]
    last = math.inf if slug else 1.0
    if not curve or curve[-1].threshold < last:
        curve.append(found.trial(last, slug))
    return curve


def _nearest(curve: list[Point], tried: Point) -> int:
    """Where the slider stands: the first point at or above a threshold."""
    above = (place for place, point in enumerate(curve) if point.threshold >= tried.threshold)
    return next(above, len(curve) - 1)


def _moves(found: Ground, threshold: float | None, slug: str) -> dict[str, Any]:
    """The inquiries that would change, and how many; none where nothing is tried."""
    if threshold is None:
        return {"moved": None, "appear": [], "vanish": []}
    changes, _all = tuning_changes.changes(db(), found, threshold, slug, limit=CHANGES)
    return {
        "moved": tuning_changes.moved(found, threshold, slug),
        "appear": [change for change in changes if change.shown],
        "vanish": [change for change in changes if not change.shown],
    }
