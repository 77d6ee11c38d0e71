"""`faqdesk agent` and `faqdesk token`."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import secrets

import click

from support import agents
from support.errors import InputError
from web import tokens

from .common import actor, ask_secret, workspace
from .inviting import COMMANDS


@click.group("agent")
def agent_command() -> None:
    """Add people, change passwords, shut people out.

    \b
    Example:
      faqdesk agent add mina --name 김미나 --role lead
    """


@agent_command.command("add")
@click.argument("login")
@click.option("--name", default="", help="As colleagues see it.")
@click.option("--role", type=click.Choice(agents.ROLES), default="agent", show_default=True)
def add(login: str, name: str, role: str) -> None:
    """Add a person who can sign in; the password is asked for, or read from standard input.

    \b
    Example:
      faqdesk agent add mina --name 김미나 --role agent
    """
    password = ask_secret("Password", twice=True)
    db = workspace().create().database()
    agent = agents.add(db, actor(), login=login, name=name, role=role, password=password)
    click.echo(f"{agent.login} can sign in as {agent.role}.")


@agent_command.command("password")
@click.argument("login")
@click.option("--generate", is_flag=True, help="Make one and print it.")
def password(login: str, generate: bool) -> None:
    """Give a person a new password; ends all their sessions.

    \b
    Example:
      faqdesk agent password mina --generate
    """
    fresh = secrets.token_urlsafe(12) if generate else ask_secret("Password", twice=True)
    agents.set_password(workspace().database(), actor(), login, fresh)
    click.echo(f"New password of {login}: {fresh}" if generate else "Changed.")


@agent_command.command("list")
def list_agents() -> None:
    """List everybody.

    \b
    Example:
      faqdesk agent list
    """
    for agent in agents.listed(workspace().database()):
        state = "" if agent.active else " (shut out)"
        click.echo(f"{agent.id}\t{agent.login}\t{agent.name}\t{agent.role}{state}")


@agent_command.command("enable")
@click.argument("login")
def enable(login: str) -> None:
    """Let a person in again.

    \b
    Example:
      faqdesk agent enable mina
    """
    _set_active(login, active=True)
    click.echo(f"{login} can sign in again.")


@agent_command.command("disable")
@click.argument("login")
def disable(login: str) -> None:
    """Shut a person out and end their sessions.

    \b
    Example:
      faqdesk agent disable mina
    """
    _set_active(login, active=False)
    click.echo(f"{login} is shut out.")


def _set_active(login: str, *, active: bool) -> None:
    db = workspace().database()
    found = [agent for agent in agents.listed(db) if agent.login.lower() == login.lower()]
    if not found:
        raise InputError(f"No agent with the login {login!r}. List them: faqdesk agent list")
    agents.set_active(db, actor(), found[0].id, active=active)


for _command in COMMANDS:
    agent_command.add_command(_command)


@click.group("token")
def token_command() -> None:
    """Make, list and revoke API tokens.

    \b
    Example:
      faqdesk token create helpdesk --scope suggest --scope search
    """


@token_command.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(tokens.SCOPES), default=("suggest",)
)
@click.option("--per-minute", type=int, help="Calls it may make in a minute; else 600.")
@click.option("--days", type=int, help="It ends after so many; else when it is revoked.")
def create(name: str, scopes: tuple[str, ...], per_minute: int | None, days: int | None) -> None:
    """Make a token. It is shown this once.

    \b
    Example:
      faqdesk token create helpdesk --scope suggest --scope search
      faqdesk token create night --scope imports --per-minute 60 --days 90
    """
    _, secret = tokens.create(
        workspace().database(),
        actor(),
        name=name,
        scopes=scopes,
        per_minute=per_minute,
        days=days,
    )
    click.echo(secret)


@token_command.command("list")
def list_tokens() -> None:
    """List tokens, without their secrets.

    \b
    Example:
      faqdesk token list
    """
    for token in tokens.listed(workspace().database()):
        state = {
            "live": f"live until {token.expires_at}" if token.expires_at else "live",
            "expired": f"expired {token.expires_at}",
            "revoked": f"revoked {token.revoked_at}",
        }[token.state]
        click.echo(f"{token.id}\t{token.name}\t{','.join(token.scopes)}\t{state}")


@token_command.command("revoke")
@click.argument("token_id", type=int)
def revoke(token_id: int) -> None:
    """End a token.

    \b
    Example:
      faqdesk token revoke 3
    """
    tokens.revoke(workspace().database(), actor(), token_id)
    click.echo("Revoked.")
