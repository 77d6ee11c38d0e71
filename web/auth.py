"""Signing in and out, and who may do what."""

from collections.abc import Callable
from functools import partial, wraps

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import LoginManager, current_user, login_user, logout_user

from support import agents
from support.agents import Agent
from support.audit import Actor
from support.errors import PermissionDeniedError

from . import known_browsers, sessions
from .database import db, desk

bp = Blueprint("auth", __name__)

LEADS = ("lead", "admin")
ANSWERING = ("agent", "lead", "admin")  # who reads open inquiries and answers them
MODERATING = ("moderator", "lead", "admin")
LABELLING = ("labeller", "lead", "admin")  # who may say what a listing is
ADMINS = ("admin",)
OPEN = ("auth", "health", "join_page", "embed", "metrics")  # blueprints that ask nobody to sign in


class SignedIn:
    """The person behind a request, as Flask-Login wants to see one."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, agent: Agent, token: str) -> None:
        """Take a person and their session's token."""
        self.agent = agent
        self._token = token

    def get_id(self) -> str:
        """What the cookie holds: the session's token, not the person's id."""
        return self._token


def init_app(app: Flask) -> None:
    """Let Flask-Login find people by their session's token; every page asks to sign in."""
    manager = LoginManager(app)
    manager.session_protection = None  # it hashes address and browser; phones change address

    @manager.user_loader
    def load(token: str) -> SignedIn | None:
        agent = sessions.find(db(), token)
        if agent is None:
            return None
        g.actor_name = agent.actor_name
        return SignedIn(agent, token)

    @app.before_request
    def ask_to_sign_in() -> ResponseReturnValue | None:
        if request.endpoint in (None, "static", "bootstrap.static"):
            return None
        if request.blueprint in OPEN or request.path.startswith("/api/"):
            return None
        if current_user.is_authenticated:
            return None
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            raise PermissionDeniedError("You are signed out. Sign in in another tab, then retry.")
        return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))


def me() -> Agent:
    """The person behind this request."""
    agent: Agent = current_user.agent
    return agent


def actor() -> Actor:
    """The person behind this request, for the audit trail."""
    return Actor(me().actor_name, request.remote_addr or "")


def requires(*roles: str) -> Callable[..., Callable[..., ResponseReturnValue]]:
    """Allow a view to some roles only."""

    def around(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
        @wraps(view)
        def guarded(**values: object) -> ResponseReturnValue:
            if me().role not in roles:
                raise PermissionDeniedError(f"This needs the role {' or '.join(roles)}.")
            return view(**values)

        return guarded

    return around


@bp.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Show the form."""
    if current_user.is_authenticated:
        return redirect(url_for("inbox.show"))
    return render_template("sign_in.html", next=request.args.get("next", ""))


@bp.post("/sign-in")
def do_sign_in() -> ResponseReturnValue:
    """Check login and password, then the code where there is a second factor."""
    half, target = request.form.get("half", ""), request.form.get("next", "")
    try:
        found = _by_code(half) if half else _by_password()
    except sessions.SecondFactorError as asked:
        if asked.wrong:
            flash(_("The code does not fit. Wait for the next one, then type that."), "danger")
        page = render_template("sign_in.html", next=target, half=asked.half)
        return page, 401 if asked.wrong else 200
    except sessions.HalfExpiredError:
        flash(_("That took too long. Sign in again."), "danger")
        return render_template("sign_in.html", next=target), 401
    if found is None:
        flash(_("Login and password do not fit."), "danger")
        return render_template("sign_in.html", next=target), 401
    let_in(*found)
    return redirect(own_path(target) or url_for("inbox.show"))


def let_in(agent: Agent, token: str) -> None:
    """Put a session that was begun into the cookie."""
    if current_user.is_authenticated:
        sessions.replace(db(), current_user.get_id())
    session.clear()  # a new session never inherits what an earlier visitor left
    session.permanent = True
    login_user(SignedIn(agent, token))
    known_browsers.remember(desk().seal, agent.login)


def _by_password() -> tuple[Agent, str] | None:
    login = request.form.get("login", "").strip()
    return sessions.sign_in(
        db(),
        desk().seal,
        login=login,
        browser=known_browsers.known_as(desk().seal, login),
        password=request.form.get("password", ""),
        code=_code(),
        **_from_where(),
    )


def _by_code(half: str) -> tuple[Agent, str]:
    seal = desk().seal
    return sessions.sign_in_by_code(
        db(),
        seal,
        half=half,
        code=_code(),
        known=partial(known_browsers.known_as, seal),
        **_from_where(),
    )


def _code() -> str:
    return request.form.get("code", "").strip() or request.form.get("recovery", "").strip()


def _from_where() -> dict[str, str]:
    return {
        "address": request.remote_addr or "",
        "user_agent": request.headers.get("User-Agent", ""),
    }


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session here and in the database."""
    if current_user.is_authenticated:
        sessions.sign_out(db(), current_user.get_id(), actor())
    logout_user()
    session.clear()
    return redirect(url_for("auth.sign_in"))


@bp.post("/language")
def language() -> ResponseReturnValue:
    """Remember the reader's language."""
    wanted = request.form.get("language", "")
    if current_user.is_authenticated:
        agents.set_language(db(), me().id, wanted)
    elif wanted in agents.LANGUAGES:
        session["language"] = wanted
    return redirect(own_path(request.form.get("next", "")) or url_for("inbox.show"))


def own_path(target: str) -> str | None:
    r"""A path on this site to go back to; None for anything else, such as `//host` or `/\host`."""
    # A browser reads a backslash as a slash, and drops tabs and line ends.
    own = target.startswith("/") and not target.startswith("//") and target.isprintable()
    return target if own and "\\" not in target else None
