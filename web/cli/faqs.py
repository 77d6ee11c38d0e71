"""`faqdesk faqs`: the kept answers, what changed in them, and what wants attention."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from contextlib import closing
from dataclasses import asdict

import click

from .common import actor, json_option, print_json, workspace
from .faqs_attention import findings_command, links_command, set_aside_command
from .faqs_tables import export_command, import_command


@click.group("faqs")
def faqs_command() -> None:
    """Make, edit, rename, merge and retire FAQs; every change can be taken back.

    \b
    Example:
      faqdesk faqs create "교환은 어떻게 하나요?" --category 교환
      faqdesk faqs merge money-back refund
      faqdesk faqs undo 7
    """


@faqs_command.command("list")
@click.option("--search", "words", default="", help="Only those that hold every word.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@json_option
def list_command(words: str, limit: int, as_json: bool) -> None:
    """List FAQs, the most used first.

    \b
    Example:
      faqdesk faqs list --search 환불
    """
    from support import faqs

    with closing(workspace().database()) as db:
        found = faqs.search(db, words, limit=limit)
    if as_json:
        print_json([asdict(faq) for faq in found])
        return
    for faq in found:
        click.echo(f"{faq.slug}\t{faq.sent:,}\t{faq.title}\t{faq.category}\t{faq.url}")


@faqs_command.command("show")
@click.argument("slug")
@json_option
def show_command(slug: str, as_json: bool) -> None:
    """Show an FAQ, its old names, and what it said before.

    \b
    Example:
      faqdesk faqs show refund
    """
    from support import faqs

    with closing(workspace().database()) as db:
        faq = faqs.get(db, slug)
        names = faqs.aliases(db)
        old = sorted(alias for alias, name in names.items() if name == slug)
        into = names.get(slug, "")
        sql = """
            SELECT title, title_en, body, until FROM faq_revisions
            WHERE faq_id = (SELECT id FROM faqs WHERE slug = ?) ORDER BY id DESC
        """
        said = list(db.query(sql, [slug]))
    if as_json:
        print_json(asdict(faq) | {"aliases": old, "merged_into": into, "said_before": said})
        return
    state = "" if faq.active else f" (part of {into} now)" if into else " (retired)"
    click.echo(f"{faq.slug}{state}: {faq.title}\n{faq.url}\n")
    click.echo(faq.body)
    click.echo(f"\nSent {faq.sent:,} times. Old names: {', '.join(old) or 'none'}.")
    for revision in said:
        click.echo(f"Until {revision['until']}: {revision['title']}")


@faqs_command.command("near")
@click.argument("text")
@click.option("--limit", type=click.IntRange(1), default=5, show_default=True)
@json_option
def near_command(text: str, limit: int, as_json: bool) -> None:
    """List FAQs that say something like a text: look before you make another.

    \b
    Example:
      faqdesk faqs near "교환은 어떻게 하나요?"
    """
    from support import faq_near
    from train.gaps import encoder_in_force

    space = workspace()
    with closing(space.database()) as db:
        found = faq_near.near_faqs(db, encoder_in_force(space), text, top_k=limit)
    if as_json:
        print_json([asdict(item) for item in found])
        return
    for item in found:
        click.echo(f"{item.likeness:.2f}\t{item.faq.slug}\t{item.faq.title}")
    if not found:
        click.echo("No FAQ is like it.")


@faqs_command.command("create")
@click.argument("title")
@click.option("--slug", default="", help="Its name in links; without it, made of the title.")
@click.option("--title-en", default="")
@click.option("--body", default="")
@click.option("--category", default="")
@click.option("--url", default="")
def create_command(
    title: str, slug: str, title_en: str, body: str, category: str, url: str
) -> None:
    """Make an FAQ.

    \b
    Example:
      faqdesk faqs create "교환은 어떻게 하나요?" --slug exchange --category 교환
    """
    from support import faq_edit

    with closing(workspace().database()) as db:
        faq = faq_edit.create(
            db, actor(), title=title, slug=slug, title_en=title_en, body=body, category=category,
            url=url,
        )  # fmt: skip
    click.echo(f"{faq.slug}\t{faq.url}")


@faqs_command.command("edit")
@click.argument("slug")
@click.option("--title")
@click.option("--title-en")
@click.option("--body")
@click.option("--category")
@click.option("--url")
def edit_command(
    slug: str,
    title: str | None,
    title_en: str | None,
    body: str | None,
    category: str | None,
    url: str | None,
) -> None:
    """Change what an FAQ says, or where it is.

    \b
    Example:
      faqdesk faqs edit refund --title "환불은 언제 되나요?"
    """
    from support import faq_edit

    given = {"title": title, "title_en": title_en, "body": body, "category": category, "url": url}
    fields = {name: value for name, value in given.items() if value is not None}
    if not fields:
        raise click.UsageError("Say what shall change, such as --title.")
    with closing(workspace().database()) as db:
        faq = faq_edit.edit(db, actor(), slug, **fields)
    click.echo(f"{faq.slug}: {faq.title}")


@faqs_command.command("rename")
@click.argument("slug")
@click.argument("to")
@click.option("--url", default="", help="Its new address, where the desk's pattern is not right.")
def rename_command(slug: str, to: str, url: str) -> None:
    """Give an FAQ another slug; the old one stays readable in links, its labels follow.

    \b
    Example:
      faqdesk faqs rename shipping delivery
    """
    from support import faq_edit

    with closing(workspace().database()) as db:
        moved = faq_edit.rename(db, actor(), slug, to, url=url)
    click.echo(
        f"{slug} is {to} now; {moved.labels:,} labels followed. Take it back: "
        f"faqdesk faqs undo {moved.change_id}"
    )


@faqs_command.command("merge")
@click.argument("slug")
@click.argument("into")
def merge_command(slug: str, into: str) -> None:
    """Make one FAQ a part of another: its links and labels are the other's from now on.

    \b
    Example:
      faqdesk faqs merge money-back refund
    """
    from support import faq_edit

    with closing(workspace().database()) as db:
        moved = faq_edit.merge(db, actor(), slug, into)
    click.echo(
        f"{slug} is part of {into} now; {moved.labels:,} labels followed. Take it back: "
        f"faqdesk faqs undo {moved.change_id}"
    )


@faqs_command.command("retire")
@click.argument("slug")
def retire_command(slug: str) -> None:
    """Suggest an FAQ no more; what it taught stays.

    \b
    Example:
      faqdesk faqs retire winter-sale
    """
    from support import faq_edit

    with closing(workspace().database()) as db:
        change = faq_edit.retire(db, actor(), slug)
    click.echo(f"Retired. Take it back: faqdesk faqs undo {change}")


@faqs_command.command("restore")
@click.argument("slug")
def restore_command(slug: str) -> None:
    """Let a retired FAQ be suggested again.

    \b
    Example:
      faqdesk faqs restore winter-sale
    """
    from support import faq_edit

    with closing(workspace().database()) as db:
        faq_edit.restore(db, actor(), slug)
    click.echo("It can be suggested again.")


@faqs_command.command("changes")
@click.argument("slug", default="")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@json_option
def changes_command(slug: str, limit: int, as_json: bool) -> None:
    """List changes of FAQs, newest first.

    \b
    Example:
      faqdesk faqs changes refund
    """
    from support import faq_changes

    with closing(workspace().database()) as db:
        found = faq_changes.listed(db, slug=slug, limit=limit)
    if as_json:
        print_json([asdict(change) for change in found])
        return
    for change in found:
        into = f" -> {change.into_slug}" if change.into_slug else ""
        undone = f" (taken back {change.undone_at})" if change.undone_at else ""
        click.echo(
            f"{change.id}\t{change.at}\t{change.actor}\t{change.kind}\t{change.slug}{into}"
            f"\t{change.labels:,} labels{undone}"
        )


@faqs_command.command("undo")
@click.argument("change_id", type=int)
def undo_command(change_id: int) -> None:
    """Take a change back: every row stands as it stood before.

    \b
    Example:
      faqdesk faqs undo 7
    """
    from support import faq_undo

    with closing(workspace().database()) as db:
        change = faq_undo.undo(db, actor(), change_id)
    click.echo(f"Taken back: {change.kind} {change.slug}.")


for command in (export_command, import_command, findings_command, set_aside_command, links_command):
    faqs_command.add_command(command)
