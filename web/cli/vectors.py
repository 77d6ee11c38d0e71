"""`faqdesk vectors`: what a vector engine holds of the desk, and how far it is up to date."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from .common import json_option, print_json, progress_line, workspace

if TYPE_CHECKING:
    from sqlite_utils import Database

    from support.milvus_collection import MilvusPlace


@click.group("vectors", invoke_without_command=True)
@json_option
@click.pass_context
def vectors_command(context: click.Context, as_json: bool) -> None:
    """Show which vector engine is set, and how far its collections are up to date.

    FAQDESK_VECTORS names it: faiss, the default, needs none of this; http://localhost:19530 or
    https://host:19530 is a Milvus (its token in FAQDESK_VECTORS_TOKEN). The truth stays in desk.db:
    a collection that is lost is built again.

    \b
    Example:
      faqdesk vectors
      FAQDESK_VECTORS=http://localhost:19530 faqdesk vectors sync
    """
    if context.invoked_subcommand is not None:
        return
    from support import vector_collections, vector_engine

    place = vector_engine.place()
    with closing(workspace().database()) as db:
        away = vector_collections.away(db, place.uri) if place else None
        rows = [
            asdict(at) | {"behind": _behind(db, at)} for at in vector_collections.listed(db)
        ]  # fmt: skip
    if as_json:
        engine = place.uri if place else vector_engine.FAISS
        print_json({"engine": engine, "away": away and away[1], "collections": rows})
        return
    click.echo(f"Engine: {place.uri if place else 'faiss (embedded)'}")
    if away:
        click.echo(f"Away since {away[0]}: {away[1]}", err=True)
    for row in rows:
        _tell(row, place)


@vectors_command.command("sync")
def sync_command() -> None:
    """Send the engine what it lacks, and drop what shall go; killed, it goes on where it was.

    The worker does so every minute.

    \b
    Example:
      faqdesk vectors sync
    """
    _bring_up(_place())


@vectors_command.command("anew")
def anew_command() -> None:
    """Build every collection anew, then drop the old ones; searches go on meanwhile.

    \b
    Example:
      faqdesk vectors anew
    """
    _bring_up(_place(), anew=True)


@vectors_command.command("drop")
@click.option("--left", is_flag=True, help="Those of the desk that this one is a copy of.")
def drop_command(left: bool) -> None:
    """Drop the desk's collections from the engine; desk.db keeps every vector.

    With --left those that were left alone, because this desk was brought back from a backup or
    copied: only once the other desk is gone.

    \b
    Example:
      FAQDESK_VECTORS=http://localhost:19530 faqdesk vectors drop
      faqdesk vectors drop --left
    """
    from support import vector_collections
    from support.vector_sync import drop_due

    place = _place()
    with closing(workspace().database()) as db:
        vector_collections.let_all_go(db, place.uri, left=left)
        n = drop_due(db, place)
    click.echo(f"{n:,} collections dropped from {place.uri}.")


def _place() -> "MilvusPlace":
    """The engine that is set.

    Raises:
        SettingError: none is.
    """
    from support import vector_engine
    from support.errors import SettingError

    place = vector_engine.place()
    if place is None:
        raise SettingError(
            f"{vector_engine.VECTORS} names no vector engine: the embedded one needs no sending. "
            f"Name a Milvus: {vector_engine.VECTORS}=http://localhost:19530"
        )
    return place


def _bring_up(place: "MilvusPlace", *, anew: bool = False) -> None:
    from support.models import load_past
    from web.vector_work import bring_up

    space = workspace()
    with closing(space.database()) as db, progress_line("Sending") as progress:
        similar = load_past(space.models).similar
        encoder = similar.encoder if similar is not None else None
        bring_up(db, place, encoder=encoder, anew=anew, progress=progress)
        from support import vector_collections

        rows = [asdict(at) | {"behind": 0} for at in vector_collections.listed(db)]
    for row in rows:
        _tell(row, place)


def _behind(db: "Database", at: Any) -> int:
    from web.vector_work import source_of

    return source_of(at).left(db, at.seq)


def _tell(row: dict[str, Any], place: "MilvusPlace | None") -> None:
    count = "being sent" if row["count"] is None else f"{row['count']:,} vectors"
    state = "" if row["state"] == "used" else f", {row['state']}"
    if place is None or row["engine"] != place.uri:
        state += f", in {row['engine']}"
    behind = f", {row['behind']:,} behind" if row["behind"] else ""
    click.echo(f"{row['kind']:16} {row['version'][:12]:12} {count}{behind}{state}  {row['name']}")
