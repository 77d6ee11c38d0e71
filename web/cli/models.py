"""`faqdesk models`: releases listed, shown, published, rolled back, pruned."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from dataclasses import asdict
from typing import Any

import click

from support import releases, shelf
from support.release import LINES, training
from support.shelf import Pruning, Stored

from .common import actor, json_option, print_json, workspace
from .models_replayed import history_models, replay_models

_NAME = click.argument("name")
_LINE = click.option(
    "--line",
    type=click.Choice(list(LINES)),
    default="desk",
    show_default=True,
    help="Which models: those of the desk, or of listings' categories.",
)


@click.group("models")
def models_command() -> None:
    """Move whole releases: encoder, index and classifier are valid only together.

    Models that are valid without them move on a line of their own (--line category).

    \b
    Example:
      faqdesk models list
      faqdesk models rollback
    """


@models_command.command("list")
@_LINE
@json_option
def list_models(line: str, as_json: bool) -> None:
    """List every release, newest first: state, when it was made, parts, hit@1, size.

    A candidate was never in force, a retired one was; hit@1 is that of its judgement.

    \b
    Example:
      faqdesk models list --json
      faqdesk models list --line category
    """
    space = workspace()
    found = shelf.listed(space, space.database(), line=line)
    if as_json:
        print_json({"releases": [_as_dict(item) for item in found]})
        return
    if not found:
        click.echo(f"No release yet. Make one: {training(line)}")
    for item in found:
        hit = f"hit@1 {item.hit_1:.3f}" if item.hit_1 is not None else "not judged"
        click.echo(
            f"{item.name}  {item.state:9} {item.created_at[:16]}  {hit:11}  "
            f"{item.size / 1e6:7.1f} MB  {', '.join(item.parts)}"
        )


@models_command.command("show")
@_NAME
@_LINE
@json_option
def show_models(name: str, line: str, as_json: bool) -> None:
    """Show a release (`live`: the one in force): parts, settings, metrics, judgement.

    \b
    Example:
      faqdesk models show live
    """
    space = workspace()
    found = shelf.described(space, space.database(), name, line=line)
    metrics = shelf.part_metrics(space, found)
    if as_json:
        print_json(_as_dict(found) | {"metrics": metrics})
        return
    click.echo(f"{found.name}: {found.state}, made {found.created_at}, {found.size / 1e6:.1f} MB")
    if found.published_at:
        click.echo(f"put in force {found.published_at} by {found.published_by}")
    for kind, version in found.parts.items():
        click.echo(f"  {kind:9}{version}")
    if found.no_classifier:
        click.echo(f"  no classifier: {found.no_classifier}")
    for title, values in (("recipe", found.recipe), *metrics.items()):
        if values:
            click.echo(title)
            for line in _lines(values, "  "):
                click.echo(line)
    if found.judgement:
        from train.judgement import table

        click.echo("judgement")
        click.echo(table(found.judgement))


@models_command.command("publish")
@_NAME
@_LINE
@click.option("--force", is_flag=True, help="Though it was judged worse; needs a --reason.")
@click.option("--reason", default="", help="Why; kept with the release and in the audit trail.")
@json_option
def publish_models(name: str, line: str, force: bool, reason: str, as_json: bool) -> None:
    """Put a stored release in force, after checking every file of it.

    One that was judged worse than the one in force is refused, unless it is forced and somebody
    says why.

    \b
    Example:
      faqdesk models publish 20261103-081500-a1b2
      faqdesk models publish 20261103-081500-a1b2 --force --reason "Knows the new FAQs."
    """
    space = workspace()
    db = space.database()
    moved = releases.put_in_force(
        space, db, name, actor=actor(), line=line, force=force, reason=reason
    )
    _tell(moved, as_json)
    if line == "moderation" and not as_json:
        from .policies_asked import asleep

        for policy in asleep(space, db):
            click.echo(
                f"The policy {policy} was made for another model: it hides nothing now. Propose "
                f"one for this model: faqdesk policy propose"
            )


@models_command.command("rollback")
@_LINE
@click.option("--reason", default="", help="Why; kept with the move and in the audit trail.")
@json_option
def rollback_models(line: str, reason: str, as_json: bool) -> None:
    """Go back to the release that was in force before; once more goes further back.

    \b
    Example:
      faqdesk models rollback
      faqdesk models rollback --reason "Parcels were not found any more."
    """
    space = workspace()
    db = space.database()
    _tell(releases.rollback(space, db, actor=actor(), line=line, reason=reason), as_json)


models_command.add_command(replay_models)
models_command.add_command(history_models)


@models_command.command("prune")
@click.option(
    "--keep", required=True, type=click.IntRange(0), help="Releases to keep for going back."
)
@click.option("--delete", is_flag=True, help="Really delete; without it, only say what would go.")
@_LINE
@json_option
def prune_models(keep: int, delete: bool, line: str, as_json: bool) -> None:
    """Delete old releases' model folders, and vectors of encoders that go with them.

    Kept are the release in force, the KEEP that were in force before it, and candidates made since.
    A folder that cannot be deleted whole is named and the exit code is 1; the next run tries again.

    \b
    Example:
      faqdesk models prune --keep 2
      faqdesk models prune --keep 2 --delete
    """
    space = workspace()
    found = shelf.prune(
        space, space.database(), keep=keep, actor=actor(), dry_run=not delete, line=line
    )
    if as_json:
        print_json(asdict(found) | {"deleted": delete})
    else:
        _tell_pruning(found, delete)
    if found.failed:
        raise SystemExit(1)


def _tell_pruning(found: Pruning, delete: bool) -> None:
    for name in found.releases:
        click.echo(f"release {name}")
    for folder in found.folders:
        click.echo(f"  {folder}")
    words = "Deleted" if delete else "Would delete (nothing is deleted without --delete)"
    click.echo(
        f"{words}: {len(found.releases)} releases, {len(found.folders)} folders of "
        f"{found.bytes / 1e6:.1f} MB, {found.vectors:,} vectors."
    )
    for folder, why in found.failed:
        click.echo(f"Could not delete {folder}: {why}. Mend its rights and prune again.", err=True)


def _tell(release: releases.Release, as_json: bool) -> None:
    if as_json:
        print_json({"release": release.name, "parts": dict(release.parts)})
    else:
        click.echo(f"Release {release.name} is in force.")


def _as_dict(found: Stored) -> dict[str, Any]:
    return asdict(found) | {"hit@1": found.hit_1}


def _lines(values: Any, indent: str) -> list[str]:
    """A nested object as lines, its lists of objects left out: they are long, `--json` has them."""
    lines = []
    for name, value in values.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}", *_lines(value, indent + "  ")]
        elif not (isinstance(value, list) and value and isinstance(value[0], dict | list)):
            lines.append(f"{indent}{name} {value}")
    return lines
