"""The models page: every release, what it learned from, how it was judged, and moving it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import publications, release_data, releases, replays, settings, shelf, standing
from support.database import one as row_of
from support.errors import NotFoundError, WorseError
from support.promise import Promise
from support.release import LINES, in_force
from support.shelf import Stored

from . import (
    counted,
    jobs,
    model_charts,
    model_words,
    replay_words,
    schedule,
    schedule_words,
    wording,
)
from .auth import ADMINS, LEADS, actor, me, requires
from .database import db, desk
from .i18n import gettext as _

bp = Blueprint("models_page", __name__, url_prefix="/models")

HISTORY = 12  # moves that are listed


@bp.get("")
@requires(*LEADS)
def show() -> ResponseReturnValue:
    """List the releases of every line, newest first; training and its schedule above."""
    lines = {line: shelf.listed(desk().workspace, db(), line=line) for line in LINES}
    found = jobs.listed(db(), limit=200)
    trainings = [job for job in found if job.kind == "train"]
    return render_template(
        "models.html",
        lines=lines,
        data={
            item.name: release_data.learned(desk().workspace, item)
            for listed in lines.values()
            for item in listed
        },
        history={
            line: publications.history(db(), live(line) or None, line=line, limit=HISTORY)
            for line in lines
        },
        before={line: _before(line) for line in lines},
        job=next((job for job in found if job.live and job.kind in ("train", "replay")), None),
        training=any(job.live for job in trainings),
        last=next((job for job in trainings if not job.live), None),
        rules=settings.load(db()),
        schedule=schedule_words,
        planned=schedule.plan(db(), datetime.now().astimezone()),
        clock=f"{datetime.now():%H:%M}",
        **words(),
    )


@bp.get("/<name>")
@requires(*LEADS)
def one(name: str) -> ResponseReturnValue:
    """Show a release: what it is made of, how it was judged, and what would change with it."""
    return _shown(find(name))


@bp.post("/<name>/publish")
@requires(*ADMINS)
def publish(name: str) -> ResponseReturnValue:
    """Put a release in force; one that is worse only where somebody insists and says why."""
    found = find(name)
    insisting = "force" in request.form
    if insisting and not request.form.get("reason", "").strip():
        flash(_("Say why: the reason is kept with the release."), "error")
        return _shown(found), 400
    try:
        releases.put_in_force(
            desk().workspace, db(), name,
            actor=actor(),
            seen=request.form.get("live", ""),
            force=insisting,
            reason=request.form.get("reason", ""),
        )  # fmt: skip
    except WorseError:
        flash(_("It is worse than what is in force, and was not put in force."), "error")
        return _shown(found), 409
    flash(_("%(name)s is in force.", name=name), "info")
    return redirect(url_for(".show"))


@bp.post("/rollback/<line>")
@requires(*ADMINS)
def rollback(line: str) -> ResponseReturnValue:
    """Go back to the release that was in force before."""
    release = releases.rollback(
        desk().workspace, db(),
        actor=actor(),
        seen=request.form.get("live", ""),
        line=line,
        reason=request.form.get("reason", ""),
    )  # fmt: skip
    flash(_("%(name)s is in force.", name=release.name), "info")
    return redirect(url_for(".show"))


@bp.post("/schedule")
@requires(*ADMINS)
def plan() -> ResponseReturnValue:
    """Set how often the desk learns by itself, and at which hour."""
    form = request.form
    rules = settings.change(
        db(), actor(), train_every_days=form.get("days", ""), train_hour=form.get("hour", "")
    )
    planned = schedule.plan(db(), datetime.now().astimezone())
    flash(schedule_words.said(planned, rules), "info")
    return redirect(url_for(".show"))


def flat(values: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """A nested object as names and values; its lists of objects are left out, they are long."""
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            found += flat(value, f"{before}{name}.")
        elif not (isinstance(value, list) and value and isinstance(value[0], dict | list)):
            found.append(
                (before + name, f"{value:.4g}" if isinstance(value, float) else str(value))
            )
    return found


def find(name: str) -> Stored:
    """A release of any line.

    Raises:
        NotFoundError: there is none of this name.
    """
    found = (item for line in LINES for item in shelf.listed(desk().workspace, db(), line=line))
    release = next((item for item in found if item.name == name), None)
    if release is None:
        raise NotFoundError(f"No release {name!r}.")
    return release


def live(line: str) -> str:
    """The release in force on a line; empty where there is none."""
    release = in_force(desk().workspace.models, line=line)
    return release.name if release else ""


def words() -> dict[str, Any]:
    """What every page of models says things with."""
    return {
        "words": model_words,
        "replays": replay_words,
        "person": lambda name: wording.person(db(), name),
        "mover": me().role in ADMINS,
    }


def _shown(release: Stored) -> str:
    space = desk().workspace
    data = release_data.learned(space, release)
    rows = release_data.held_out(space, release)
    at = (data.bands.get("likely") or {}) if data else {}
    marked = (at["coverage"], at["promise"]["right"] / at["promise"]["n"]) if _kept(at) else None
    bins = release.judgement.get("reliability") or ()
    now = live(release.line)
    played = replays.listed(db(), release.name)
    why = _why_worse(release) if release.state in ("candidate", "retired") else ""
    return render_template(
        "model.html",
        release=release,
        live=now,
        data=data,
        why=why,
        surpassed=why and _surpassed(release),
        # Beside what is in force now where there is one; else the newest.
        replay=next((item for item in played if item.against == now), None)
        or next(iter(played), None),
        replaying=next((j for j in jobs.listed(db()) if j.live and j.kind == "replay"), None),
        held=counted.share(Promise.of(int(rows.right.sum()), len(rows))) if rows else None,
        marked=bool(marked),
        coverage=model_charts.draw_coverage([rows], marked=marked) if rows else "",
        reliability=model_charts.draw_reliability(bins) if bins else "",
        metrics=shelf.part_metrics(space, release),
        flat=flat,
        **words(),
    )


def _kept(band: Mapping[str, Any]) -> bool:
    """Whether a band shows anything at all."""
    return bool(band.get("promise", {}).get("n"))


def _why_worse(release: Stored) -> str:
    row = row_of(db(), "SELECT * FROM releases WHERE name = ?", [release.name])
    now = in_force(desk().workspace.models, line=release.line)
    return standing.why_worse(db(), row, now) if row else ""


def _surpassed(release: Stored) -> Mapping[str, float] | None:
    row = row_of(db(), "SELECT * FROM releases WHERE name = ?", [release.name])
    now = in_force(desk().workspace.models, line=release.line)
    return standing.surpassed_by(db(), row, now) if row and now else None


def _before(line: str) -> str:
    """The release that going back leads to; empty where nothing was in force before."""
    return next(iter(publications.way_back(db(), live(line) or None)), "")
