"""The models page: every release, how it was judged, and the way back."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import releases, shelf
from support.errors import NotFoundError
from support.release import LINES, in_force
from support.shelf import Stored

from . import jobs, model_words, wording
from .auth import ADMINS, LEADS, actor, me, requires
from .database import db, desk
from .i18n import gettext as _

bp = Blueprint("models_page", __name__, url_prefix="/models")

SVG = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}


@bp.get("")
@requires(*LEADS)
def show() -> ResponseReturnValue:
    """List the releases of every line, newest first."""
    lines = {line: shelf.listed(desk().workspace, db(), line=line) for line in LINES}
    training = any(job.kind == "train" and job.live for job in jobs.listed(db()))
    return render_template("models.html", lines=lines, training=training, **_words())


@bp.get("/<name>")
@requires(*LEADS)
def one(name: str) -> ResponseReturnValue:
    """Show a release: what it is made of and how it was judged."""
    found = _find(name)
    return render_template(
        "model.html",
        release=found,
        live=_live(found.line),
        metrics=shelf.part_metrics(desk().workspace, found),
        flat=flat,
        **_words(),
    )


@bp.get("/<name>/reliability.svg")
@requires(*LEADS)
def reliability(name: str) -> ResponseReturnValue:
    """Draw how far the stated probabilities were kept, on the inquiries it was judged on."""
    from train.plot import Words, plot_reliability
    from train.reliability import Bin

    found = _find(name).judgement.get("reliability")
    if not found:
        raise NotFoundError(f"No reliability was measured for release {name!r}.")
    words = Words(
        _("Share right against the probability stated"),
        x_label=_("probability stated (beside each point: how many)"),
        y_label=_("share right, with its confidence interval"),
    )
    drawn = plot_reliability([Bin(**each) for each in found], words=words)
    return Response(drawn, mimetype="image/svg+xml", headers=SVG)


@bp.post("/<name>/publish")
@requires(*ADMINS)
def publish(name: str) -> ResponseReturnValue:
    """Put a release in force; one that is worse only where somebody insists and says why."""
    _find(name)
    releases.put_in_force(
        desk().workspace, db(), name,
        actor=actor(),
        seen=request.form.get("live", ""),
        force="force" in request.form,
        reason=request.form.get("reason", ""),
    )  # fmt: skip
    flash(_("%(name)s is in force.", name=name), "info")
    return redirect(url_for(".show"))


@bp.post("/rollback/<line>")
@requires(*ADMINS)
def rollback(line: str) -> ResponseReturnValue:
    """Go back to the release that was in force before."""
    seen = request.form.get("live", "")
    release = releases.rollback(desk().workspace, db(), actor=actor(), seen=seen, line=line)
    flash(_("%(name)s is in force.", name=release.name), "info")
    return redirect(url_for(".show"))


def flat(values: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """A nested object as names and values; its lists of objects are left out, they are long."""
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            found += flat(value, f"{before}{name}.")
        elif not (isinstance(value, list) and value and isinstance(value[0], dict | list)):
            found.append((before + name, str(value)))
    return found


def _find(name: str) -> Stored:
    """A release of any line.

    Raises:
        NotFoundError: there is none of this name.
    """
    found = (item for line in LINES for item in shelf.listed(desk().workspace, db(), line=line))
    release = next((item for item in found if item.name == name), None)
    if release is None:
        raise NotFoundError(f"No release {name!r}.")
    return release


def _live(line: str) -> str:
    release = in_force(desk().workspace.models, line=line)
    return release.name if release else ""


def _words() -> dict[str, Any]:
    return {
        "words": model_words,
        "person": lambda name: wording.person(db(), name),
        "mover": me().role in ADMINS,
    }
