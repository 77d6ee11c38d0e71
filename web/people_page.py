"""The people of the desk: who is in, what they may do, and invitations."""

from dataclasses import dataclass, field
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import agents, invitations, second_factor
from support.agents import ROLES, Agent
from support.audit_trail import AuditFilters, find
from support.errors import ConflictError, InputError
from support.invitations import Invitation

from . import audit_words, people, sessions
from .account_words import browser
from .actors import who
from .auth import ADMINS, actor, me, requires
from .database import db
from .i18n import gettext as _
from .people_words import ROLE_SENTENCES

bp = Blueprint("people_page", __name__, url_prefix="/people")

MAX_NAME: Final = 60
DAYS: Final = (1, 3, 7, 14, 30)
LATELY: Final = 10  # acts of a person shown on their page
_ONE = "/<int(max=9223372036854775807):agent_id>"


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is shown this once, and what it is for."""

    address: str = field(repr=False)
    invitation: Invitation


@bp.get("")
@requires(*ADMINS)
def show() -> ResponseReturnValue:
    """List everybody, and who was invited."""
    return _page()


@bp.post("")
@requires(*ADMINS)
def invite() -> ResponseReturnValue:
    """Invite somebody; the link is shown this once."""
    form = request.form
    try:
        invitation, token = invitations.invite(
            db(),
            actor(),
            login=form.get("login", "").strip(),
            name=_name(form.get("name", "")),
            role=form.get("role", ""),
            days=int(form.get("days", invitations.DAYS)),
        )
    except (InputError, ConflictError, ValueError) as error:
        return _page(trouble=_refusal(error)), 400
    return _page(link=_link(invitation, token))


@bp.post("/invitations/<int(max=9223372036854775807):invitation_id>/revoke")
@requires(*ADMINS)
def revoke(invitation_id: int) -> ResponseReturnValue:
    """Make a link worth nothing."""
    invitations.revoke(db(), actor(), invitation_id)
    flash(_("The link is worth nothing any more."), "info")
    return redirect(url_for(".show"))


@bp.get(_ONE)
@requires(*ADMINS)
def one(agent_id: int) -> ResponseReturnValue:
    """Show one person, and what can be done for them."""
    return _one(agents.get(db(), agent_id))


@bp.post(_ONE)
@requires(*ADMINS)
def change(agent_id: int) -> ResponseReturnValue:
    """Give somebody another name or role."""
    before = agents.get(db(), agent_id)
    name, role = _name(request.form.get("name", "")), request.form.get("role", "")
    if not name or role not in ROLES:
        return _one(before, trouble=_("Give a name, and choose a role.")), 400
    if request.form.get("seen", before.role) != before.role:
        raise ConflictError(f"{before.login!r} is {before.role} meanwhile. Look again.")
    try:
        agents.change(db(), actor(), agent_id, name=name, role=role)
    except ConflictError as error:
        return _one(before, trouble=_refusal(error)), 409
    if agent_id == me().id and role not in ADMINS:
        flash(_("Saved. You are no admin any more."), "info")
        return redirect(url_for("account_page.show"))
    return _back(agent_id, _("Saved."))


@bp.post(_ONE + "/out")
@requires(*ADMINS)
def shut_out(agent_id: int) -> ResponseReturnValue:
    """Shut somebody out: their sessions end, and what they held is free."""
    before = agents.get(db(), agent_id)
    if agent_id == me().id:
        return _one(before, trouble=_("Nobody shuts themselves out: ask another admin.")), 409
    try:
        agents.set_active(db(), actor(), agent_id, active=False)
    except ConflictError as error:
        return _one(before, trouble=_refusal(error)), 409
    return _back(agent_id, _("%(name)s is shut out, and signed out everywhere.", name=before.name))


@bp.post(_ONE + "/in")
@requires(*ADMINS)
def let_in_again(agent_id: int) -> ResponseReturnValue:
    """Let somebody in again."""
    agents.set_active(db(), actor(), agent_id, active=True)
    name = agents.get(db(), agent_id).name
    return _back(agent_id, _("%(name)s may sign in again.", name=name))


@bp.post(_ONE + "/sign-out")
@requires(*ADMINS)
def sign_out(agent_id: int) -> ResponseReturnValue:
    """End all of somebody's sessions."""
    n = sessions.sign_out_everywhere(db(), agents.get(db(), agent_id).id, actor())
    return _back(agent_id, _("Sessions ended: %(n)s.", n=n))


@bp.post(_ONE + "/forget-second-factor")
@requires(*ADMINS)
def forget_second_factor(agent_id: int) -> ResponseReturnValue:
    """Let somebody in by their password alone, who lost phone and recovery codes."""
    second_factor.switch_off(db(), actor(), agents.get(db(), agent_id).id)
    return _back(agent_id, _("The second factor is forgotten. The password alone lets them in."))


@bp.post(_ONE + "/password")
@requires(*ADMINS)
def new_password(agent_id: int) -> ResponseReturnValue:
    """Make a link by which somebody gives themselves a new password."""
    invitation, token = invitations.let_reset(db(), actor(), agent_id)
    return _one(agents.get(db(), agent_id), link=_link(invitation, token))


def _page(*, link: Link | None = None, trouble: str = "") -> str:
    invited = invitations.listed(db())
    return render_template(
        "people.html",
        people=people.listed(db()),
        open=[found for found in invited if found.state == "open"],
        past=[found for found in invited if found.state != "open"][:50],
        link=link,
        trouble=trouble,
        days=DAYS,
        usual_days=invitations.DAYS,
        **_words(),
    )


def _one(agent: Agent, *, link: Link | None = None, trouble: str = "") -> str:
    lately = find(db(), AuditFilters(actor=agent.actor_name), limit=LATELY)
    return render_template(
        "person.html",
        agent=agent,
        known=people.of(db(), agent.id),
        factor=second_factor.state(db(), agent.id),
        sessions=sessions.listed(db(), agent.id),
        browser=browser,
        lately=lately.rows,
        act=audit_words.act,
        link=link,
        trouble=trouble,
        myself=agent.id == me().id,
        **_words(),
    )


def _words() -> dict[str, object]:
    return {
        "roles": ROLES,
        "sentences": ROLE_SENTENCES,
        "max_name": MAX_NAME,
        "person": lambda name: who(db(), name),
    }


def _link(invitation: Invitation, token: str) -> Link:
    return Link(url_for("join_page.show", token=token, _external=True), invitation)


def _name(text: str) -> str:
    return " ".join(text.split())[:MAX_NAME]


def _back(agent_id: int, words: str) -> ResponseReturnValue:
    flash(words, "info")
    return redirect(url_for(".one", agent_id=agent_id))


def _refusal(error: Exception) -> str:
    """Why it was not done, in the reader's words."""
    said = str(error)
    if "last admin" in said:
        return _("This is the last admin. Make somebody else one first.")
    if "signs in already" in said:
        return _("This login signs in already. Open the person and make a link for a new password.")
    if "shut out" in said:
        return _("This login is shut out. Let them in again first.")
    if "login is" in said:
        return _("A login has 1 to 64 letters, digits and . @ + - _, without spaces.")
    return _("Give a name or a login, choose a role, and for how many days the link is good.")
