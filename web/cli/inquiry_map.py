"""`faqdesk map`: all inquiries as points, what is alike together."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import os
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from .common import actor, json_option, print_json, progress_line, reason_option, workspace


@click.group("map")
def map_command() -> None:
    """Draw all inquiries as points, what is alike together; read, label and export regions.

    \b
    Example:
      faqdesk map make
      faqdesk map export projector/ --reason "a talk for the team"
    """


@map_command.command("make")
@click.option("--anew", is_flag=True, help="Lay all of it out, even where little is new.")
@json_option
def make_command(anew: bool, as_json: bool) -> None:
    """Lay the map out; where it is there, put what is new beside what it is most like.

    Killed, the next call goes on where it was.

    \b
    Example:
      faqdesk map make
    """
    from train.inquiry_map import make_map

    space = workspace()
    with closing(space.database()) as db, progress_line("Making the map") as progress:
        made = make_map(space, db, anew=anew, threads=os.cpu_count() or 1, progress=progress)
    if as_json:
        print_json(asdict(made))
        return
    how = "laid out anew" if made.anew else f"{made.placed:,} of them new"
    click.echo(f"{made.points:,} inquiries on the map, {how}.")


@map_command.command("show")
@json_option
def show_command(as_json: bool) -> None:
    """Show what is on the map: the FAQs, days and outcomes that its points are coloured by.

    \b
    Example:
      faqdesk map show --json
    """
    from support import map_page

    with closing(workspace().database()) as db:
        found = map_page.page(db)
    legend = {**found.legend, "bytes": len(found.data)}
    if as_json:
        print_json(legend)
        return
    click.echo(
        f"{legend['n']:,} points, {legend['first_day']} to {legend['last_day']}, made "
        f"{legend['made_at']}; {legend['not_placed']:,} inquiries came since."
    )
    for faq in legend["faqs"][:20]:
        click.echo(f"{faq['slug']}\t{faq['count']:,}\t{faq['title']}")


@map_command.command("search")
@click.argument("words")
@json_option
def search_command(words: str, as_json: bool) -> None:
    """Print the ids of inquiries that hold every word: what a page lights up.

    \b
    Example:
      faqdesk map search 환불
    """
    from support import inquiry_map

    with closing(workspace().database()) as db:
        found = inquiry_map.hits(db, words)
    if as_json:
        print_json(found)
        return
    for inquiry_id in found:
        click.echo(str(inquiry_id))


@map_command.command("region")
@click.argument("ids", nargs=-1, type=int, required=True)
@click.option("--label", "slug", default="", help="Say that this FAQ answers them.")
@click.option(
    "--export", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write them as CSV."
)
@reason_option
@json_option
def region_command(
    ids: tuple[int, ...], slug: str, file: Path | None, reason: str, as_json: bool
) -> None:
    """Read, label or export the inquiries of a region.

    \b
    Example:
      faqdesk map region 17 18 25 --label refund
    """
    from support import faq_labels, inquiry_map
    from support.taking_away import taken

    with closing(workspace().database()) as db:
        if file:
            taken(db, actor(), "inquiries.exported", reason, what=file.name, n=len(ids))
        moved = faq_labels.label(db, actor(), slug, list(ids)) if slug else None
        rows = inquiry_map.region(db, ids)
        used = inquiry_map.region_faqs(db, ids)
        written = inquiry_map.export_region(db, ids, file) if file else 0
    if as_json:
        change = moved.change_id if moved else None
        print_json({"inquiries": [asdict(row) for row in rows], "faqs": used, "change": change})
        return
    if moved:
        click.echo(f"{moved.labels:,} labelled. Take it back: faqdesk faqs undo {moved.change_id}")
    if file:
        click.echo(f"{written:,} inquiries in {file}.")
    if not moved and not file:
        for row in rows:
            text = " ".join(row.text.split())[:120]
            click.echo(f"{row.id}\t{row.opened_at}\t{' '.join(row.slugs)}\t{text}")
        click.echo(", ".join(f"{name} {count:,}" for name, count in used) or "no FAQ linked")


@map_command.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--limit", type=click.IntRange(1), help="The newest so many.")
@reason_option
def export_command(folder: Path, limit: int | None, reason: str) -> None:
    """Write vectors.tsv and metadata.tsv for the Embedding Projector.

    \b
    Example:
      faqdesk map export projector/ --limit 10000 --reason "a talk for the team"
    """
    from support import inquiry_map
    from support.taking_away import taken

    with closing(workspace().database()) as db:
        taken(db, actor(), "inquiries.exported", reason, what="projector")
        count = inquiry_map.export_projector(db, folder, limit=limit)
    click.echo(f"{count:,} rows in {folder / 'vectors.tsv'} and metadata.tsv.")
