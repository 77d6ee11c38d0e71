"""`faqdesk connect`: helpdesks and mail, in and out."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import sys
from contextlib import closing
from dataclasses import asdict
from typing import Any

import click

from .common import actor, ask_secret, json_option, print_json, workspace

KINDS = ("zendesk", "chatwoot", "zammad", "channel-talk", "smtp")  # as support.connections has them


@click.group("connect")
def connect_command() -> None:
    """Hear from a helpdesk by webhook, and answer through it; answer mail.

    \b
    Example:
      faqdesk connect add zendesk --address https://example.zendesk.com --user bot@example.com
      faqdesk connect test zendesk
      faqdesk connect list
    """


@connect_command.command("add")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--name", default="", help="Of the connection; without it, the kind.")
@click.option("--address", default="", help="Of the helpdesk; of mail, host:port.")
@click.option("--user", default="", help="Zendesk: e-mail; Channel Talk: access key; mail: login.")
@click.option("--account", default="", help="Chatwoot: the account's number.")
@click.option("--sender", default="", help="Mail: from whom; Channel Talk: the bot's name.")
@click.option(
    "--tls", type=click.Choice(("starttls", "tls", "none")), default="starttls", show_default=True,
    help="Of mail.",
)  # fmt: skip
@click.option("--source", default="", help="Under which inquiries are kept; as imports name it.")
@click.option("--private", is_flag=True, help="Its address may be of a private network, and http.")
@click.option("--listen-only", is_flag=True, help="Take webhooks; deliver no answers.")
@click.option("--secret/--no-secret", "own", default=False, help="Ask for the webhook's secret.")
@json_option
def add_command(
    kind: str, name: str, address: str, user: str, account: str, sender: str, tls: str,
    source: str, private: bool, listen_only: bool, own: bool, as_json: bool,
) -> None:  # fmt: skip
    """Connect, or change a connection; tokens and passwords are asked for, or read from input.

    Without `--secret` one is made and printed once, to be given to the helpdesk.

    \b
    Example:
      faqdesk connect add chatwoot --address https://chat.example.com --account 3
    """
    from support import connections
    from support.connection_access import Access

    token = ""
    if not listen_only:
        token = ask_secret("Token" if kind != "smtp" else "Password")
    secret = ask_secret("Secret of the webhook") if own else ""
    access = Access(
        address=address, secret=secret, user=user, token=token, account=account, sender=sender,
        tls=tls, private=private,
    )  # fmt: skip
    space = workspace()
    with closing(space.database()) as db:
        made, shown = connections.connect(
            db, space.seal(), actor(), name=name or kind, kind=kind, access=access,
            source=source, delivers=False if listen_only else None,
        )  # fmt: skip
    told = {"name": made.name, "kind": kind, "source": made.source, "delivers": made.delivers}
    if kind != "smtp":
        told |= {"webhook": f"/api/v1/webhooks/{made.name}", "secret": shown}
    if as_json:
        print_json(told)
        return
    click.echo(f"{made.name} is connected; answers {'go' if made.delivers else 'do not go'} out.")
    if kind == "channel-talk":
        click.echo(f"Webhook: {told['webhook']}?token={shown or '(as before)'}")
    elif kind != "smtp":
        click.echo(f"Webhook: {told['webhook']}\nSecret: {shown or '(as before)'}")
    click.echo(f"Try it out: faqdesk connect test {made.name}")


@connect_command.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """List connections: what came last, and how many answers wait or failed.

    \b
    Example:
      faqdesk connect list
    """
    from support import connections, deliveries

    with closing(workspace().database()) as db:
        found = connections.listed(db)
        counts = deliveries.answers(db)
    rows: list[dict[str, Any]] = [
        asdict(one) | {"answers": counts.get(one.id, {})} for one in found
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        state = "on" if row["active"] else "ended" if row["ended_at"] else "off"
        out = ", ".join(f"{n:,} {name}" for name, n in sorted(row["answers"].items()))
        click.echo(
            f"{row['name']}\t{row['kind']}\t{state}\t"
            f"{'delivers' if row['delivers'] else 'listens'}\t"
            f"heard {row['heard_at'] or 'never'}\t{out or 'no answers'}"
        )
        if row["refused"]:
            click.echo(f"  refused {row['refused_at']}: {row['refused']}")


@connect_command.command("test")
@click.argument("name")
@json_option
def test_command(name: str, as_json: bool) -> None:
    """Try a connection out, sending nothing to anybody.

    \b
    Example:
      faqdesk connect test zendesk
    """
    from support import connection_test, connections, delivery_ways

    space = workspace()
    with closing(space.database()) as db:
        made = connections.get(db, name)
        steps = connection_test.run(db, space.seal(), made, make=delivery_ways.sender)
    if as_json:
        print_json([asdict(step) for step in steps])
    else:
        for step in steps:
            mark = {True: "ok", False: "FAILED", None: "-"}[step.ok]
            click.echo(f"{mark}\t{step.name}\t{step.words}")
    if any(step.ok is False for step in steps):
        sys.exit(1)


@connect_command.command("switch")
@click.argument("name")
@click.option("--on/--off", required=True, help="While it is off, nothing comes in or goes out.")
def switch_command(name: str, on: bool) -> None:
    """Switch a connection off, or on again; its keys stay.

    \b
    Example:
      faqdesk connect switch zendesk --off
    """
    from support import connections

    with closing(workspace().database()) as db:
        connections.switch(db, actor(), name, active=on)
    click.echo(f"It is switched {'on' if on else 'off'}.")


@connect_command.command("end")
@click.argument("name")
def end_command(name: str) -> None:
    """End a connection for good and forget its keys; what came through it stays.

    \b
    Example:
      faqdesk connect end zendesk
    """
    from support import connections

    space = workspace()
    with closing(space.database()) as db:
        connections.end(db, space.seal(), actor(), name)
    click.echo("Ended; its keys are forgotten.")


@connect_command.command("mail")
@click.argument("name")
@json_option
def mail_command(name: str, as_json: bool) -> None:
    """Take one mail in from standard input, as a mail server's pipe or a fetcher hands it over.

    Its answer goes out through the connection, in the same thread.

    \b
    Example:
      faqdesk connect mail smtp
    """
    from support import connections, mail_intake

    space = workspace()
    raw = sys.stdin.buffer.read()
    with closing(space.database()) as db:
        made = connections.get(db, name)
        taken = mail_intake.take(db, space.seal(), made, raw)
    if as_json:
        print_json(asdict(taken))
        return
    click.echo(f"{taken.became}\tinquiry {taken.inquiry_id or '-'}")


@connect_command.command("deliveries")
@click.option("--state", type=click.Choice(("queued", "delivered", "failed")), help="Only these.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@json_option
def deliveries_command(state: str | None, limit: int, as_json: bool) -> None:
    """List answers that go out through connections, newest first.

    \b
    Example:
      faqdesk connect deliveries --state failed
    """
    from support import deliveries

    with closing(workspace().database()) as db:
        rows = [asdict(row) for row in deliveries.went(db, state=state or "", limit=limit)]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(
            f"{row['id']}\tinquiry {row['inquiry_id']}\t{row['connection']}\t{row['state']}\t"
            f"{row['tries']} tries\t{row['error']}"
        )
