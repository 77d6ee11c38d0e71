"""Connections to helpdesks and mail: what came, what goes out, and whether they work.

What is secret is typed in, kept sealed, and shown to nobody again.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import connection_test, connections, deliveries, delivery_ways, webhook_intake
from support.connection_test import Step
from support.connections import Connection
from support.errors import ConflictError
from support.webhook_signatures import CHANNEL_TALK_TOKEN
from support.webhook_zendesk_trigger import TEMPLATE

from .auth import ADMINS, actor, requires
from .connection_words import KINDS
from .database import db, desk
from .delivery_words import why
from .i18n import gettext as _
from .i18n import moment
from .job_queue import ring_door

bp = Blueprint("connections_page", __name__, url_prefix="/connections")

_ONE = "/<name>"
_WEBHOOK = _ONE + "/webhooks/<int(max=9223372036854775807):delivery_id>"


@bp.get("")
@requires(*ADMINS)
def show() -> ResponseReturnValue:
    """List connections, and answers that were not delivered."""
    return render_template(
        "connections.html",
        connections=connections.listed(db()),
        answers=deliveries.answers(db()),
        webhooks=deliveries.webhooks(db()),
        failed=deliveries.went(db(), failed=True),
        kinds=KINDS,
        why=why,
    )


@bp.get(_ONE)
@requires(*ADMINS)
def one(name: str) -> ResponseReturnValue:
    """Show one connection: its address for webhooks, and what came and went lately."""
    return page(connections.get(db(), name))


@bp.post(_ONE + "/test")
@requires(*ADMINS)
def test(name: str) -> ResponseReturnValue:
    """Try one out; nothing is sent to a customer."""
    found = connections.get(db(), name)
    steps = connection_test.run(db(), desk().seal, found, make=delivery_ways.sender)
    return page(found, steps=steps)


@bp.post(_ONE + "/switch")
@requires(*ADMINS)
def switch(name: str) -> ResponseReturnValue:
    """Switch one off, or on again."""
    on = request.form.get("on") == "1"
    try:
        connections.switch(db(), actor(), name, active=on)
    except ConflictError:
        flash(_("Another connection keeps its inquiries under the same source."), "danger")
        return redirect(url_for(".one", name=name))
    flash(_("It is switched on.") if on else _("It is switched off."), "info")
    return redirect(url_for(".one", name=name))


@bp.post(_ONE + "/end")
@requires(*ADMINS)
def end(name: str) -> ResponseReturnValue:
    """End one for good."""
    connections.end(db(), desk().seal, actor(), name)
    flash(_("%(name)s is ended; its keys are forgotten.", name=name), "info")
    return redirect(url_for(".show"))


@bp.post(_WEBHOOK + "/again")
@requires(*ADMINS)
def work_again(name: str, delivery_id: int) -> ResponseReturnValue:
    """Work through a webhook once more that was set aside."""
    found = connections.get(db(), name)
    webhook_intake.again(db(), actor(), delivery_id, connection_id=found.id)
    ring_door(desk().workspace, "webhook", delivery_id)
    return _back(name, _("It is being worked through again."))


@bp.post(_WEBHOOK + "/give-up")
@requires(*ADMINS)
def forget(name: str, delivery_id: int) -> ResponseReturnValue:
    """Forget a webhook that was set aside."""
    found = connections.get(db(), name)
    webhook_intake.give_up(db(), actor(), delivery_id, connection_id=found.id)
    return _back(name, _("It is forgotten."))


def page(found: Connection, *, secret: str = "", **more: object) -> str:
    """The page of one connection; `secret` where one was just made, to be shown this once."""
    access = connections.access(db(), desk().seal, found.id)
    return render_template(
        "connection.html",
        found=found,
        words=KINDS[found.kind],
        access=access,
        address=_webhook(found, secret),
        secret=secret,
        template=TEMPLATE,
        came=deliveries.came(db(), found.id),
        went=deliveries.went(db(), connection_id=found.id),
        why=why,
        why_step=lambda step: _step(found, step),
        **more,
    )


def _step(found: Connection, step: Step) -> str:
    """What trying it out came to, in the reader's words."""
    if step.name != "heard":
        return why(step.words)
    if step.ok is False:
        at = moment(found.refused_at or "")
        return _("Refused at %(moment)s: %(what)s", moment=at, what=found.refused)
    if step.ok:
        return _("The last one came at %(moment)s.", moment=moment(found.heard_at or ""))
    return _("None has come yet.")


def _webhook(found: Connection, secret: str) -> str:
    """The address that the helpdesk calls; empty for mail."""
    if found.kind == "smtp":
        return ""
    asked = {CHANNEL_TALK_TOKEN: secret} if secret and found.kind == "channel-talk" else {}
    return url_for("webhooks.receive", name=found.name, _external=True, **asked)


def _back(name: str, words: str) -> ResponseReturnValue:
    flash(words, "info")
    return redirect(url_for(".one", name=name))
