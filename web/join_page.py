"""Joining by a link: login, name and password for who was invited, a new one for who forgot it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from support import agents, invitations
from support.errors import ConflictError, InputError
from support.invitations import Invitation, NotOpenError

from . import attempts, known_browsers, sessions
from .auth import let_in
from .database import db, desk
from .i18n import gettext as _

bp = Blueprint("join_page", __name__, url_prefix="/join")

MAX_NAME = 60


@bp.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    """Ask for what is still open."""
    try:
        invitation = _find(token)
    except NotOpenError as error:
        return render_template("join_closed.html", state=error.state), 404
    return _page(token, invitation)


@bp.post("/<token>")
def join(token: str) -> ResponseReturnValue:
    """Become one of the desk, or get a new password; then go on signed in."""
    try:
        invitation = _find(token)
    except NotOpenError as error:
        return render_template("join_closed.html", state=error.state), 404
    form, address = request.form, request.remote_addr or ""
    trouble = _trouble(invitation)
    if trouble:
        return _page(token, invitation, trouble=trouble), 400
    login = invitation.login or form.get("login", "").strip()
    try:
        agent = invitations.accept(
            db(),
            token,
            password=form["password"],
            login=login,
            name=" ".join(form.get("name", "").split())[:MAX_NAME],
            address=address,
        )
    except ConflictError:
        return _page(token, invitation, trouble={"login": _("This login is taken.")}), 409
    return _go_on(agent.login, form["password"], resets=invitation.resets)


def _go_on(login: str, password: str, *, resets: bool) -> ResponseReturnValue:
    """Sign in with what was just set; who has a second factor is asked for its code."""
    try:
        found = sessions.sign_in(
            db(),
            desk().seal,
            login=login,
            password=password,
            address=request.remote_addr or "",
            user_agent=request.headers.get("User-Agent", ""),
            browser=known_browsers.known_as(desk().seal, login),
        )
    except sessions.SecondFactorError as asked:
        flash(_("Your new password is set."), "info")
        return render_template("sign_in.html", next="", half=asked.half)
    except attempts.TooManyAttemptsError:
        found = None
    if found is None:
        flash(_("Your new password is set."), "info")
        return redirect(url_for("auth.sign_in"))
    let_in(*found)
    if resets:
        flash(_("Your new password is set."), "info")
        return redirect(url_for("inbox.show"))
    flash(_("You are in. Set up a second factor here, and choose how the console looks."), "info")
    return redirect(url_for("account_page.show"))


def _find(token: str) -> Invitation:
    """The open invitation; who tries many links that are none has to wait.

    Raises:
        NotOpenError: it is not open.
        TooManyAttemptsError: too many were tried from this address.
    """
    address = request.remote_addr or ""
    attempts.check(db(), "join", address)
    try:
        return invitations.find(db(), token)
    except NotOpenError as error:
        if error.state == "unknown":
            attempts.failed(db(), "join", address)
        raise


def _trouble(invitation: Invitation) -> dict[str, str]:
    form = request.form
    found: dict[str, str] = {}
    if not invitation.login:
        try:
            agents.check(login=form.get("login", "").strip(), role=invitation.role)
        except InputError:
            found["login"] = _("A login has 1 to 64 letters, digits and . @ + - _, without spaces.")
    if len(form.get("password", "")) < agents.MIN_PASSWORD:
        found["password"] = _(
            "A password has at least %(n)s characters; this has %(have)s.",
            n=agents.MIN_PASSWORD,
            have=len(form.get("password", "")),
        )
    elif form["password"] != form.get("again", ""):
        found["again"] = _("The two are not the same. Type both again.")
    return found


def _page(token: str, invitation: Invitation, *, trouble: dict[str, str] | None = None) -> str:
    return render_template(
        "join.html",
        token=token,
        invitation=invitation,
        trouble=trouble or {},
        least=agents.MIN_PASSWORD,
        max_name=MAX_NAME,
        somebody=current_user.agent if current_user.is_authenticated else None,
    )
