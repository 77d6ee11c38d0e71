"""One's own account: name, language, how the console looks, password, second factor, sessions."""

import io

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user

from support import agents, preferences, second_factor
from support.errors import ConflictError, InputError, NotFoundError

from . import sessions
from .account_words import INSERTING, KEYS, THEMES, browser
from .auth import actor, let_in, me
from .database import db, desk
from .i18n import gettext as _

bp = Blueprint("account_page", __name__, url_prefix="/account")

SVG = {"Content-Security-Policy": "default-src 'none'; sandbox"}
MAX_NAME = 60


@bp.get("")
def show() -> ResponseReturnValue:
    """Show what there is to choose, and where one is signed in."""
    return _page()


@bp.post("")
def save() -> ResponseReturnValue:
    """Keep the name, the language, and how the console looks and works."""
    name = " ".join(request.form.get("name", "").split())
    if not 1 <= len(name) <= MAX_NAME:
        words = _("A name has 1 to %(n)s characters.", n=MAX_NAME)
        return _page(trouble={"name": words}), 400
    chosen = {name: request.form[name] for name in preferences.CHOICES if name in request.form}
    preferences.put(db(), me().id, **chosen)
    agents.set_language(db(), me().id, request.form.get("language", me().language))
    agents.change(db(), actor(), me().id, name=name)
    return _done("saved")


@bp.post("/password")
def password() -> ResponseReturnValue:
    """Give oneself a new password; all other sessions end."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    if new != request.form.get("again", ""):
        return _page(trouble={"again": _("The two are not the same. Type both again.")}), 400
    if len(new) < agents.MIN_PASSWORD:
        return _page(trouble={"new": _short(new)}), 400
    if old == new:
        words = _("This is the old one. Choose another.")
        return _page(trouble={"new": words}), 400
    if not _knows(old):
        return _page(trouble={"old": _("The old password does not fit.")}), 400
    agents.set_password(db(), actor(), me().login, new)
    # All sessions have ended with the old password; this browser goes on in a new one.
    let_in(me(), sessions.begin(db(), desk().seal, me(), actor(), _user_agent()))
    return _done("password")


@bp.post("/second-factor")
def begin() -> ResponseReturnValue:
    """Make a fresh secret for the phone of who knows the password; one left over counts no more."""
    if not _knows(request.form.get("password", "")):
        return _page(trouble={"begin": _("The password does not fit.")}), 400
    second_factor.begin(db(), desk().seal, me().id)
    return redirect(url_for(".set_up"))


@bp.get("/second-factor")
def set_up() -> ResponseReturnValue:
    """Show the secret, and ask for the first code."""
    return _set_up()


@bp.get("/second-factor/code.svg")
def picture() -> ResponseReturnValue:
    """The secret's address as a QR code, black on white in any theme: phones want it so."""
    import segno

    begun = second_factor.begun(db(), desk().seal, me().id)
    if begun is None:
        raise NotFoundError("No second factor is being set up. Begin anew.")
    drawn = io.BytesIO()
    code = segno.make(begun.uri, error="m", micro=False)
    code.save(drawn, kind="svg", scale=6, border=4, dark="#000", light="#fff", xmldecl=False)
    return Response(drawn.getvalue(), mimetype="image/svg+xml", headers=SVG)


@bp.post("/second-factor/confirm")
def confirm() -> ResponseReturnValue:
    """Switch the second factor on, as a code fits; shows the recovery codes this once.

    All other sessions end: they were let in without it.
    """
    try:
        codes = second_factor.confirm(
            db(), desk().seal, actor(), me().id, request.form.get("code", "")
        )
    except InputError:
        words = _("The code does not fit. Check the phone's clock, then type a new one.")
        return make_response(_set_up(trouble=words), 400)
    except ConflictError:
        return redirect(url_for(".show"))
    sessions.sign_out_everywhere(db(), me().id, actor(), but=current_user.get_id())
    return render_template("account_codes.html", codes=codes, fresh=True)


@bp.post("/second-factor/codes")
def renew() -> ResponseReturnValue:
    """Make new recovery codes, for who knows the password."""
    if not _knows(request.form.get("password", "")):
        return _page(trouble={"renew": _("The password does not fit.")}), 400
    codes = second_factor.renew_codes(db(), desk().seal, actor(), me().id)
    return render_template("account_codes.html", codes=codes, fresh=False)


@bp.post("/second-factor/off")
def switch_off() -> ResponseReturnValue:
    """Do without a second factor; who set none up yet only stops setting it up."""
    if second_factor.state(db(), me().id).on and not _knows(request.form.get("password", "")):
        return _page(trouble={"off": _("The password does not fit.")}), 400
    was_on = second_factor.switch_off(db(), actor(), me().id)
    return _done("off" if was_on else "")


@bp.post("/sessions/end")
def end() -> ResponseReturnValue:
    """End one of one's other sessions."""
    sessions.end(db(), me().id, request.form.get("key", ""), actor())
    return _done("ended")


@bp.post("/sessions/end-others")
def end_others() -> ResponseReturnValue:
    """End all of one's sessions but this one."""
    sessions.sign_out_everywhere(db(), me().id, actor(), but=current_user.get_id())
    return _done("alone")


def _page(*, trouble: dict[str, str] | None = None) -> str:
    return render_template(
        "account.html",
        agent=me(),
        chosen=preferences.load(db(), me().id),
        choices={"theme": THEMES, "keys": KEYS, "insert_as": INSERTING},
        languages={"ko": "한국어", "en": "English"},
        factor=second_factor.state(db(), me().id),
        sessions=sessions.listed(db(), me().id, current_user.get_id()),
        browser=browser,
        trouble=trouble or {},
        least=agents.MIN_PASSWORD,
        max_name=MAX_NAME,
    )


def _set_up(*, trouble: str = "") -> ResponseReturnValue:
    begun = second_factor.begun(db(), desk().seal, me().id)
    if begun is None:
        return redirect(url_for(".show"))
    secret = " ".join(begun.secret[at : at + 4] for at in range(0, len(begun.secret), 4))
    return render_template("account_factor.html", secret=secret, uri=begun.uri, trouble=trouble)


def _done(what: str) -> ResponseReturnValue:
    said = {
        "saved": _("Saved."),
        "password": _("Your password is changed. Everywhere else you are signed out."),
        "off": _("The second factor is off. Your password alone lets you in."),
        "ended": _("That session has ended."),
        "alone": _("You are signed in here alone."),
    }
    if what:
        flash(said[what], "info")
    return redirect(url_for(".show"))


def _knows(password: str) -> bool:
    address = request.remote_addr or ""
    return sessions.check_password(db(), desk().seal, me(), password, address)


def _short(password: str) -> str:
    return _(
        "A password has at least %(n)s characters; this has %(have)s.",
        n=agents.MIN_PASSWORD,
        have=len(password),
    )


def _user_agent() -> str:
    return request.headers.get("User-Agent", "")
