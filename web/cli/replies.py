"""`faqdesk replies`: the team's saved replies, suggested like FAQs."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from .common import actor, json_option, print_json, progress_line, workspace

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("replies")
def replies_command() -> None:
    """Keep the team's saved replies; find where they were used; suggest them.

    \b
    Example:
      faqdesk replies import macros.csv
      faqdesk replies learn
      faqdesk replies suggest "환불은 언제 되나요?"
    """


@replies_command.command("list")
@click.option("--search", "words", default="", help="Only those that hold every word.")
@json_option
def list_command(words: str, as_json: bool) -> None:
    """List saved replies, the most used first.

    \b
    Example:
      faqdesk replies list --search 환불
    """
    from support import saved_replies

    with closing(workspace().database()) as db:
        found = saved_replies.search(db, words, limit=1_000)
    if as_json:
        print_json([asdict(reply) for reply in found])
        return
    for reply in found:
        click.echo(f"{reply.name}\t{reply.used:,}\t{reply.title}\t{reply.category}")


@replies_command.command("create")
@click.argument("title")
@click.argument("body")
@click.option("--name", default="", help="Without it, the title.")
@click.option("--category", default="")
@click.option("--language", default="")
def create_command(title: str, body: str, name: str, category: str, language: str) -> None:
    """Save a reply.

    \b
    Example:
      faqdesk replies create "환불 안내" "환불은 3일 안에 됩니다." --name refund
    """
    from support import saved_replies

    with closing(workspace().database()) as db:
        reply = saved_replies.create(
            db, actor(), title=title, body=body, name=name, category=category, language=language
        )
    click.echo(f"{reply.name}\t{reply.title}")


@replies_command.command("edit")
@click.argument("name")
@click.option("--title")
@click.option("--body")
@click.option("--category")
@click.option("--language")
def edit_command(
    name: str, title: str | None, body: str | None, category: str | None, language: str | None
) -> None:
    """Change a saved reply.

    \b
    Example:
      faqdesk replies edit refund --body "환불은 5일 안에 됩니다."
    """
    from support import saved_replies

    given = {"title": title, "body": body, "category": category, "language": language}
    fields = {field: value for field, value in given.items() if value is not None}
    if not fields:
        raise click.UsageError("Say what shall change, such as --body.")
    with closing(workspace().database()) as db:
        reply = saved_replies.edit(db, actor(), name, **fields)
    click.echo(f"{reply.name}\t{reply.title}")


@replies_command.command("retire")
@click.argument("name")
@click.option("--undo", is_flag=True, help="Suggest it again.")
def retire_command(name: str, undo: bool) -> None:
    """Suggest a saved reply no more.

    \b
    Example:
      faqdesk replies retire refund
    """
    from support import saved_replies

    with closing(workspace().database()) as db:
        saved_replies.switch(db, actor(), name, active=undo)
    click.echo("It can be suggested again." if undo else "Retired.")


@replies_command.command("import")
@click.argument("file", type=_FILE)
@click.option("--overwrite", is_flag=True, help="Change those that are there.")
@json_option
def import_command(file: Path, overwrite: bool, as_json: bool) -> None:
    """Take saved replies (macros, canned responses) from a file.

    \b
    Example:
      faqdesk replies import macros.csv
    """
    from support import saved_reply_tables

    from ..table_files import rows

    with closing(workspace().database()) as db:
        taken = saved_reply_tables.take(db, actor(), file, rows=rows(file), overwrite=overwrite)
    if as_json:
        print_json(asdict(taken))
        return
    click.echo(
        f"{taken.added:,} added, {taken.changed:,} changed, {taken.same:,} left as they are."
    )
    for item in taken.rejected[:20]:
        click.echo(f"  {item.file}, line {item.line}: {item.reason}", err=True)
    if taken.change_id:
        click.echo(f"Take it back: faqdesk replies undo {taken.change_id}")


@replies_command.command("export")
@click.argument("file", type=_FILE)
def export_command(file: Path) -> None:
    """Write all saved replies as CSV, or as .jsonl or .xlsx by the name's end.

    \b
    Example:
      faqdesk replies export macros.csv
    """
    from support import saved_reply_tables

    from ..table_files import save

    with closing(workspace().database()) as db:
        count = save(saved_reply_tables.table(db), saved_reply_tables.COLUMNS, file)
    click.echo(f"{count:,} saved replies in {file}.")


@replies_command.command("changes")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@json_option
def changes_command(limit: int, as_json: bool) -> None:
    """List changes of saved replies, newest first.

    \b
    Example:
      faqdesk replies changes
    """
    from support import saved_reply_changes

    with closing(workspace().database()) as db:
        found = saved_reply_changes.listed(db, limit=limit)
    if as_json:
        print_json([asdict(change) for change in found])
        return
    for change in found:
        undone = f" (taken back {change.undone_at})" if change.undone_at else ""
        click.echo(
            f"{change.id}\t{change.kind}\t{change.name}\t{change.actor}\t{change.at}{undone}"
        )


@replies_command.command("undo")
@click.argument("change_id", type=int)
def undo_command(change_id: int) -> None:
    """Take a change of saved replies back, exactly.

    \b
    Example:
      faqdesk replies undo 7
    """
    from support import saved_reply_changes

    with closing(workspace().database()) as db:
        change = saved_reply_changes.undo(db, actor(), change_id)
    click.echo(f"Taken back: {change.kind} {change.name}.")


@replies_command.command("learn")
@json_option
def learn_command(as_json: bool) -> None:
    """Find the answers that hold a saved reply, and count how often suggesting one is right.

    \b
    Example:
      faqdesk replies learn
    """
    from support import models, saved_reply_advice, saved_reply_uses
    from support.errors import ModelMissingError

    space = workspace()
    with closing(space.database()) as db, progress_line("Learning") as progress:
        uses = saved_reply_uses.find_uses(db, progress=progress)
        similar = models.load(space.models).similar
        if similar is None:
            raise ModelMissingError("There is no encoder yet. Train it first: faqdesk train")
        counted = saved_reply_advice.measure(db, similar, progress=progress)
        table = saved_reply_advice.promises(db)
    if as_json:
        steps = [{"from": low, **asdict(promise)} for low, promise in table]
        print_json({"uses": uses, "counted": counted, "promises": steps})
        return
    click.echo(f"{uses:,} answers hold a saved reply; counted on {counted:,} inquiries:")
    for low, promise in table:
        click.echo(f"from {low:.2f}: right {promise.right:,} of {promise.n:,}")


@replies_command.command("suggest")
@click.argument("text")
@json_option
def suggest_command(text: str, as_json: bool) -> None:
    """Suggest saved replies for an inquiry.

    \b
    Example:
      faqdesk replies suggest "환불은 언제 되나요?"
    """
    from support import models, saved_reply_advice, settings
    from support.errors import ModelMissingError

    space = workspace()
    with closing(space.database()) as db:
        similar = models.load(space.models).similar
        if similar is None:
            raise ModelMissingError("There is no encoder yet. Train it first: faqdesk train")
        past = similar.similar(db, text, top_k=settings.load(db).similar_k)
        found = saved_reply_advice.suggest(db, past)
    if as_json:
        print_json([asdict(item) for item in found])
        return
    for item in found:
        click.echo(
            f"{item.reply.name}\t{item.band}\tright {item.promise.right:,} of {item.promise.n:,}"
            f"\t{item.reply.title}"
        )
    if not found:
        click.echo("No saved reply fits well enough.")
