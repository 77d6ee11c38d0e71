"""`faqdesk agent invite` and what else an admin does about people: roles, sessions, lost phones."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import click
from sqlite_utils import Database

from support import agents, invitations, second_factor
from support.agents import Agent
from support.errors import NotFoundError
from web import sessions

from .common import actor, workspace


@click.command("invite")
@click.argument("login")
@click.option("--name", default="", help="As colleagues will see it.")
@click.option("--role", type=click.Choice(agents.ROLES), default="agent", show_default=True)
@click.option("--days", default=invitations.DAYS, show_default=True, help="How long it is good.")
def invite(login: str, name: str, role: str, days: int) -> None:
    """Make a link by which a person joins and chooses their password. It is shown this once.

    \b
    Example:
      faqdesk agent invite joon --name 준 --role agent
    """
    db = workspace().database()
    found, token = invitations.invite(db, actor(), login=login, name=name, role=role, days=days)
    click.echo(f"/join/{token}")
    click.echo(f"Good until {found.expires_at}; put the console's address before it.", err=True)


@click.command("invitations")
def list_invitations() -> None:
    """List who was invited.

    \b
    Example:
      faqdesk agent invitations
    """
    for found in invitations.listed(workspace().database()):
        words = (str(found.id), found.login, found.role, found.state, found.expires_at)
        click.echo("\t".join(words))


@click.command("revoke")
@click.argument("invitation_id", type=int)
def revoke(invitation_id: int) -> None:
    """Make an invitation's link worth nothing.

    \b
    Example:
      faqdesk agent revoke 3
    """
    invitations.revoke(workspace().database(), actor(), invitation_id)
    click.echo("Revoked.")


@click.command("role")
@click.argument("login")
@click.argument("role", type=click.Choice(agents.ROLES))
def role(login: str, role: str) -> None:
    """Give a person another role.

    \b
    Example:
      faqdesk agent role mina lead
    """
    db = workspace().database()
    agents.change(db, actor(), _named(db, login).id, role=role)
    click.echo(f"{login} is {role}.")


@click.command("sign-out")
@click.argument("login")
def sign_out(login: str) -> None:
    """End a person's sessions everywhere.

    \b
    Example:
      faqdesk agent sign-out mina
    """
    db = workspace().database()
    count = sessions.sign_out_everywhere(db, _named(db, login).id, actor())
    click.echo(f"{count} ended.")


@click.command("forget-second-factor")
@click.argument("login")
def forget_second_factor(login: str) -> None:
    """Let a person sign in without the phone and recovery codes that they lost.

    \b
    Example:
      faqdesk agent forget-second-factor mina
    """
    db = workspace().database()
    was_on = second_factor.switch_off(db, actor(), _named(db, login).id)
    click.echo("Switched off." if was_on else "There was none.")


COMMANDS = (invite, list_invitations, revoke, role, sign_out, forget_second_factor)


def _named(db: Database, login: str) -> Agent:
    found = [agent for agent in agents.listed(db) if agent.login.lower() == login.lower()]
    if not found:
        raise NotFoundError(f"No agent with the login {login!r}. List them: faqdesk agent list")
    return found[0]
