"""`faqdesk forget`: a person goes from the desk, its index and its copies."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from dataclasses import asdict

import click

from support import forgetting
from support.errors import WorkspaceError
from support.forgetting import Forgotten

from .common import actor, json_option, print_json, workspace


@click.command("forget")
@click.option("--customer", "customer_id", help="Their id in the helpdesk, or their mail address.")
@click.option("--source", "sources", multiple=True, help="Only where this is the source's name.")
@click.option("--inquiry", "inquiry_id", type=int, help="Whoever asked this inquiry.")
@click.option("--yes", is_flag=True, help="Do it; without, only say what would go.")
@json_option
def forget_command(
    customer_id: str | None,
    sources: tuple[str, ...],
    inquiry_id: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Forget a person: all that they asked, and all that was said and suggested on it.

    Without --yes it changes nothing. Every process finds them no more at its next search. Said
    too: which models learned from them, and which backups may hold them still. Killed half way,
    the same command goes on.

    \b
    Example:
      faqdesk forget --customer 4711 --source zendesk
      faqdesk forget --customer mina@example.com --yes
      faqdesk forget --inquiry 17 --yes
    """
    if (customer_id is None) == (inquiry_id is None):
        raise click.UsageError("Give --customer ID or --inquiry N.")
    space = workspace()
    db, seal = space.database(), space.seal()
    if inquiry_id is not None:
        person = forgetting.asker(db, inquiry_id)
    else:
        person = forgetting.customer(db, seal, customer_id or "", sources=sources)
    if yes:
        found = forgetting.forget(space, db, seal, person, actor=actor())
    else:
        found = forgetting.look(space, db, seal, person)
    if as_json:
        print_json(asdict(found) | {"dry_run": not yes, **_paths(found)})
    else:
        _tell(found, done=yes)
    if found.amiss:  # they are gone from the desk, and not from these
        raise WorkspaceError(found.amiss)


def _paths(found: Forgotten) -> dict[str, list[str]]:
    named = {"copies": found.copies, "bundles": found.bundles, "missing": found.missing}
    return {name: list(map(str, paths)) for name, paths in named.items()}


def _tell(found: Forgotten, *, done: bool) -> None:
    click.echo("Gone:" if done else "Would go:")
    for name, n in found.rows.items():
        if n:
            click.echo(f"{n:>8,}  {name}")
    if not any(found.rows.values()):
        click.echo("         nothing more")
    if found.undelivered:
        will = "were not delivered, and will not be" if done else "wait to be delivered, and go too"
        click.echo(f"{found.undelivered:,} answers {will}.")
    for copy in found.copies:
        click.echo(f"{'Cleaned' if done else 'Would be cleaned'}: {copy}")
    _tell_models(found)
    if found.bundles:
        click.echo("Backups that may hold them still; brought back, they forget them again:")
        for bundle in found.bundles:
            click.echo(f"  {bundle}")
        click.echo("Copies of these that you keep elsewhere need the note that lies beside each.")
    if found.missing:
        click.echo("Backups that are not where they were put; where they still are, as on a disk")
        click.echo("that is away, they get their note within an hour of being back:")
        for bundle in found.missing:
            click.echo(f"  {bundle}")
    if found.vectors:
        click.echo(found.vectors, err=True)
    if not done:
        click.echo("Nothing was changed. To do it, the same command with --yes")
    elif not found.done and not found.amiss:
        click.echo("The log of changes is being read: it is emptied within the hour.", err=True)


def _tell_models(found: Forgotten) -> None:
    if not found.models:
        click.echo("No model on disk learned from them.")
        return
    click.echo("Models that learned from them:")
    for item in found.models:
        where = f"release {', '.join(item.releases)}" if item.releases else "no release"
        state = ", in force" if item.live else ""
        perhaps = "" if item.sure else "; perhaps: it does not say what it learned from"
        click.echo(f"  {item.part}  ({where}{state}{perhaps})")
    click.echo(
        "The index finds them no more. To have none of these remember them: faqdesk train, then "
        "faqdesk models prune --keep 0 --delete"
    )
