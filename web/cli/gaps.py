"""`faqdesk gaps`: what is asked again and again without an FAQ, and what becomes of it."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from .common import actor, json_option, print_json, progress_line, workspace

if TYPE_CHECKING:  # imported by the command that needs it
    from support.gaps import Gap

_ONLY = click.option(
    "--only", "only", multiple=True, type=int, metavar="INQUIRY",
    help="Only this one of its inquiries; may be given several times.",
)  # fmt: skip


@click.group("gaps")
def gaps_command() -> None:
    """Find what customers ask again and again and no FAQ answers; make it an FAQ.

    \b
    Example:
      faqdesk gaps find
      faqdesk gaps list --by minutes
      faqdesk gaps make 3 --title "환불은 언제 되나요?"
    """


@gaps_command.command("find")
@click.option("--smallest", type=click.IntRange(3), default=3, show_default=True,
              help="Inquiries that make a gap.")  # fmt: skip
@json_option
def find_command(smallest: int, as_json: bool) -> None:
    """Group the answered inquiries that linked no FAQ.

    \b
    Example:
      faqdesk gaps find --smallest 5
    """
    from train.gaps import find_gaps

    space = workspace()
    with closing(space.database()) as db, progress_line("Looking for gaps") as progress:
        found = find_gaps(space, db, smallest=smallest, progress=progress)
    if as_json:
        print_json(asdict(found))
        return
    click.echo(
        f"{found.inquiries:,} inquiries were answered without any FAQ; {found.grouped:,} of them "
        f"are {found.gaps:,} gaps, {found.fresh:,} of them new."
    )
    if found.shared is None:
        click.echo(
            "Too few inquiries with an FAQ, or too different ones, to know how alike is alike: "
            "look at the examples before you make an FAQ.",
            err=True,
        )


@gaps_command.command("list")
@click.option("--by", type=click.Choice(["count", "minutes", "newest"]), default="count",
              show_default=True, help="What comes first.")  # fmt: skip
@click.option("--state", type=click.Choice(["open", "dismissed", "closed"]), default="open",
              show_default=True)  # fmt: skip
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@json_option
def list_command(by: str, state: str, limit: int, as_json: bool) -> None:
    """List gaps, those that cost most first.

    Minutes are those from opening an inquiry on this desk to the first reply; of imports they are
    unknown.

    \b
    Example:
      faqdesk gaps list --by minutes
    """
    from support import gaps

    with closing(workspace().database()) as db:
        found = gaps.listed(db, state=state, order=by, limit=limit)  # type: ignore[arg-type]
        counts = gaps.counts(db)
    if as_json:
        print_json({"counts": counts, "gaps": [_gap(gap) for gap in found]})
        return
    for gap in found:
        click.echo(_line(gap))
    click.echo(", ".join(f"{count:,} {name}" for name, count in counts.items()))


@gaps_command.command("show")
@click.argument("gap_id", type=int)
@click.option("--examples", "limit", type=click.IntRange(1), default=5, show_default=True)
@json_option
def show_command(gap_id: int, limit: int, as_json: bool) -> None:
    """Show a gap with the draft and real inquiries of it, the most typical first.

    \b
    Example:
      faqdesk gaps show 3 --examples 10
    """
    from support import gaps

    with closing(workspace().database()) as db:
        gap = gaps.get(db, gap_id)
        examples = gaps.examples(db, gap_id, limit=limit)
    if as_json:
        print_json(_gap(gap) | {"body": gap.body, "examples": [asdict(item) for item in examples]})
        return
    click.echo(_line(gap))
    click.echo(f"Words: {', '.join(gap.words)}")
    click.echo(f"From {gap.first_at} to {gap.last_at}; likeness {gap.likeness:.2f}")
    for item in examples:
        click.echo(f"\n#{item.inquiry_id} {' '.join(item.question.split())[:200]}")
        click.echo(f"   > {' '.join(item.answer.split())[:200]}")


@gaps_command.command("make")
@click.argument("gap_id", type=int)
@click.option("--title", default="", help="Without it, the draft's.")
@click.option("--slug", default="", help="Its name in links; without it, made of the title.")
@click.option("--body", default="")
@click.option("--category", default="")
@click.option("--url", default="")
@_ONLY
@json_option
def make_command(
    gap_id: int,
    title: str,
    slug: str,
    body: str,
    category: str,
    url: str,
    only: tuple[int, ...],
    as_json: bool,
) -> None:
    """Make a gap an FAQ, with its inquiries as the first rows to learn from.

    \b
    Example:
      faqdesk gaps make 3 --title "환불은 언제 되나요?" --slug refund-when
    """
    from support import gaps

    with closing(workspace().database()) as db:
        faq, change = gaps.make_faq(
            db, actor(), gap_id, title=title, slug=slug, body=body, category=category, url=url,
            inquiry_ids=only or None,
        )  # fmt: skip
    if as_json:
        print_json({"slug": faq.slug, "title": faq.title, "labels": faq.sent, "change": change})
        return
    click.echo(
        f"FAQ {faq.slug!r} ({faq.title}) with {faq.sent:,} inquiries to learn from. Take it back: "
        f"faqdesk faqs undo {change}"
    )


@gaps_command.command("give")
@click.argument("gap_id", type=int)
@click.argument("slug")
@_ONLY
def give_command(gap_id: int, slug: str, only: tuple[int, ...]) -> None:
    """Close a gap with an FAQ that is there already: agents answered without its link.

    \b
    Example:
      faqdesk gaps give 3 refund
    """
    from support import gaps

    with closing(workspace().database()) as db:
        change = gaps.give_to_faq(db, actor(), gap_id, slug, inquiry_ids=only or None)
    click.echo(f"Its inquiries are labelled {slug!r}. Take it back: faqdesk faqs undo {change}")


@gaps_command.command("dismiss")
@click.argument("gap_id", type=int)
@click.option("--reason", default="", help="For those who look later.")
def dismiss_command(gap_id: int, reason: str) -> None:
    """Set a gap aside; it comes back when it has grown to twice its size.

    \b
    Example:
      faqdesk gaps dismiss 3 --reason "thanks, nothing asked"
    """
    from support import gaps

    with closing(workspace().database()) as db:
        gaps.dismiss(db, actor(), gap_id, reason=reason)
    click.echo(f"Set aside. Take it back: faqdesk gaps reopen {gap_id}")


@gaps_command.command("reopen")
@click.argument("gap_id", type=int)
def reopen_command(gap_id: int) -> None:
    """Take a dismissal back.

    \b
    Example:
      faqdesk gaps reopen 3
    """
    from support import gaps

    with closing(workspace().database()) as db:
        gaps.reopen(db, actor(), gap_id)
    click.echo("Open again.")


def _line(gap: "Gap") -> str:
    told = "" if gap.minutes is None else f", {gap.minutes:,.0f} min of {gap.timed:,}"
    near = f" [like FAQ {gap.near_slug}: {gap.near_share:.0%}]" if gap.unlinked else ""
    return f"{gap.id}\t{gap.n:,}{told}\t{gap.title}\t({', '.join(gap.words)}){near}"


def _gap(gap: "Gap") -> dict[str, Any]:
    return {**asdict(gap), "unlinked": gap.unlinked}
