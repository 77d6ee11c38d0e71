"""`faqdesk similar` and `faqdesk serve-index`: listings that show one thing."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import os
import signal
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from .common import actor, json_option, print_json, progress_line, workspace

if TYPE_CHECKING:
    from listings.similar.looks import Match


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
@json_option
def index_command(as_json: bool) -> None:
    """Describe new listings and save the index; searches do not wait for it.

    \b
    Example:
      faqdesk similar index
    """
    from web.similar_desk import SimilarDesk

    space = workspace()
    with closing(space.database()) as db, progress_line("Describing") as progress:
        count = SimilarDesk(space).index(db, progress=progress)
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
@json_option
def find_command(
    listing_id: int | None, text: str | None, picture: Path | None, top_k: int, as_json: bool
) -> None:
    """Find listings like one of the desk's, like a text, or like a picture.

    \b
    Example:
      faqdesk similar find 17
      faqdesk similar find --text "아이폰 7 128기가"
    """
    if sum(given is not None for given in (listing_id, text, picture)) != 1:
        raise click.UsageError("Name a listing's number, or --text, or --picture.")
    from web.similar_desk import SimilarDesk

    desk = SimilarDesk(workspace())
    if listing_id is not None:
        found = desk.by_listing(listing_id, top_k=top_k)
    elif text is not None:
        found = desk.by_text(text, top_k=top_k)
    elif picture is not None:
        found = desk.by_picture(picture, top_k=top_k)
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


@click.command("serve-index")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8050, show_default=True, type=click.IntRange(0, 65535))
def serve_index_command(host: str, port: int) -> None:
    """Serve the desk's vectors and similar listings over gRPC.

    Callers show the token in FAQDESK_INDEX_TOKEN; without one it serves this machine alone. What
    travels is not encrypted: elsewhere put it behind a proxy that is.

    \b
    Example:
      faqdesk serve-index --port 8050
    """
    from support.grpc_index import TOKEN
    from web.index_server import IndexServer, named
    from web.similar_desk import SimilarDesk

    space = workspace()
    desk = SimilarDesk(space)
    with closing(space.database()) as db, progress_line("Reading"):
        desk.similar.refresh(db)
    indexes = {name: named(index, dim) for name, index, dim in desk.similar.vector_indexes()}
    server = IndexServer(
        indexes, listings=desk, host=host, port=port, token=os.environ.get(TOKEN, "")
    )

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    server.start()
    click.echo(f"Serving {', '.join(indexes)} and similar listings on {host}:{server.port}")
    try:
        server.wait()
    finally:
        server.stop()


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
