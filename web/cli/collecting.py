"""`faqdesk collect`: listings into the desk, from an API or files, and cleaning them."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlite_utils import Database

from listings import stored
from listings.clean import ALL_STEPS, clean, undo_clean
from listings.collect_fetch import PictureFetcher
from listings.collect_files import collect_files
from listings.collect_naver import LAST, collect_naver
from listings.collect_quota import Quota
from listings.collect_run import recent_runs
from listings.forget import forget_listings
from listings.moderation.policy_store import in_mode
from listings.naver import (
    EXCLUDES,
    PER_DAY,
    PER_SECOND,
    SORTS,
    SOURCE,
    URL,
    NaverShop,
    credentials,
)
from support.errors import InputError
from support.workspace import Workspace

from .collecting_report import print_cleaned, print_collected
from .common import actor, json_option, print_json, progress_line, workspace
from .moderation import print_moderated

if TYPE_CHECKING:  # the engines are imported where there is something to judge
    from web.moderating import Moderated

_PATHS = click.Path(path_type=Path)
_fetch = click.option(
    "--fetch-pictures",
    is_flag=True,
    help="Fetch pictures that are named by address, from the public network; else none is.",
)
_private = click.option(
    "--private-addresses", is_flag=True, help="Fetch pictures from private networks too."
)
_again = click.option("--again", is_flag=True, help="Begin at the beginning, not where it stopped.")


def _fetcher(fetch: bool, private: bool) -> PictureFetcher | None:
    if private and not fetch:
        raise click.UsageError("--private-addresses goes with --fetch-pictures.")
    return PictureFetcher(private=private) if fetch else None


@click.group("collect")
def collect_command() -> None:
    """Collect listings, clean them, and show what there is.

    \b
    Example:
      faqdesk collect files listings.csv photos/
      faqdesk collect clean
      faqdesk collect status
    """


@collect_command.command("naver")
@click.option("--query", default="", help="The words to search for.")
@click.option("--category", default="", help="Keep only what lies in it, such as 패션잡화 > 신발.")
@click.option("--sort", type=click.Choice(SORTS), default=SORTS[0], show_default=True)
@click.option("--exclude", multiple=True, type=click.Choice(EXCLUDES), help="May be given again.")
@click.option("--limit", default=LAST, show_default=True, help="Results at most.")
@click.option("--per-day", default=PER_DAY, show_default=True, help="Calls a day.")
@click.option("--per-second", default=PER_SECOND / 2, show_default=True, help="Calls a second.")
@_fetch
@_private
@_again
@json_option
def naver_command(
    query: str,
    category: str,
    sort: str,
    exclude: tuple[str, ...],
    limit: int,
    per_day: int,
    per_second: float,
    fetch_pictures: bool,
    private_addresses: bool,
    again: bool,
    as_json: bool,
) -> None:
    """Collect what a shopping search in the form of Naver's finds.

    Naver closed its own on 31 July 2026: name an address that answers as it did with
    FAQDESK_NAVER_URL. FAQDESK_NAVER_CLIENT_ID and FAQDESK_NAVER_CLIENT_SECRET hold the key.
    Stopped or killed, the same command goes on where it was.

    \b
    Example:
      faqdesk collect naver --query 운동화 --category "패션잡화 > 남성신발"
    """
    if per_day < 1 or per_second <= 0:
        raise InputError("--per-day and --per-second must be above 0.")
    client_id, secret = credentials()
    space = workspace().create()
    seal = space.seal()
    with closing(space.database()) as db, progress_line("Collecting") as progress:
        quota = Quota(
            db,
            source=SOURCE,
            client=seal.fingerprint(client_id),
            per_day=per_day,
            per_second=per_second,
        )
        shop = NaverShop(
            client_id, secret, quota, url=os.environ.get("FAQDESK_NAVER_URL", "").strip() or URL
        )
        report = collect_naver(
            db,
            seal,
            space.home / "images",
            shop,
            query=query,
            category=category,
            sort=sort,
            exclude=exclude,
            limit=limit,
            fetcher=_fetcher(fetch_pictures, private_addresses),
            again=again,
            actor=actor(),
            progress=progress,
        )
    moderated = _moderate(space)
    if as_json:
        print_json(report.as_dict() | _told(moderated))
        return
    print_collected(report, "results")
    if moderated is not None:
        print_moderated(moderated)


@collect_command.command("files")
@click.argument("paths", nargs=-1, required=True, type=_PATHS)
@click.option("--map", "maps", multiple=True, metavar="ROLE=COLUMN", help="Such as title=상품명.")
@click.option("--source", default="files", show_default=True, help="The name of where it is from.")
@click.option("--tree", default="", help="Whose categories they are, if not the source's own.")
@click.option("--currency", default="", help="Of prices that name none, such as GBP; else won.")
@click.option("--separator", help="Between a category's levels, if it is an unusual one.")
@_fetch
@_private
@_again
@json_option
def files_command(
    paths: tuple[Path, ...],
    maps: tuple[str, ...],
    source: str,
    tree: str,
    currency: str,
    separator: str | None,
    fetch_pictures: bool,
    private_addresses: bool,
    again: bool,
    as_json: bool,
) -> None:
    """Collect listings from CSV, JSON Lines, and folders or tar files of pictures.

    Columns are guessed by their names. Pictures are those that the column of images names, by file,
    or by address with --fetch-pictures. Text is masked before it is stored; the same file again
    adds nothing.

    \b
    Example:
      faqdesk collect files listings.csv photos.tar
      faqdesk collect files ads.jsonl photos/ --map title=name --map category=cat1,cat2
    """
    told = {}
    for entry in maps:
        role, sign, column = entry.partition("=")
        if not sign:
            raise InputError(f"--map takes ROLE=COLUMN, got {entry!r}.")
        told[role.strip()] = column.strip()
    space = workspace().create()
    with closing(space.database()) as db, progress_line("Collecting") as progress:
        reports = collect_files(
            db,
            space.seal(),
            space.home / "images",
            list(paths),
            source=source,
            told=told,
            tree=tree,
            currency=currency,
            separator=separator,
            fetcher=_fetcher(fetch_pictures, private_addresses),
            again=again,
            actor=actor(),
            progress=progress,
        )
    moderated = _moderate(space)
    if as_json:
        print_json({"tables": [report.as_dict() for report in reports]} | _told(moderated))
        return
    for report in reports:
        print_collected(report, "rows")
    if moderated is not None:
        print_moderated(moderated)


@collect_command.command("clean")
@click.option("--skip", multiple=True, type=click.Choice(ALL_STEPS), help="May be given again.")
@click.option("--dry-run", is_flag=True, help="Report, but change nothing.")
@click.option("--undo", is_flag=True, help="Bring back the words as they were collected.")
@json_option
def clean_command(skip: tuple[str, ...], dry_run: bool, undo: bool, as_json: bool) -> None:
    """Tidy texts, leave out what is empty or there twice, and group near duplicates.

    Every run starts from the words as they were collected; nothing is deleted.

    \b
    Example:
      faqdesk collect clean --dry-run
      faqdesk collect clean --skip pictures
      faqdesk collect clean --undo
    """
    with _desk() as (_, db):
        if undo:
            if dry_run or skip:
                raise InputError("--undo goes with neither --skip nor --dry-run.")
            restored = undo_clean(db, actor=actor())
            if as_json:
                print_json({"restored": restored})
            else:
                click.echo(f"{restored:,} listings are as they were collected.")
            return
        with progress_line("Cleaning") as progress:
            report = clean(db, actor=actor(), skip=skip, dry_run=dry_run, progress=progress)
    if as_json:
        print_json(report.as_dict())
    else:
        print_cleaned(report)


@collect_command.command("status")
@json_option
def status_command(as_json: bool) -> None:
    """Show how many listings and pictures there are, and the last runs.

    \b
    Example:
      faqdesk collect status
    """
    with _desk() as (_, db):
        found, runs = stored.summary(db), recent_runs(db)
    if as_json:
        print_json(found | {"runs": runs})
        return
    sources = ", ".join(f"{name} {count:,}" for name, count in found["by_source"].items())
    click.echo(f"{found['listings']:,} listings{f' ({sources})' if sources else ''}.")
    click.echo(
        f"{found['pictures']:,} pictures, {found['pictures_missing']:,} missing; "
        f"{found['hand_labels']:,} labels by hand."
    )
    removed = ", ".join(f"{why} {count:,}" for why, count in found["removed"].items())
    click.echo(f"Left out: {removed or 'none'}; duplicates: {found['duplicates']:,}.")
    for run in runs:
        why = f": {run['problem']}" if run["problem"] else ""
        click.echo(f"  {run['updated_at']} {run['source']} {run['query']} {run['state']}{why}")


@collect_command.command("forget")
@click.argument("source")
@click.option("--older-than", "days", type=float, metavar="DAYS", help="Only what is older.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def forget_command(source: str, days: float | None, yes: bool, as_json: bool) -> None:
    """Forget a source's listings for good, with their pictures, labels and decisions.

    \b
    Example:
      faqdesk collect forget naver --older-than 21 --yes
    """
    with _desk() as (space, db):
        if not yes:
            click.confirm(f"Forget the listings of {source} for good?", abort=True, err=True)
        images = space.home / "images"
        gone, files = forget_listings(db, images, source, days=days, actor=actor())
    if as_json:
        print_json({"listings": gone, "pictures": files})
    else:
        click.echo(f"{gone:,} listings and {files:,} pictures are forgotten.")


@contextmanager
def _desk() -> Iterator[tuple[Workspace, Database]]:
    space = workspace()
    with closing(space.database()) as db:
        yield space, db


def _moderate(space: Workspace) -> "Moderated | None":
    """Judge and watch what is new, where a policy asks for it: sure ads shall not stay a minute."""
    with closing(space.database()) as db:
        if in_mode(db, "live") is None and in_mode(db, "shadow") is None:
            return None
        from web.moderating import moderate_new

        with progress_line("Judging") as progress:
            return moderate_new(space, db, progress=progress)


def _told(moderated: "Moderated | None") -> dict[str, Any]:
    return {} if moderated is None else {"moderation": moderated.as_dict()}
