"""`faqdesk similar`: listings that show one thing."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import actor, json_option, print_json, progress_line, workspace
from .spreading import opened_spread, spread_options

if TYPE_CHECKING:
    from listings.similar.looks import Match
    from web.similar_follow import Door


@click.group("similar")
def similar_command() -> None:
    """Find listings that show one thing, and watch for sellers who come back.

    \b
    Example:
      faqdesk similar index
      faqdesk similar find 17
      faqdesk similar watch
    """


@similar_command.command("index")
@spread_options
@json_option
def index_command(
    as_json: bool, engine: str, address: str, workers: int | None, shared: Path | None
) -> None:
    """Describe new listings and save the index; searches do not wait for it.

    Where there are many, several processes do it, here or on a Ray cluster whose machines see the
    pictures under the same name. Killed and started again, it goes on.

    \b
    Example:
      faqdesk similar index
      faqdesk similar index --engine ray --address 10.0.0.5:6379 --shared /mnt/desk
    """
    from web.similar_desk import SimilarDesk

    space = workspace()
    with (
        closing(space.database()) as db,
        opened_spread(space, engine, address, workers, shared) as spread,
        progress_line("Describing") as progress,
    ):
        count = SimilarDesk(space).index(db, spread=spread, progress=progress)
    if as_json:
        print_json({"listings": count})
    else:
        click.echo(f"{count:,} listings can be found.")


@similar_command.command("find")
@click.argument("listing_id", type=int, required=False)
@click.option("--text", help="Words of a listing instead.")
@click.option(
    "--picture", type=click.Path(path_type=Path, dir_okay=False), help="A picture file instead."
)
@click.option("--top-k", default=10, show_default=True, type=click.IntRange(1, 1000))
@click.option("--server", metavar="HOST:PORT", help="Ask an index server instead of the desk.")
@json_option
def find_command(
    listing_id: int | None,
    text: str | None,
    picture: Path | None,
    top_k: int,
    server: str | None,
    as_json: bool,
) -> None:
    """Find listings like one of the desk's, like a text, or like a picture.

    An index server is shown the token in FAQDESK_INDEX_TOKEN; FAQDESK_INDEX_CA names the authority
    of its certificate.

    \b
    Example:
      faqdesk similar find 17
      faqdesk similar find --text "아이폰 7 128기가"
      faqdesk similar find 17 --server localhost:8050
    """
    if sum(given is not None for given in (listing_id, text, picture)) != 1:
        raise click.UsageError("Name a listing's number, or --text, or --picture.")
    door = _door(server)
    if listing_id is not None:
        found = door.by_listing(listing_id, top_k=top_k)
    else:
        found = door.by_look(text or "", [picture] if picture else [], top_k=top_k)
    if as_json:
        print_json([asdict(match) for match in found])
        return
    if not found:
        click.echo("None that is like it.")
    for match in found:
        click.echo(f"{match.listing_id:8}  {match.probability:.2f}  {_why(match)}")


@similar_command.command("watch")
@json_option
def watch_command(as_json: bool) -> None:
    """Look at new listings: those like a sanctioned seller's, repeats, one thing of many accounts.

    Nothing is hidden: what is found opens a case that waits for a person.

    \b
    Example:
      faqdesk similar watch
    """
    from web.watching import watch

    space = workspace()
    with closing(space.database()) as db, progress_line("Watching") as progress:
        report = watch(space, db, progress=progress)
    if as_json:
        print_json(asdict(report))
        return
    click.echo(f"{report.looked:,} listings looked at, {report.links:,} links.")
    for kind, count in report.alerts.items():
        click.echo(f"{kind:12} {count:,} new")


@similar_command.command("prune")
@click.option("--delete", is_flag=True, help="Delete them; without it, only say how many.")
@json_option
def prune_command(delete: bool, as_json: bool) -> None:
    """Forget vectors that models made which are no longer in force.

    Of the saved index there is one at a time: a newer one replaces it.

    \b
    Example:
      faqdesk similar prune --delete
    """
    from web.similar_desk import SimilarDesk

    space = workspace()
    with closing(space.database()) as db:
        count = SimilarDesk(space).prune(db, dry_run=not delete)
    if as_json:
        print_json({"vectors": count, "deleted": delete})
    elif delete:
        click.echo(f"{count:,} old vectors deleted.")
    else:
        click.echo(f"{count:,} old vectors. Delete them: faqdesk similar prune --delete")


@similar_command.command("groups")
@click.option("--sellers", default=1, show_default=True, help="Of so many sellers at least.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@json_option
def groups_command(sellers: int, limit: int, as_json: bool) -> None:
    """List groups of listings that are one thing, the largest first.

    \b
    Example:
      faqdesk similar groups --sellers 2
    """
    from listings.similar.groups import groups

    with closing(workspace().database()) as db:
        found = groups(db, sellers=sellers, limit=limit)
    if as_json:
        print_json([asdict(group) for group in found])
        return
    for group in found:
        ids = ", ".join(map(str, group.listing_ids))
        click.echo(f"{len(group.listing_ids)} listings of {len(group.sellers)} sellers: {ids}")


@similar_command.command("split")
@click.argument("listing_ids", type=int, nargs=-1, required=True)
def split_command(listing_ids: tuple[int, ...]) -> None:
    """Take listings out of their group: they are not the same as the rest.

    \b
    Example:
      faqdesk similar split 17 23
    """
    from listings.similar.groups import split

    with closing(workspace().database()) as db:
        pairs = split(db, actor(), listing_ids)
    click.echo(f"{len(pairs)} pairs are kept apart from now on.")


@similar_command.command("confirm")
@click.argument("listing_id", type=int)
def confirm_command(listing_id: int) -> None:
    """Say that a listing's whole group is one thing: its links stay, whatever is found later.

    \b
    Example:
      faqdesk similar confirm 17
    """
    from listings.similar.groups import confirm

    with closing(workspace().database()) as db:
        group = confirm(db, actor(), listing_id)
    click.echo(f"{len(group.listing_ids)} listings are one thing.")


@similar_command.group("alerts", invoke_without_command=True)
@click.option("--state", default="open", show_default=True, help="open, confirmed or dismissed.")
@click.option("--kind", help="sanctioned, repeat, accounts or catalogue.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@json_option
@click.pass_context
def alerts_command(
    context: click.Context, state: str, kind: str | None, limit: int, as_json: bool
) -> None:
    """List what watching found, the surest first; confirm or dismiss it.

    \b
    Example:
      faqdesk similar alerts --kind sanctioned
      faqdesk similar alerts dismiss 4
    """
    if context.invoked_subcommand:
        return
    from listings.similar.alerts import alerts

    with closing(workspace().database()) as db:
        found = alerts(db, state=state, kind=kind, limit=limit)
    if as_json:
        print_json([asdict(alert) for alert in found])
        return
    if not found:
        click.echo(f"None that is {state}.")
    for alert in found:
        other = "" if alert.other_id is None else f"like {alert.other_id}"
        told = ", ".join(f"{name} {value}" for name, value in alert.detail.items())
        click.echo(
            f"{alert.id:6}  {alert.kind:10}  listing {alert.listing_id}  {other:12}"
            f"  {alert.probability:.2f}  {told}"
        )


@alerts_command.command("confirm")
@click.argument("alert_ids", type=int, nargs=-1, required=True)
def confirm_alerts_command(alert_ids: tuple[int, ...]) -> None:
    """Say that alerts were right.

    \b
    Example:
      faqdesk similar alerts confirm 4 5
    """
    _decide(alert_ids, right=True)


@alerts_command.command("dismiss")
@click.argument("alert_ids", type=int, nargs=-1, required=True)
def dismiss_alerts_command(alert_ids: tuple[int, ...]) -> None:
    """Say that alerts were wrong.

    \b
    Example:
      faqdesk similar alerts dismiss 4
    """
    _decide(alert_ids, right=False)


@alerts_command.command("reopen")
@click.argument("alert_ids", type=int, nargs=-1, required=True)
def reopen_alerts_command(alert_ids: tuple[int, ...]) -> None:
    """Take decisions on alerts back.

    \b
    Example:
      faqdesk similar alerts reopen 4
    """
    from listings.similar.alerts import undo
    from support.database import write

    with closing(workspace().database()) as db, write(db):
        for alert_id in alert_ids:
            undo(db, actor(), alert_id)
    click.echo(f"{len(alert_ids)} alerts are open again.")


def _decide(alert_ids: tuple[int, ...], *, right: bool) -> None:
    from listings.similar.alerts import decide
    from support.database import write

    # All of them or none: what half a list did is hard to see.
    with closing(workspace().database()) as db, write(db):
        for alert_id in alert_ids:
            decide(db, actor(), alert_id, right=right)
    click.echo(f"{len(alert_ids)} alerts {'confirmed' if right else 'dismissed'}.")


def _door(server: str | None) -> "Door":
    if server:
        from web.similar_remote import RemoteListings

        return RemoteListings(server)
    from web.similar_desk import SimilarDesk

    return SimilarDesk(workspace())


def _why(match: "Match") -> str:
    parts = []
    for reason in match.reasons:
        if reason.by == "text":
            parts.append(f"words {reason.score:.2f} ({', '.join(reason.words)})")
        elif reason.by == "hash":
            parts.append(f"picture {reason.other_picture} but for {reason.bits} of 64 bits")
        else:
            parts.append(f"picture {reason.other_picture} {reason.score:.2f}")
    return "; ".join(parts)
