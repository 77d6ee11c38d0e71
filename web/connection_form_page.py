"""Connecting a helpdesk or mail, and changing a connection: the form."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import connections
from support.connection_access import NEEDS, TLS, Access
from support.connections import Connection
from support.errors import AddressError, ConflictError, FaqdeskError, InputError, NotFoundError

from . import connections_page
from .auth import ADMINS, actor, requires
from .connection_words import KINDS
from .database import db, desk
from .i18n import gettext as _

bp = connections_page.bp

MOST = 300  # characters of a field
SECRET = ("token", "secret")


@bp.get("/-/new")
@requires(*ADMINS)
def new() -> ResponseReturnValue:
    """Show an empty form."""
    return _form(_kind(request.args.get("kind", "zendesk")))


@bp.post("")
@requires(*ADMINS)
def create() -> ResponseReturnValue:
    """Connect; a secret that the desk made is shown this once."""
    kind = _kind(request.form.get("kind", ""))
    name = request.form.get("name", "").strip() or kind
    try:
        known = connections.get(db(), name)
    except NotFoundError:
        known = None
    if known is not None and not known.ended_at:
        return _form(kind, trouble=_("There is a connection of this name already.")), 409
    try:
        made, fresh = _connect(name, kind, Access())
    except (InputError, ConflictError) as error:
        return _form(kind, error=error), 400
    typed = request.form.get("secret", "").strip()
    return connections_page.page(made, secret="" if typed or kind == "smtp" else fresh, fresh=True)


@bp.get("/<name>/edit")
@requires(*ADMINS)
def edit(name: str) -> ResponseReturnValue:
    """Show the form as the connection is; of what is secret, that it is there."""
    found = connections.get(db(), name)
    return _form(found.kind, found)


@bp.post("/<name>")
@requires(*ADMINS)
def save(name: str) -> ResponseReturnValue:
    """Change a connection; a secret left empty stays."""
    found = connections.get(db(), name)
    before = connections.access(db(), desk().seal, found.id)
    try:
        made, _secret = _connect(name, found.kind, before, source=found.source)
        if not found.active and not found.ended_at:  # a change does not switch it on
            connections.switch(db(), actor(), name, active=False)
    except (InputError, ConflictError) as error:
        return _form(found.kind, found, error=error), 400
    flash(_("Saved."), "info")
    return redirect(url_for(".one", name=made.name))


def _connect(name: str, kind: str, before: Access, *, source: str = "") -> tuple[Connection, str]:
    form = request.form
    typed = {part.name: form.get(part.name, "").strip()[:MOST] for part in KINDS[kind].fields}
    access = Access(
        **typed,
        tls=form.get("tls", before.tls),
        private="private" in form,
    )
    return connections.connect(
        db(),
        desk().seal,
        actor(),
        name=name,
        kind=kind,
        access=access,
        source=source or form.get("source", "").strip()[:40],
        delivers="delivers" in form,
    )


def _kind(word: str) -> str:
    if word not in KINDS:
        raise InputError(f"No kind of connection {word!r}. There are: {', '.join(KINDS)}.")
    return word


def _form(
    kind: str,
    found: Connection | None = None,
    *,
    trouble: str = "",
    error: FaqdeskError | None = None,
) -> str:
    kept = connections.access(db(), desk().seal, found.id) if found else Access()
    typed = request.form if request.method == "POST" else None
    shown = {
        part.name: "" if part.secret else typed.get(part.name, "") if typed is not None
        else getattr(kept, part.name)
        for part in KINDS[kind].fields
    }  # fmt: skip
    said, english = (trouble, False) if trouble or error is None else _refusal(kind, error)
    return render_template(
        "connection_form.html",
        kind=kind,
        kinds=KINDS,
        words=KINDS[kind],
        found=found,
        shown=shown,
        there={
            part.name for part in KINDS[kind].fields if part.secret and getattr(kept, part.name)
        },
        needed=NEEDS[kind],
        tls=typed.get("tls", kept.tls) if typed is not None else kept.tls,
        ways=TLS,
        private="private" in typed if typed is not None else kept.private,
        delivers="delivers" in typed
        if typed is not None
        else found.delivers
        if found and not found.ended_at
        else True,
        name=typed.get("name", "") if typed is not None else "",
        source=typed.get("source", "") if typed is not None else "",
        trouble=said,
        english=english,
    )


def _refusal(kind: str, error: FaqdeskError) -> tuple[str, bool]:
    """Why it was not connected, in the reader's words where there are some; else in English."""
    said = str(error)
    titles = {part.name: str(part.title) for part in KINDS[kind].fields}
    if "it needs: " in said:
        missing = [
            titles.get(part, part) for part in said.rpartition(": ")[2].rstrip(".").split(", ")
        ]
        return _("To send answers it needs: %(what)s.", what=", ".join(missing)), False
    if "without https" in said or isinstance(error, AddressError):
        return _(
            "Only https addresses of the public network are asked. Of a server inside your own "
            "network, tick that it is."
        ), False
    if "under" in said and "already" in said:
        return _(
            "Another connection keeps its inquiries under the same source. Name another source."
        ), False
    if "A name has" in said:
        return _("A name has small letters, digits, - and _, at most 40."), False
    return said, True
