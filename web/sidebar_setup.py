"""How the sidebar gets into a helpdesk: what to paste, what to install, and who may show it."""

import io
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from support import connections, parents, settings
from support.database import write
from support.errors import SettingError

from . import zendesk_app
from .auth import ADMINS, actor, requires
from .database import db
from .i18n import gettext as _

bp = Blueprint("sidebar_setup", __name__, url_prefix="/sidebar/setup")

PACKED: Final = "faqdesk-zendesk.zip"
WITH_SIDEBAR: Final = ("chatwoot", "zendesk")  # kinds of connections whose helpdesk can hold it


@bp.get("")
@requires(*ADMINS)
def show() -> ResponseReturnValue:
    """What to do, helpdesk by helpdesk."""
    return _page()


@bp.post("/allow")
@requires(*ADMINS)
def allow() -> ResponseReturnValue:
    """Let a helpdesk show the sidebar."""
    try:
        line = parents.line(request.form.get("address", ""), request.form.get("source", ""))
    except SettingError:
        trouble = _("This is no address of a helpdesk. Copy it from the browser, https:// and all.")
        return _page(trouble=trouble), 400
    origin = line.partition("=")[0]
    with write(db()):
        kept = [known for known in _lines() if origin not in parents.read([known])]
        settings.change(db(), actor(), embed_parents=[*kept, line])
    flash(_("%(address)s may show the sidebar now.", address=origin), "success")
    return redirect(url_for(".show"))


@bp.post("/refuse")
@requires(*ADMINS)
def refuse() -> ResponseReturnValue:
    """Refuse the sidebar to a helpdesk; who is connected there is so no more."""
    origin = request.form.get("origin", "")
    with write(db()):
        kept = [known for known in _lines() if origin not in parents.read([known])]
        if len(kept) < len(_lines()):
            settings.change(db(), actor(), embed_parents=kept)
            flash(_("%(address)s may not show the sidebar any more.", address=origin), "info")
    return redirect(url_for(".show"))


@bp.get("/" + PACKED)
@requires(*ADMINS)
def package() -> ResponseReturnValue:
    """The app for Zendesk, ready to be uploaded there."""
    rules = settings.load(db())
    packed = zendesk_app.package(
        _address(), desk_name=rules.desk_name, email=request.args.get("email", "")
    )
    return send_file(
        io.BytesIO(packed), "application/zip", as_attachment=True, download_name=PACKED
    )


def _page(*, trouble: str = "") -> str:
    return render_template(
        "sidebar_setup.html",
        address=_address(),
        allowed=parents.read(_lines()),
        kinds=WITH_SIDEBAR,
        sources=sorted(
            {found.source for found in connections.listed(db()) if found.kind in WITH_SIDEBAR}
            - set(WITH_SIDEBAR)
        ),
        email=zendesk_app.somebody_at(_address()),
        trouble=trouble,
    )


def _address() -> str:
    """Of the sidebar's page, as it is asked from outside."""
    return url_for("embed.page", _external=True)


def _lines() -> list[str]:
    return list(settings.load(db()).embed_parents)
